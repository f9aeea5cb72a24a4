"""The two pictures show what they say, at true proportions."""

from __future__ import annotations

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.pictures.comparison import Column, draw_comparison
from ArSSRLib.pictures.evidence import Evidence, draw_evidence
from ArSSRLib.resampling.simulation import simulate_volume
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
    fine = upsample_volume(cortex, cortex.grid.upsampled(2), "cubic")
    canvas = draw_comparison("Cortex 2×", [Column("Input", cortex), Column("Cubic", fine)])
    assert len(_slices(canvas)) == 2 * 3 * 2
    told = _texts(canvas)
    for words in ("Cortex 2×", "Input", "Cubic", "0.87 × 0.87 × 2.00 mm", "48×44×20", "20 mm",
                  "not for clinical use"):  # fmt: skip
        assert words in told


def test_every_slice_has_one_scale_in_both_directions(cortex: Volume) -> None:
    fine = upsample_volume(cortex, cortex.grid.upsampled((1, 1, 2)), "cubic")
    canvas = draw_comparison("Cortex", [Column("Input", cortex), Column("Cubic", fine)])
    for axes in _slices(canvas):
        place = axes.get_position()  # type: ignore[attr-defined]
        wide = place.width * canvas.width / abs(np.subtract(*axes.get_xlim()))  # type: ignore[attr-defined]
        tall = place.height * canvas.height / abs(np.subtract(*axes.get_ylim()))  # type: ignore[attr-defined]
        assert wide == pytest.approx(tall, rel=1e-6)


def test_all_slices_share_one_window(cortex: Volume) -> None:
    fine = upsample_volume(cortex, cortex.grid.upsampled(2), "linear")
    canvas = draw_comparison("Cortex", [Column("Input", cortex), Column("Linear", fine)])
    windows = {axes.images[0].get_clim() for axes in _slices(canvas)}  # type: ignore[attr-defined]
    assert len(windows) == 1


def test_the_evidence_holds_scores_error_maps_and_a_profile(cortex: Volume, tmp_path: Path) -> None:
    low = simulate_volume(cortex, 2.0)
    cubic = upsample_volume(low, cortex.grid, "cubic")
    linear = upsample_volume(low, cortex.grid, "linear")
    scores = {"cubic": (31.25, 0.912), "arssr": (30.0, 0.9)}
    canvas = draw_evidence(Evidence(low, cubic, linear, cortex, scores, "2×"))
    told = _texts(canvas)
    for words in ("PSNR 31.25 dB", "SSIM 0.912", "-1.25 dB", "Ground truth", "Absolute error",
                  "48×44×20 voxels", "not for clinical use"):  # fmt: skip
        assert words in told
    canvas.save(tmp_path / "evidence.png", overwrite=False)
    pixels = matplotlib.image.imread(tmp_path / "evidence.png")
    assert pixels.shape[1] == 2250
    with pytest.raises(InputError, match="exists"):
        canvas.save(tmp_path / "evidence.png", overwrite=False)
