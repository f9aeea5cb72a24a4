"""What a program does before its first volume, so that the volume does not wait for it."""

from __future__ import annotations

import numpy as np

from ...running.interrupts import load_libraries
from ..request import Upsampling

_SIDE = 12
"""Voxels along each axis of the volume that is upsampled: enough to start all threads."""


def warm_up(request: Upsampling) -> None:
    """Loads libraries and the model, and upsamples a tiny volume with it.

    Args:
        request: how volumes will be upsampled; its resolution is not considered.

    Raises:
        InputError: the model or the device cannot be used.
    """
    load_libraries("SimpleITK", *(["torch"] if request.model is not None else []))
    from ...volumes.grid import Grid
    from ...volumes.volume import Volume
    from ..run import upsample_volume

    ramp = np.linspace(0.0, 1.0, _SIDE**3, dtype=np.float32).reshape((_SIDE,) * 3)
    coarse, fine = Grid((_SIDE,) * 3), Grid((2 * _SIDE,) * 3, (0.5,) * 3)
    upsample_volume(Volume(ramp, coarse), request, target=fine)


def device_names() -> dict[str, str]:
    """The devices that torch knows, each with a name for people; empty for one that is missing."""
    load_libraries("torch")
    import torch

    cuda = torch.cuda.is_available()
    return {
        "cuda": torch.cuda.get_device_name(0) if cuda else "",
        "mps": "Apple GPU" if torch.backends.mps.is_available() else "",
        "cpu": f"CPU, {torch.get_num_threads()} threads",
    }
