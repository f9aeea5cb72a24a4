"""Progress for people (a bar on stderr), for programs (JSON lines on stdout), or for nobody."""

from __future__ import annotations

import json
import logging
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from ..running.durations import duration_text
from ..running.printable import printable
from ..upsampling.progress import Progress

_SECONDS_BETWEEN_DRAWINGS = 0.1
NOTHING: Mapping[str, object] = MappingProxyType({})
_LIBRARY = __name__.partition(".")[0]


class Printer:
    """Shows how a run goes; this one warnings alone."""

    def report(self, progress: Progress) -> None:
        """Shows one report; here nothing."""

    def warn(self, sentence: str) -> None:
        """Shows a warning, here on a line of stderr; the run continues."""
        print(f"arssr: warning: {printable(sentence)}", file=sys.stderr, flush=True)

    def done(self, output: str, summary: str, measured: Mapping[str, object] = NOTHING) -> None:
        """Shows that ``output`` is complete; here nothing.

        Args:
            output: file or folder.
            summary: for people.
            measured: for programs, see :class:`ArSSRLib.upsampling.file_job.FileResult`.
        """


class JsonPrinter(Printer):
    """One JSON object per line on stdout, each flushed at once."""

    def report(self, progress: Progress) -> None:
        """``{"stage": …, "fraction": …, "seconds_left": …}``."""
        self.line(
            stage=progress.stage,
            fraction=round(progress.fraction, 4),
            seconds_left=rounded(progress.seconds_left),
        )

    def warn(self, sentence: str) -> None:
        """``{"warning": …}``."""
        self.line(warning=sentence)

    def done(self, output: str, summary: str, measured: Mapping[str, object] = NOTHING) -> None:
        """The last line: a report of the stage ``done`` with the key ``output``."""
        self.line(stage="done", fraction=1.0, seconds_left=0.0, output=output, **measured)

    def line(self, **entries: object) -> None:
        """One object of these entries."""
        print_json(**entries)


class BarPrinter(Printer):
    """A bar on stderr that is redrawn; where stderr is not a terminal, one line per stage."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._last_drawn = -1.0
        self._named: set[str] = set()

    def report(self, progress: Progress) -> None:
        """Draws the bar, at most ten times a second."""
        if not self._terminal:
            # Encoding and decoding take turns, tile after tile and pass after pass.
            if progress.stage not in self._named:
                self._named.add(progress.stage)
                print(progress.stage.capitalize(), file=sys.stderr, flush=True)
            return
        now = time.monotonic()
        if progress.fraction < 1.0 and now - self._last_drawn < _SECONDS_BETWEEN_DRAWINGS:
            return
        self._last_drawn = now
        self._write("\r" + self._drawn(progress) + "\x1b[K")

    def warn(self, sentence: str) -> None:
        """A line above the bar."""
        self._clear()
        super().warn(sentence)

    def done(self, output: str, summary: str, measured: Mapping[str, object] = NOTHING) -> None:
        """Removes the bar and prints to stdout what was written."""
        self._clear()
        print(*map(printable, summary.splitlines()), sep="\n")

    @staticmethod
    def _drawn(progress: Progress) -> str:
        seconds = progress.seconds_left
        left = "" if seconds is None else f"{duration_text(seconds)} left"
        text = f" {progress.fraction:4.0%}  {progress.stage:<13} {left}"
        width = max(10, min(40, shutil.get_terminal_size().columns - len(text) - 1))
        full = int(width * progress.fraction)
        unicode = (sys.stderr.encoding or "").lower().startswith("utf")
        done, ahead = "█░" if unicode else "#."
        return done * full + ahead * (width - full) + text

    def _clear(self) -> None:
        if self._terminal:
            self._write("\r\x1b[K")

    @staticmethod
    def _write(text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()


def print_json(**entries: object) -> None:
    """Prints one JSON object of these entries on a line of stdout, at once."""
    sys.stdout.write(json.dumps(entries) + "\n")
    sys.stdout.flush()


def printer_for(kind: str) -> Printer:
    """The printer for ``--progress bar|json|none``."""
    kinds: dict[str, type[Printer]] = {"bar": BarPrinter, "json": JsonPrinter, "none": Printer}
    return kinds[kind]()


@contextmanager
def warnings_shown_by(printer: Printer) -> Iterator[None]:
    """Within the block, warnings that the library logs go to ``printer``."""

    class Forward(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            printer.warn(record.getMessage())

    handler = Forward(logging.WARNING)
    logger = logging.getLogger(_LIBRARY)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def rounded(seconds: float | None) -> float | None:
    """To a tenth of a second, for JSON."""
    return None if seconds is None else round(seconds, 1)
