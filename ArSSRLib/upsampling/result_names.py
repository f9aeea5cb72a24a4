"""Where the results of many inputs go in one folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import InputError


def result_paths(sources: Sequence[str], folder: Path, name_part: str) -> dict[str, Path]:
    """The result of each input; an input that is given twice counts once.

    Results lie side by side in the folder. Where inputs of several folders have the same name,
    results lie in the folders that their inputs have below the folder that all inputs share.

    Args:
        sources: files, or folders of a DICOM series.
        folder: of the results.
        name_part: what distinguishes results of one input, see ``Upsampling.name_part``.

    Raises:
        InputError: two inputs would have the same result, or a result would replace an input.
    """
    by_place = {os.path.realpath(source): source for source in reversed(sources)}
    inputs = [source for source in sources if by_place[os.path.realpath(source)] is source]
    names = {source: _result_name(source, name_part) for source in dict.fromkeys(inputs)}
    repeated = max(Counter(names.values()).values()) > 1
    shared = _shared_folder(list(names)) if repeated else None
    paths = {
        source: folder / (_folders_below(shared, source) if shared else "") / name
        for source, name in names.items()
    }
    _refuse_collisions(paths)
    return paths


def error_path(output: str, folder: bool) -> str:
    """Where the expected error of a result is written, beside it.

    >>> error_path("out/head_arssr_2x.nii.gz", folder=False)
    'out/head_arssr_2x_error.nii.gz'

    Args:
        output: the result's file or folder.
        folder: whether it is a folder.
    """
    from ..volumes.files.names import stem_of

    if folder:
        return f"{output.rstrip(os.sep)}_error"
    place, name = os.path.split(output)
    stem = stem_of(name)
    return os.path.join(place, f"{stem}_error{name[len(stem) :]}")


def _result_name(source: str, name_part: str) -> str:
    """``head_arssr_2x.nii.gz`` of ``head.nii``."""
    from ..volumes.files.names import result_suffix, stem_of

    name = os.path.basename(os.path.abspath(source))
    return f"{stem_of(name)}_{name_part}{result_suffix(name)}"


def _shared_folder(sources: Sequence[str]) -> str | None:
    try:
        return os.path.commonpath([os.path.dirname(os.path.abspath(s)) for s in sources])
    except ValueError:
        # Files on several drives of Windows share no folder.
        return None


def _folders_below(shared: str, source: str) -> str:
    return os.path.relpath(os.path.dirname(os.path.abspath(source)), shared)


def _refuse_collisions(paths: Mapping[str, Path]) -> None:
    inputs = {os.path.realpath(source): source for source in paths}
    outputs: dict[Path, str] = {}
    for source, path in paths.items():
        other = outputs.setdefault(path, source)
        if other != source:
            raise InputError(
                f"{other!r} and {source!r} would both become {path.name!r}; rename one, or use two "
                "runs with two output folders."
            )
        replaced = inputs.get(os.path.realpath(path))
        if replaced is not None:
            raise InputError(
                f"The result of {source!r} would replace {replaced!r}, which is an input too; "
                "leave it out or choose another output folder."
            )
