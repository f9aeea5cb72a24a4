"""What the operating system tells about memory and files, asked in its own way."""

import ctypes
import os


def physicalMemory() -> int | None:
    """Bytes of memory of this computer, None where it does not tell."""
    if os.name == "nt":
        return _physicalMemoryOnWindows()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def shortName(path: str) -> str:
    """Windows' 8.3 name of a file or folder that exists, ``path`` itself where it has none."""
    buffer = ctypes.create_unicode_buffer(32768)
    length = ctypes.windll.kernel32.GetShortPathNameW(path, buffer, len(buffer))
    return buffer.value if 0 < length < len(buffer) else path


class _MemoryStatus(ctypes.Structure):
    """Windows' MEMORYSTATUSEX."""

    _fields_ = [("length", ctypes.c_uint32), ("load", ctypes.c_uint32)] + [
        (name, ctypes.c_uint64)
        for name in (
            "totalPhysical",
            "availablePhysical",
            "totalPageFile",
            "availablePageFile",
            "totalVirtual",
            "availableVirtual",
            "availableExtendedVirtual",
        )
    ]


def _physicalMemoryOnWindows() -> int | None:
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    answered = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return status.totalPhysical if answered else None
