"""Signals cancel a run, and end the program at once while it only loads libraries."""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from child_process import ROOT, environment, run_python

from ArSSRLib.running.interrupts import (
    SIGNALS,
    Interrupted,
    interrupt,
    is_cancellable,
    load_libraries,
)


@pytest.fixture(autouse=True)
def _handlers() -> None:
    for number in SIGNALS:
        signal.signal(number, interrupt)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_cancels_at_once_and_no_other_after_it(number: signal.Signals) -> None:
    with pytest.raises(Interrupted):
        signal.raise_signal(number)
    assert not is_cancellable()
    for another in SIGNALS:
        signal.raise_signal(another)


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="POSIX signals")
def test_two_signals_at_once_cancel_once_and_silently(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    complaints: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    with pytest.raises(Interrupted):
        for number in SIGNALS:
            # To this thread alone: others, of libraries, do not hold them back.
            signal.pthread_kill(threading.get_ident(), number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    assert not complaints


@pytest.mark.parametrize("number", SIGNALS)
def test_while_libraries_are_loaded_a_signal_ends_the_program_at_once(
    tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "swallows.py").write_text(
        "import os, signal\n"
        f"try:\n    signal.raise_signal({int(number)})\nexcept BaseException:\n    pass\n"
    )
    script = (
        "from ArSSRLib.running.interrupts import be_cancellable, load_libraries\n"
        "be_cancellable()\nload_libraries('swallows')\nprint('still alive')\n"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = run_python("-c", script, env=environment(PYTHONPATH=path))
    assert (done.returncode, done.stdout, done.stderr) == (-number, "", "")


def test_after_libraries_are_loaded_a_signal_cancels_again() -> None:
    load_libraries("json")
    with pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGTERM)


def test_under_nohup_a_closed_terminal_does_not_cancel() -> None:
    script = "from ArSSRLib.running.interrupts import SIGNALS; print(*SIGNALS)"
    shown = [
        run_python(
            "-c", script, preexec_fn=partial(signal.signal, signal.SIGHUP, handling)
        ).stdout.split()
        for handling in (signal.SIG_DFL, signal.SIG_IGN)
    ]
    assert [len(each) for each in shown] == [3, 2]
