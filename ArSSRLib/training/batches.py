"""Batches of training samples, drawn by the trainer or by processes beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from torch.utils.data import DataLoader

from ..running.workers import signals_held_back
from .stopping import obey_only, signals_of_the_trainer


class Sampler(Protocol):
    """Draws the sample of a number, a tuple of arrays."""

    def __getitem__(self, number: int) -> Sequence[npt.NDArray[np.float32]]: ...


Batch = Sequence[npt.NDArray[np.float32]]
"""One array for each part of a sample, such as :class:`ArSSRLib.training.patches.Sample`."""


def batches(sampler: Sampler, numbers: Sequence[int], size: int, workers: int) -> Iterator[Batch]:
    """Batches of the samples with these numbers, in their order.

    Args:
        sampler: draws the samples.
        numbers: of the samples.
        size: samples in a batch.
        workers: processes that draw; 0 draws in this process.
    """
    loader: DataLoader[Any] = DataLoader(
        sampler,  # type: ignore[arg-type]
        batch_size=size,
        sampler=numbers,  # type: ignore[arg-type]
        num_workers=workers,
        worker_init_fn=partial(obey_only, os.getpid()),
        prefetch_factor=4 if workers else None,
        collate_fn=_stacked,
    )
    with signals_held_back(*signals_of_the_trainer()):
        return iter(loader)


def _stacked(samples: Sequence[Sequence[npt.NDArray[np.float32]]]) -> Batch:
    """One array for each part of the samples.

    Arrays come through a pipe. Tensors would come through shared memory and sockets, which a
    process that is killed leaves behind; a batch is a megabyte, so nothing is gained by them.
    """
    return [np.stack(parts) for parts in zip(*samples, strict=True)]
