"""CPUs and memory are those that the process may use, not those that the machine has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from child_process import run_python

from ArSSRLib.running.machine import (
    free_memory,
    memory_limit,
    multiplies_bfloat16,
    total_memory,
    usable_cpus,
)

GIB = 2**30
NO_LIMIT_V1 = "9223372036854771712"
SLURM_OFF: dict[str, str] = {}


def _system(root: Path, files: dict[str, str]) -> Path:
    """A root folder with these files of ``/proc`` and ``/sys`` and 64 GiB of memory, 32 free."""
    files = {"proc/meminfo": "MemTotal: 67108864 kB\nMemAvailable: 33554432 kB\nHugePages: 0\n",
             **files}  # fmt: skip
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_without_limits_it_is_the_machine(tmp_path: Path) -> None:
    root = _system(tmp_path, {})
    assert usable_cpus(root, SLURM_OFF) == len(os.sched_getaffinity(0))
    assert total_memory(root, SLURM_OFF) == 64 * GIB
    assert free_memory(root, SLURM_OFF) == 32 * GIB
    assert memory_limit(root, SLURM_OFF) is None


def test_a_limit_includes_the_swap_that_a_process_may_move_to(tmp_path: Path) -> None:
    limit = {"SLURM_MEM_PER_NODE": "4096"}
    root = _system(tmp_path, {})
    assert memory_limit(root, limit) == 4 * GIB
    with (root / "proc" / "meminfo").open("a") as stream:
        stream.write("SwapTotal: 1048576 kB\n")
    assert memory_limit(root, limit) == 5 * GIB


@pytest.mark.parametrize("place", ["sys/fs/cgroup", "sys/fs/cgroup/job.slice"])
def test_limits_of_a_group_and_of_those_around_it_count_in_version_2(
    tmp_path: Path, place: str
) -> None:
    root = _system(tmp_path, {
        "proc/self/cgroup": "0::/job.slice/task.scope\n",
        "sys/fs/cgroup/job.slice/task.scope/memory.max": "max\n",
        "sys/fs/cgroup/job.slice/task.scope/cpu.max": "max 100000\n",
        f"{place}/memory.max": f"{8 * GIB}\n",
        f"{place}/memory.current": f"{5 * GIB}\n",
        f"{place}/memory.stat": f"anon 5\ninactive_file {2 * GIB}\n",
        f"{place}/cpu.max": "50000 100000\n",
    })  # fmt: skip
    assert total_memory(root, SLURM_OFF) == 8 * GIB
    assert free_memory(root, SLURM_OFF) == 5 * GIB  # Cached files count as free.
    assert usable_cpus(root, SLURM_OFF) == 1


def test_limits_count_in_version_1(tmp_path: Path) -> None:
    memory, cpu = "sys/fs/cgroup/memory/docker/7f", "sys/fs/cgroup/cpu,cpuacct/docker/7f"
    root = _system(tmp_path, {
        "proc/self/cgroup": "9:memory:/docker/7f\n4:cpu,cpuacct:/docker/7f\n0::/docker/7f\n",
        f"{memory}/memory.limit_in_bytes": f"{4 * GIB}\n",
        f"{memory}/memory.usage_in_bytes": f"{3 * GIB}\n",
        f"{cpu}/cpu.cfs_quota_us": "100000\n",
        f"{cpu}/cpu.cfs_period_us": "100000\n",
    })  # fmt: skip
    assert total_memory(root, SLURM_OFF) == 4 * GIB
    assert free_memory(root, SLURM_OFF) == GIB
    assert usable_cpus(root, SLURM_OFF) == 1


def test_no_limit_in_version_1_is_none(tmp_path: Path) -> None:
    root = _system(tmp_path, {
        "proc/self/cgroup": "9:memory:/\n4:cpu,cpuacct:/\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": NO_LIMIT_V1,
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
    })  # fmt: skip
    assert total_memory(root, SLURM_OFF) == 64 * GIB
    assert usable_cpus(root, SLURM_OFF) == len(os.sched_getaffinity(0))


def test_in_a_container_the_group_is_the_root_of_its_tree(tmp_path: Path) -> None:
    root = _system(tmp_path, {
        "proc/self/cgroup": "9:memory:/docker/of-the-host\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": str(2 * GIB),
    })  # fmt: skip
    assert total_memory(root, SLURM_OFF) == 2 * GIB


def test_a_slurm_job_limits_cpus_and_memory(tmp_path: Path) -> None:
    root = _system(tmp_path, {})
    assert usable_cpus(root, {"SLURM_CPUS_PER_TASK": "1", "SLURM_CPUS_ON_NODE": "64"}) == 1
    assert total_memory(root, {"SLURM_MEM_PER_NODE": "4096"}) == 4 * GIB
    per_cpu = {"SLURM_MEM_PER_CPU": "1024", "SLURM_CPUS_ON_NODE": "2"}
    assert total_memory(root, per_cpu) == free_memory(root, per_cpu) == 2 * GIB
    assert total_memory(root, {"SLURM_MEM_PER_NODE": "plenty"}) == 64 * GIB


def test_cpus_are_those_that_taskset_allows() -> None:
    one = min(os.sched_getaffinity(0))
    script = (
        f"import os; os.sched_setaffinity(0, [{one}])\n"
        "from ArSSRLib.running.machine import usable_cpus; print(usable_cpus())"
    )
    assert run_python("-c", script).stdout.strip() == "1"


def test_this_machine_has_memory() -> None:
    assert 0 < free_memory() <= total_memory()


def test_a_system_that_reports_nothing_gets_a_guess(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(name: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "sysconf", unknown)
    assert 0 < free_memory(tmp_path, SLURM_OFF) < total_memory(tmp_path, SLURM_OFF)


def test_bfloat16_in_hardware_is_known_by_its_flag(tmp_path: Path) -> None:
    root = _system(tmp_path, {"proc/cpuinfo": "flags\t\t: fpu avx512f avx512_bf16 vaes\n"})
    assert multiplies_bfloat16(root)
    (root / "proc" / "cpuinfo").write_text("flags\t\t: fpu avx512f avx512_bf16x\n")
    assert not multiplies_bfloat16(root)
    assert not multiplies_bfloat16(tmp_path / "missing")
