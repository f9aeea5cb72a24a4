"""CPUs and memory that this process may use: of the machine, its container and its SLURM job."""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

_ROOT = Path("/")
_CGROUPS = "sys/fs/cgroup"
_MIB = 2**20
_GUESSED_BYTES = 8 * 2**30
"""Memory where the system does not report it."""
_FREE_SHARE = 0.5
"""Of the whole memory, where the system does not report what is free."""
_NO_LIMIT = 2**62
"""Version 1 of the control groups writes a number about as large when there is no limit."""


def usable_cpus(root: Path = _ROOT, environment: Mapping[str, str] = os.environ) -> int:
    """CPUs that this process may use, at least 1.

    Respects the CPU affinity (``taskset``), the quota of the control group (containers, systemd;
    versions 1 and 2) and the CPUs of a SLURM task.

    Args:
        root: where ``proc`` and ``sys`` lie.
        environment: environment variables.
    """
    if hasattr(os, "sched_getaffinity"):
        counts = [len(os.sched_getaffinity(0))]
    else:
        counts = [os.cpu_count() or 1]
    counts += [math.ceil(quota) for quota in _cpu_quotas(root)]
    for name in ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"):
        if count := _number(environment.get(name)):
            counts.append(count)
            break
    return max(1, min(counts))


def multiplies_bfloat16(root: Path = _ROOT) -> bool:
    """Whether the CPU multiplies bfloat16 in hardware; False where the system does not say.

    An estimate that needs no PyTorch; :mod:`ArSSRLib.upsampling.hardware.precision` asks PyTorch.

    Args:
        root: where ``proc`` lies.
    """
    return "avx512_bf16" in _text(root / "proc" / "cpuinfo").split()


def total_memory(root: Path = _ROOT, environment: Mapping[str, str] = os.environ) -> int:
    """Bytes that this process can have at most: the machine's, or less by a limit.

    Limits are those of the control group (versions 1 and 2) and of the SLURM job.

    Args:
        root: where ``proc`` and ``sys`` lie.
        environment: environment variables.
    """
    limits = [limit for limit, _ in _memory_groups(root)]
    return min([_physical_memory(root), *limits, *_slurm_memory(environment)])


def memory_limit(root: Path = _ROOT, environment: Mapping[str, str] = os.environ) -> int | None:
    """Bytes, swap included, that this process may have by a limit below the machine's own memory.

    None where there is no such limit. The limits are those of :func:`total_memory`.

    Args:
        root: where ``proc`` and ``sys`` lie.
        environment: environment variables.
    """
    limit = total_memory(root, environment)
    if limit >= _physical_memory(root):
        return None
    return limit + _meminfo(root).get("SwapTotal", 0)


def free_memory(root: Path = _ROOT, environment: Mapping[str, str] = os.environ) -> int:
    """Bytes that new processes can take now without swapping or being killed.

    Args:
        root: where ``proc`` and ``sys`` lie.
        environment: environment variables.
    """
    left = [max(0, limit - used) for limit, used in _memory_groups(root)]
    available = _available_memory(root)
    return min([available, *left, *_slurm_memory(environment)])


def _physical_memory(root: Path) -> int:
    listed = _meminfo(root).get("MemTotal")
    if listed is not None:
        return listed
    if os.name == "nt":
        return _windows_memory().total or _GUESSED_BYTES
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Not every system knows these names.
        return _GUESSED_BYTES


def _available_memory(root: Path) -> int:
    listed = _meminfo(root).get("MemAvailable")
    if listed is not None:
        return listed
    if os.name == "nt" and (available := _windows_memory().available):
        return available
    return int(_FREE_SHARE * _physical_memory(root))


def _meminfo(root: Path) -> dict[str, int]:
    """Entries of /proc/meminfo in bytes; none on other systems than Linux."""
    entries = {}
    for line in _text(root / "proc" / "meminfo").splitlines():
        name, _, value = line.partition(":")
        if value.endswith(" kB"):
            entries[name] = 1024 * int(value.split()[0])
    return entries


def _slurm_memory(environment: Mapping[str, str]) -> list[int]:
    """The memory limit of the SLURM job on this node; the cluster need not enforce it by groups."""
    if per_node := _number(environment.get("SLURM_MEM_PER_NODE")):
        return [per_node * _MIB]
    per_cpu = _number(environment.get("SLURM_MEM_PER_CPU"))
    cpus = _number(environment.get("SLURM_CPUS_ON_NODE"))
    return [per_cpu * cpus * _MIB] if per_cpu and cpus else []


def _cpu_quotas(root: Path) -> Iterator[float]:
    """CPUs that each control group around this process may use."""
    for group in _groups(root, ""):
        quota, _, period = _text(group / "cpu.max").partition(" ")
        if _number(quota) and _number(period):
            yield int(quota) / int(period)
    for group in _groups(root, "cpu"):
        quota, period = _text(group / "cpu.cfs_quota_us"), _text(group / "cpu.cfs_period_us")
        if _number(quota) and _number(period):
            yield int(quota) / int(period)


def _memory_groups(root: Path) -> Iterator[tuple[int, int]]:
    """Limit and use in bytes of each control group around this process that has a limit."""
    names = ("memory.max", "memory.current", "inactive_file")
    yield from _memory_limits(_groups(root, ""), *names)
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    yield from _memory_limits(_groups(root, "memory"), *names)


def _memory_limits(
    groups: Iterator[Path], limit_file: str, used_file: str, cache_entry: str
) -> Iterator[tuple[int, int]]:
    for group in groups:
        limit = _number(_text(group / limit_file))
        if limit is None or limit > _NO_LIMIT:
            continue
        used = _number(_text(group / used_file)) or 0
        # The kernel gives up cached files before it kills a process.
        statistics = dict(line.split() for line in _text(group / "memory.stat").splitlines())
        yield limit, max(0, used - (_number(statistics.get(cache_entry)) or 0))


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of the control groups around this process, the innermost first.

    Args:
        root: where ``proc`` and ``sys`` lie.
        controller: of version 1; empty for version 2, which has one tree for all.
    """
    for line in _text(root / "proc" / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller not in controllers.split(","):
            continue
        tree = root / _CGROUPS
        if controllers:
            tree = next(
                (tree / name for name in (controllers, controller) if (tree / name).is_dir()), tree
            )
        group = tree / path.lstrip("/")
        while group != tree:
            yield group
            group = group.parent
        # In a container the group itself is often mounted as the root of the tree.
        yield tree


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _number(text: str | None) -> int | None:
    """A whole number above 0; None for anything else, such as ``max`` or ``-1``."""
    return int(text) if text and text.isascii() and text.isdigit() and int(text) > 0 else None


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of Windows."""

    _fields_ = [
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        ("total", ctypes.c_uint64),
        ("available", ctypes.c_uint64),
        ("page_file", ctypes.c_uint64 * 5),
    ]


def _windows_memory() -> _MemoryStatus:
    """Physical memory in bytes; zeros where Windows does not answer."""
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined]
    return status
