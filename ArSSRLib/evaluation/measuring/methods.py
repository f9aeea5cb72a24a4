"""The methods that are compared: their names on the command line and in tables.

==================== ================================================================
name                 method
==================== ================================================================
nearest              nearest neighbour
linear               trilinear interpolation
cubic                cubic B-spline over the same field of view
zoom                 cubic ``scipy.ndimage.zoom`` aligned on corner voxels, the paper's
srcnn3d              SRCNN3D trained for the scale (Pham 2017)
dcsrn                DCSRN trained for the scale (Chen 2018)
rescnn               ResCNN trained for the scale (Du 2019)
arssr:MODEL          ArSSR with a bundled model (``default``) or a model file
arssr:MODEL:fast     the same in one pass, without the mirrored one
arssr:MODEL:denoiseF the same with the noise reduction F, 0 to 2; F is 1 where it is left out
==================== ================================================================
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import InputError
from ...networks.baseline_spec import BASELINES
from ...networks.catalogue import model_path
from ...resampling.interpolation import INTERPOLATIONS
from ...upsampling.request import Upsampling

_TITLES = {"nearest": "Nearest", "linear": "Linear", "cubic": "Cubic", "zoom": "Cubic (zoom)"}
_BASELINES = {name.lower(): name for name in BASELINES}
RUN_WEIGHTS = ("best.npz", "last.npz")
"""What a training run leaves in its folder; the first is the better."""
_SETTINGS = re.compile(r"(?P<model>.*?)(?P<fast>:fast)?(:denoise(?P<reduction>[0-9.]+))?")
"""What follows ``arssr:``, as :attr:`EvaluatedMethod.text` writes it."""
KNOWN = (*_TITLES, *_BASELINES, "arssr:MODEL", "arssr:MODEL:fast", "arssr:MODEL:denoiseF")


@dataclass(frozen=True)
class EvaluatedMethod:
    """A method of the comparison, as the user named it.

    Attributes:
        text: as it was named, for example ``arssr:default``.
        kind: ``interpolation``, ``zoom``, ``baseline`` or ``arssr``.
        model: bundled name or file, for ``arssr``.
        fast: ``arssr`` in one pass, also where the model asks for the mean with a mirrored one.
        noise_reduction: of ``arssr``, see :class:`ArSSRLib.upsampling.request.Upsampling`.
        name: what the model is called in tables; by default its own name, see
            :func:`named_apart`.
    """

    text: str
    kind: str
    model: str | None = None
    fast: bool = False
    noise_reduction: float = 1.0
    name: str | None = None

    @property
    def title(self) -> str:
        """Its name in tables and pictures."""
        if self.kind == "arssr":
            return f"ArSSR ({', '.join([self.name or self._model_name, *self._settings])})"
        return _TITLES.get(self.text) or _BASELINES[self.text]

    @property
    def slug(self) -> str:
        """Its name in file names, the same for the same method only."""
        if self.kind != "arssr":
            return self.text
        name = "".join(c if c.isalnum() or c in "-." else "_" for c in self._model_name)
        if self._model_name == self.model:
            return "-".join(["arssr", name, *(part.replace(" ", "-") for part in self._settings)])
        return f"arssr-{name}-{zlib.crc32(self.text.encode()):08x}"

    @property
    def _settings(self) -> list[str]:
        """What differs from the defaults of a run."""
        parts = ["fast"] if self.fast else []
        if self.noise_reduction != 1.0:
            parts.append(f"noise reduction {self.noise_reduction:g}")
        return parts

    @property
    def _model_name(self) -> str:
        """A bundled name, a file's stem, or the folder of a training run's weights."""
        path = Path(self.model or "default")
        return path.parent.name if path.name in RUN_WEIGHTS and path.parent.name else path.stem


def parse_method(text: str) -> EvaluatedMethod:
    """Reads one method's name.

    Raises:
        InputError: an unknown method, or a model that does not exist.
    """
    name, _, model = text.strip().partition(":")
    name = name.lower()
    if name == "arssr":
        return _arssr(model)
    if model or name not in (*_TITLES, *_BASELINES):
        raise InputError(f"The method {text!r} is unknown; choose from {', '.join(KNOWN)}.")
    if name == "zoom":
        return EvaluatedMethod(name, "zoom")
    return EvaluatedMethod(name, "interpolation" if name in INTERPOLATIONS else "baseline")


def _arssr(settings: str) -> EvaluatedMethod:
    """The network with the settings that follow ``arssr:``.

    Raises:
        InputError: no such model, or a noise reduction that it cannot have.
    """
    parts = _SETTINGS.fullmatch(settings)
    assert parts is not None
    model = parts["model"] or "default"
    text, fast, reduction = f"arssr:{model}", parts["fast"] is not None, 1.0
    if fast:
        text += ":fast"
    if parts["reduction"] is not None:
        reduction = _reduction(parts["reduction"])
        text += f":denoise{reduction:g}"
    model_path(model)
    if reduction != 1.0:
        # Refuses what the model cannot do before anything is measured.
        Upsampling.of(model=model, noise_reduction=reduction)
    return EvaluatedMethod(text, "arssr", model, fast, reduction)


def _reduction(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputError(
            f"The noise reduction {text!r} is not a number; give for example 0.5."
        ) from error


def parse_methods(text: str) -> tuple[EvaluatedMethod, ...]:
    """Reads ``cubic,srcnn3d,arssr:default``; errors as in :func:`parse_method`."""
    return named_apart([parse_method(part) for part in text.split(",")])


def named_apart(methods: Sequence[EvaluatedMethod]) -> tuple[EvaluatedMethod, ...]:
    """The methods, renamed where several would have the same title.

    The weights ``a/run/best.npz`` and ``b/run/best.npz`` are both called ``run``; in one
    comparison they are called ``a/run/best`` and ``b/run/best``.
    """
    apart = []
    for method in methods:
        alike = [other for other in methods if other.title == method.title]
        renamed = len(alike) > 1 and method.kind == "arssr"
        apart.append(replace(method, name=_telling_name(method, alike)) if renamed else method)
    return tuple(apart)


def _telling_name(method: EvaluatedMethod, alike: Sequence[EvaluatedMethod]) -> str:
    """The shortest end of a model's path, at least two names long, that no other path shares."""
    paths = {other.text: Path(other.model or "default").with_suffix("").parts for other in alike}
    own = paths.pop(method.text)
    for count in range(2, len(own)):
        if all(own[-count:] != parts[-count:] for parts in paths.values()):
            return "/".join(own[-count:])
    return str(method.model)
