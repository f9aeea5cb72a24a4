"""Two real scans that come with the library; the README beside them names their sources.

>>> sample_path("head").name
'head_t1.nii.gz'
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Sample = Literal["brain", "head"]


def sample_path(name: Sample = "brain") -> Path:
    """The path of a bundled T1-weighted volume (16-bit, NIfTI).

    Args:
        name: ``brain``, 161×192×74 voxels of 0.87×0.87×2 mm, skull-stripped; or ``head``, the
            upper half of a head, 160×188×80 voxels of 1 mm, with the noise of its scanner.
    """
    return Path(__file__).resolve().parent / f"{name}_t1.nii.gz"
