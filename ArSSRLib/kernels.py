"""The names of the kernels that simulate low resolution; see :mod:`ArSSRLib.degradation`.

They stand apart from it because the command line offers them before it imports numpy.
"""

from __future__ import annotations

from typing import Literal, get_args

Kernel = Literal["cubic", "kspace", "gaussian"]
KERNELS: tuple[Kernel, ...] = get_args(Kernel)
PAPER_KERNEL = "paper"
ALL_KERNELS = (*KERNELS, PAPER_KERNEL)
