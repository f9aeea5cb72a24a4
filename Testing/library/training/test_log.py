"""What a run writes down holds each step once, however often it was killed."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from ArSSRLib.training.log import METRICS, VALIDATION, RunLog
from ArSSRLib.training.validation import Score


def _write(log: RunLog, steps: range, loss: float) -> None:
    for step in steps:
        log.step(step, 1.0, loss, 1.0, 1.0)
        log.validation(step, [Score("head", 2.0, 0.0, 30.0 + loss, 30.0)])
    log.close()


def _column(path: Path, name: str) -> list[float]:
    with path.open(newline="", encoding="utf-8") as stream:
        return [float(row[name]) for row in csv.DictReader(stream)]


def test_steps_that_are_done_again_replace_the_lost_ones_in_the_tables(tmp_path: Path) -> None:
    _write(RunLog(tmp_path, 0), range(1, 6), loss=1.0)
    _write(RunLog(tmp_path, 2), range(3, 7), loss=2.0)
    for name, column in ((METRICS, "loss"), (VALIDATION, "gain")):
        assert _column(tmp_path / name, "step") == [1, 2, 3, 4, 5, 6]
        assert _column(tmp_path / name, column) == [1, 1, 2, 2, 2, 2]


def test_a_validation_that_is_due_replaces_what_there_is_of_it(tmp_path: Path) -> None:
    _write(RunLog(tmp_path, 0), range(1, 4), loss=1.0)
    RunLog(tmp_path, 3, validation_due=True).validation(3, [Score("head", 2.0, 0.0, 35.0, 30.0)])
    assert _column(tmp_path / VALIDATION, "gain") == [1, 1, 5]
    assert _column(tmp_path / METRICS, "step") == [1, 2, 3]


@pytest.mark.parametrize("tag", ["training/loss", "validation/gain at 2x (dB)"])
def test_steps_that_are_done_again_replace_the_lost_ones_in_tensorboard(
    tmp_path: Path, tag: str
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    _write(RunLog(tmp_path, 0), range(1, 6), loss=1.0)
    # TensorBoard reads its files in the order of their names, which hold the second they began.
    time.sleep(1.1)
    _write(RunLog(tmp_path, 2), range(3, 7), loss=2.0)
    curves = EventAccumulator(str(tmp_path / "tensorboard"))
    curves.Reload()
    points = [(event.step, event.value) for event in curves.Scalars(tag)]
    assert points == [(1, 1.0), (2, 1.0), (3, 2.0), (4, 2.0), (5, 2.0), (6, 2.0)]
