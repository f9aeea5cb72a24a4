"""Pictures of a report: they show something, and their words are where they belong."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ArSSRLib.evaluation.measuring.intensity_profile import Profile
from ArSSRLib.evaluation.measuring.views import CaseViews, load_views
from ArSSRLib.evaluation.report.grids import Tile, draw_errors, draw_grid
from ArSSRLib.evaluation.report.plots import profiles
from ArSSRLib.evaluation.run import Evaluation


@pytest.fixture(scope="module")
def shown(evaluation: Evaluation) -> CaseViews:
    """The axial slice of a real brain and all that belongs to it."""
    views = load_views(evaluation.settings.output / "cases/brain_45_2mm/1x/truth.npz")
    assert views is not None
    return views


def test_a_method_keeps_its_colour_and_its_name_where_another_failed() -> None:
    line = Profile(np.arange(3.0), np.ones(3))
    curves = [
        ("2×", [("truth", line), ("a", line), ("b", line)]),
        ("3×", [("truth", line), ("a", None), ("b", line)]),
    ]
    figure = profiles("profiles", curves, None, None)
    colours = [{c.get_label(): c.get_color() for c in axes.lines} for axes in figure.axes]
    assert list(colours[1]) == ["truth", "b"] and colours[1]["b"] == colours[0]["b"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["truth", "a", "b"]


def test_words_stay_within_a_picture_of_any_width(shown: CaseViews) -> None:
    slice_ = shown.slices["axial"]
    long = "sub-0123_ses-baseline_acq-mprage_run-01_T1w, error"
    names = ["ArSSR (encoder-srresnet, fast)", "Cubic"]
    for count in (1, 2):
        rows = {"2×": [Tile(slice_, "PSNR 38.72 dB   SSIM 0.9778")] * count}
        for canvas in (
            draw_grid(long, names[:count], rows, slice_),
            draw_errors(long, names[:count], rows, slice_),
        ):
            canvas.figure.canvas.draw()
            picture = canvas.figure.bbox
            boxes = {t.get_text(): t.get_window_extent() for t in canvas.figure.texts}
            for text, box in boxes.items():
                assert box.x0 >= 0 and box.x1 <= picture.x1, text
                assert box.y0 >= 0 and box.y1 <= picture.y1, text
            assert any("not for clinical use" in text.replace("\n", " ") for text in boxes)
            headings = [box for text, box in boxes.items() if text.startswith(("ArSSR", "Cubic"))]
            assert all(not a.overlaps(b) for a, b in itertools.combinations(headings, 2))


def test_a_result_that_is_missing_is_named_in_its_place(shown: CaseViews) -> None:
    slice_ = shown.slices["axial"]
    canvas = draw_grid("a brain", ["A", "B"], {"2×": [Tile(slice_), None]}, slice_)
    assert "not measured" in [text.get_text() for text in canvas.figure.texts]


def test_pictures_show_something(page: Path) -> None:
    pictures = sorted((page.parent / "pictures").glob("*.png"))
    names = [picture.stem for picture in pictures]
    volume = "brain_45_2mm"
    assert names == sorted(
        [
            "metrics",
            *(f"{volume}-{p}" for p in ("axial", "coronal", "error", "profile", "sagittal")),
        ]
    )
    for picture in pictures:
        pixels = np.asarray(Image.open(picture).convert("L"))
        assert min(pixels.shape) > 200 and pixels.std() > 10
