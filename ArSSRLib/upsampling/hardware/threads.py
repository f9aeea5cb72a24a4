"""How many CPU threads PyTorch computes with, also in a process that was forked."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import EnvironmentFault
from ...running.machine import usable_cpus

_log = logging.getLogger(__name__)
_forked: list[int] = []
"""Process numbers of forked children, noted in each child itself."""


@contextmanager
def cpu_threads(count: int | None, device: str) -> Iterator[None]:
    """Within the block PyTorch uses ``count`` CPU threads, or all that this process may use.

    A process that was forked after its parent had computed uses one thread: the parent's threads
    are not copied, and PyTorch would wait for them without end.

    Args:
        count: CPU threads, None for all.
        device: where the network computes, see :func:`.device.choose_device`.

    Raises:
        EnvironmentFault: in a forked process on CUDA, which does not survive a fork.
    """
    import torch

    from .device import choose_device

    _watch_forks()
    if os.getpid() in _forked:
        if choose_device(device).type == "cuda":
            raise EnvironmentFault(
                "This process was forked after its parent had used CUDA, which cannot be used in "
                "it; start processes with multiprocessing's method spawn."
            )
        _log.warning(
            "This process was forked after its parent had upsampled, so it computes on one thread; "
            "start processes with multiprocessing's method spawn to use more."
        )
        count = 1
    before = torch.get_num_threads()
    # A container's share of the CPUs is unknown to torch.
    torch.set_num_threads(count or min(before, usable_cpus()))
    try:
        yield
    finally:
        torch.set_num_threads(1 if os.getpid() in _forked else before)


@functools.cache
def _watch_forks() -> None:
    """Notes from now on in every forked child that it is one."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: _forked.append(os.getpid()))
