"""However and whenever a run is told to end, it ends with an exit code and one sentence."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType

import pytest

from ArSSRLib.cli import outcome
from ArSSRLib.cli.outcome import exit_code_of
from ArSSRLib.errors import InputError
from ArSSRLib.running.interrupts import SIGNALS

CANCELLED = "arssr: Cancelled; nothing was written.\n"
REFUSED = "arssr: The scale is 0; give one from 1 up.\n"


def _done() -> int:
    return 0


def _refused() -> int:
    raise InputError("The scale is 0; give one from 1 up.")


@pytest.fixture(autouse=True)
def _handlers() -> None:
    """Outside of the run signals do nothing: some of them come before or behind it."""
    for number in SIGNALS:
        signal.signal(number, lambda number, frame: None)


def _code(action: Callable[[], int], leaving: bool = False) -> int:
    """The exit code; an interrupt that escapes would end the tests themselves."""
    try:
        return exit_code_of(action, leaving)
    except KeyboardInterrupt:
        pytest.fail("The signal has escaped.")


class _SignalAtLine:
    """Traces the module ``outcome`` and sends a signal before its line of this number."""

    def __init__(self, number: signal.Signals, line: int) -> None:
        self.number, self.lines_left = number, line

    def __call__(self, frame: FrameType, event: str, _: object) -> object:
        if frame.f_code.co_filename != outcome.__file__:
            return None
        if event == "line":
            self.lines_left -= 1
            if self.lines_left == 0:
                signal.raise_signal(self.number)
        return self


def _code_with_a_signal_at(
    line: int, number: signal.Signals, action: Callable[[], int], leaving: bool
) -> int | None:
    """The exit code; None when the run has no such line."""
    before = sys.gettrace()
    tracer = _SignalAtLine(number, line)
    sys.settrace(tracer)
    try:
        code = _code(action, leaving)
    finally:
        sys.settrace(before)
    return code if tracer.lines_left <= 0 else None


@pytest.mark.parametrize("leaving", [True, False])
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(("action", "code", "told"), [(_done, 0, ""), (_refused, 2, REFUSED)])
def test_a_signal_before_any_line_changes_no_more_than_the_sentence(
    action: Callable[[], int], code: int, told: str, number: signal.Signals, leaving: bool,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    ways, line = set(), 1
    while (ended := _code_with_a_signal_at(line, number, action, leaving)) is not None:
        ways.add((ended, capfd.readouterr().err))
        for each in SIGNALS:
            signal.signal(each, lambda number, frame: None)
        line += 1
    assert line > 10
    assert ways == {(code, told), (130, CANCELLED)}


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_the_sentence_is_written_comes_too_late(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = sys.stderr.write

    def write_and_be_asked(text: str) -> int:
        signal.raise_signal(number)
        return write(text)

    monkeypatch.setattr(sys.stderr, "write", write_and_be_asked)
    assert _code(_refused) == 2
    assert capsys.readouterr().err == REFUSED
