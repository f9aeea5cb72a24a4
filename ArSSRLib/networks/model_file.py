"""A model in one file: network specification, weights and provenance.

The file is a numpy archive (``.npz``): one array a weight, and one JSON text that says how the
network is built and where the weights come from. Nothing in it is ever unpickled, and the JSON
can be read without torch.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import numpy as np

from ..errors import InputError, errors_naming
from ..fields import entry, from_mapping
from ..running.output_files import replacing
from .baseline_spec import BaselineSpec
from .build import spec_from_dict
from .npz import DAMAGED_ARCHIVE, NumpyArchive
from .spec import ExpectedErrorSpec, NetworkSpec

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .arssr import ArSSR
    from .baselines import Baseline
    from .expected_error import ExpectedErrorHead

SpecT_co = TypeVar("SpecT_co", bound="NetworkSpec | BaselineSpec", covariant=True)

FORMAT = "arssr-model"
FORMAT_VERSION = 1
_HEADER = "header.json"
_EXPECTED_ERROR = "expected_error"
_HEAD_WEIGHTS = "expected_error."
_LARGEST_HEADER = 1 << 20
_LONGEST_TEXT = 300
_RANGE_LIMITS = {"above": 0, "most": 1e6}


@dataclass(frozen=True)
class ModelHeader(Generic[SpecT_co]):
    """What a model file says about itself.

    Attributes:
        spec: the network.
        title: one line for people.
        version: version of the weights.
        scale_range: scales seen in training.
        spacing_range_mm: LR voxel sizes seen in training, in mm.
        provenance: recipe, data, steps, hours, hardware, validation; free text and numbers.
        mirrored: whether a result is the mean of two passes, one of them through the volume
            mirrored at its centre. It costs twice the time, is a little closer to the truth (the
            geometric self-ensemble of Lim et al. 2017) and prefers no direction.
        expected_error: the head that gives the expected error; None for a model without one.
    """

    spec: SpecT_co
    title: str = ""
    version: str = "0"
    scale_range: tuple[float, float] = entry((1.0, 4.0), **_RANGE_LIMITS)
    spacing_range_mm: tuple[float, float] = entry((0.7, 8.0), **_RANGE_LIMITS)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    mirrored: bool = False
    expected_error: ExpectedErrorSpec | None = None

    def passes(self, fast: bool = False) -> int:
        """Times a volume goes through the network; ``fast`` leaves the mirrored pass out."""
        return 2 if self.mirrored and not fast else 1

    def to_json(self) -> str:
        """The JSON text stored in the file."""
        head = self.expected_error
        return json.dumps(
            {
                "format": FORMAT,
                "format_version": FORMAT_VERSION,
                "title": self.title,
                "version": self.version,
                "scale_range": list(self.scale_range),
                "spacing_range_mm": list(self.spacing_range_mm),
                "mirrored": self.mirrored,
                **({} if head is None else {_EXPECTED_ERROR: head.to_dict()}),
                "network": self.spec.to_dict(),
                "provenance": dict(self.provenance),
            },
            indent=1,
        )

    @staticmethod
    def from_json(text: str, source: str) -> AnyModelHeader:
        """Reads the JSON text of the file ``source``.

        Raises:
            InputError: it is not ours, too new, or an entry is wrong.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"The model file {source!r} has a damaged header; copy it again."
            ) from (error)
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise InputError(
                f"The file {source!r} is not an ArSSR model; choose a .npz model file."
            )
        version = values.get("format_version")
        if version != FORMAT_VERSION:
            raise InputError(
                f"The model file {source!r} has format version {version!r}, and this version of "
                f"ArSSR reads {FORMAT_VERSION}; update ArSSR."
            )
        network = values.get("network")
        if not isinstance(network, dict):
            raise InputError(
                f"The model file {source!r} does not describe its network; copy it again."
            )
        known = {f.name for f in fields(ModelHeader)} - {"spec", _EXPECTED_ERROR}
        with errors_naming(source):
            entries = {name: value for name, value in values.items() if name in known}
            spec = spec_from_dict(network)
            head = _head_spec(values.get(_EXPECTED_ERROR), spec)
            header = from_mapping(ModelHeader, entries, spec=spec, expected_error=head)
        return replace(header, title=_clean(header.title), version=_clean(header.version))


AnyModelHeader = ModelHeader[NetworkSpec | BaselineSpec]
"""The header of a model file, which holds an ArSSR network or a baseline."""


@dataclass
class Model:
    """A network with its weights, ready to upsample.

    Attributes:
        network: in evaluation mode, on the CPU, float32.
        header: what its file says.
        name: bundled name or file path.
        expected_error: the head that gives the expected error; None for a model without one.
    """

    network: ArSSR
    header: ModelHeader[NetworkSpec]
    name: str
    expected_error: ExpectedErrorHead | None = None


def save_model(
    network: ArSSR | Baseline,
    header: AnyModelHeader,
    path: str | os.PathLike[str],
    expected_error: ExpectedErrorHead | None = None,
) -> None:
    """Writes a model file atomically: a reader sees the old file or the new one, never a part.

    Args:
        network: its weights are written.
        header: what the file says about itself.
        path: the file.
        expected_error: the head that the header describes; None where it has none.

    Raises:
        ValueError: the header describes a head and none is given, or the other way round.
        InputError: its folder does not exist or cannot be written.
        EnvironmentFault: the disk is full or refuses the file.
    """
    if (header.expected_error is None) != (expected_error is None):
        raise ValueError("The header and the weights must both have an expected error, or neither.")
    weights = dict(network.state_dict())
    if expected_error is not None:
        head = expected_error.state_dict()
        weights.update({_HEAD_WEIGHTS + name: value for name, value in head.items()})
    arrays = {name: value.detach().cpu().numpy() for name, value in weights.items()}
    header_bytes = np.frombuffer(header.to_json().encode("utf-8"), dtype=np.uint8)
    with replacing(path, overwrite=True, suffix=".npz") as temporary:
        np.savez_compressed(temporary, **{_HEADER: header_bytes}, **arrays)  # type: ignore[arg-type]


