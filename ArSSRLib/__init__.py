"""ArSSR: arbitrary-scale super-resolution of 3-D brain MR volumes.

>>> import ArSSRLib
>>> model = ArSSRLib.load_model("default")               # doctest: +SKIP
>>> sharper = ArSSRLib.upsample(image, 2.5, model=model)  # doctest: +SKIP

Not for clinical use: super-resolution can invent detail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .api import load_model as load_model
    from .api import upsample as upsample

__version__ = "0.2.0"
__all__ = ["__version__", "load_model", "upsample"]


def __getattr__(name: str) -> object:
    # Nothing but this file is imported until something is used: the command line's help and
    # Slicer's start must not wait for numpy, SimpleITK or torch.
    if name in ("load_model", "upsample"):
        from . import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
