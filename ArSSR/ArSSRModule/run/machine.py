"""Memory that Slicer can have, and short file names of Windows."""

import ctypes


def physicalMemory() -> int:
    """Bytes of memory of this computer, or less where a limit is set for Slicer."""
    from ArSSRLib.running.machine import total_memory

    return total_memory()


def shortName(path: str) -> str:
    """Windows' 8.3 name of a file or folder that exists, ``path`` itself where it has none."""
    buffer = ctypes.create_unicode_buffer(32768)
    length = ctypes.windll.kernel32.GetShortPathNameW(path, buffer, len(buffer))
    return buffer.value if 0 < length < len(buffer) else path
