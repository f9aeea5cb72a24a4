"""Parses the output of the child process: progress, warnings, and why it ended."""

import json
from dataclasses import dataclass

from slicer.i18n import tr as _

BAD_INPUT, FAULT = 2, 1
ERROR_PREFIX, WARNING_PREFIX = "arssr: ", "arssr: warning:"
"""How the command line begins its lines on stderr."""
LAUNCHER_COMPLAINT = "exit abnormally - Report the problem."
"""How Slicer's launcher ends its line on stderr when the Python that it started was killed or
crashed; it hides how, and ends with code 1 itself."""


@dataclass(frozen=True)
class ProgressLine:
    """One line of ``--progress json``.

    Attributes:
        stage: the library's name of the stage.
        fraction: 0 to 1.
        secondsLeft: time left in s, None while unknown.
        warning: a sentence for the user, empty in a line of progress.
    """

    stage: str
    fraction: float
    secondsLeft: float | None
    warning: str = ""

    @staticmethod
    def parse(line: str) -> "ProgressLine | None":
        """None when the line is not progress: torch and its drivers print there too."""
        try:
            values = json.loads(line)
            return ProgressLine(
                str(values.get("stage", "")),
                float(values.get("fraction", 0.0)),
                None if values.get("seconds_left") is None else float(values["seconds_left"]),
                str(values.get("warning", "")),
            )
        except (ValueError, AttributeError, TypeError):
            return None


def stageTitle(stage: str) -> str:
    return {
        "reading": _("Reading"),
        "encoding": _("Analysing"),
        "decoding": _("Computing"),
        "interpolating": _("Interpolating"),
        "writing": _("Writing"),
        "done": _("Done"),
    }.get(stage, stage.capitalize())


def timeText(seconds: float) -> str:
    """A length of time, to the second below ten minutes, to the minute above.

    >>> timeText(4.2), timeText(75), timeText(961), timeText(7190)
    ('4 s', '1 min 15 s', '16 min', '2 h 0 min')
    """
    whole = max(1, round(seconds))
    if whole < 60:
        return _("{s} s").format(s=whole)
    if whole < 600:
        return _("{m} min {s} s").format(m=whole // 60, s=whole % 60)
    minutes = round(whole / 60)
    if minutes < 60:
        return _("{m} min").format(m=minutes)
    return _("{h} h {m} min").format(h=minutes // 60, m=minutes % 60)


def explainEnd(returnCode: int, errorLines: list[str]) -> str:
    """Why a child process that was not cancelled ended badly, and what to do about it."""
    ownLines = [line for line in errorLines if not line.rstrip().endswith(LAUNCHER_COMPLAINT)]
    endedBehindLauncher = len(ownLines) < len(errorLines)
    text = "\n".join(ownLines)
    reason = _reasonOf(ownLines)
    if reason and returnCode in (BAD_INPUT, FAULT) and not endedBehindLauncher:
        return reason
    if "No module named 'torch'" in text:
        return _("PyTorch could not be loaded; install it again with the module PyTorch Utils.")
    if _wasKilledForMemory(returnCode, text):
        return _(
            "The run was ended by the system, most likely because memory ran out. Close other "
            "programs, choose a region (ROI) or a smaller scale, and try again."
        )
    if endedBehindLauncher:
        return _(
            "The run was ended by the system or stopped unexpectedly. Most often memory ran out: "
            "close other programs, choose a region (ROI) or a smaller scale. If that does not "
            "help, choose the device CPU under Advanced."
        )
    return _(
        "The run stopped unexpectedly (exit code {code}). Choose the device CPU under Advanced "
        "and try again; the application log has the details."
    ).format(code=returnCode)


def _reasonOf(lines: list[str]) -> str:
    """The error that the command line printed last, empty when it printed none.

    Libraries print warnings to the same stream, also after that line.
    """
    for line in reversed(lines):
        text = line.strip()
        if text.startswith(ERROR_PREFIX) and not text.startswith(WARNING_PREFIX):
            return text.removeprefix(ERROR_PREFIX).removeprefix("error: ")
    return ""


def _wasKilledForMemory(returnCode: int, errorText: str) -> bool:
    """SIGKILL, directly or through a shell; Windows' out-of-memory code; a MemoryError."""
    killed = returnCode in (-9, 137, 9, 0xC0000017, -1073741801)
    return killed or "MemoryError" in errorText or "out of memory" in errorText.lower()
