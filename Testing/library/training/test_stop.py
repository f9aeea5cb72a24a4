"""Asked to stop, a run loses no step: stopped and gone on with, it is the undisturbed run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from child_process import ROOT, run_python
from faults.commands import losses, same_weights
from process_ends import outlasting, said_until_the_end
from smoke_run import CPU, command, train, trainer

from ArSSRLib.errors import EnvironmentFault
from ArSSRLib.running.interrupts import SIGNALS, Interrupted
from ArSSRLib.training import stopping
from ArSSRLib.training.parallel import Team
from ArSSRLib.training.state import load_state
from ArSSRLib.training.stopping import StopRequest, stop_requests
from ArSSRLib.training.trainer import Trainer

ENDLESS = 1_000_000
CHANGES = (
    "patches.size=6", "patches.coordinates=200", "optimiser.batch=4",
    # The learning rate must not depend on how many steps a run is to have.
    "optimiser.schedule=hold", "optimiser.cooldown=0.0", f"optimiser.steps={ENDLESS}",
    # At a high one Adam magnifies the rounding differences between one process and two.
    "optimiser.learning_rate=2e-4",
    # What is kept is kept by the stop.
    "checkpoint_minutes=1000.0",
)  # fmt: skip


def _arguments(folder: Path, *more: str) -> list[str]:
    return ["-m", "ArSSRLib", *command(folder, *more, sets=CHANGES)]


def _start(
    folder: Path, launcher: tuple[str, ...] = (), more: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *launcher, *_arguments(folder), *more],
        cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # The tests may run under ``nohup``, which what they start would inherit.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )  # fmt: skip


def _finish(folder: Path, until: int) -> str:
    """Trains to a step in this process; what it printed."""
    done = train(folder, "--until-step", until, sets=CHANGES)
    assert done.returncode == 0, done.stderr
    return done.stderr


def _wait_for_losses(process: subprocess.Popen[str], folder: Path) -> None:
    patience = time.monotonic() + 600
    while not losses(folder):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < patience
        time.sleep(0.02)


def _step_it_stopped_at(said: str) -> int:
    sentences = re.findall(r"^arssr: Stopped after step (\d+) of \d+; the checkpoint", said, re.M)
    assert len(sentences) == 1, said
    return int(sentences[0])


def _kept_step(folder: Path) -> int:
    state = load_state(folder)
    assert state is not None
    return state.step


@pytest.mark.parametrize(
    ("number", "send"),
    [
        (signal.SIGINT, os.kill),
        (signal.SIGTERM, os.kill),
        (signal.SIGTERM, os.killpg),
        (signal.SIGHUP, os.killpg),
    ],
    ids=["Ctrl-C", "SIGTERM", "SIGTERM to all processes", "terminal closed"],
)
def test_a_stopped_run_loses_no_step_and_resumes_exactly(
    tmp_path: Path, number: signal.Signals, send: Callable[[int, int], None]
) -> None:
    folder, undisturbed = tmp_path / "stopped", tmp_path / "undisturbed"
    process = _start(folder)
    _wait_for_losses(process, folder)
    send(process.pid, number)
    said = said_until_the_end(process)
    assert process.returncode == 130
    assert "Traceback" not in said
    stopped = _step_it_stopped_at(said)
    assert _kept_step(folder) == stopped
    # Every tenth loss was written: more steps would have left more of them.
    assert max(losses(folder)) == stopped // 10 * 10
    end = stopped // 10 * 10 + 20
    assert f"Resumed at step {stopped} " in _finish(folder, end)
    _finish(undisturbed, end)
    assert losses(folder) == losses(undisturbed)
    assert same_weights(folder / "last.npz", undisturbed / "last.npz")


def test_the_processes_of_a_killed_run_end_too(tmp_path: Path) -> None:
    # More than a pipe holds: its process is in the middle of handing over patches.
    process = _start(tmp_path, more=("--set", "patches.coordinates=8000"))
    _wait_for_losses(process, tmp_path)
    workers = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    lasting = outlasting(workers)
    said_until_the_end(process)
    assert workers
    assert not lasting


def test_patches_are_drawn_in_processes_of_every_kind(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(
        "import multiprocessing, sys\n"
        "from ArSSRLib.cli.main import main\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.set_start_method('forkserver')\n"
        "    sys.exit(main(sys.argv[1:]))\n",
        encoding="utf-8",
    )
    done = run_python(script, *command(tmp_path / "run", "--until-step", "20", sets=CHANGES))
    assert done.returncode == 0, done.stderr
    assert max(losses(tmp_path / "run")) == 20


def test_a_second_signal_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(stopping.time, "monotonic", lambda: clock[0])
    stop = StopRequest(echo_seconds=0.2, says=False)
    for number in SIGNALS:
        signal.signal(number, stop.handle)
    signal.raise_signal(signal.SIGTERM)
    assert stop.made
    clock[0] += 0.19
    signal.raise_signal(signal.SIGTERM)  # as from ``timeout``, to the process and its group
    clock[0] += 0.02
    with pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGINT)


def _hears_after_training(team: Team, failing: bool, asked: bool) -> bool:
    """Whether a signal that comes behind the block of training is still heard."""
    heard: list[int] = []
    for number in SIGNALS:
        signal.signal(number, lambda number, frame: heard.append(number))
    with suppress(EnvironmentFault), stop_requests(team):
        if asked:
            signal.raise_signal(signal.SIGTERM)
        if failing:
            raise EnvironmentFault("Another process of the run has ended.")
    for number in SIGNALS:
        signal.raise_signal(number)
    return bool(heard)


@pytest.mark.parametrize("failing", [False, True])
def test_in_a_team_the_launchers_signal_after_training_changes_nothing(
    failing: bool,
) -> None:
    """Only another process was asked, or has died: this one is told by the launcher, and late."""
    for rank in (0, 1):
        assert not _hears_after_training(Team(rank, 2, CPU), failing, asked=False)


@pytest.mark.parametrize("asked", [False, True])
def test_alone_a_signal_after_training_is_handled_unless_it_is_the_second(
    asked: bool,
) -> None:
    assert _hears_after_training(Team(0, 1, CPU), failing=False, asked=asked) is not asked


def test_a_run_that_is_stopped_before_it_trains_leaves_nothing(
    tmp_path: Path,
) -> None:
    # Asked by itself while it reads its volumes: from outside that moment cannot be met.
    program = (
        "import os, signal, sys\n"
        "from ArSSRLib.cli.main import main\n"
        "from ArSSRLib.training import volumes\n"
        "load = volumes.load_volumes\n"
        "def load_and_be_asked(*arguments):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return load(*arguments)\n"
        "volumes.load_volumes = load_and_be_asked\n"
        "sys.exit(main())\n"
    )
    run = tmp_path / "run"
    done = run_python("-c", program, *command(run, sets=CHANGES))
    assert done.returncode == 130
    assert done.stderr == (
        "arssr: Stopped before the first checkpoint. Run the same command to start again.\n"
    )
    assert not run.exists()


def test_a_run_continues_when_nobody_reads_its_output(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, *_arguments(tmp_path, "--until-step", "20")],
        cwd=ROOT, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    process.stderr.close()
    assert process.wait(timeout=600) == 0
    assert _kept_step(tmp_path) == 20


class _StopWhenAsked(StopRequest):
    """Made as soon as it has been looked at a number of times: a moment between two cases."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    @property
    def made(self) -> bool:
        self.looks -= 1
        return self.looks < 0


