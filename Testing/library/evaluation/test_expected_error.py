"""The expected error is measured against the truth, beside indicators that need no head."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from in_process import Arssr

from ArSSRLib.evaluation.expected_error.reliability import reliability
from ArSSRLib.evaluation.expected_error.sparsification import sparsification
from ArSSRLib.evaluation.measuring.records import load_record, record_path
from ArSSRLib.networks.spec import ExpectedErrorSpec


@pytest.fixture
def laplace() -> tuple[np.ndarray, np.ndarray]:
    """Expected errors, and true errors that are drawn from just these distributions."""
    rng = np.random.default_rng(2)
    expected = rng.uniform(0.005, 0.05, 20_000)
    return expected, rng.exponential(expected)


def test_errors_as_stated_lie_in_the_intervals(laplace: tuple[np.ndarray, np.ndarray]) -> None:
    expected, error = laplace
    found = reliability(expected, error, ExpectedErrorSpec())
    assert found.inside_68 == pytest.approx(0.68, abs=0.01)
    assert found.inside_95 == pytest.approx(0.95, abs=0.01)
    np.testing.assert_allclose(found.found, found.expected, rtol=0.1)
    assert list(found.expected) == sorted(found.expected)


def test_a_better_ranking_has_a_smaller_area(laplace: tuple[np.ndarray, np.ndarray]) -> None:
    expected, error = laplace
    best, own, random = (
        sparsification(indicator, error)
        for indicator in (error, expected, np.random.default_rng(4).random(error.size))
    )
    assert best.area == 0.0
    assert 0.0 < own.area < 0.7 * random.area
    assert best.left[0] == own.left[0] == 1.0
    assert own.left[-1] < own.left[5] < 1.0


def test_the_report_has_calibration_and_ranking(
    cortex_path: Path, error_model_path: Path, tmp_path: Path, arssr: Arssr
) -> None:
    (tmp_path / "sharp").mkdir()
    shutil.copy(cortex_path, tmp_path / "sharp")
    out = tmp_path / "report"
    method = f"arssr:{error_model_path}"
    run = arssr(
        "evaluate", "--hr", tmp_path / "sharp", "-o", out, "--scales", "2", "--metrics", "psnr",
        "--methods", f"cubic,{method}", "--expected-error", "--pictures", "0", "--jobs", "1",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "AUSE" in (out / "tables.md").read_text(encoding="utf-8")
    assert (out / "pictures" / "expected-error.png").is_file()
    plain = load_record(record_path(out, "cortex_t1", 2.0, "cubic"))
    assert plain is not None and not plain.expected_error


def test_real_scans_have_no_truth_to_compare_with(
    cortex_path: Path, tmp_path: Path, arssr: Arssr
) -> None:
    run = arssr("evaluate", "--lr", cortex_path.parent, "-o", tmp_path / "out", "--expected-error")
    assert run.returncode == 2
    assert "compared with a sharp volume" in run.stderr
