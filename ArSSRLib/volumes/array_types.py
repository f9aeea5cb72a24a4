"""Types of the arrays that hold volumes; their axes are (k, j, i), the reverse of the file's."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]
"""Intensities of any type."""
FloatArray = npt.NDArray[np.float32]
"""Intensities in single precision, the type that everything is computed in."""
Real = TypeVar("Real", bound=np.floating)
