"""The difference between a result downsampled again and its input."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ArSSRLib.cli.main import main
from ArSSRLib.evaluation.metrics.reblur import reblur
from ArSSRLib.resampling.interpolation import interpolate
from ArSSRLib.upsampling.consistency import difference_from_input
from ArSSRLib.volumes.intensity import Normalisation
from ArSSRLib.volumes.volume import Volume


@pytest.mark.parametrize("factors", [(2.0, 2.0, 2.0), (1.0, 1.0, 2.6), (1.0, 1.0, 1.0)])
def test_it_is_the_re_blur_error_over_the_range(
    cortex: Volume, factors: tuple[float, float, float]
) -> None:
    low = cortex.array[:24]
    target = tuple(round(n * f) for n, f in zip(low.shape, factors, strict=True))
    high = interpolate(low, target, "linear")
    range_of_reblur = float(low.max() - low.min())
    expected = reblur(high, low) * range_of_reblur / Normalisation.of(low).span
    found = difference_from_input(low, high, target)
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-7)


def test_a_result_that_contradicts_its_input_differs_more(cortex: Volume) -> None:
    target = tuple(2 * n for n in cortex.array.shape)
    high = interpolate(cortex.array, target, "cubic")
    wrong = high.copy()
    wrong[: target[0] // 2] *= 1.2
    right = difference_from_input(cortex.array, high, target)
    assert right is not None and right < 0.02
    assert difference_from_input(cortex.array, wrong, target) > 2 * right  # type: ignore[operator]


def test_a_region_is_compared_where_it_covers_the_input(cortex: Volume) -> None:
    low, target = cortex.array, tuple(2 * n for n in cortex.array.shape)
    high = interpolate(low, target, "cubic")
    start, size = (6, 10, 12), (24, 40, 30)
    box = tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))
    part = difference_from_input(low, high[box], target, start)
    assert part is not None and 0.0 < part < 0.05
    wrong = high[box] + 100 * Normalisation.of(low).span
    found = difference_from_input(low, wrong, target, start)
    assert found == pytest.approx(100.0, rel=0.01)
    assert difference_from_input(low, high[6:9, 10:13, 12:15], target, start) is None


def test_each_run_ends_with_it(
    tmp_path: Path, cortex_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "fine.nii.gz"
    words = ["upsample", str(cortex_path), "-o", str(output), "--scale", "2", "--method", "cubic"]
    assert main(words) == 0
    assert "Downsampled again, it differs from the input by 1." in capsys.readouterr().out
    assert main([*words, "--force", "--progress", "json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["stage"] == "done" and 0.0 < last["difference"] < 0.02


def test_constant_volumes_differ_by_nothing() -> None:
    low = np.full((6, 7, 8), 3.0, np.float32)
    high = np.full((12, 14, 16), 3.0, np.float32)
    assert difference_from_input(low, high, high.shape) == pytest.approx(0.0, abs=1e-6)  # type: ignore[arg-type]
