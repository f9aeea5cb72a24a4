"""The dataset of the results: its description, its README, and where each result lies."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from ..errors import InputError
from ..running.output_files import folders_kept_if_used, replacing
from .dataset import DESCRIPTION, Source, read_description
from .sidecar import RAW

BIDS_VERSION = "1.11.1"
PIPELINE = "arssr"
EXPECTED_ERROR = "arssrExpectedError"
"""The ``desc`` of the expected error of a result."""
README = """\
# Upsampled anatomical images

`arssr bids` {version} made these volumes from a BIDS dataset: each has a finer grid over the same
field of view as its source. `desc-arssr` are results of a neural network (Wu et al. 2023,
doi:10.1109/JBHI.2022.3223106), `desc-cubic`, `desc-linear` and `desc-nearest` are interpolated.
`desc-arssrExpectedError` is how far each voxel of `desc-arssr` is expected to be off, in its units.
`res-2x` means twice the voxels along each axis, `res-0p8mm` voxels of 0.8 mm; p is the decimal
point. The JSON file beside each volume names its source, the model and the voxel sizes.

**Super-resolution can invent detail that is not in the patient and can hide detail that is. Not for
clinical use.**
"""


@contextmanager
def prepared(root: Path, output: Path, description: Mapping[str, Any]) -> Iterator[None]:
    """Makes the derivative dataset's folder, description and README where they are missing.

    If the block ends without a result, what was made is removed again.

    Args:
        root: the source dataset's folder.
        output: the derivative dataset's folder.
        description: the source dataset's description.

    Raises:
        InputError: the folder is the source itself or in its data, holds another dataset, or
            cannot be made.
        EnvironmentFault: it cannot be written.
    """
    _check_apart(root, output)
    if os.path.exists(output / DESCRIPTION):
        _check_ours(root, output)
    elif os.path.exists(output) and not os.path.isdir(output):
        raise InputError(f"The output {str(output)!r} is a file; give a folder.")
    files: list[Path] = []
    with folders_kept_if_used([output]):
        try:
            for path in _write_missing(root, output, description):
                files.append(path)
            yield
        finally:
            if _has_results(output):
                # A run at the same time that leaves no result has removed these files.
                list(_write_missing(root, output, description))
            else:
                for path in files:
                    with suppress(OSError):
                        path.unlink()


def _write_missing(root: Path, output: Path, description: Mapping[str, Any]) -> Iterator[Path]:
    """Writes README and description of a dataset without a description; yields each file."""
    from .. import __version__

    if os.path.lexists(output / DESCRIPTION):
        return
    # A README that is there, in any format, may be the user's own.
    if not any(n == "README" or n.startswith("README.") for n in os.listdir(output)):
        yield from _written(output / "README.md", README.format(version=__version__))
    values = json.dumps(_description(root, output, description), indent=2) + "\n"
    yield from _written(output / DESCRIPTION, values)


def _written(path: Path, text: str) -> list[Path]:
    """Writes the file, unless another run has made one; that one is kept."""
    try:
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except InputError:
        if not os.path.lexists(path):
            raise
        return []
    return [path]


def _has_results(output: Path) -> bool:
    with suppress(OSError):
        return any(name.startswith("sub-") for name in os.listdir(output))
    return False


def _check_apart(root: Path, output: Path) -> None:
    """Refuses to mix results with the source's data."""
    ours, theirs = _place(output), _place(root)
    if not ours.is_relative_to(theirs):
        return
    inside = ours.relative_to(theirs).parts
    if not inside or inside[0].startswith("sub-"):
        which = "in the data of the dataset" if inside else "the dataset itself"
        raise InputError(
            f"The output {str(output)!r} is {which}; give a separate folder, for example "
            f"{str(root / 'derivatives' / PIPELINE)!r}."
        )


def _place(path: Path) -> Path:
    """The path without links; unlike ``Path.resolve`` it does not fail over a link to itself."""
    return Path(os.path.realpath(path))


def result_path(output: Path, source: Source, resolution: str, method: str) -> Path:
    """Where the upsampled version of ``source`` lies; its folders are those of the source."""
    folder = output.joinpath(*PurePosixPath(source.relative).parent.parts)
    return folder / source.name.upsampled(resolution, method).text


def _description(root: Path, output: Path, source: Mapping[str, Any]) -> dict[str, Any]:
    from .. import __version__

    link = _link(root, output)
    origin = {"URL": link}
    if isinstance(source.get("DatasetDOI"), str):
        origin["DOI"] = source["DatasetDOI"]
    name = source.get("Name")
    called = name if isinstance(name, str) else root.name
    return {
        "Name": f"{called}: anatomical images upsampled by ArSSR",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [
            {
                "Name": PIPELINE,
                "Version": __version__,
                "Description": "Arbitrary-scale super-resolution of brain MR images. It "
                "can invent detail; not for clinical use.",
            }
        ],
        "SourceDatasets": [origin],
        "DatasetLinks": {RAW: link},
        **({"License": source["License"]} if isinstance(source.get("License"), str) else {}),
    }


def _link(root: Path, output: Path) -> str:
    """The source dataset as a URI reference, relative so that both can move together."""
    try:
        return quote(Path(os.path.relpath(_place(root), _place(output))).as_posix())
    except ValueError:
        # On Windows nothing leads from one drive to another.
        return _place(root).as_uri()


def _check_ours(root: Path, output: Path) -> None:
    there = read_description(output)
    makers = there.get("GeneratedBy")
    first = makers[0] if isinstance(makers, list) and makers else None
    if not isinstance(first, dict) or first.get("Name") != PIPELINE:
        raise InputError(
            f"The output {str(output)!r} contains another dataset; give a separate folder."
        )
    links = there.get("DatasetLinks")
    link = links.get(RAW) if isinstance(links, dict) else None
    if isinstance(link, str) and unquote(link) != unquote(_link(root, output)):
        raise InputError(
            f"The output {str(output)!r} contains results of another dataset ({unquote(link)}); "
            "give a separate folder."
        )
