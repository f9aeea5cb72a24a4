"""The names that a user chooses from: methods, kernels that simulate low resolution, devices.

This file imports nothing, so that the command line can offer the names before it imports numpy.
"""

from __future__ import annotations

from typing import Literal, get_args

Method = Literal["arssr", "cubic", "linear", "nearest"]
METHODS: tuple[Method, ...] = get_args(Method)
"""``arssr`` is the network, ``cubic`` the B-spline of order 3, all on the same output grid."""

Kernel = Literal["cubic", "kspace", "gaussian", "box", "sinc"]
KERNELS: tuple[Kernel, ...] = get_args(Kernel)
"""How a coarser scan blurs; see :class:`ArSSRLib.resampling.blur.Blur`."""
SLICE_PROFILES: tuple[Kernel, ...] = ("gaussian", "box", "sinc")
Window = Literal["none", "hamming", "fermi", "partial-fourier"]
WINDOWS: tuple[Window, ...] = get_args(Window)
"""How truncated k-space is weighted: filters against ringing, or partial Fourier."""
NoiseKind = Literal["gaussian", "rician"]
NOISES: tuple[NoiseKind, ...] = get_args(NoiseKind)
PAPER_KERNEL = "paper"
ALL_KERNELS = (*KERNELS, PAPER_KERNEL)

NOT_FOR_CLINICAL_USE = "Super-resolution can invent detail: not for clinical use."
"""Shown with every result of the network."""

DEVICES = ("auto", "cpu", "cuda", "mps")
"""Where the network computes; ``auto`` takes CUDA, else MPS, else the CPU."""

Precision = Literal["auto", "float32", "bfloat16", "float16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
"""In what the network computes; ``auto`` takes half precision where the device is fast at it."""
