"""What there is to measure: volumes, each at every scale and with every method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError
from ...volumes.files.search import VolumeFile
from ..settings import Settings
from .methods import EvaluatedMethod
from .model_files import check_network, model_file
from .records import record_path
from .volumes import mask_files

INPUT = EvaluatedMethod("input", "input")
"""Stands for the low-resolution volume itself, shown in pictures."""
TRUTH = EvaluatedMethod("truth", "truth")
"""Stands for the sharp volume itself (the scan, without a reference) at scale 1."""


@dataclass(frozen=True)
class Task:
    """One case to measure: a volume at a scale (1 for the volume itself) with a method.

    Attributes:
        volume: its name in the report.
        path: its file.
        scale, method: how it is upsampled.
        mask: where its mask is expected, if one is used.
    """

    volume: str
    path: Path
    scale: float
    method: EvaluatedMethod
    mask: Path | None = None

    @property
    def upsamples(self) -> bool:
        """Whether a method is measured, and not the volume itself."""
        return self.scale != 1.0

    def record(self, settings: Settings) -> Path:
        """The file of its numbers."""
        return record_path(settings.output, self.volume, self.scale, self.method.slug)

    def views(self, settings: Settings) -> Path:
        """The file of its pictures."""
        return self.record(settings).with_suffix(".npz")


def tasks_of(
    settings: Settings, volumes: Mapping[str, VolumeFile]
) -> tuple[list[Task], list[Task], list[str]]:
    """The tasks of the volumes themselves, those of the methods, and notes on what is left out.

    A baseline is left out at a scale that it was not trained for.

    Raises:
        InputError: nothing is left, or a baseline's file holds another network.
    """
    notes = []
    pairs = []
    for scale in settings.scales:
        for method in settings.methods:
            try:
                model_file(method, scale, settings.baselines)
            except InputError as error:
                notes.append(str(error))
                continue
            check_network(method, scale, settings.baselines)
            pairs.append((scale, method))
    if not pairs:
        raise InputError(notes[0])
    masks: dict[str, Path] = {}
    if settings.masks is not None and settings.uses_masks:
        masks = mask_files(settings.masks, volumes)
    truths = [Task(name, file.path, 1.0, TRUTH, masks.get(name)) for name, file in volumes.items()]
    tasks = [
        Task(truth.volume, truth.path, scale, method, truth.mask)
        for truth in truths
        for scale, method in pairs
    ]
    return truths, tasks, list(dict.fromkeys(notes))
