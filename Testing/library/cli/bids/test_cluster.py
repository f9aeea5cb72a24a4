"""``arssr bids`` on a Dask cluster: done there, ended there, safe from dying workers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import psutil
import pytest
from child_process import ROOT
from contents import files
from in_process import Arssr
from process_ends import outlasting
from small_dataset import LINEAR, NAMED, RESULTS, assert_complete_results_only, expected, run_over

from ArSSRLib.volumes.files.reading import read_volume


@dataclass(frozen=True)
class Cluster:
    """A Dask scheduler with two workers.

    Attributes:
        address: of the scheduler.
        scheduler: its process.
    """

    address: str
    scheduler: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def running_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler with two workers; the last test of this file kills the scheduler."""
    with _cluster(tmp_path_factory.mktemp("dask")) as made:
        yield made


@pytest.fixture
def cluster(running_cluster: Cluster) -> str:
    """The address of the scheduler."""
    return running_cluster.address


@contextmanager
def _cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster whose parts are all separate processes."""
    from distributed import Client

    file = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port",
         "0", "--no-dashboard", "--scheduler-file", file],
        cwd=ROOT, **quiet,
    )  # fmt: skip
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", file,
             "--nthreads", "1", "--no-dashboard", "--local-directory", folder],
            cwd=ROOT, **quiet,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        with Client(scheduler_file=str(file), timeout=300, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=300)
            address = client.scheduler.address
        yield Cluster(address, scheduler)
    finally:
        for process in [*workers, scheduler]:
            process.terminate()
        for process in [*workers, scheduler]:
            process.wait(60)


def _at_work(address: str) -> dict[psutil.Process, list[psutil.Process]]:
    """The workers that have a volume just now, and the processes that do it; at least one."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        workers = [psutil.Process(pid) for pid in client.run(os.getpid).values()]
    deadline = time.monotonic() + 120.0
    while time.monotonic() < deadline:
        jobs = {worker: [c for c in worker.children() if _does_a_job(c)] for worker in workers}
        if any(jobs.values()):
            return {worker: children for worker, children in jobs.items() if children}
    pytest.fail("No worker has a volume.")


def _does_a_job(process: psutil.Process) -> bool:
    try:
        return any("worker" in word for word in process.cmdline())
    except psutil.NoSuchProcess:
        return False


def test_a_dask_cluster_of_two_workers_upsamples_a_dataset(
    cluster: str, dataset: Path, out: Path, bids: Arssr, cortex_path: Path, arssr: Arssr
) -> None:
    from distributed import Client

    (dataset / NAMED).write_bytes(cortex_path.read_bytes()[:20000])
    options = (*LINEAR, "--scheduler", cluster, "--progress", "json")
    done = bids(*options)
    assert done.returncode == 2
    assert "is truncated or damaged" in done.stderr.splitlines()[-1]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [lines[-1][key] for key in ("done", "kept", "failed")] == [2, 0, 1]
    fractions = [line["fraction"] for line in lines if line.get("stage") == "upsampling"]
    assert fractions == sorted(fractions)
    assert any(fraction not in (0.0, 1.0) for fraction in fractions)

    def batches() -> int:
        from ArSSRLib.running.batch import cluster

        return len(cluster._pools)

    with Client(cluster, set_as_default=False) as client:
        # One worker may have been slow to begin, and found nothing left to do.
        assert sorted(client.run(batches).values()) in ([0, 1], [1, 1])
    assert files(out) == expected([RESULTS[0], RESULTS[2]])
    shutil.copy(cortex_path, dataset / NAMED)
    again = bids(*options)
    assert again.returncode == 0
    last = json.loads(again.stdout.splitlines()[-1])
    assert [last[key] for key in ("done", "kept", "failed")] == [1, 2, 0]
    here = dataset.parent / "here"
    assert arssr("bids", dataset, here, *LINEAR).returncode == 0
    assert files(here) == files(out)
    for name in files(out):
        if name.endswith(".nii.gz"):
            np.testing.assert_array_equal(
                read_volume(out / name).array, read_volume(here / name).array
            )


def test_cancelled_on_a_cluster_it_ends_the_work_there_too(
    cluster: str, dataset: Path, out: Path, seeded_model_path: Path
) -> None:
    running = run_over(dataset, out, seeded_model_path, "--scheduler", cluster)
    running.wait_until_computing()
    children = list(chain(*_at_work(cluster).values()))
    running.process.send_signal(signal.SIGTERM)
    told = running.end()
    assert running.process.returncode == 130
    assert "Traceback" not in told
    assert outlasting(children, seconds=120.0) == []
    assert_complete_results_only(out)


def test_a_worker_that_is_killed_costs_no_volume(
    cluster: str, dataset: Path, out: Path, seeded_model_path: Path
) -> None:
    running = run_over(dataset, out, seeded_model_path, "--scheduler", cluster)
    running.wait_until_computing()
    next(iter(_at_work(cluster))).kill()
    told = running.end(within_seconds=300.0)
    assert running.process.returncode == 0, told
    assert len([name for name in files(out) if name.endswith(".nii.gz")]) == 3
    assert_complete_results_only(out)


def test_a_scheduler_that_dies_ends_the_run_with_one_sentence_and_keeps_what_is_finished(
    running_cluster: Cluster, dataset: Path, out: Path, seeded_model_path: Path
) -> None:
    running = run_over(dataset, out, seeded_model_path, "--scheduler", running_cluster.address)
    running.wait_until_computing()
    running_cluster.scheduler.kill()
    told = running.end(within_seconds=300.0)
    assert running.process.returncode == 1
    (sentence,) = told.splitlines()
    assert "The connection to the Dask scheduler was lost" in sentence
    assert_complete_results_only(out)
