"""A real T1-weighted brain that comes with the library; see the README beside it for its source.

>>> sample_path().name
'brain_t1.nii.gz'
"""

from __future__ import annotations

from pathlib import Path


def sample_path() -> Path:
    """The bundled volume: 161×192×74 voxels of 0.87×0.87×2 mm, skull-stripped, 16-bit."""
    return Path(__file__).resolve().parent / "brain_t1.nii.gz"
