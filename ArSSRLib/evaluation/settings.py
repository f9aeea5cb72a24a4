"""What is evaluated and how: everything that decides the numbers of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..degradation import KERNELS
from ..errors import InputError
from ..volume import READABLE_SUFFIXES
from .methods import Method, parse_method
from .metrics import METRICS

ALL_KERNELS = (*KERNELS, "paper")
PAPER_SCALES = (2.0, 2.5, 3.0, 3.5, 4.0)


@dataclass(frozen=True)
class Settings:
    """The settings of an evaluation.

    Attributes:
        source: folder of volumes: sharp ones, or real scans when ``reference_free``.
        output: folder of the report.
        scales: isotropic upsampling scales, above 1.
        methods: see :mod:`ArSSRLib.evaluation.methods`.
        kernel: simulation of the LR volumes: ``cubic``, ``kspace``, ``gaussian`` or ``paper``.
        metrics: names of :data:`ArSSRLib.evaluation.metrics.METRICS`.
        reference_free: upsample the volumes as they are and measure PSI and LPC-SI only
            (paper, Table III).
        baselines: folder of trained baselines, see :func:`ArSSRLib.evaluation.methods.model_file`.
        masks: folder of brain masks named like the volumes, for PSNR, SSIM, NMSE, HFEN and Dice.
        segmentation: measure Dice of tissue classes (paper, Table IV); needs ``antspyx``.
        atlas: folder of an atlas, for Dice of the paper's six regions instead.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        jobs: volumes measured at a time.
        threads: CPU threads of each.
        line: ends x0,y0,z0,x1,y1,z1 of the intensity profile, LPS mm; by default the middle row
            of each volume's axial slice.
        axes: the file axes that are made coarser and brought back, of ``ijk``.
    """

    source: Path
    output: Path
    scales: tuple[float, ...] = PAPER_SCALES
    methods: tuple[Method, ...] = ()
    kernel: str = "cubic"
    metrics: tuple[str, ...] = tuple(METRICS)
    reference_free: bool = False
    baselines: Path | None = None
    masks: Path | None = None
    segmentation: bool = False
    atlas: Path | None = None
    device: str = "auto"
    jobs: int = 1
    threads: int = 1
    line: tuple[float, ...] | None = None
    axes: str = "ijk"

    def __post_init__(self) -> None:
        if not self.methods:
            object.__setattr__(self, "methods", (parse_method("cubic"),))
        if self.reference_free:
            # How a real scan was blurred is not known: only who asks for it by name gets re-blur.
            known_blur = self.metrics != tuple(METRICS)
            kept = tuple(
                name
                for name in self.metrics
                if not METRICS[name].needs_reference
                and (known_blur or not METRICS[name].compares_with_input)
            )
            object.__setattr__(self, "metrics", kept)
        _check(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON."""
        values = asdict(self)
        values["methods"] = [method.text for method in self.methods]
        for name in ("source", "output", "baselines", "masks", "atlas"):
            values[name] = None if values[name] is None else str(values[name])
        return values


def find_volumes(folder: Path) -> dict[str, Path]:
    """The volumes under a folder, by the name they have in the report.

    Raises:
        InputError: no such folder, or nothing readable in it.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {str(folder)!r}; name the folder of the volumes.")
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name.lower().endswith(READABLE_SUFFIXES)
    )
    if not paths:
        raise InputError(
            f"The folder {str(folder)!r} holds no volume ({', '.join(READABLE_SUFFIXES)}); "
            "name another."
        )
    return {_name(path, folder): path for path in paths}


def mask_file(masks: Path, volume: Path) -> Path:
    """The mask of a volume: a file of the same name in the folder of masks.

    Raises:
        InputError: there is none.
    """
    path = masks / volume.name
    if not path.is_file():
        raise InputError(f"The folder {masks} has no mask {volume.name}; add it.")
    return path


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
        raise InputError(f"The scales {text!r} must lie above 1 and up to 16.")
    return tuple(sorted(set(scales)))


def parse_axes(text: str) -> str:
    """Reads the file axes that are made coarser: ``ijk``, or ``k`` alone for thick slices.

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


def _name(path: Path, folder: Path) -> str:
    relative = path.relative_to(folder).as_posix()
    for suffix in sorted(READABLE_SUFFIXES, key=len, reverse=True):
        if relative.lower().endswith(suffix):
            relative = relative[: -len(suffix)]
            break
    return relative.replace("/", "_")


def _check(settings: Settings) -> None:
    rules: Sequence[tuple[bool, str]] = (
        (
            settings.kernel in ALL_KERNELS,
            f"The kernel {settings.kernel!r} is unknown; choose one of {', '.join(ALL_KERNELS)}.",
        ),
        (
            bool(settings.metrics),
            "Without a reference only PSI and LPC-SI can be measured; name one of them.",
        ),
        (
            len({m.slug for m in settings.methods}) == len(settings.methods),
            "A method is named twice; name each once.",
        ),
        (
            not (settings.reference_free and (settings.segmentation or settings.atlas)),
            "Dice compares with a reference; leave the segmentation out.",
        ),
        (
            settings.axes == "ijk" or settings.kernel != "paper",
            f"The paper's kernel works along all axes; with the axes {settings.axes!r} choose "
            "another kernel.",
        ),
    )
    for holds, sentence in rules:
        if not holds:
            raise InputError(sentence)
