"""What the operating system tells about memory and processes, asked in its own way."""

import ctypes
import os

SYNCHRONIZE = 0x00100000
WAIT_TIMEOUT = 0x102
ERROR_ACCESS_DENIED = 5


def physicalMemory() -> int | None:
    """Bytes of memory of this computer, None where it does not tell."""
    if os.name == "nt":
        return _physicalMemoryOnWindows()
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def isProcessAlive(processId: int) -> bool:
    """Whether a process of that id runs, whosever it is."""
    if os.name == "nt":  # where os.kill would end the process
        return _isProcessAliveOnWindows(processId)
    try:
        os.kill(processId, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


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


def _isProcessAliveOnWindows(processId: int) -> bool:
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(SYNCHRONIZE, False, processId)
    if not handle:
        return ctypes.get_last_error() == ERROR_ACCESS_DENIED
    try:
        return kernel.WaitForSingleObject(ctypes.c_void_p(handle), 0) == WAIT_TIMEOUT
    finally:
        kernel.CloseHandle(ctypes.c_void_p(handle))
