"""``arssr worker`` does one job after another for another program, even if some of them fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from child_process import ROOT

from ArSSRLib.cli import worker as worker_command
from ArSSRLib.cli.main import main
from ArSSRLib.cli.worker import do_request
from ArSSRLib.errors import NotEnoughMemory


class Worker:
    """The program, and what it writes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def send(self, **message: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def read_until(self, entry: str, job: str = "") -> dict[str, Any]:
        """The next message with this entry, about this job if one is named."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            if entry in message and message.get("job", "") == job:
                return message
        pytest.fail(f"The worker ended before it wrote {entry!r}: {self.process.wait()}")

    def close(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(200)


@contextmanager
def _worker(*options: str) -> Iterator[Worker]:
    with subprocess.Popen(
        [sys.executable, "-m", "ArSSRLib", "worker", *options],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield Worker(process)


def _request(
    source: Path, output: Path, *options: str, force: bool = False
) -> Mapping[str, object]:
    words = options or ("--scale", "2", "--method", "linear")
    return {"source": str(source), "output": str(output), "request": words, "force": force}


def test_one_worker_makes_the_same_volumes_as_the_command(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    linear = ("--scale", "2", "--method", "linear")
    network = ("--scale", "1.5", "--model", str(seeded_model_path))
    ways = {"linear": linear, "network": network, "linear again": linear}
    with _worker() as worker:
        assert worker.read_until("ready")["version"]
        for name, options in ways.items():
            request = _request(cortex_path, tmp_path / f"{name}.nii", *options)
            worker.send(job=name, request=request)
            assert worker.read_until("ended", name)["ended"] == 0
        assert worker.close() == 0
    for name, options in ways.items():
        output = tmp_path / "by the command.nii"
        assert main(["upsample", str(cortex_path), "-o", str(output), "--force",
                     "--progress", "none", *options]) == 0  # fmt: skip
        assert output.read_bytes() == (tmp_path / f"{name}.nii").read_bytes()


def test_a_job_that_fails_does_not_stop_the_next(tmp_path: Path, cortex_path: Path) -> None:
    with _worker() as worker:
        worker.send(job="a", request=_request(tmp_path / "missing.nii", tmp_path / "a.nii"))
        worker.send(job="b", request={"colour": "blue"})
        worker.send(job="e", request=_request(cortex_path, tmp_path / "e.nii", "--sharp", "9"))
        worker.send(job="c", request=_request(cortex_path, cortex_path, force=True))
        worker.send(job="d", request=_request(cortex_path, tmp_path / "d.nii"))
        ends = {job: worker.read_until("ended", job) for job in "abecd"}
        assert worker.close() == 0
    assert [ends[job]["ended"] for job in "abecd"] == [2, 2, 2, 2, 0]
    assert "missing.nii" in ends["a"]["error"]
    assert os.listdir(tmp_path) == ["d.nii"]


def test_it_gets_ready_for_a_model_and_names_the_devices() -> None:
    with _worker() as worker:
        worker.send(job="a", request={"prepare": ["--threads", "1"]})
        assert "CPU" in worker.read_until("devices", "a")["devices"]["cpu"]
        assert worker.read_until("ended", "a")["ended"] == 0
        worker.send(job="b", request={"prepare": ["--model", "missing.npz"]})
        assert "missing.npz" in worker.read_until("ended", "b")["error"]
        assert worker.close() == 0


def test_an_existing_output_names_the_argument_that_allows_to_replace_it(
    tmp_path: Path, cortex_path: Path
) -> None:
    (tmp_path / "a.nii").write_bytes(b"mine")
    with _worker() as worker:
        worker.send(job="a", request=_request(cortex_path, tmp_path / "a.nii"))
        end = worker.read_until("ended", "a")
        worker.close()
    assert (end["ended"], end["argument"]) == (2, "force")
    assert "--" not in end["error"]


def test_a_cancelled_job_leaves_nothing_and_the_worker_does_the_next(
    tmp_path: Path, cortex_path: Path
) -> None:
    with _worker() as worker:
        worker.send(job="a", request=_request(cortex_path, tmp_path / "a.nii"), asks=True)
        assert worker.read_until("needs", "a")["needs"] > 0
        worker.send(cancel="a")
        assert worker.read_until("ended", "a")["ended"] == 130
        assert os.listdir(tmp_path) == []
        worker.send(job="b", request=_request(cortex_path, tmp_path / "b.nii"), asks=True)
        worker.read_until("needs", "b")
        worker.send(go="b")
        assert worker.read_until("ended", "b")["ended"] == 0
        assert worker.close() == 0
    assert os.listdir(tmp_path) == ["b.nii"]


def test_a_job_can_be_cancelled_before_it_begins(tmp_path: Path, cortex_path: Path) -> None:
    with _worker() as worker:
        worker.send(job="a", request=_request(cortex_path, tmp_path / "a.nii"), asks=True)
        worker.send(job="b", request=_request(cortex_path, tmp_path / "b.nii"))
        worker.read_until("needs", "a")
        worker.send(cancel="b")
        worker.send(go="a")
        assert worker.read_until("ended", "a")["ended"] == 0
        assert worker.read_until("ended", "b")["ended"] == 130
        worker.close()
    assert os.listdir(tmp_path) == ["a.nii"]


def test_a_worker_ends_with_the_program_that_started_it(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    options = ("--scale", "8", "--model", str(seeded_model_path), "--threads", "1")
    with _worker() as worker:
        worker.send(job="a", request=_request(cortex_path, tmp_path / "a.nii", *options))
        worker.read_until("seconds_left", "a")
        assert worker.close() in (0, 130)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_worker(name: str) -> None:
    with _worker() as worker:
        worker.read_until("ready")
        worker.process.send_signal(getattr(signal, name))
        assert worker.process.wait(200) == 130


def test_a_worker_without_a_job_ends_after_a_while() -> None:
    with _worker("--idle", "0.1") as worker:
        worker.read_until("ready")
        assert worker.process.wait(200) == 0


@pytest.mark.parametrize(
    "error", [MemoryError(), NotEnoughMemory("There is not enough memory for 'a.nii'")]
)
def test_after_a_lack_of_memory_another_worker_does_the_next_job(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(worker_command, "run_job", fail)

    class Link:
        def ask_for_memory(self, needed: int) -> None: ...

    ended = do_request(_request(Path("a.nii"), Path("b.nii")), Link())  # type: ignore[arg-type]
    assert (ended.code, ended.out_of_memory, ended.reusable) == (1, True, False)
    assert ended.error.startswith("There is not enough memory")


def test_the_worker_is_left_out_of_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "worker" not in capsys.readouterr().out
