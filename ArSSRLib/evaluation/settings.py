"""What is evaluated and how: everything that decides the numbers of a report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..choices import NoiseKind, Precision
from ..errors import InputError
from ..resampling.blur import DEFAULT_BLUR, Blur
from ..resampling.noise import Noise
from .measuring.methods import EvaluatedMethod, parse_method
from .metrics import METRICS

PAPER_SCALES = (2.0, 2.5, 3.0, 3.5, 4.0)


@dataclass(frozen=True)
class Settings:
    """The settings of an evaluation.

    Attributes:
        source: folder or list of volumes, see
            :func:`ArSSRLib.evaluation.measuring.volumes.find_volumes`: sharp ones, or real scans
            when ``reference_free``.
        output: folder of the report.
        scales: isotropic upsampling scales, above 1.
        methods: see :mod:`ArSSRLib.evaluation.measuring.methods`.
        blur: simulation of the LR volumes; None for the paper's corner-aligned zoom.
        noise: standard deviation of noise that is added to the LR volumes, as a share of their
            intensity range.
        noise_kind: ``gaussian`` or ``rician``.
        metrics: names of :data:`ArSSRLib.evaluation.metrics.METRICS`; by default those meant for
            simulated data or for real scans.
        reference_free: upsample the volumes as they are and measure what needs no sharp volume
            (paper, Table III).
        baselines: folder of trained baselines, see
            :func:`ArSSRLib.evaluation.measuring.model_files.model_file`.
        masks: folder of brain masks with the volumes' names and subfolders, for Dice and the
            metrics that take a mask.
        segmentation: measure Dice of tissue classes (paper, Table IV); needs ``antspyx``.
        atlas: folder of an atlas, for Dice of the paper's six regions instead.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        precision: numbers that ArSSR computes with, see
            :func:`ArSSRLib.upsampling.hardware.precision.choose_precision`.
        jobs: cases measured at a time.
        threads: CPU threads of each.
        line: ends x0,y0,z0,x1,y1,z1 of the intensity profile, LPS mm; by default the middle row
            of each volume's axial slice.
        expected_error: whether the expected error of models with a head for it is measured, which
            takes about two and a half times as long.
        axes: the file axes that are downsampled and upsampled, of ``ijk``.
    """

    source: Path
    output: Path
    scales: tuple[float, ...] = PAPER_SCALES
    methods: tuple[EvaluatedMethod, ...] = ()
    blur: Blur | None = DEFAULT_BLUR
    noise: float = 0.0
    noise_kind: NoiseKind = "gaussian"
    metrics: tuple[str, ...] = ()
    reference_free: bool = False
    baselines: Path | None = None
    masks: Path | None = None
    segmentation: bool = False
    atlas: Path | None = None
    device: str = "auto"
    precision: Precision = "auto"
    jobs: int = 1
    threads: int = 1
    line: tuple[float, ...] | None = None
    axes: str = "ijk"
    expected_error: bool = False

    def __post_init__(self) -> None:
        if not self.methods:
            object.__setattr__(self, "methods", (parse_method("cubic"),))
        if not self.metrics:
            data = "real" if self.reference_free else "simulated"
            chosen = (name for name, metric in METRICS.items() if data in metric.measured_on)
            object.__setattr__(self, "metrics", tuple(chosen))
        elif self.reference_free:
            kept = (name for name in self.metrics if METRICS[name].needs != "reference")
            object.__setattr__(self, "metrics", tuple(kept))
        _check(self)

    @property
    def segments(self) -> bool:
        """Whether Dice is measured."""
        return self.segmentation or self.atlas is not None

    @property
    def uses_masks(self) -> bool:
        """Whether any number depends on the masks; without a reference none does."""
        compares = any(METRICS[name].takes_mask for name in self.metrics)
        return self.masks is not None and not self.reference_free and (compares or self.segments)

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON."""
        values = asdict(self)
        values["methods"] = [method.text for method in self.methods]
        for name in ("source", "output", "baselines", "masks", "atlas"):
            values[name] = None if values[name] is None else str(values[name])
        return values


def parse_scales(text: str) -> tuple[float, ...]:
    """Reads ``2,2.5,3``.

    Raises:
        InputError: not numbers, or one not above 1.
    """
    try:
        scales = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"The scales {text!r} are not numbers; give for example 2,2.5,3.") from (
            error
        )
    if any(not 1.0 < scale <= 16.0 for scale in scales):
        raise InputError(f"The scales {text!r} must be above 1 and at most 16.")
    return tuple(sorted(set(scales)))


def parse_axes(text: str) -> str:
    """Reads the file axes that are downsampled: ``ijk``, or ``k`` alone for thick slices.

    Raises:
        InputError: another letter, one twice, or none.
    """
    if not text or any(text.count(letter) != 1 or letter not in "ijk" for letter in text):
        raise InputError(f"The axes {text!r} are not some of ijk; give for example k or ij.")
    return "".join(sorted(text))


def parse_metrics(text: str) -> tuple[str, ...]:
    """Reads ``psnr,ssim``.

    Raises:
        InputError: an unknown metric.
    """
    names = tuple(part.strip().lower().replace("-", "_") for part in text.split(","))
    for name in names:
        if name not in METRICS:
            raise InputError(f"The metric {name!r} is unknown; choose from {', '.join(METRICS)}.")
    return tuple(name for name in METRICS if name in names)


def _check(settings: Settings) -> None:
    if not settings.metrics:
        free = ", ".join(name for name, m in METRICS.items() if m.needs != "reference")
        raise InputError(f"Without a reference these metrics cannot be measured; name {free}.")
    if len({method.slug for method in settings.methods}) < len(settings.methods):
        raise InputError("A method is named twice; name each once.")
    if settings.line is not None and settings.line[:3] == settings.line[3:]:
        raise InputError("The line starts and ends at one point; give two different ends.")
    if settings.reference_free and settings.segments:
        raise InputError("Dice compares with a reference; leave the segmentation out.")
    if settings.reference_free and settings.expected_error:
        raise InputError(
            "The expected error is compared with a sharp volume; leave it out for real scans."
        )
    if settings.axes != "ijk" and settings.blur is None:
        raise InputError(
            f"The paper's kernel works along all axes; with the axes {settings.axes!r} choose "
            "another kernel."
        )
    # This refuses numbers that are out of range.
    Noise(settings.noise, settings.noise_kind)
