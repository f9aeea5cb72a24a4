"""Which device computes: CUDA, then Apple's MPS, then the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InputError

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
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
            "use --device auto or cpu."
        )
    return torch.device(name)
