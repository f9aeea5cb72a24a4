"""The bundled models and where they are; needs no torch, so that a panel can list them at once."""

from __future__ import annotations

import functools
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from .model_file import Model, ModelHeader, arssr_header, read_header, read_model
from .spec import NetworkSpec

if TYPE_CHECKING:
    from ..volumes.grid import Grid

MODELS = Path(__file__).resolve().parents[1] / "models"
DEFAULT = "default"

_NEAR_SCALE = 1.01
_NEAR_SPACING = 0.1
"""How far beyond what a model was trained for a scale (as a factor) and a voxel size (as a share)
still count as trained."""


@dataclass(frozen=True)
class ModelInfo:
    """What a user sees of a model.

    Attributes:
        name: bundled name, or the file's path.
        title: one line.
        path: the model file.
        header: everything the file says.
    """

    name: str
    title: str
    path: Path
    header: ModelHeader[NetworkSpec]

    @property
    def scale_range(self) -> tuple[float, float]:
        """Scales seen in training."""
        return self.header.scale_range

    @property
    def spacing_range_mm(self) -> tuple[float, float]:
        """LR voxel sizes seen in training, in mm."""
        return self.header.spacing_range_mm

    @property
    def parameters(self) -> int:
        """Trainable parameters."""
        return self.header.spec.parameters

    @property
    def bundled(self) -> bool:
        """Whether the model came with the library; it changes only with the library's version."""
        return self.path.parent == MODELS

    @property
    def sha256(self) -> str:
        """SHA-256 of the model file, as hexadecimal digits.

        Raises:
            InputError: it cannot be read any more.
        """
        try:
            found = self.path.stat()
            return _sha256(self.path, found.st_mtime_ns, found.st_size)
        except OSError as error:
            raise InputError(
                f"The model file {str(self.path)!r} cannot be read ({error.strerror}); check its "
                "permissions."
            ) from error

    def passes(self, fast: bool = False) -> int:
        """Times a volume goes through the network; ``fast`` leaves the mirrored pass out."""
        return self.header.passes(fast)

    def to_dict(self) -> dict[str, str]:
        """Name, version and SHA-256, for the sidecar of a result."""
        name = self.name if self.bundled else self.path.name
        return {"Name": name, "Version": self.header.version, "SHA256": self.sha256}

    def load(self) -> Model:
        """The model with its weights.

        Raises:
            InputError: the file is damaged.
        """
        return read_model(self.path, self.name)

    def outside_training(self, grid: Grid, target: Grid) -> tuple[list[float], list[float]]:
        """What a run asks of the model that it has not seen in training.

        Args:
            grid: of the input.
            target: of the result, over the same field of view.

        Returns:
            the factors and the voxel sizes of the input, in mm, that are outside the trained
            ranges, each in the order of the axes (i, j, k).
        """
        factors = grid.factors_to(target)
        # Beside a finer axis, one that keeps its resolution is nothing unusual.
        asked = [factor for factor in factors if factor != 1.0] or [1.0]
        low, high = self.scale_range
        finest, coarsest = self.spacing_range_mm
        finest, coarsest = finest * (1 - _NEAR_SPACING), coarsest * (1 + _NEAR_SPACING)
        return (
            [f for f in asked if not low / _NEAR_SCALE <= f <= high * _NEAR_SCALE],
            [mm for mm in grid.spacing if not finest <= mm <= coarsest],
        )

    def caution(self, grid: Grid, target: Grid) -> str:
        """One sentence about what :meth:`outside_training` finds; empty for nothing."""
        factors, spacings = self.outside_training(grid, target)
        odd = [f"{f:.3g}×" for f in factors] + [f"voxels of {mm:.3g} mm" for mm in spacings]
        if not odd:
            return ""
        low, high = self.scale_range
        finest, coarsest = self.spacing_range_mm
        return (
            f"The model {self.name} was trained for {low:.3g}× to {high:.3g}× and voxels of "
            f"{finest:.3g} to {coarsest:.3g} mm, not for {' and '.join(dict.fromkeys(odd))}; "
            "compare the result with cubic interpolation before you trust its detail."
        )


def bundled_models() -> list[ModelInfo]:
    """The models that come with the library, the default one first.

    Raises:
        InputError: a bundled file is damaged.
    """
    return [model_info(name) for name in _bundled_names()]


def model_path(name_or_path: str | os.PathLike[str]) -> Path:
    """The file of a bundled model's name, or the path itself.

    Raises:
        InputError: neither a bundled name nor an existing file.
    """
    bundled = _bundled_path(os.fspath(name_or_path))
    if bundled is not None or os.path.isfile(name_or_path):
        return bundled or Path(name_or_path)
    names = ", ".join(_bundled_names()) or "none"
    raise InputError(
        f"There is no model {str(name_or_path)!r}; give a model file or a bundled name ({names})."
    )


def model_info(name_or_path: str | os.PathLike[str]) -> ModelInfo:
    """What the model file says about itself; its weights are not read.

    Raises:
        InputError: no such model, not an ArSSR model file, or a baseline network.
    """
    path = model_path(name_or_path)
    header = arssr_header(read_header(path), path)
    name = path.stem if path.parent == MODELS else str(path)
    return ModelInfo(name, header.title, path, header)


def resolved_model(model: str | os.PathLike[str] | ModelInfo | Model) -> ModelInfo:
    """The model that a user chose for upsampling; a loaded one is not read again.

    Raises:
        InputError: no such model, not an ArSSR model file, or a baseline network.
    """
    if isinstance(model, ModelInfo):
        return model
    if isinstance(model, str | os.PathLike):
        return model_info(model)
    if isinstance(model, Model):
        path = _bundled_path(model.name) or Path(model.name)
        return ModelInfo(model.name, model.header.title, path, model.header)
    raise InputError(
        f"The model is of the type {type(model).__name__}; give a name, a path or what load_model "
        "returned.",
        argument="model",
    )


def load_model(name_or_path: str | os.PathLike[str] = DEFAULT) -> Model:
    """A model with its weights, by bundled name or file.

    Raises:
        InputError: no such model, damaged, or not an ArSSR model file.
    """
    return model_info(name_or_path).load()


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, modified: int, size: int) -> str:
    """Of the file in the state that it had at ``modified``, with ``size`` bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _bundled_path(name: str) -> Path | None:
    path = MODELS / f"{name}.npz"
    # Not pathlib's: it raises an OSError for names that no system allows.
    return path if path.parent == MODELS and os.path.isfile(path) else None


def _bundled_names() -> list[str]:
    """The default one first; temporary files of a model that is just being written have a dot."""
    names = [path.stem for path in MODELS.glob("*.npz") if not path.name.startswith(".")]
    return sorted(names, key=lambda name: (name != DEFAULT, name))
