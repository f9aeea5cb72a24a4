"""The names that a user chooses from: methods, kernels that simulate low resolution, devices.

This file imports nothing, so that the command line can offer the names before it imports numpy.
"""

from __future__ import annotations

from typing import Literal, get_args

Method = Literal["arssr", "cubic", "linear", "nearest"]
METHODS: tuple[Method, ...] = get_args(Method)
"""``arssr`` is the network, ``cubic`` the B-spline of order 3, all on the same output grid."""

Kernel = Literal["cubic", "kspace", "gaussian"]
KERNELS: tuple[Kernel, ...] = get_args(Kernel)
"""See :mod:`ArSSRLib.resampling.degradation`."""
PAPER_KERNEL = "paper"
ALL_KERNELS = (*KERNELS, PAPER_KERNEL)

DEVICES = ("auto", "cpu", "cuda", "mps")
"""Where the network computes; ``auto`` takes CUDA, else MPS, else the CPU."""
