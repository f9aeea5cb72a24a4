"""Lets root be stopped by the modes of files, as any other user is."""

from __future__ import annotations

import ctypes

_NO_NEW_PRIVILEGES = 38
_VERSION = 0x20080522
_MAY_IGNORE_MODES = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH."""


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Rights(ctypes.Structure):
    """32 capabilities of a process, a bit each."""

    _fields_ = [(kind, ctypes.c_uint32) for kind in ("effective", "permitted", "inheritable")]


def obey_modes() -> None:
    """This process, and every program that it becomes, may do only what the modes of files allow.

    To give up rights takes none, unlike to keep later programs from getting them back; those get
    none back as long as they get no new ones at all.

    Raises:
        OSError: the system knows no such rights.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    header, rights = _Header(_VERSION, 0), (_Rights * 2)()
    if libc.capget(ctypes.byref(header), rights) != 0:
        raise OSError(ctypes.get_errno(), "the rights of root cannot be read")
    for kind in ("effective", "permitted", "inheritable"):
        setattr(rights[0], kind, getattr(rights[0], kind) & ~_MAY_IGNORE_MODES)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0 or libc.capset(ctypes.byref(header), rights):
        raise OSError(ctypes.get_errno(), "the rights of root cannot be given up")
