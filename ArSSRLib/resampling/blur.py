"""How a coarser scan blurs along an axis; needs no numpy."""

from __future__ import annotations

from dataclasses import dataclass

from ..choices import KERNELS, SLICE_PROFILES, WINDOWS, Kernel, Window
from ..errors import InputError

_THICKNESS = (0.1, 4.0)
_SMALLEST_BAND = 0.25


@dataclass(frozen=True)
class Blur:
    """How one axis becomes coarser.

    Attributes:
        kernel: ``cubic``, the Keys cubic (a = -1/2) stretched to the LR voxel, which is the usual
            antialiased bicubic of image libraries; ``kspace``, truncated k-space as an MR scanner
            samples it, with its Gibbs ringing; or a slice profile: ``gaussian``, ``box``, or
            ``sinc``, that of a Hamming-windowed sinc pulse with two lobes on either side.
        thickness: width of the slice profile (full width at half maximum), in LR voxels. Below 1
            there are gaps between slices, above 1 they overlap.
        window: weights of truncated k-space: a filter against ringing, or ``partial-fourier``,
            where the outer half of the frequencies was acquired on one side only.
        band: share of the LR grid's frequencies that were acquired, for ``kspace``; below 1 the
            scanner filled the rest with zeros, so that the LR volume is smooth.

    Raises:
        InputError: an unknown kernel or window, a number out of range, or one that the kernel does
            not have.
    """

    kernel: Kernel = "cubic"
    thickness: float = 1.0
    window: Window = "none"
    band: float = 1.0

    def __post_init__(self) -> None:
        if self.kernel not in KERNELS:
            raise InputError(f"The kernel {self.kernel!r} is unknown; choose one of {KERNELS}.")
        if self.window not in WINDOWS:
            raise InputError(f"The window {self.window!r} is unknown; choose one of {WINDOWS}.")
        if not _THICKNESS[0] <= self.thickness <= _THICKNESS[1]:
            raise InputError(
                f"The slice thickness {self.thickness:g} is not possible; give {_THICKNESS[0]} to "
                f"{_THICKNESS[1]} LR voxels."
            )
        if not _SMALLEST_BAND <= self.band <= 1.0:
            raise InputError(
                f"The acquired band {self.band:g} is not possible; give {_SMALLEST_BAND} to 1."
            )
        if self.thickness != 1.0 and self.kernel not in SLICE_PROFILES:
            raise InputError(
                f"The kernel {self.kernel} has no slice thickness; choose one of "
                f"{', '.join(SLICE_PROFILES)}."
            )
        if (self.window != "none" or self.band != 1.0) and self.kernel != "kspace":
            raise InputError(
                f"The kernel {self.kernel} has no window and no acquired band; choose kspace."
            )


DEFAULT_BLUR = Blur()
