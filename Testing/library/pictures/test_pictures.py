"""Comparison pictures show what their labels say, at true proportions."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.pictures.comparison import Column, draw_comparison
from ArSSRLib.pictures.evidence import draw_evidence
from ArSSRLib.resampling.simulation import simulate_volume
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import upsample_volume
from ArSSRLib.volumes.volume import Volume


def _texts(canvas: object) -> str:
    figure = canvas.figure  # type: ignore[attr-defined]
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in axes.texts]
    return "\n".join(found)


def _slices(canvas: object) -> list[object]:
    return [axes for axes in canvas.figure.axes if axes.images]  # type: ignore[attr-defined]


def test_the_comparison_shows_three_orientations_of_each_column_with_a_zoom(
    cortex: Volume,
) -> None:
    fine = upsample_volume(cortex, Upsampling(scale=2.0, method="cubic"))
    canvas = draw_comparison("Cortex 2×", [Column("Input", cortex), Column("Cubic", fine)])
    assert len(_slices(canvas)) == 2 * 3 * 2
    shown = _texts(canvas)
    for words in ("Cortex 2×", "Input", "Cubic", "0.87 × 0.87 × 2.00 mm", "48×44×20", "20 mm",
                  "not for clinical use"):  # fmt: skip
        assert words in shown


def test_every_slice_has_one_scale_in_both_directions(cortex: Volume) -> None:
    fine = upsample_volume(cortex, Upsampling(scale=(1.0, 1.0, 2.0), method="cubic"))
    canvas = draw_comparison("Cortex", [Column("Input", cortex), Column("Cubic", fine)])
    for axes in _slices(canvas):
        place = axes.get_position()  # type: ignore[attr-defined]
        wide = place.width * canvas.width / abs(np.subtract(*axes.get_xlim()))  # type: ignore[attr-defined]
        tall = place.height * canvas.height / abs(np.subtract(*axes.get_ylim()))  # type: ignore[attr-defined]
        assert wide == pytest.approx(tall, rel=1e-6)


def test_all_slices_share_one_window(cortex: Volume) -> None:
    fine = upsample_volume(cortex, Upsampling(scale=2.0, method="linear"))
    canvas = draw_comparison("Cortex", [Column("Input", cortex), Column("Linear", fine)])
    windows = {axes.images[0].get_clim() for axes in _slices(canvas)}  # type: ignore[attr-defined]
    assert len(windows) == 1


def test_a_comparison_with_the_truth_shows_scores_and_errors(
    cortex: Volume, tmp_path: Path
) -> None:
    low = simulate_volume(cortex, 2.0)
    cubic = upsample_volume(low, Upsampling(method="cubic"), target=cortex.grid)
    linear = upsample_volume(low, Upsampling(method="linear"), target=cortex.grid)
    scores = {"cubic": (31.25, 0.912), "arssr": (30.0, 0.9)}
    canvas = draw_evidence(low, {"cubic": cubic, "arssr": linear}, cortex, scores, "2×")
    shown = _texts(canvas)
    for words in ("PSNR 31.25 dB", "SSIM 0.912", "-1.25 dB", "Ground truth", "absolute error",
                  "48×44×20 voxels", "not for clinical use"):  # fmt: skip
        assert words in shown
    canvas.save(tmp_path / "evidence.png", overwrite=False)
    pixels = matplotlib.image.imread(tmp_path / "evidence.png")
    assert pixels.shape[1] == 2700
    with pytest.raises(InputError, match="exists"):
        canvas.save(tmp_path / "evidence.png", overwrite=False)


def test_the_errors_are_those_of_the_two_results_in_one_window(cortex: Volume) -> None:
    low = simulate_volume(cortex, 2.0)
    results = [
        upsample_volume(low, Upsampling.of(method=method), target=cortex.grid)
        for method in ("cubic", "linear")
    ]
    columns = [Column("Low", low), *(Column("Result", r) for r in results), Column("T", cortex)]
    canvas = draw_comparison("Cortex", columns, truth=cortex)
    errors = [
        axes.images[0] for axes in _slices(canvas) if axes.images[0].get_cmap().name != "gray"
    ]  # type: ignore[attr-defined]
    assert len(errors) == 2 * 2 and len({image.get_clim() for image in errors}) == 1
    cubic, _, linear, _ = (image.get_array().mean() for image in errors)
    assert 0.0 < cubic < linear
