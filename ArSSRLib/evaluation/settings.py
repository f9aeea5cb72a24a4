"""What is evaluated and how: everything that decides the numbers of a report."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..choices import ALL_KERNELS, PAPER_KERNEL
from ..errors import InputError
from ..volumes.files.names import stem_of
from ..volumes.files.search import find_volumes as volumes_in
from ..volumes.files.search import refuse_pipe
from .methods import Method, parse_method
from .metrics import METRICS

PAPER_SCALES = (2.0, 2.5, 3.0, 3.5, 4.0)


@dataclass(frozen=True)
class Settings:
    """The settings of an evaluation.

    Attributes:
        source: folder or list of volumes, see :func:`find_volumes`: sharp ones, or real scans
            when ``reference_free``.
        output: folder of the report.
        scales: isotropic upsampling scales, above 1.
        methods: see :mod:`ArSSRLib.evaluation.methods`.
        kernel: simulation of the LR volumes, one of :data:`ArSSRLib.choices.ALL_KERNELS`.
        metrics: names of :data:`ArSSRLib.evaluation.metrics.METRICS`.
        reference_free: upsample the volumes as they are and measure PSI and LPC-SI only
            (paper, Table III).
        baselines: folder of trained baselines, see :func:`ArSSRLib.evaluation.methods.model_file`.
        masks: folder of brain masks with the volumes' names and subfolders, see
            :func:`mask_files`, for PSNR, SSIM, NMSE, HFEN and Dice.
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


def find_volumes(source: Path) -> dict[str, Path]:
    """The volumes of an evaluation, by the name they have in the report.

    Args:
        source: a folder, searched with its subfolders; a folder in the HCP layout, of which the
            paper's volume of each subject is taken, as in training; a list (``.txt``, one path a
            line); or one volume.

    Raises:
        InputError: no such folder, a pipe, nothing readable in it, or two volumes of one name.
    """
    if not source.exists():
        raise InputError(
            f"There is no folder {str(source)!r}; name the folder of the volumes, or a list of "
            "them (.txt, one path a line)."
        )
    refuse_pipe(source)
    if source.suffix.lower() == ".txt":
        _check_list(source)
    paths = list(dict.fromkeys(volumes_in([source])))
    root = _common_folder(source, paths)
    found: dict[str, Path] = {}
    for path in paths:
        name = _name(path, root)
        if name in found:
            raise InputError(
                f"{str(found[name])!r} and {str(path)!r} would both be called {name!r} in the "
                "report; rename one, or name the volumes you want in a list (.txt, one path a "
                "line)."
            )
        found[name] = path
    return found


def mask_files(masks: Path, source: Path, volumes: Mapping[str, Path]) -> dict[str, Path]:
    """Where the mask of each volume is expected to lie, whether it is there or not.

    That is the volume's own place in the folder of masks, with its subfolders. A mask that lies
    there by the volume's bare name counts as long as no other volume has that name.

    Args:
        masks: folder of the masks.
        source: what ``volumes`` were found in.
        volumes: see :func:`find_volumes`.
    """
    root = _common_folder(source, volumes.values())
    same_name = Counter(path.name for path in volumes.values())
    found = {}
    for name, path in volumes.items():
        mirrored, bare = masks / _relative(path, root), masks / path.name
        by_name = same_name[path.name] == 1 and bare.is_file() and not mirrored.is_file()
        found[name] = bare if by_name else mirrored
    return found


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


def _check_list(path: Path) -> None:
    """Refuses a list with a line that names nothing."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The list {str(path)!r} cannot be read as text ({error}); write one path a line."
        ) from error
    for line in filter(None, map(str.strip, lines)):
        if not Path(line).exists():
            raise InputError(
                f"The list {str(path)!r} names {line!r}, and there is no such file or folder; "
                "correct that line (paths count from the folder you are in)."
            )


def _common_folder(source: Path, paths: Iterable[Path]) -> Path:
    """The folder that names in the report are relative to."""
    if source.is_dir():
        return source.absolute()
    try:
        return Path(os.path.commonpath([path.absolute().parent for path in paths]))
    except ValueError:
        # Volumes on several drives of Windows have no folder in common.
        return source.absolute().parent


def _relative(path: Path, root: Path) -> Path:
    try:
        return path.absolute().relative_to(root)
    except ValueError:
        return Path(path.name)


def _name(path: Path, root: Path) -> str:
    return stem_of(_relative(path, root).as_posix()).replace("/", "_")


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
            settings.line is None or settings.line[:3] != settings.line[3:],
            "The line starts and ends at one point; give two ends that lie apart.",
        ),
        (
            not (settings.reference_free and settings.segments),
            "Dice compares with a reference; leave the segmentation out.",
        ),
        (
            settings.axes == "ijk" or settings.kernel != PAPER_KERNEL,
            f"The paper's kernel works along all axes; with the axes {settings.axes!r} choose "
            "another kernel.",
        ),
    )
    for holds, sentence in rules:
        if not holds:
            raise InputError(sentence)
