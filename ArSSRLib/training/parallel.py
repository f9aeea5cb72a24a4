"""One process or many: what the trainer needs to know of ``torchrun`` (DDP, gloo or NCCL)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

_PATIENCE = timedelta(minutes=10)
"""How long a process waits for the others when it joins."""
_LONGEST_WAIT = timedelta(hours=12)


@dataclass(frozen=True)
class Team:
    """The processes that train together.

    Attributes:
        rank: number of this process.
        size: number of processes; 1 without ``torchrun``.
        device: where this process computes.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes files and prints."""
        return self.rank == 0

    def means(self, values: Sequence[float]) -> list[float]:
        """The mean of each value over the processes."""
        if self.size == 1:
            return list(values)
        place = self.device if self.device.type == "cuda" else "cpu"
        totals = torch.tensor(values, dtype=torch.float64, device=place)
        dist.all_reduce(totals)
        return [total / self.size for total in totals.tolist()]

    def any(self, value: bool) -> bool:
        """Whether ``value`` is true in any process."""
        return self.means([float(value)])[0] > 0.0

    def wait(self) -> None:
        """Until every process is here, however long one of them reads or validates."""
        if self.size == 1:
            return
        if dist.get_backend() == "gloo":
            dist.monitored_barrier(timeout=_LONGEST_WAIT)
        else:
            dist.barrier()


@contextmanager
def joined_team(device: torch.device) -> Iterator[Team]:
    """Joins the processes that ``torchrun`` started, or works alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Team(0, 1, device)
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    _join("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Team(dist.get_rank(), size, device)
    finally:
        dist.destroy_process_group()


def _join(backend: str) -> None:
    """Joins the process group that the environment describes.

    ``torchrun`` keeps one store over all restarts, so a restarted process may read there where
    its dead predecessor listened and wait in vain. A prefix for each attempt keeps them apart.
    """
    store, rank, size = next(iter(rendezvous("env://", timeout=_PATIENCE)))
    attempt = f"attempt-{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}-of-{size}"
    dist.init_process_group(
        backend,
        store=dist.PrefixStore(attempt, store),  # type: ignore[attr-defined]
        rank=rank,
        world_size=size,
    )