def read_header(path: str | os.PathLike[str]) -> AnyModelHeader:
    """What a model file says about itself; needs no torch.

    Raises:
        InputError: no such file, or not a readable ArSSR model.
    """
    with _open_archive(path) as archive:
        return _header_of(archive, str(path))


def read_model(path: str | os.PathLike[str], name: str | None = None) -> Model:
    """Builds the network of an ArSSR model file and fills in its weights.

    Args:
        path: the file.
        name: what to call it; the path when left out.

    Raises:
        InputError: no such file, damaged, weights that do not fit the specification, or a
            baseline network.
    """
    network, header = read_network(path)
    own = arssr_header(header, path)
    return Model(cast("ArSSR", network), own, name or str(path), _read_head(own, path))


def arssr_header(header: AnyModelHeader, path: str | os.PathLike[str]) -> ModelHeader[NetworkSpec]:
    """The header of the model file ``path``, which must hold an ArSSR network.

    Raises:
        InputError: it holds a baseline network.
    """
    if isinstance(header.spec, BaselineSpec):
        raise InputError(
            f"The model file {str(path)!r} holds the baseline {header.spec.baseline}, which only "
            "an evaluation runs; choose an ArSSR model."
        )
    return cast("ModelHeader[NetworkSpec]", header)


def read_network(path: str | os.PathLike[str]) -> tuple[ArSSR | Baseline, AnyModelHeader]:
    """Builds the network of any model file, ArSSR or baseline, with its weights.

    Returns:
        the network in evaluation mode, on the CPU, float32; and what its file says.

    Raises:
        InputError: no such file, damaged, or weights that do not fit the specification.
    """
    import torch

    from .build import build_network

    source = str(path)
    with _open_archive(path) as archive:
        header = _header_of(archive, source)
        with errors_naming(source), torch.device("meta"):
            network = build_network(header.spec)
        _fill(network, archive, source)
    return network.eval().requires_grad_(False), header


def _read_head(
    header: ModelHeader[NetworkSpec], path: str | os.PathLike[str]
) -> ExpectedErrorHead | None:
    if header.expected_error is None:
        return None
    import torch

    from .expected_error import ExpectedErrorHead

    with _open_archive(path) as archive:
        with torch.device("meta"):
            head = ExpectedErrorHead(header.expected_error, header.spec.last_hidden)
        _fill(head, archive, str(path), _HEAD_WEIGHTS)
    return head.eval().requires_grad_(False)


def _head_spec(values: object, spec: NetworkSpec | BaselineSpec) -> ExpectedErrorSpec | None:
    """What a header says of the head.

    Raises:
        InputError: an entry is wrong, or the network has no layer for the head.
    """
    if values is None:
        return None
    if isinstance(spec, BaselineSpec) or not spec.last_hidden:
        raise InputError("The network has no hidden layer that could give an expected error.")
    return from_mapping(ExpectedErrorSpec, values, _EXPECTED_ERROR)


def _fill(module: nn.Module, archive: NumpyArchive, source: str, prefix: str = "") -> None:
    """Gives a module its weights, which the file has under their name with a prefix."""
    weights: dict[str, Tensor] = {}
    for key, wanted in module.state_dict().items():
        weights[key] = _weight(archive, prefix + key, tuple(wanted.shape), source)
    module.load_state_dict(weights, assign=True)


def _weight(archive: NumpyArchive, key: str, shape: tuple[int, ...], source: str) -> Tensor:
    import torch

    try:
        # What the array's own header claims is checked before memory for it is asked for.
        found, dtype = archive.claim(key)
        value = archive.read(key) if found == shape and dtype.kind == "f" else None
    except DAMAGED_ARCHIVE as error:
        raise InputError(
            f"The model file {source!r} lacks the weight {key} or is damaged; copy it again."
        ) from error
    if value is None:
        raise InputError(
            f"The model file {source!r} holds {key} of shape {found} and type {dtype}, but its "
            f"specification needs shape {shape} and a floating type; copy the file again."
        )
    if not np.isfinite(value).all():
        raise InputError(
            f"The model file {source!r} holds weights that are not finite ({key}); copy it again."
        )
    return torch.from_numpy(value.astype(np.float32))


def _open_archive(path: str | os.PathLike[str]) -> NumpyArchive:
    # Not pathlib's: it raises an OSError for names that no system allows.
    if not os.path.isfile(path):
        raise InputError(f"There is no model {str(path)!r}; choose a .npz model file.")
    return NumpyArchive(path)


def _header_of(archive: NumpyArchive, source: str) -> AnyModelHeader:
    try:
        shape, dtype = archive.claim(_HEADER)
        if dtype != np.uint8 or math.prod(shape) > _LARGEST_HEADER:
            raise ValueError(f"a header of {shape} {dtype}")
        text = archive.read(_HEADER).tobytes().decode("utf-8")
    except DAMAGED_ARCHIVE as error:
        raise InputError(
            f"The file {source!r} is not an ArSSR model or is damaged; choose a .npz model file."
        ) from error
    return ModelHeader.from_json(text, source)


def _clean(text: str) -> str:
    """One line without what a terminal or a tool tip would obey: control codes and HTML."""
    plain = text.translate({ord("<"): "\u2039", ord(">"): "\u203a"})
    return "".join(letter if letter.isprintable() else " " for letter in plain)[:_LONGEST_TEXT]
