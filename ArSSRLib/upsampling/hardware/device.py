"""Which device computes: CUDA, then Apple's MPS, then the CPU."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...choices import DEVICES
from ...errors import InputError

if TYPE_CHECKING:
    import torch
    from torch import nn


def choose_device(name: str) -> torch.device:
    """The device called ``name``; ``auto`` takes CUDA, else MPS, else the CPU.

    Raises:
        InputError: an unknown name, or a device this machine or this torch does not have.
    """
    import torch

    if name not in DEVICES:
        raise InputError(f"The device {name!r} is unknown; choose one of {', '.join(DEVICES)}.")
    if name == "cpu":
        return torch.device("cpu")
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        for candidate, present in available.items():
            if present:
                return torch.device(candidate)
        return torch.device("cpu")
    if not available[name]:
        raise InputError(
            f"The device {name} is not available on this machine with torch {torch.__version__}; "
            "use auto or cpu.",
            argument="device",
        )
    return torch.device(name)


def ask_for_huge_pages() -> None:
    """Makes torch put large arrays into huge pages, where Linux has them for those that ask.

    Planes come and go all the time; with ordinary pages the kernel spends a fifth of the time on
    handing them out. Torch reads this at its first allocation, so call it before.
    """
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


@contextmanager
def denormals_flushed() -> Iterator[None]:
    """Takes numbers below 1e-38 for zero: CPUs compute with them many times slower.

    Trained networks do make them, and they mean nothing.
    """
    import torch

    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def release_memory(device: torch.device) -> None:
    """Gives back what allocators keep of freed memory for later."""
    import torch

    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()
    elif sys.platform == "linux":
        # Glibc keeps hundreds of MB of freed planes, which would add to what writing needs.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def memory_format(device: torch.device) -> torch.memory_format:
    """Channels last makes convolutions faster on CPUs and CUDA; MPS does not know it."""
    import torch

    return torch.contiguous_format if device.type == "mps" else torch.channels_last_3d


def place(network: nn.Module, device: torch.device) -> None:
    """Moves a network's weights to a device, in the memory order its convolutions like best."""
    # torch's own type stubs do not know the keyword.
    network.to(device, memory_format=memory_format(device))  # type: ignore[call-overload]
