"""One failed case does not stop the others; a full disk does."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ArSSRLib.errors import EnvironmentFault, InputError
from ArSSRLib.evaluation.measuring import measure as measuring
from ArSSRLib.evaluation.measuring import tasks
from ArSSRLib.evaluation.measuring.methods import parse_methods
from ArSSRLib.evaluation.measuring.records import load_record
from ArSSRLib.evaluation.measuring.tasks import Task
from ArSSRLib.evaluation.metrics import METRICS, MetricInputs
from ArSSRLib.evaluation.metrics.metric import reason_for_nan
from ArSSRLib.evaluation.report import pictures
from ArSSRLib.evaluation.run import Evaluation, evaluate
from ArSSRLib.evaluation.settings import Settings

Quick = Callable[..., Settings]


def _fails_at(monkeypatch: pytest.MonkeyPatch, error: Exception, slug: str = "linear") -> None:
    original = measuring._measured

    def measured(task: Task, settings: Settings) -> object:
        if task.method.slug == slug and task.volume == "brain_45_2mm":
            raise error
        return original(task, settings)

    monkeypatch.setattr(measuring, "_measured", measured)


@pytest.mark.parametrize(
    "error",
    [
        EnvironmentFault("There is not enough memory for even a small tile."),
        MemoryError(),
        RuntimeError("CUDA out of memory. Tried to allocate 20 GiB"),
    ],
)
def test_a_case_that_is_short_of_memory_is_one_failed_case(
    error: Exception, quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fails_at(monkeypatch, error)
    evaluation = evaluate(quick(methods=parse_methods("cubic,linear")))
    assert len(evaluation.measured) == 3
    (failure,) = evaluation.failed
    assert "not enough memory" in failure.error and failure.machine
    assert evaluation.exit_code == 1


def test_bad_input_outweighs_the_machines_fault(
    quick: Quick, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fails_at(monkeypatch, MemoryError())
    (folder / "broken.nii.gz").write_bytes(b"not a volume")
    assert evaluate(quick(methods=parse_methods("cubic,linear"))).exit_code == 2


def test_nothing_measured_for_lack_of_memory_is_the_machines_fault(
    quick: Quick, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "brain_46_2mm.nii.gz").unlink()
    _fails_at(monkeypatch, MemoryError(), "truth")
    with pytest.raises(EnvironmentFault, match=r"Nothing could be measured; .*not enough memory"):
        evaluate(quick())


def test_a_report_that_cannot_be_written_ends_the_evaluation(quick: Quick) -> None:
    settings = quick()
    settings.output.mkdir()
    (settings.output / "cases").write_bytes(b"a file where the folder should be")
    with pytest.raises(InputError, match=r"'.*cases.*' cannot be created"):
        evaluate(settings)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_case_whose_process_is_killed_is_one_failed_case(
    quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The workers import the case from its own file: they do not know the modules of tests.
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1]))
    monkeypatch.setenv("ARSSR_TEST_PROCESS", str(os.getpid()))
    from deadly import DeadlyTask

    monkeypatch.setattr(tasks, "Task", DeadlyTask)
    warnings: list[str] = []
    settings = quick(methods=parse_methods("cubic,linear"), jobs=2)
    evaluation = evaluate(settings, warn=warnings.append)
    assert len(evaluation.measured) == 3
    (failure,) = evaluation.failed
    assert (failure.volume, failure.method) == ("brain_45_2mm", "linear")
    assert "was killed" in failure.error and len(warnings) == 1
    assert evaluation.exit_code == 1
    kept = load_record(settings.output / "cases" / "brain_45_2mm" / "2x" / "linear.json")
    assert kept == failure


def test_what_a_failed_case_showed_earlier_is_not_drawn(
    quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = quick(methods=parse_methods("cubic,linear"))
    assert _drawn(evaluate(settings)) == ["ground truth", "Cubic", "Linear"]
    record = settings.output / "cases" / "brain_45_2mm" / "2x" / "linear.json"
    record.unlink()
    _fails_at(monkeypatch, InputError("It fails now."))
    assert _drawn(evaluate(settings)) == ["ground truth", "Cubic"]
    assert record.with_suffix(".npz").is_file()


def _drawn(evaluation: Evaluation) -> list[str]:
    """The curves in the picture of profiles of the first brain."""
    figure = pictures.ShownVolume(evaluation, "brain_45_2mm").profiles()
    assert figure is not None
    return [str(line.get_label()) for line in figure.axes[1].lines]


def test_the_settings_file_names_the_volumes_and_the_device_that_took_part(
    quick: Quick, folder: Path
) -> None:
    evaluate(quick(device="cpu"))
    stored = json.loads((folder.parent / "report" / "settings.json").read_text(encoding="utf-8"))
    path = folder / "brain_45_2mm.nii.gz"
    assert stored["volumes"]["brain_45_2mm"] == {
        "file": str(path),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    assert stored["device"] == "cpu"


def test_a_device_that_is_not_there_is_refused_before_anything_is_measured(quick: Quick) -> None:
    settings = quick(device="mps" if sys.platform != "darwin" else "cuda")
    with pytest.raises(InputError, match="is not available on this machine"):
        evaluate(settings)
    assert not settings.output.exists()


@pytest.mark.parametrize(
    ("name", "shape", "reason"),
    [
        ("psi", (200, 95, 60), "no slice is large enough for PSI"),
        ("psi", (200, 96, 60), "no slice shows anything that PSI can measure"),
        ("lpc_si", (40, 40, 40), "no slice shows anything that LPC-SI can measure"),
        ("hfen", (40, 40, 40), "HFEN is not defined for this volume"),
    ],
)
def test_the_size_of_slices_is_blamed_only_where_they_are_small(
    name: str, shape: tuple[int, ...], reason: str
) -> None:
    assert reason in reason_for_nan(METRICS[name], shape)
    if METRICS[name].least_side:
        flat = np.zeros(shape, np.float32)
        assert np.isnan(METRICS[name].function(MetricInputs(flat)))  # type: ignore[arg-type]
