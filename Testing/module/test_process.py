"""The child process: lines whole, tree ended, ends explained."""

from __future__ import annotations

import contextlib
import sys
import textwrap

import psutil
import pytest
from process_ends import outlasting

LAUNCHER_LINE = "error: [/opt/Slicer/bin/./python-real] exit abnormally - Report the problem."


@pytest.fixture
def start(slicer, wait):
    """Starts Python code as a background process; returns it with what was heard."""
    from ArSSRModule.run.process import BackgroundProcess

    made = []

    def run(code: str):
        process = BackgroundProcess([sys.executable, "-u", "-c", textwrap.dedent(code)])
        process.heard, process.codes = [], []
        process.lineReceived.connect(process.heard.append)
        process.finished.connect(process.codes.append)
        process.start()
        made.append(process)
        return process

    yield run
    for process in made:
        process.stopNow()


def test_a_line_that_comes_in_pieces_is_handed_on_whole(start, wait):
    process = start("""
        import sys, time
        for piece in ('{"frac', 'tion": 0.5', '}\\n', 'second\\n'):
            sys.stdout.write(piece); sys.stdout.flush(); time.sleep(0.05)
    """)
    wait(lambda: process.codes)
    assert process.heard == ['{"fraction": 0.5}', "second"]


def test_text_that_is_not_utf8_does_not_stop_the_run(start, wait):
    process = start(r"import sys; sys.stdout.buffer.write(b'caf\xe9\n'); print('after')")
    wait(lambda: process.codes)
    assert process.codes == [0]
    assert process.heard[-1] == "after"


def test_the_end_comes_after_the_last_line(start, wait):
    process = start("print('\\n'.join(str(i) for i in range(5000)))")
    wait(lambda: process.codes)
    assert process.heard == [str(i) for i in range(5000)]


def test_cancel_ends_children_of_the_child(start, wait):
    process = start("""
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print(child.pid); time.sleep(600)
    """)
    wait(lambda: process.heard)
    grandchild = psutil.Process(int(process.heard[0]))
    process.cancel()
    wait(lambda: process.codes)
    assert outlasting([grandchild]) == []


def test_a_child_that_ignores_the_request_to_end_is_killed(start, wait):
    process = start("""
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("ready"); time.sleep(600)
    """)
    wait(lambda: process.heard)
    process.cancel()
    wait(lambda: process.codes)
    assert process.codes[0] != 0


def test_grandchildren_do_not_outlive_a_child_that_ends_by_itself(start, wait):
    process = start("""
        import subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print(child.pid)
    """)
    wait(lambda: process.codes)
    with contextlib.suppress(psutil.NoSuchProcess):
        grandchild = psutil.Process(int(process.heard[0]))
        assert outlasting([grandchild]) == []


LASTING = """
import os, pathlib, sys, time
while os.getppid() == int(sys.argv[1]):
    time.sleep(0.01)
time.sleep(0.5)
pathlib.Path(sys.argv[2]).touch()
"""
"""A program whose last act comes half a second after its parent's end."""


def test_stopping_now_waits_for_what_is_still_ending_behind_the_child(start, wait, tmp_path):
    last_act = tmp_path / "last act"
    # In another session it is not killed, as if it were being killed for that long.
    process = start(f"""
        import os, subprocess, sys, time
        words = [sys.executable, "-c", {LASTING!r}, str(os.getpid()), {str(last_act)!r}]
        subprocess.Popen(words, start_new_session=True)
        print("started"); time.sleep(600)
    """)
    wait(lambda: process.heard)
    process.stopNow()
    assert last_act.exists()


@pytest.mark.parametrize(
    ("code", "lines", "words"),
    [
        (2, ["arssr: The scale 0.5 is below 1; give one from 1 up."], "below 1"),
        (1, ["arssr: The disk is full."], "disk is full"),
        (-9, [], "memory"),
        (137, ["Killed"], "memory"),
        (1, ["Traceback (most recent call last):", "MemoryError"], "memory"),
        (
            1,
            ["Traceback (most recent call last):", "ModuleNotFoundError: No module named 'torch'"],
            "PyTorch Utils",
        ),
        (-11, [], "stopped unexpectedly"),
        (1, ["Traceback (most recent call last):", "KeyError: 'x'"], "stopped unexpectedly"),
        (1, [LAUNCHER_LINE], "smaller scale"),
        (1, [LAUNCHER_LINE], "device CPU"),
        (1, ["a driver's warning", LAUNCHER_LINE], "memory ran out"),
        (1, ["RuntimeError: CUDA error: out of memory", LAUNCHER_LINE], "Close other programs"),
    ],
)
def test_every_end_is_explained_without_a_traceback(slicer, code, lines, words):
    from ArSSRModule.run.child_output import explainEnd

    message = explainEnd(code, lines)
    assert words in message
    for foreign in ("Traceback", "python-real", "Report the problem", "driver's warning"):
        assert foreign not in message


@pytest.mark.parametrize("line", ["", "Downloading…", "[]", "3", '{"fraction": "x"}', "null"])
def test_lines_that_are_not_progress_are_passed_over(slicer, line):
    from ArSSRModule.run.child_output import ProgressLine

    assert ProgressLine.parse(line) is None
