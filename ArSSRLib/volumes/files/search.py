"""Finds the volumes a user names: folders, lists of paths, the HCP layout, single files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError
from .file_format import readable_suffixes
from .names import is_volume_name

HCP_NAMES = ("T1w_acpc_dc_restore_brain.nii.gz", "T1w_acpc_dc_restore.nii.gz")


@dataclass(frozen=True)
class VolumeFile:
    """A file that was found.

    Attributes:
        path: where it is.
        name: its path within the data folder that was named, with slashes; for files that were
            named themselves or in a list, within the folder that all of these share.
    """

    path: Path
    name: str


def find_volumes(paths: Iterable[str | Path]) -> list[Path]:
    """The volume files under folders, in text lists (one path per line), or named themselves.

    A folder in the HCP layout (``<subject>/T1w/T1w_acpc_dc_restore_brain.nii.gz``, one volume per
    subject) is recognised; otherwise all volume files in the folder count, except hidden ones and
    those in hidden folders.

    Raises:
        InputError: a path that does not exist, or no volume at all.
    """
    return [file.path for file in find_files(paths)]


def find_files(paths: Iterable[str | Path]) -> list[VolumeFile]:
    """The same as :func:`find_volumes`, with names that tell files of one name apart.

    Raises:
        InputError: a path that does not exist, or no volume at all.
    """
    paths = list(paths)
    found = list(_found(paths))
    if not found:
        shown = ", ".join(str(path) for path in paths)
        raise InputError(
            f"There is no volume ({', '.join(readable_suffixes())}) in {shown}; name another "
            "folder."
        )
    shared = _shared_folder([path for path, folder in found if folder is None])
    return [VolumeFile(path, _name_within(folder or shared, path)) for path, folder in found]


def read_list(path: Path) -> list[str]:
    """The lines of a list of paths that are not empty.

    Raises:
        InputError: it cannot be read as text in UTF-8, with or without the mark of Windows.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The list {str(path)!r} cannot be read as text in UTF-8 ({error}); save it as UTF-8, "
            "one path per line."
        ) from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def refuse_pipe(path: Path) -> None:
    """Refuses what exists but is neither a file nor a folder and may never end.

    Raises:
        InputError: a pipe, a device or the like.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputError(
            f"{str(path)!r} is neither a file nor a folder but a pipe or a device; save its "
            "output to a file and give that file."
        )


def _shared_folder(paths: Sequence[Path]) -> Path:
    try:
        return Path(os.path.commonpath([path.absolute().parent for path in paths]))
    except ValueError:
        # None at all, or files on several drives of Windows, which share nothing.
        return Path()


def _name_within(folder: Path, path: Path) -> str:
    whole, start = path.absolute(), folder.absolute()
    return (whole.relative_to(start) if whole.is_relative_to(start) else whole).as_posix()


def _found(
    paths: Iterable[str | Path], lists: tuple[Path, ...] = ()
) -> Iterator[tuple[Path, Path | None]]:
    """Each file in the order of ``paths``, with the data folder it was found in if any.

    ``lists`` are those that name one another up to here.
    """
    for path in map(Path, paths):
        refuse_pipe(path)
        if path.is_dir():
            yield from ((file, path) for file in _in_folder(path))
        elif not path.is_file():
            among = f", which the list {str(lists[-1])!r} names" if lists else ""
            raise InputError(f"There is no file or folder {str(path)!r}{among}; check the name.")
        elif path.suffix.lower() == ".txt":
            real = path.resolve()
            if real in lists:
                raise InputError(
                    f"The list {str(path)!r} contains itself, directly or through another list; "
                    "remove that line."
                )
            yield from _found(read_list(path), (*lists, real))
        else:
            yield path, None


def _in_folder(folder: Path) -> list[Path]:
    for name in HCP_NAMES:
        subjects = sorted(folder.glob(f"*/T1w/{name}"))
        if subjects:
            return subjects
    return sorted(
        path
        for path in folder.rglob("*")
        if is_volume_name(path.name)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and not _is_half_of_pair(path)
        and path.is_file()
    )


def _is_half_of_pair(path: Path) -> bool:
    """Whether a file is the voxels of a pair, whose header counts as the volume."""
    return path.name.lower().endswith((".img", ".img.gz"))
