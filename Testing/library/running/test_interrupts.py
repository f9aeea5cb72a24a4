"""A signal cancels a run, but never in the middle of an import."""

from __future__ import annotations

import importlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ArSSRLib.running import interrupts
from ArSSRLib.running.interrupts import SIGNALS, Interrupted, interrupt, is_cancellable

STARTS_UP = """
import signal, time
try:
    signal.raise_signal(signal.SIGTERM)
    time.sleep({seconds})
    interrupted = False
except BaseException:
    interrupted = True
"""
"""A library that loses what is raised while it starts up, as some written in C do."""


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _library(folder: Path, monkeypatch: pytest.MonkeyPatch, seconds: float) -> str:
    name = f"starts_up_{folder.name}"
    (folder / f"{name}.py").write_text(STARTS_UP.format(seconds=seconds), encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    return name


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_cancels_at_once_and_no_other_after_it(number: signal.Signals) -> None:
    with pytest.raises(Interrupted):
        signal.raise_signal(number)
    assert not is_cancellable()
    for another in SIGNALS:
        signal.raise_signal(another)


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="POSIX signals")
def test_two_signals_at_once_cancel_once_and_without_a_word(
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


def test_a_signal_in_the_middle_of_an_import_cancels_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = _library(tmp_path, monkeypatch, seconds=0.2)
    with pytest.raises(Interrupted):
        importlib.import_module(name)
        time.sleep(10)
    assert not sys.modules[name].interrupted


def test_an_import_that_does_not_end_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interrupts, "_LONGEST_IMPORT_SECONDS", 0.1)
    name = _library(tmp_path, monkeypatch, seconds=10)
    started = time.monotonic()
    assert importlib.import_module(name).interrupted
    assert time.monotonic() - started < 5
