"""The methods that are compared, by name: what each is called, and how it upsamples.

================== ==================================================================
name               method
================== ==================================================================
nearest            nearest neighbour
linear             trilinear interpolation
cubic              cubic B-spline over the same field of view
zoom               cubic ``scipy.ndimage.zoom`` aligned on corner voxels, the paper's
srcnn3d            SRCNN3D trained for the scale (Pham 2017)
dcsrn              DCSRN trained for the scale (Chen 2018)
rescnn             ResCNN trained for the scale (Du 2019)
arssr:MODEL        ArSSR with a bundled model (``default``) or a model file
arssr:MODEL:fast   the same in one pass, without the mirrored one
================== ==================================================================
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..networks.baseline_spec import BASELINES, BaselineSpec
from ..networks.catalogue import load_model, model_path
from ..networks.model_file import AnyModelHeader, read_header
from ..resampling.interpolation import INTERPOLATIONS, interpolate
from ..upsampling.run import upsample_volume
from ..volumes.array_types import FloatArray
from ..volumes.grid import Grid
from ..volumes.volume import Volume
from .file_versions import cached_by_file

if TYPE_CHECKING:
    from ..networks.baselines import Baseline
    from ..networks.model_file import Model

_TITLES = {"nearest": "Nearest", "linear": "Linear", "cubic": "Cubic", "zoom": "Cubic (zoom)"}
_BASELINES = {name.lower(): name for name in BASELINES}
_RUN_WEIGHTS = ("best.npz", "last.npz")
"""What a training run leaves in its folder; the first is the better."""
_FAST = ":fast"
KNOWN = (*_TITLES, *_BASELINES, "arssr:MODEL", "arssr:MODEL:fast")


@dataclass(frozen=True)
class Method:
    """A method of the comparison.

    Attributes:
        text: as it was named, for example ``arssr:default``.
        kind: ``interpolation``, ``zoom``, ``baseline`` or ``arssr``.
        model: bundled name or file, for ``arssr``.
        fast: ``arssr`` in one pass, also where the model asks for the mean with a mirrored one.
        name: what the model is called in tables; by default its own name, see
            :func:`named_apart`.
    """

    text: str
    kind: str
    model: str | None = None
    fast: bool = False
    name: str | None = None

    @property
    def title(self) -> str:
        """Its name in tables and pictures."""
        if self.kind == "arssr":
            return f"ArSSR ({self.name or self._model_name}{', fast' if self.fast else ''})"
        return _TITLES.get(self.text) or _BASELINES[self.text]

    @property
    def slug(self) -> str:
        """Its name in file names, the same for the same method only."""
        if self.kind != "arssr":
            return self.text
        name = "".join(c if c.isalnum() or c in "-." else "_" for c in self._model_name)
        if self._model_name == self.model:
            return f"arssr-{name}{'-fast' if self.fast else ''}"
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
        fast = model.endswith(_FAST)
        model = model.removesuffix(_FAST) or "default"
        model_path(model)
        return Method(f"arssr:{model}{_FAST if fast else ''}", "arssr", model, fast)
    if model or name not in (*_TITLES, *_BASELINES):
        raise InputError(f"The method {text!r} is unknown; choose from {', '.join(KNOWN)}.")
    if name == "zoom":
        return Method(name, "zoom")
    return Method(name, "interpolation" if name in INTERPOLATIONS else "baseline")


def parse_methods(text: str) -> tuple[Method, ...]:
    """Reads ``cubic,srcnn3d,arssr:default``; errors as in :func:`parse_method`."""
    return named_apart([parse_method(part) for part in text.split(",")])


def named_apart(methods: Sequence[Method]) -> tuple[Method, ...]:
    """The methods, renamed where several would have the same title.

    The weights ``a/run/best.npz`` and ``b/run/best.npz`` are both called ``run``; in one
    comparison they are called ``a/run/best`` and ``b/run/best``.
    """
    titles = Counter(method.title for method in methods)
    apart = []
    for method in methods:
        alike = [other for other in methods if other.title == method.title]
        if titles[method.title] > 1 and method.kind == "arssr":
            apart.append(replace(method, name=_telling_name(method, alike)))
        else:
            apart.append(method)
    return tuple(apart)


def _telling_name(method: Method, alike: Sequence[Method]) -> str:
    """The shortest end of a model's path, at least two names long, that no other path shares."""
    paths = {other.text: Path(other.model or "default").with_suffix("").parts for other in alike}
    own = paths.pop(method.text)
    for count in range(2, len(own)):
        if all(own[-count:] != parts[-count:] for parts in paths.values()):
            return "/".join(own[-count:])
    return str(method.model)


