"""Output files that appear complete or not at all, and the folders for them.

A file is written under a temporary name in its own folder and renamed when it is complete.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import EnvironmentFault, InputError
from .leftovers import clear_leftovers, temporary_name

_DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
_IN_USE = (errno.EBUSY, errno.ETXTBSY, getattr(errno, "ESTALE", errno.EBUSY))
"""What a network drive may say about a file that another computer has open or has just changed."""
_PAUSES_SECONDS = (0.1, 0.4, 1.0)
"""Before such a file is tried again."""


def check_output_place(path: str | os.PathLike[str], overwrite: bool) -> Path:
    """The absolute path of an output, once it is certain that it may be written.

    Args:
        path: the file to come.
        overwrite: whether an existing file may be replaced.

    Raises:
        InputError: the folder does not exist or cannot be written, the path is a folder, or the
            file exists and may not be replaced.
    """
    target = Path(path).absolute()
    if not target.parent.is_dir():
        raise InputError(f"The folder {str(target.parent)!r} does not exist; create it first.")
    try:
        is_folder, is_there = target.is_dir(), os.path.lexists(target)
    except OSError as error:
        raise InputError(
            f"The output {str(path)!r} cannot be made ({error.strerror}); choose a shorter name."
        ) from error
    if is_folder:
        raise InputError(f"The output {str(path)!r} is a folder; give a file name.")
    if is_there and not overwrite:
        raise InputError(
            f"The output {str(path)!r} already exists; choose another name or overwrite it.",
            argument="force",
        )
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise InputError(
            f"The folder {str(target.parent)!r} cannot be written; choose another output."
        )
    return target


def refuse_input_as_output(source: str, output: str) -> None:
    """Refuses an output that is the input itself, also by another name or a link.

    Raises:
        InputError: both are the same file.
    """
    try:
        same = os.path.samefile(output, source)
    except (OSError, ValueError):
        same = False
    if same:
        raise InputError(f"The output {output!r} is the input itself; choose another name.")


def make_folder(folder: Path) -> None:
    """Makes a folder and its missing parents; an existing one stays as it is.

    Raises:
        InputError: another choice of the user helps: the name is taken by a file or too long, or
            the place may not be written.
        EnvironmentFault: the disk is full or broken.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"The folder {str(folder)!r} cannot be created ({error.strerror or error})"
        if error.errno in _DISK_FAULTS:
            raise EnvironmentFault(f"{what}; free some disk space and try again.") from error
        raise InputError(f"{what}; choose another.") from error


@contextmanager
def folders_kept_if_used(folders: Iterable[Path]) -> Iterator[None]:
    """Makes these folders; at the end, those that it made and that are still empty are removed.

    Raises:
        InputError, EnvironmentFault: see :func:`make_folder`.
    """
    made: list[Path] = []
    try:
        for folder in folders:
            missing = [p for p in (folder, *folder.parents) if not os.path.lexists(p)]
            made += reversed(missing)
            make_folder(folder)
        yield
    finally:
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def replacing(
    path: str | os.PathLike[str],
    overwrite: bool = False,
    suffix: str | None = None,
    last_moment: Callable[[], None] | None = None,
) -> Iterator[Path]:
    """A temporary path to write to; at the end of the block it becomes ``path`` in one step.

    If an error, a cancel or Ctrl-C ends the block, the temporary file is removed.

    Args:
        path: the file to come.
        overwrite: whether an existing file may be replaced.
        suffix: ending of the temporary name, for writers that go by it; that of ``path`` by
            default.
        last_moment: called when the file is whole, right before it appears; from here on a run
            should not be cancelled, or it would say that nothing was written.

    Yields:
        the temporary path, in the folder of ``path``.

    Raises:
        InputError: see :func:`check_output_place`.
        EnvironmentFault: the disk is full or refuses the file.
    """
    target = check_output_place(path, overwrite)
    clear_leftovers(target.parent)
    ending = "".join(target.suffixes[-1:]) if suffix is None else suffix
    temporary = target.parent / temporary_name(ending or ".tmp")
    try:
        yield temporary
        _flush_to_disk(temporary)
        if last_moment is not None:
            last_moment()
        if overwrite or not _put_where_nothing_is(temporary, target):
            _put_in_place_patiently(temporary, target)
    except OSError as error:
        what = f"The file {str(path)!r} cannot be written ({error.strerror or error})"
        if error.errno in _IN_USE:
            raise EnvironmentFault(
                f"{what}; close the programs that have it open, or choose another name."
            ) from error
        raise EnvironmentFault(f"{what}; free some space or choose another folder.") from error
    finally:
        # A network drive that refuses this must not hide why the block has ended.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _put_where_nothing_is(temporary: Path, target: Path) -> bool:
    """Gives a finished file its name in one step that fails where another has it already.

    Returns:
        whether it has the name; on a file system without hard links it has not.

    Raises:
        InputError: the name is taken.
    """
    try:
        os.link(temporary, target)
    except FileExistsError:
        # A network drive may repeat a request whose answer was lost, and report the second one.
        taken = not os.path.samefile(temporary, target)
        if not taken:
            return True
    except OSError:
        taken = target.exists()
    else:
        return True
    if taken:
        raise InputError(
            f"{str(target)!r} was created by another program during this run and was not "
            "overwritten; choose another name."
        )
    return False


def _put_in_place_patiently(temporary: Path, target: Path) -> None:
    for pause in _PAUSES_SECONDS:
        try:
            return _put_in_place(temporary, target)
        except OSError as error:
            if error.errno not in _IN_USE:
                raise
        time.sleep(pause)
    return _put_in_place(temporary, target)


def _put_in_place(temporary: Path, target: Path) -> None:
    """Renames a finished file; an existing one is replaced in one step."""
    written = os.stat(temporary)
    try:
        os.replace(temporary, target)
    except FileNotFoundError:
        # As above: the first request has renamed the file, so the second does not find it.
        if not os.path.samestat(written, os.stat(target)):
            raise


def _flush_to_disk(path: Path) -> None:
    with open(path, "rb+") as stream:
        os.fsync(stream.fileno())
