"""The temporary folder of one run: made, named for the child process, and surely removed."""

import logging
import os
import shutil
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from . import machine

ON_WINDOWS = os.name == "nt"
REMOVAL_INTERVAL_MS = 200
REMOVAL_ATTEMPTS = 10
"""Windows holds the files of a process for a moment after it was killed."""


class JobFolder:
    """A separate folder below Slicer's temporary folder.

    Its name comes from ``ArSSRLib.running.leftovers``, so that what a killed Slicer left is
    found and removed when the next run starts.

    Attributes:
        path: the folder.
    """

    def __init__(self, neededBytes: int) -> None:
        """
        Args:
            neededBytes: size of all files of the run together.

        Raises:
            OSError: the folder cannot be made, or the disk is too full; the message says what to
                do.
        """
        from ArSSRLib.running.leftovers import clear_leftovers, temporary_name

        parent = temporaryFolder()
        try:
            clear_leftovers(parent)
            freeBytes = shutil.disk_usage(parent).free
            self.path = parent / temporary_name(".tmp")
            self.path.mkdir(mode=0o700)
        except OSError as error:
            raise OSError(_notMadeText(parent, error)) from error
        if freeBytes < neededBytes:
            self.remove()
            raise OSError(_noRoomText(parent, freeBytes, neededBytes))

    @property
    def forChild(self) -> Path:
        """The folder by a name with which the child process can open files.

        On Windows SimpleITK opens a file by a name outside the code page of the program, such as
        that of a user called Zoë, only in a program that declares UTF-8: Slicer does, its Python
        does not.
        """
        if ON_WINDOWS and not str(self.path).isascii():
            return Path(machine.shortName(str(self.path)))
        return self.path

    def remove(self, attempts: int = REMOVAL_ATTEMPTS) -> None:
        """Removes the folder, now or within moments; the window is not kept waiting."""
        shutil.rmtree(self.path, ignore_errors=True)
        if not self.path.exists():
            return
        if attempts > 1:
            qt.QTimer.singleShot(REMOVAL_INTERVAL_MS, lambda: self.remove(attempts - 1))
        else:
            logging.warning("ArSSR could not remove %s; a later run tries again", self.path)


def temporaryFolder() -> Path:
    return Path(str(slicer.app.temporaryPath))


def _notMadeText(parent: Path, error: OSError) -> str:
    return _(
        "No folder can be made in “{folder}” ({reason}); choose another Temporary directory in "
        "Application Settings."
    ).format(folder=parent, reason=error.strerror or error)


def _noRoomText(parent: Path, freeBytes: int, neededBytes: int) -> str:
    return _(
        "“{folder}” has {free:,} MB free and the run needs {needed:,} MB; free disk space there, "
        "or choose another Temporary directory in Application Settings."
    ).format(folder=parent, free=freeBytes // 10**6, needed=-(-neededBytes // 10**6))
