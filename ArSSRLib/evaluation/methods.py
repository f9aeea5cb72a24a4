"""The methods that are compared, by name: what each is called, and how it upsamples.

============== ==================================================================
name           method
============== ==================================================================
nearest        nearest neighbour
linear         trilinear interpolation
cubic          cubic B-spline over the same field of view
zoom           cubic ``scipy.ndimage.zoom`` aligned on corner voxels, the paper's
srcnn3d        SRCNN3D trained for the scale (Pham 2017)
dcsrn          DCSRN trained for the scale (Chen 2018)
rescnn         ResCNN trained for the scale (Du 2019)
arssr:MODEL    ArSSR with a bundled model (``default``) or a model file
============== ==================================================================
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..catalogue import load_model, model_path
from ..errors import InputError
from ..grid import Grid
from ..interpolation import INTERPOLATIONS, interpolate
from ..networks.baseline_spec import BASELINES
from ..upsampling.run import upsample_volume
from ..volume import Volume

if TYPE_CHECKING:
    from ..checkpoint import Model
    from ..networks.baselines import Baseline

FloatArray = npt.NDArray[np.float32]

_TITLES = {"nearest": "Nearest", "linear": "Linear", "cubic": "Cubic", "zoom": "Cubic (zoom)"}
_BASELINES = {name.lower(): name for name in BASELINES}
_RUN_WEIGHTS = ("best.npz", "last.npz")
"""What a training run leaves in its folder; the first is the better."""
KNOWN = (*_TITLES, *_BASELINES, "arssr:MODEL")


@dataclass(frozen=True)
class Method:
    """A method of the comparison.

    Attributes:
        text: as it was named, for example ``arssr:default``.
        kind: ``interpolation``, ``zoom``, ``baseline`` or ``arssr``.
        model: bundled name or file, for ``arssr``.
    """

    text: str
    kind: str
    model: str | None = None

    @property
    def title(self) -> str:
        """Its name in tables and pictures."""
        if self.kind == "arssr":
            return f"ArSSR ({self._model_name})"
        return _TITLES.get(self.text) or _BASELINES[self.text]

    @property
    def slug(self) -> str:
        """Its name in file names, the same for the same method only."""
        if self.kind != "arssr":
            return self.text
        name = "".join(c if c.isalnum() or c in "-." else "_" for c in self._model_name)
        if self._model_name == self.model:
            return f"arssr-{name}"
        return f"arssr-{name}-{zlib.crc32(self.text.encode()):08x}"

    @property
    def _model_name(self) -> str:
        """A bundled name, a file's stem, or the folder of a training run's weights."""
        path = Path(self.model or "default")
        return path.parent.name if path.name in _RUN_WEIGHTS and path.parent.name else path.stem


def parse_method(text: str) -> Method:
    """Reads one method's name.

    Raises:
        InputError: an unknown method, or a model that does not exist.
    """
    name, _, model = text.strip().partition(":")
    name = name.lower()
    if name == "arssr":
        model_path(model or "default")
        return Method(f"arssr:{model or 'default'}", "arssr", model or "default")
    if model or name not in (*_TITLES, *_BASELINES):
        raise InputError(f"The method {text!r} is unknown; choose from {', '.join(KNOWN)}.")
    if name == "zoom":
        return Method(name, "zoom")
    return Method(name, "interpolation" if name in INTERPOLATIONS else "baseline")


def parse_methods(text: str) -> tuple[Method, ...]:
    """Reads ``cubic,srcnn3d,arssr:default``; errors as in :func:`parse_method`."""
    return tuple(parse_method(part) for part in text.split(","))


def model_file(method: Method, scale: float, baselines: Path | None) -> Path | None:
    """The model file of a method at a scale; None where the method has no weights.

    A baseline has one network per scale: ``<baselines>/srcnn3d-2/best.npz`` (a training run's
    folder; ``last.npz`` if it was not validated) or ``<baselines>/srcnn3d-2.npz``, and so on.

    Raises:
        InputError: the method's network for this scale is not there.
    """
    if method.kind == "arssr":
        return model_path(method.model or "default")
    if method.kind != "baseline":
        return None
    if baselines is None:
        raise InputError(
            f"{method.title} has no bundled weights; train it ('arssr train --recipe "
            f"{method.text}') and name its folder with --baselines."
        )
    stem = f"{method.text}-{scale:g}"
    for candidate in (*(f"{stem}/{name}" for name in _RUN_WEIGHTS), f"{stem}.npz"):
        if (baselines / candidate).is_file():
            return baselines / candidate
    raise InputError(
        f"There is no {method.title} for {scale:g}x in {baselines}; train one there as {stem}/."
    )


def upsample(
    method: Method, low: Volume, target: Grid, scale: float, baselines: Path | None, device: str
) -> FloatArray:
    """Upsamples a volume to the grid ``target`` over the same field of view.

    Returns:
        intensities ``array[k, j, i]`` of the shape of ``target``, on the input's scale.

    Raises:
        InputError: the method's network is missing or damaged.
    """
    shape = target.size[::-1]
    if method.kind == "interpolation":
        return interpolate(low.array, shape, method.text)  # type: ignore[arg-type]
    if method.kind == "zoom":
        return _zoomed(low.array, shape)
    path = model_file(method, scale, baselines)
    assert path is not None
    if method.kind == "arssr":
        return upsample_volume(low, target, "arssr", _arssr(path), device).array
    return _with_baseline(_baseline(path), low.array, shape, device)


def _zoomed(array: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    from scipy.ndimage import zoom

    factors = [m / n for n, m in zip(array.shape, shape, strict=True)]
    return np.asarray(zoom(array, factors, order=3), dtype=np.float32)


@lru_cache(maxsize=2)
def _arssr(path: Path) -> Model:
    return load_model(path)


@lru_cache(maxsize=2)
def _baseline(path: Path) -> Baseline:
    from ..checkpoint import read_network
    from ..networks.baselines import Baseline

    network, _ = read_network(path)
    if not isinstance(network, Baseline):
        raise InputError(f"The file {path} is no baseline network; train one there.")
    return network


def _with_baseline(
    network: Baseline, array: FloatArray, shape: tuple[int, int, int], device: str
) -> FloatArray:
    import torch

    from ..intensity import Normalisation
    from ..upsampling.device import choose_device

    place = choose_device(device)
    normalisation = Normalisation.of(array)
    low = torch.from_numpy(normalisation.apply(array))[None, None].to(place)
    values = network.to(place).on_grid(low, shape).float().cpu().numpy()
    return normalisation.restore(np.ascontiguousarray(values))
