"""A metric is one file: the command line, the tables and the settings take it from there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from child_process import run_python

import ArSSRLib
from ArSSRLib.evaluation.metrics import METRICS, register

TOY = '''"""A toy: the largest error."""

from .metric import Metric, MetricInputs, register


def largest_error(inputs: MetricInputs) -> float:
    return float(abs(inputs.result - inputs.truth).max())


register(
    Metric(
        "largest", "Largest error", largest_error, help="largest difference", unit="HU",
        higher_is_better=False, digits=1,
    )
)
'''


def test_a_new_file_is_a_new_metric(tmp_path: Path, data_folder: Path) -> None:
    library = Path(ArSSRLib.__file__).parent
    shutil.copytree(library, tmp_path / "ArSSRLib", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "ArSSRLib" / "evaluation" / "metrics" / "largest.py").write_text(TOY)

    def run(*arguments: str) -> str:
        done = run_python("-m", "ArSSRLib", "evaluate", *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    (line,) = (line for line in run("--help").splitlines() if "largest difference" in line)
    assert line.split()[:2] == ["largest", "(--hr)"]
    shown = run(
        "--hr", str(data_folder / "brain_45_2mm.nii.gz"), "-o", "out", "--scales", "2",
        "--methods", "cubic", "--metrics", "largest", "--pictures", "0", "--progress", "none",
    )  # fmt: skip
    assert "largest" in (tmp_path / "out" / "cases.csv").read_text().splitlines()[0]
    assert "Largest error (HU) ↓" in (tmp_path / "out" / "tables.md").read_text("utf-8"), shown


def test_two_metrics_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two metrics named 'psnr'"):
        register(METRICS["psnr"])


def test_every_metric_explains_itself_in_one_line() -> None:
    for metric in METRICS.values():
        assert 10 < len(metric.help) < 90 and "\n" not in metric.help
        assert metric.measured_on
