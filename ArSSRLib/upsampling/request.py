"""What a run is: one object for the command line, the API, batches, BIDS and 3D Slicer.

Each of them makes an :class:`Upsampling` where it takes the user's choices, and hands it on. A new
choice is a field of it, declared with its command line option, and the code that uses it.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, cast

from ..choices import DEVICES, METHODS, PRECISIONS, Method, Precision
from ..errors import InputError
from .options import (
    SentenceParser,
    add_options,
    finite_number,
    option,
    options_of,
    positive_number,
    positive_numbers,
    whole_number,
    words_of,
)
from .resolution import Resolution, short_number

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ..networks.catalogue import ModelInfo
    from ..networks.model_file import Model
    from ..volumes.grid import Grid, Triple
    from ..volumes.region import Roi

MOST_THREADS = 1024
"""A thread library that cannot start as many as it is asked for ends the whole process."""
_RESOLUTION = "resolution"
_DIGEST_LENGTH = 8
_MOST_NOISE_REDUCTION = 2.0


class UpsamplingOptions(TypedDict, total=False):
    """The options of :func:`ArSSRLib.upsample`; each is described at :class:`Upsampling`."""

    spacing: float | Triple | None
    isotropic: bool | float
    method: Method
    model: Model | ModelInfo | str | os.PathLike[str]
    fast: bool
    noise_reduction: float
    from_measured: bool
    noise_level: float | None
    intensity_range: tuple[float, float] | None
    roi: Roi | None
    device: str
    precision: Precision
    threads: int | None


class Choices(UpsamplingOptions, total=False):
    """All choices of a run, with the model by name, file or loaded."""

    scale: float | Triple | None
    expected_error: bool
    volume: int | None
    series: str | None


@dataclass(frozen=True, kw_only=True)
class Upsampling:
    """A run; make one with :meth:`of`, which resolves the model.

    >>> run = Upsampling.of(scale=2.5, method="cubic")
    >>> run.name_part, run.arguments()
    ('cubic_2.5x', ['--scale', '2.5', '--method', 'cubic'])

    The help of its option describes each attribute; besides:

    Attributes:
        model: the network's file, never one that cannot upsample; None for an interpolation.
        fast: False for a model without a mirrored pass.
        noise_reduction: only 1 for a model that does not take the noise level, where it has no
            effect.
        noise_level: estimated when None; None for a model that does not take it.
        intensity_range: the intensities that the network sees as 0 and 1; see
            :class:`ArSSRLib.volumes.intensity.Normalisation` for what is taken when None. With it
            and the noise level given, a part of a volume is computed like the whole.
        expected_error: never for an interpolation.
        precision: see :func:`ArSSRLib.upsampling.hardware.precision.choose_precision`.

    Raises:
        InputError: an unknown method, or a number of threads that is not possible.
    """

    scale: float | Triple | None = option(
        "--scale",
        exclusive=_RESOLUTION,
        type=positive_numbers,
        metavar="S|SX,SY,SZ",
        help="factor for all axes, or one for each of the file's axes i,j,k; any number from 1 up",
    )
    spacing: float | Triple | None = option(
        "--spacing",
        exclusive=_RESOLUTION,
        type=positive_numbers,
        metavar="MM|X,Y,Z",
        help="voxel size in mm: one number refines only the axes that are coarser, three are for "
        "i,j,k; rounded so that the field of view is kept",
    )
    isotropic: bool | float = option(
        "--isotropic",
        False,
        exclusive=_RESOLUTION,
        type=positive_number,
        nargs="?",
        const=True,
        metavar="MM",
        help="isotropic voxels: of the size of the finest axis, or of at most MM",
    )
    method: Method = option(
        "--method", "arssr", choices=METHODS, help="how to upsample (default: arssr)"
    )
    model: ModelInfo | None = option(
        "--model",
        network_only=True,
        metavar="NAME|FILE",
        help="bundled model ('arssr models') or model file (default: default)",
    )
    fast: bool = option(
        "--fast",
        False,
        network_only=True,
        tag="fast",
        action="store_true",
        help="run the network once instead of averaging with a mirrored pass: twice as fast, "
        "slightly less accurate",
    )
    noise_reduction: float = option(
        "--noise-reduction",
        1.0,
        network_only=True,
        tag="denoise{value:g}",
        type=finite_number,
        metavar="FACTOR",
        help="0 keeps the grain of the scan, 1 removes its estimated noise, up to 2 more; faint "
        "lesions are weakened with the noise (default: 1)",
    )
    from_measured: bool = option(
        "--from-measured",
        False,
        tag="measured",
        action="store_true",
        help="start from the resolution that the volume was measured with, where it is stored "
        "finer (zero-filled k-space, interpolation); 'arssr info' shows it",
    )
    noise_level: float | None = option(
        "--noise-level",
        network_only=True,
        tag="noise{value:g}",
        type=finite_number,
        metavar="SHARE",
        help="standard deviation of the scan's noise as a share of its intensity range, such as "
        "0.02 (default: estimated)",
    )
    intensity_range: tuple[float, float] | None = option(
        "--intensity-range",
        network_only=True,
        tag="range{value[0]:g}to{value[1]:g}",
        type=finite_number,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="intensities of air and of the brightest tissue (default: the 0.1st and the 99.9th "
        "percentile of the scan)",
    )
    expected_error: bool = option(
        "--expected-error",
        False,
        network_only=True,
        action="store_true",
        help="also write how far each voxel may be off, in the units of the intensities: beside "
        "the result, as NAME_error",
    )
    roi: Roi | None = option(
        "--roi",
        type=finite_number,
        nargs=6,
        metavar=("X0", "Y0", "Z0", "X1", "Y1", "Z1"),
        help="compute only this box: two opposite corners in mm, patient coordinates (LPS)",
    )
    device: str = option(
        "--device",
        "auto",
        network_only=True,
        choices=DEVICES,
        help="where to compute (default: auto)",
    )
    precision: Precision = option(
        "--precision",
        "auto",
        network_only=True,
        tag="{value}",
        choices=PRECISIONS,
        help="numbers that the network computes with: float32, or half precision where the device "
        "is fast at it (default: auto)",
    )
    threads: int | None = option(
        "--threads",
        network_only=True,
        type=whole_number(1, MOST_THREADS),
        metavar="N",
        help="CPU threads (default: all)",
    )
    volume: int | None = option(
        "--volume",
        type=whole_number(0),
        metavar="INDEX",
        help="which volume of a 4-D file, from 0",
    )
    series: str | None = option(
        "--series",
        metavar="NUMBER|DESCRIPTION",
        help="which series of a DICOM folder that holds several",
    )

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InputError(
                f"The method {self.method!r} is unknown; choose one of {', '.join(METHODS)}.",
                argument="method",
            )
        if (self.method == "arssr") != (self.model is not None):
            raise TypeError("The method arssr, and no other, needs a model; use Upsampling.of.")
        if not 0.0 <= self.noise_reduction <= _MOST_NOISE_REDUCTION:
            raise InputError(
                f"The noise reduction {self.noise_reduction:g} is not between 0 and "
                f"{_MOST_NOISE_REDUCTION:g}; 1 removes the estimated noise.",
                argument="noise_reduction",
            )
        self._check_intensities()
        threads = self.threads
        if threads is not None and not (isinstance(threads, int) and 1 <= threads <= MOST_THREADS):
            raise InputError(
                f"The number of threads {threads!r} is not between 1 and {MOST_THREADS}; choose "
                "fewer, or none to use all CPUs.",
                argument="threads",
            )

    def _check_intensities(self) -> None:
        if self.noise_level is not None and not 0.0 <= self.noise_level <= 1.0:
            raise InputError(
                f"The noise level {self.noise_level:g} is not between 0 and 1; it is a share of "
                "the intensity range, such as 0.02.",
                argument="noise_level",
            )
        low, high = self.intensity_range or (0.0, 1.0)
        if not low < high:
            raise InputError(
                f"The intensity range from {low:g} to {high:g} is empty; give the lower number "
                "first.",
                argument="intensity_range",
            )

    @classmethod
    def of(cls, **choices: Unpack[Choices]) -> Upsampling:
        """The run that these choices describe, with the model resolved.

        Raises:
            InputError: no such model, one that cannot upsample, cannot reduce noise or gives no
                expected error, or an unknown method.
        """
        values: dict[str, Any] = {key: _plain(value) for key, value in choices.items()}
        model = values.pop("model", None)
        if values.get("method", "arssr") != "arssr":
            of_network = [name for name, how in options_of(cls).items() if how.network_only]
            return cls(**{key: v for key, v in values.items() if key not in of_network})
        from ..networks.catalogue import DEFAULT, resolved_model

        info = resolved_model(DEFAULT if model is None else model)
        fast = bool(values.pop("fast", False)) and info.header.mirrored
        if not info.header.spec.encoder.noise_level and (
            values.get("noise_reduction", 1.0) != 1.0 or values.get("noise_level") is not None
        ):
            raise InputError(
                f"The model {info.name} does not take the noise level, so it cannot reduce noise "
                "by a factor; leave the noise reduction out, or use the model default.",
                argument="noise_reduction",
            )
        if values.get("expected_error") and info.header.expected_error is None:
            raise InputError(
                f"The model {info.name} gives no expected error; leave the expected error out, or "
                "use a model that was trained for it.",
                argument="expected_error",
            )
        return cls(**values, model=info, fast=fast)

    @classmethod
    def from_namespace(cls, namespace: argparse.Namespace) -> Upsampling:
        """The run that a parser has read; options that it does not have keep their defaults.

        Raises:
            InputError: as for :meth:`of`.
        """
        given = {name: getattr(namespace, name) for name in options_of(cls) if name in namespace}
        return cls.of(**cast(Choices, given))

    @classmethod
    def from_arguments(cls, words: Sequence[str]) -> Upsampling:
        """The run that :meth:`arguments` wrote.

        Raises:
            InputError: an unknown option, or as for :meth:`of`.
        """
        parser = SentenceParser(prog="arssr upsample", add_help=False, allow_abbrev=False)
        add_options(parser, cls, required=False)
        return cls.from_namespace(parser.parse_args(words))

    def arguments(self) -> list[str]:
        """The options of ``arssr upsample`` that stand for this run; model files by full path."""
        words: list[str] = []
        for name, how in options_of(self).items():
            value = getattr(self, name)
            if name == "model" and self.model is not None:
                value = self.model.name if self.model.bundled else str(self.model.path.absolute())
            if value != how.default:
                words += words_of(how.flag, value, separate="nargs" in how.keywords)
        return words

    @property
    def resolution(self) -> Resolution:
        """How fine the result is to be.

        Raises:
            InputError: not exactly one of scale, spacing and isotropic is given.
        """
        return Resolution.of(self.scale, self.spacing, self.isotropic)

    @property
    def passes(self) -> int:
        """How often the network sees the volume; 1 for an interpolation."""
        return 1 if self.model is None else self.model.passes(self.fast)

    @property
    def reduces_noise(self) -> bool:
        """Whether the network takes the noise of the scan away, more or less of it."""
        takes_level = self.model is not None and self.model.header.spec.encoder.noise_level
        return takes_level and self.noise_reduction > 0.0

    @property
    def title(self) -> str:
        """How the result is made, for its header: ``ArSSR model default 1.0`` or ``cubic``."""
        if self.model is None:
            return self.method
        once = " in one pass" if self.fast else ""
        return f"ArSSR model {self.model.name} {self.model.header.version}{once}"

    @property
    def name_part(self) -> str:
        """What tells this run's result from others of the same volume, for file names.

        A model file is known by the start of its SHA-256 too: training calls them all
        ``best.npz``. Options that do not change voxels, such as the device, have no part in it.
        """
        maker = [self.method, *self._model_parts(), *self._tags()]
        parts = [] if self.volume is None else [f"volume{self.volume}"]
        if self.series is not None:
            parts.append(f"series-{re.sub('[^0-9a-zA-Z.-]+', '-', self.series)}")
        parts += ["-".join(maker), self.resolution.name]
        if self.roi is not None:
            parts += ["roi", *(short_number(x) for x in self.roi)]
        return "_".join(parts)

    def _model_parts(self) -> list[str]:
        from ..networks.catalogue import DEFAULT

        if self.model is None or self.model.name == DEFAULT:
            return []
        if self.model.bundled:
            return [self.model.name]
        return [self.model.path.stem, self.model.sha256[:_DIGEST_LENGTH]]

    def _tags(self) -> list[str]:
        values = ((how, getattr(self, name)) for name, how in options_of(self).items())
        return [how.tag.format(value=v) for how, v in values if how.tag and v != how.default]

    def caution(self, grid: Grid, target: Grid) -> str:
        """One sentence where the model was not trained for this run from ``grid`` to ``target``."""
        return "" if self.model is None else self.model.caution(grid, target)


def _plain(value: Any) -> Any:
    """Sequences as tuples, torch devices as their name."""
    if isinstance(value, list):
        return tuple(value)
    return str(value) if type(value).__module__ == "torch" else value
