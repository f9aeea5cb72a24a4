"""A model in one file: network specification, weights and provenance.

The file is a numpy archive (``.npz``): one array a weight, and one JSON text that says how the
network is built and where the weights come from. Nothing in it is ever unpickled, and the JSON
can be read without torch.
"""

from __future__ import annotations

import json
import math
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from ..errors import InputError, errors_naming
from ..running.output_files import replacing
from .baseline_spec import BaselineSpec
from .build import spec_from_dict
from .spec import NetworkSpec

if TYPE_CHECKING:
    from torch import Tensor

    from .arssr import ArSSR
    from .baselines import Baseline

SpecT = TypeVar("SpecT", bound="NetworkSpec | BaselineSpec")

FORMAT = "arssr-model"
FORMAT_VERSION = 1
_HEADER = "header.json"
_LARGEST_HEADER = 1 << 20
DAMAGED_ARCHIVE = (
    ValueError,
    TypeError,
    SyntaxError,
    OSError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What numpy and zipfile raise on a truncated, foreign or corrupted archive (RuntimeError covers
claims of encryption and NotImplementedError those of unknown compression)."""


@dataclass(frozen=True)
class ModelHeader(Generic[SpecT]):
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
    """

    spec: SpecT
    title: str = ""
    version: str = "0"
    scale_range: tuple[float, float] = (1.0, 4.0)
    spacing_range_mm: tuple[float, float] = (0.7, 8.0)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    mirrored: bool = False

    def to_json(self) -> str:
        """The JSON text stored in the file."""
        return json.dumps(
            {
                "format": FORMAT,
                "format_version": FORMAT_VERSION,
                "title": self.title,
                "version": self.version,
                "scale_range": list(self.scale_range),
                "spacing_range_mm": list(self.spacing_range_mm),
                "mirrored": self.mirrored,
                "network": self.spec.to_dict(),
                "provenance": dict(self.provenance),
            },
            indent=1,
        )

    @staticmethod
    def from_json(text: str, source: str) -> ModelHeader:
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
                f"The model file {source!r} has format version {version!r}, this program reads "
                f"{FORMAT_VERSION}; update ArSSR."
            )
        network = values.get("network")
        if not isinstance(network, dict):
            raise InputError(
                f"The model file {source!r} does not describe its network; copy it again."
            )
        provenance = values.get("provenance", {})
        with errors_naming(source):
            spec = spec_from_dict(network)
        return ModelHeader(
            spec,
            str(values.get("title", "")),
            str(values.get("version", "0")),
            _range(values.get("scale_range"), "scale_range", source),
            _range(values.get("spacing_range_mm"), "spacing_range_mm", source),
            provenance if isinstance(provenance, dict) else {},
            _flag(values.get("mirrored", False), source),
        )


@dataclass
class Model:
    """A network with its weights, ready to upsample.

    Attributes:
        network: in evaluation mode, on the CPU, float32.
        header: what its file says.
        name: bundled name or file path.
    """

    network: ArSSR
    header: ModelHeader[NetworkSpec]
    name: str


def save_model(
    network: ArSSR | Baseline, header: ModelHeader, path: str | os.PathLike[str]
) -> None:
    """Writes a model file atomically: a reader sees the old file or the new one, never a part.

    Raises:
        InputError: its folder does not exist or cannot be written.
        EnvironmentFault: the disk is full or refuses the file.
    """
    arrays = {name: value.detach().cpu().numpy() for name, value in network.state_dict().items()}
    header_bytes = np.frombuffer(header.to_json().encode("utf-8"), dtype=np.uint8)
    with replacing(path, overwrite=True, suffix=".npz") as temporary:
        np.savez_compressed(temporary, **{_HEADER: header_bytes}, **arrays)  # type: ignore[arg-type]


def read_header(path: str | os.PathLike[str]) -> ModelHeader:
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
    from .arssr import ArSSR

    network, header = read_network(path)
    if not isinstance(network, ArSSR):
        raise InputError(
            f"The model file {str(path)!r} holds the baseline {header.spec.baseline}, which only "
            "'arssr evaluate' runs; choose an ArSSR model."
        )
    return Model(network, header, name or str(path))


def read_network(path: str | os.PathLike[str]) -> tuple[ArSSR | Baseline, ModelHeader]:
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
        weights: dict[str, Tensor] = {}
        for key, wanted in network.state_dict().items():
            weights[key] = _weight(archive, key, tuple(wanted.shape), source)
    network.load_state_dict(weights, assign=True)
    return network.eval().requires_grad_(False), header


def _weight(archive: Any, key: str, shape: tuple[int, ...], source: str) -> Tensor:
    import torch

    try:
        # What the array's own header claims is checked before memory for it is asked for.
        found, dtype = _claim(archive, key)
        value = archive[key] if found == shape and dtype.kind == "f" else None
    except (KeyError, *DAMAGED_ARCHIVE) as error:
        raise InputError(
            f"The model file {source!r} lacks the weight {key} or is damaged; copy it again."
        ) from error
    if value is None:
        raise InputError(
            f"The model file {source!r} holds {key} of shape {found} and type {dtype}, its "
            f"specification needs {shape} of a floating type; the file does not fit "
            "together: copy it again."
        )
    if not np.isfinite(value).all():
        raise InputError(
            f"The model file {source!r} holds weights that are not finite ({key}); copy it again."
        )
    return torch.from_numpy(value.astype(np.float32))


def _claim(archive: Any, key: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type that an array says it has; nothing of it is read."""
    with archive.zip.open(f"{key}.npy") as stream:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        elif version == (2, 0):
            shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
        else:
            raise ValueError(f"array format {version}")
    return shape, dtype


def _open_archive(path: str | os.PathLike[str]) -> Any:
    if not Path(path).is_file():
        raise InputError(
            f"There is no model {str(path)!r}; 'arssr models list' names the bundled ones."
        )
    try:
        archive = np.load(path, allow_pickle=False)
    except DAMAGED_ARCHIVE as error:
        if isinstance(error, OSError) and error.strerror:
            raise InputError(
                f"The file {str(path)!r} cannot be read ({error.strerror}); check its rights and "
                "its disk."
            ) from error
        raise InputError(
            f"The file {str(path)!r} is not a readable ArSSR model; choose a .npz model file, or "
            "import a published state dict with 'arssr models import'."
        ) from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise InputError(f"The file {str(path)!r} is not an ArSSR model; choose a .npz model file.")
    return archive


def _header_of(archive: Any, source: str) -> ModelHeader:
    try:
        shape, dtype = _claim(archive, _HEADER)
        if dtype != np.uint8 or math.prod(shape) > _LARGEST_HEADER:
            raise ValueError(f"a header of {shape} {dtype}")
        text = archive[_HEADER].tobytes().decode("utf-8")
    except (KeyError, *DAMAGED_ARCHIVE) as error:
        raise InputError(
            f"The file {source!r} is not an ArSSR model or is damaged; choose a .npz model file."
        ) from error
    return ModelHeader.from_json(text, source)


def _flag(value: object, source: str) -> bool:
    if isinstance(value, bool):
        return value
    raise InputError(f"The model file {source!r} has mirrored {value!r}; it must be true or false.")


def _range(value: object, what: str, source: str) -> tuple[float, float]:
    if (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(x, int | float) and 0 < x < 1e6 for x in value)
    ):
        return float(value[0]), float(value[1])
    raise InputError(f"The model file {source!r} has {what} {value!r}; it must be two numbers.")