def _trainer(folder: Path, until: int) -> Trainer:
    """One that validates on two cases after every fourth step."""
    changes = {"validate_every": "4", "validate_scales": "[2, 3]", "validate_crop": "16"}
    usual = dict(change.split("=") for change in CHANGES)
    return trainer(folder, {**usual, **changes}, validates=True, until=until)


@pytest.mark.parametrize("until", [4, 8])
@pytest.mark.parametrize("looks", [4, 5], ids=["before the first case", "between the cases"])
def test_a_validation_that_was_broken_off_is_made_up_for(
    tmp_path: Path, looks: int, until: int
) -> None:
    folder, undisturbed = tmp_path / "stopped", tmp_path / "undisturbed"
    _trainer(undisturbed, until).run()
    stopped = _trainer(folder, until)
    stopped.run(_StopWhenAsked(looks))
    assert stopped.stopped
    assert _kept_step(folder) == 4
    assert not (folder / "best.npz").exists()
    resumed = _trainer(folder, until)
    resumed.run()
    assert not resumed.stopped
    written = [(f / "validation.csv").read_text() for f in (folder, undisturbed)]
    assert written[0] == written[1]
    for name in ("best.npz", "last.npz"):
        assert same_weights(folder / name, undisturbed / name)


def test_a_request_that_comes_with_the_last_step_does_not_undo_it(tmp_path: Path) -> None:
    stopped = _trainer(tmp_path / "run", 3)
    stopped.cases = ()
    stopped.run(_StopWhenAsked(2))
    assert not stopped.stopped
    assert _kept_step(tmp_path / "run") == 3


TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


def _trainers(launcher: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(launcher.pid).children()


@pytest.mark.parametrize(
    "send",
    [
        lambda launcher: launcher.send_signal(signal.SIGTERM),
        lambda launcher: os.killpg(launcher.pid, signal.SIGINT),
        lambda launcher: _trainers(launcher)[-1].send_signal(signal.SIGTERM),
    ],
    ids=["SIGTERM to torchrun", "Ctrl-C in its terminal", "SIGTERM to one of its processes"],
)
def test_processes_that_train_together_stop_after_the_same_step(
    tmp_path: Path, send: Callable[[subprocess.Popen[str]], None]
) -> None:
    folder, undisturbed = tmp_path / "stopped", tmp_path / "undisturbed"
    launcher = _start(folder, launcher=TORCHRUN, more=("--workers", "0"))
    _wait_for_losses(launcher, folder)
    trainers = _trainers(launcher)
    send(launcher)
    stopped = _step_it_stopped_at(said_until_the_end(launcher))
    assert launcher.returncode != 0
    assert not outlasting(trainers)
    assert _kept_step(folder) == stopped
    assert max(losses(folder)) == stopped // 10 * 10
    end = stopped // 10 * 10 + 20
    _finish(folder, end)
    _finish(undisturbed, end)
    assert {step: float(loss) for step, loss in losses(folder).items()} == pytest.approx(
        {step: float(loss) for step, loss in losses(undisturbed).items()}, rel=2e-3
    )


def test_a_process_whose_peer_died_ends_in_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    launcher = _start(folder, launcher=TORCHRUN, more=("--workers", "0"))
    _wait_for_losses(launcher, folder)
    trainers = _trainers(launcher)
    trainers[-1].kill()
    said = said_until_the_end(launcher)
    assert launcher.returncode == 1
    assert not outlasting(trainers)
    assert "arssr: Another process of this run has ended" in said
    assert "Unexpected error" not in said
