"""The log of a training run: CSV files, TensorBoard and a progress line."""

from __future__ import annotations

import csv
import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..running.durations import duration_text
from ..running.output_files import replacing
from ..running.printable import printable
from .validation import Score

METRICS = "metrics.csv"
VALIDATION = "validation.csv"
_METRIC_COLUMNS = ("step", "seconds", "loss", "learning_rate", "gradient_norm")
_VALIDATION_COLUMNS = ("step", "volume", "scale", "noise", "psnr", "cubic", "gain")
_SECONDS_BETWEEN_LINES = 10.0


class RunLog:
    """Appends to ``metrics.csv`` and ``validation.csv``; rows after a resumed step are dropped."""

    def __init__(self, folder: Path, step: int, validation_due: bool = False) -> None:
        self._folder = folder
        _keep_until(folder / METRICS, _METRIC_COLUMNS, step)
        _keep_until(folder / VALIDATION, _VALIDATION_COLUMNS, step - validation_due)
        self._board = _tensorboard(folder, step)
        self._said = 0.0

    def step(self, step: int, *values: float) -> None:
        """One row of training: see ``_METRIC_COLUMNS``."""
        _append(self._folder / METRICS, [[step, *map(_short, values)]])
        if self._board is not None:
            for name, value in zip(_METRIC_COLUMNS[2:], values[1:], strict=True):
                self._board.add_scalar(f"training/{name}", value, step)

    def validation(self, step: int, scores: Sequence[Score]) -> None:
        """One row for each case, and the mean gain of each scale and noise level."""
        _append(
            self._folder / VALIDATION,
            [
                [step, s.volume, s.scale, s.noise, *map(_short, (s.model, s.cubic, s.gain))]
                for s in scores
            ],
        )
        if self._board is not None:
            for case, gain in mean_gains(scores).items():
                self._board.add_scalar(f"validation/gain at {case} (dB)", gain, step)

    def picture(self, step: int, name: str, image: npt.NDArray[np.float32]) -> None:
        """A grey picture (rows, columns) with values 0 to 1."""
        if self._board is not None:
            self._board.add_image(name, np.clip(image, 0.0, 1.0)[None], step)

    def line(self, step: int, steps: int, loss: float, seconds_a_step: float) -> None:
        """The progress line, at most every few seconds."""
        now = time.monotonic()
        if now - self._said < _SECONDS_BETWEEN_LINES and step < steps:
            return
        self._said = now
        left = (steps - step) * seconds_a_step
        say(
            f"step {step}/{steps}  loss {loss:.5f}  {seconds_a_step:.2f} s/step  "
            f"{duration_text(left)} left"
        )

    def close(self) -> None:
        """Flushes TensorBoard."""
        if self._board is not None:
            self._board.close()


def say(text: str) -> None:
    """Prints a line to stderr at once; a closed pipe does not end the run.

    Ctrl-C also ends the ``tee`` behind a pipe, and the checkpoint has still to be written.
    """
    try:
        print(printable(text), file=sys.stderr, flush=True)
    except OSError:
        # Python flushes the rest of the buffer when it ends; that must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def mean_gains(scores: Sequence[Score]) -> dict[str, float]:
    """Mean gain over cubic in dB, by scale and noise level: ``2x``, ``2x with 3 % noise``."""
    gains: dict[str, list[float]] = {}
    for s in sorted(scores, key=lambda s: (s.noise, s.scale)):
        case = f"{s.scale:g}x" + (f" with {100 * s.noise:g} % noise" if s.noise else "")
        gains.setdefault(case, []).append(s.gain)
    return {case: float(np.mean(values)) for case, values in gains.items()}


def _tensorboard(folder: Path, step: int) -> Any:
    """A TensorBoard writer, or None where the optional package is not installed.

    A killed run repeats the steps after ``step``, so TensorBoard drops what it wrote for them.
    """
    if importlib.util.find_spec("tensorboard") is None:
        say("TensorBoard is not installed: the curves are in metrics.csv and validation.csv only.")
        return None
    from torch.utils.tensorboard.writer import SummaryWriter

    return SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)


def _keep_until(path: Path, columns: Sequence[str], step: int) -> None:
    rows: list[list[str]] = []
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as stream:
            # A kill may have cut the last row short: only whole rows count.
            rows = [
                row
                for row in list(csv.reader(stream))[1:]
                if len(row) == len(columns) and row[0].isdigit() and int(row[0]) <= step
            ]
    with (
        replacing(path, overwrite=True) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as stream,
    ):
        csv.writer(stream).writerows([list(columns), *rows])


def _append(path: Path, rows: Sequence[Sequence[object]]) -> None:
    with path.open("a", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)


def _short(value: float) -> str:
    return f"{value:.6g}"