def model_files(
    methods: Sequence[Method], scales: Sequence[float], baselines: Path | None
) -> Iterator[tuple[Method, float, Path]]:
    """Every network that takes part, as method, scale and file; missing ones are skipped."""
    for method in methods:
        for scale in scales:
            try:
                path = model_file(method, scale, baselines)
            except InputError:
                continue
            if path is not None:
                yield method, scale, path


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


def check_network(method: Method, scale: float, baselines: Path | None) -> None:
    """Checks that a baseline's file holds the right network, trained for the right scale.

    Raises:
        InputError: it does not, is damaged, or is not there.
    """
    path = model_file(method, scale, baselines)
    if method.kind != "baseline" or path is None:
        return
    header = _header(path)
    found = header.spec.baseline if isinstance(header.spec, BaselineSpec) else "an ArSSR network"
    if found != method.title:
        raise InputError(
            f"The file {path} holds {found} and not {method.title}; put the network that was "
            "trained with that recipe there."
        )
    # A baseline is trained for one scale, which is the largest that its file tells of.
    trained = header.scale_range[1]
    if abs(trained - scale) > 1e-6:
        raise InputError(
            f"The file {path} holds a network for {trained:g}x and not for {scale:g}x; put the "
            "one that was trained for this scale there."
        )


def parameters(method: Method, scale: float, baselines: Path | None) -> int | None:
    """Number of trained parameters of a method at a scale; None if it has no (readable) network."""
    try:
        path = model_file(method, scale, baselines)
        return None if path is None else _header(path).spec.parameters
    except InputError:
        return None


def has_one_pass_only(method: Method) -> bool:
    """Whether ``fast`` makes no difference to a method: its model has no mirrored pass anyway.

    Raises:
        InputError: the model is missing or damaged.
    """
    return method.kind == "arssr" and not _header(model_path(method.model or "default")).mirrored


def preload_network(method: Method, scale: float, baselines: Path | None) -> None:
    """Reads a method's network into the cache, so that reading is not timed with :func:`upsample`.

    Raises:
        InputError: it is missing, damaged or not the one asked for.
    """
    path = model_file(method, scale, baselines)
    check_network(method, scale, baselines)
    if path is not None:
        _arssr(path) if method.kind == "arssr" else _baseline(path)


def upsample(
    method: Method, low: Volume, target: Grid, scale: float, baselines: Path | None, device: str
) -> FloatArray:
    """Upsamples a volume to a finer grid over the same field of view.

    Args:
        method: how.
        low: the low-resolution volume.
        target: the grid to bring it to.
        scale: the scale of the comparison, which picks a baseline's network.
        baselines: folder of the baselines' networks, see :func:`model_file`.
        device: where networks run: ``auto``, ``cpu``, ``cuda`` or ``mps``.

    Returns:
        intensities ``array[k, j, i]`` on ``target``, in the units of ``low``.

    Raises:
        InputError: the method's network is missing or damaged, or there is no such device.
    """
    shape = target.size[::-1]
    if method.kind == "interpolation":
        return interpolate(low.array, shape, method.text)  # type: ignore[arg-type]
    if method.kind == "zoom":
        return _zoomed(low.array, shape)
    path = model_file(method, scale, baselines)
    assert path is not None
    if method.kind == "arssr":
        model = _arssr(path)
        return upsample_volume(low, target, "arssr", model, device, fast=method.fast).array
    return _with_baseline(_baseline(path), low.array, shape, device)


def _zoomed(array: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    from scipy.ndimage import zoom

    factors = [m / n for n, m in zip(array.shape, shape, strict=True)]
    return np.asarray(zoom(array, factors, order=3), dtype=np.float32)


@cached_by_file(16)
def _header(path: Path) -> AnyModelHeader:
    return read_header(path)


@cached_by_file(2)
def _arssr(path: Path) -> Model:
    return load_model(path)


@cached_by_file(2)
def _baseline(path: Path) -> Baseline:
    from ..networks.baselines import Baseline
    from ..networks.model_file import read_network

    network, _ = read_network(path)
    if not isinstance(network, Baseline):
        raise InputError(f"The file {path} is no baseline network; train one there.")
    return network


def _with_baseline(
    network: Baseline, array: FloatArray, shape: tuple[int, int, int], device: str
) -> FloatArray:
    import torch

    from ..upsampling.device import choose_device
    from ..volumes.intensity import Normalisation

    place = choose_device(device)
    normalisation = Normalisation.of(array)
    low = torch.from_numpy(normalisation.apply(array))[None, None].to(place)
    values = network.to(place).on_grid(low, shape).float().cpu().numpy()
    return normalisation.restore(np.ascontiguousarray(values))
