"""Memory that runs short: a warning beforehand, and how every library and the kernel report it."""

from __future__ import annotations

import errno
import signal

from ..errors import ArSSRError, NotEnoughMemory

_WORDS = (
    # PyTorch: on Linux, on Windows; CUDA and MPS; "can't allocate memory: you tried to allocate …"
    "allocate memory",
    "not enough memory",
    "out of memory",
    # C++, ITK
    "bad_alloc",
    "bad allocation",
    "memory allocation",
    # cuBLAS, cuDNN
    "alloc_failed",
    "allocation_failed",
    "unable to find an engine",
    "unable to find a valid cudnn algorithm",
    # The loader of shared libraries
    "failed to map segment",
    # Windows
    "paging file is too small",
)
"""In lower case. Most libraries have no error class for it."""
_STATIC_TLS = "static tls block"
"""A limit of the Linux loader whose message has the same words, however much memory there is."""
_WINDOWS_ERRORS = (8, 14, 1455)
"""Not enough memory, out of memory, paging file too small."""
_SIGKILL = getattr(signal, "SIGKILL", 9)
_KILLED = (-_SIGKILL, 128 + _SIGKILL, _SIGKILL, 0xC0000017, 0xC0000017 - 2**32)
"""Exit codes of a process that the kernel killed, also seen through a shell; and Windows'
STATUS_NO_MEMORY, unsigned and signed."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out.

    Knows Python, numpy, PyTorch on CPU, CUDA and MPS, ITK, the system calls and the loader of
    shared libraries. An :class:`ArSSRError` counts only if it is a :class:`NotEnoughMemory`.
    """
    if isinstance(error, MemoryError | NotEnoughMemory):
        return True
    if isinstance(error, ArSSRError):
        return False
    if isinstance(error, OSError):
        known = getattr(error, "winerror", None) in _WINDOWS_ERRORS
        return known or error.errno == errno.ENOMEM or _names_memory(str(error))
    return isinstance(error, RuntimeError | ImportError) and _names_memory(str(error))


def ended_out_of_memory(code: int, error_text: str = "") -> bool:
    """Whether a process most likely ended because memory ran out.

    Args:
        code: its exit code, as :mod:`subprocess` has it: negative for a signal.
        error_text: what it wrote to stderr, if that is known.
    """
    return code in _KILLED or "MemoryError" in error_text or _names_memory(error_text)


def shortage_expected(needed: int, available: int) -> str:
    """A warning for a run that needs more memory than it can ever have; empty for any other.

    The kernel kills such a process without a message.

    Args:
        needed: bytes that the run needs by estimate.
        available: bytes that its process can have.
    """
    if needed <= available:
        return ""
    return (
        f"This run may need {gigabytes(needed)} of memory and can have {gigabytes(available)}; if "
        "it ends early, choose a smaller scale or a region."
    )


def gigabytes(count: int) -> str:
    """A number of bytes for people.

    >>> gigabytes(226_492_416), gigabytes(300 * 10**9)
    ('0.2 GB', '300 GB')
    """
    return f"{count / 1e9:.1f} GB" if count < 10**11 else f"{count / 1e9:.0f} GB"


def _names_memory(text: str) -> bool:
    lower = text.lower()
    return _STATIC_TLS not in lower and any(words in lower for words in _WORDS)
