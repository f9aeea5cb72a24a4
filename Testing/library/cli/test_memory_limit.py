"""Under the memory limit of a container or a cluster, a run that cannot fit says so."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from child_process import run_python
from running import Running, slow_with

SECONDS = 200


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of SLURM, which is only believed: nothing enforces it here."""
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "2000")


@pytest.fixture
def small_group() -> Iterator[Path]:
    """A control group of version 1 or 2 that may have 100 MiB."""
    group = _new_group()
    if group is None:
        pytest.skip("This user may not make a control group with a memory limit here.")
    yield group
    group.rmdir()


def _new_group() -> Path | None:
    """A group inside that of this process."""
    trees = {"memory": ("memory", "memory.limit_in_bytes"), "": ("", "memory.max")}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controller, path = line.split(":", 2)
        if controller not in trees:
            continue
        tree, limit = trees[controller]
        group = Path("/sys/fs/cgroup", tree, path.lstrip("/"), f"arssr-test-{os.getpid()}")
        try:
            group.mkdir()
            if (group / limit).exists():
                (group / limit).write_text(str(100 * 2**20))
                return group
            group.rmdir()
        except OSError:
            continue
    return None


@pytest.fixture
def run(limited: None, tmp_path: Path, cortex_path: Path, seeded_model_path: Path) -> Running:
    """A run under the limit that computes, so slowly that it can be ended."""
    output = tmp_path / "a.nii.gz"
    started = Running("upsample", cortex_path, "-o", output, *slow_with(seeded_model_path))
    started.wait_until_computing()
    return started


def _alone(run: Running) -> psutil.Process:
    (child,) = run.workers()
    return child


def test_a_run_that_the_kernel_kills_ends_in_a_sentence(tmp_path: Path, run: Running) -> None:
    _alone(run).kill()
    said = run.end()
    assert run.process.returncode == 1
    assert said.count("\n") == 1
    assert "memory is limited to 2.1 GB" in said
    assert "a smaller scale or a region (--roi), or raise the limit" in said
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_reaches_the_run(tmp_path: Path, run: Running, number: signal.Signals) -> None:
    run.process.send_signal(number)
    assert run.end() == "arssr: Cancelled; nothing was written.\n"
    assert run.process.returncode == 130
    assert os.listdir(tmp_path) == []


def test_the_run_ends_with_the_program_that_watches_it(run: Running) -> None:
    child = _alone(run)
    run.process.kill()
    run.end()
    assert psutil.wait_procs([child], timeout=SECONDS)[1] == []


@pytest.mark.usefixtures("limited")
def test_exit_codes_and_sentences_are_those_of_the_run(tmp_path: Path, cortex_path: Path) -> None:
    given = ["-o", tmp_path / "a.nii.gz", "--method", "linear", "--scale", "2"]
    done = _arssr("upsample", cortex_path, *given, "--progress", "none")
    assert (done.returncode, done.stderr) == (0, "")
    refused = _arssr("upsample", cortex_path, *given)
    assert refused.returncode == 2
    assert refused.stderr.count("already exists") == 1


def test_what_can_never_fit_is_refused_before_it_starts(
    tmp_path: Path, cortex_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "100")
    done = _arssr("upsample", cortex_path, "-o", tmp_path / "a.nii.gz", "--scale", "2")
    assert done.returncode == 1
    assert "at least 0.2 GB of memory, which is limited to 0.1 GB here" in done.stderr
    assert os.listdir(tmp_path) == []
    many = _arssr("upsample", cortex_path, "-o", f"{tmp_path}/results/", "--scale", "2")
    assert many.returncode == 1
    assert "which is limited to 0.1 GB here; use a smaller scale or a region" in many.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("command", ["upsample", "train", "evaluate"])
def test_under_a_real_limit_each_command_ends_in_one_sentence(
    command: str, small_group: Path, tmp_path: Path, cortex_path: Path
) -> None:
    given = {
        "upsample": [cortex_path, "--scale", "2", "--progress", "none"],
        "train": ["--data", cortex_path, "--recipe", "smoke", "--workers", "0"],
        "evaluate": ["--hr", cortex_path.parent, "--jobs", "1", "--progress", "none"],
    }[command]
    done = _arssr(command, *given, "-o", tmp_path / "out.nii", group=small_group)
    assert done.returncode == 1
    assert done.stderr.startswith("arssr: The system ended this run, most likely because memory")
    assert done.stderr.count("\n") == 1


def _arssr(*arguments: str | Path, group: Path | None = None) -> subprocess.CompletedProcess[str]:
    def enter() -> None:
        if group is not None:
            (group / "cgroup.procs").write_text(str(os.getpid()))

    return run_python("-m", "ArSSRLib", *arguments, timeout=SECONDS, preexec_fn=enter)
