"""Tables, plots and the page of an evaluation of real brains."""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
import statistics
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ArSSRLib.catalogue import model_info
from ArSSRLib.evaluation.captions import origin_of
from ArSSRLib.evaluation.grids import Tile, draw_errors, draw_grid
from ArSSRLib.evaluation.harness import Evaluation, evaluate
from ArSSRLib.evaluation.methods import parse_methods
from ArSSRLib.evaluation.paper_tables import published
from ArSSRLib.evaluation.plots import profiles
from ArSSRLib.evaluation.profile import Profile
from ArSSRLib.evaluation.records import Record, load_record, save_record
from ArSSRLib.evaluation.report import write_report
from ArSSRLib.evaluation.settings import Settings
from ArSSRLib.evaluation.tables import (
    cases_csv,
    cost_table,
    dice_table,
    quality_table,
    sharpness_table,
    significance_table,
    summary,
)
from ArSSRLib.evaluation.views import CaseViews, load_views


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Evaluation:
    return evaluate(
        Settings(
            data_folder,
            tmp_path_factory.mktemp("report"),
            (2.0, 3.0),
            parse_methods("nearest,cubic"),
            metrics=("psnr", "lpips", "psi", "nmse"),
        )
    )


@pytest.fixture(scope="module")
def page(evaluation: Evaluation) -> Path:
    return write_report(evaluation, pictured=1)


def _made_up(records: list[Record], **changes: object) -> Evaluation:
    values = {"metrics": ("psnr", "nmse"), "methods": parse_methods("linear,cubic"), **changes}
    settings = Settings(Path("hr"), Path("out"), (2.0, 4.0), **values)  # type: ignore[arg-type]
    return Evaluation(settings, records, [])


def _record(volume: str, scale: float, method: str, **values: float | str) -> Record:
    return Record(volume, scale, method, "", values)


def test_a_summary_is_mean_and_sample_standard_deviation() -> None:
    assert summary([1.0, 2.0, 4.0], 2) == "2.33 ± 1.53"
    assert summary([1.0, math.nan], 3) == "1.000"
    assert summary([], 2) == "–"
    assert summary([math.inf, math.inf], 2) == "∞"


def test_the_best_of_each_scale_is_bold_in_the_metrics_own_direction() -> None:
    records = [
        _record("a", 2.0, "linear", psnr=30.0, nmse=0.1),
        _record("a", 2.0, "cubic", psnr=31.0, nmse=0.2),
        _record("a", 4.0, "linear", psnr=26.0, nmse=0.4),
        _record("a", 4.0, "cubic", psnr=25.0, nmse=0.3),
    ]
    rows = quality_table(_made_up(records)).rows
    bold = [[cell.text for cell in row if cell.best] for row in rows]
    assert bold == [["0.10000"], ["31.00"], ["26.00"], ["0.30000"]]


def test_a_mean_over_fewer_volumes_is_not_the_best_and_says_so() -> None:
    records = [
        _record("easy", 2.0, "linear", psnr=40.0),
        _record("easy", 2.0, "cubic", psnr=41.0),
        _record("hard", 2.0, "cubic", psnr=20.0),
    ]
    table = quality_table(_made_up(records, metrics=("psnr",)))
    assert [[cell.best for cell in row][2] for row in table.rows] == [False, True]
    assert "Linear at 2×: 1 of 2 volumes; not compared for the best." in table.notes


def test_a_table_says_what_was_measured_and_in_which_unit() -> None:
    records = [_record(volume, 2.0, "cubic", psnr=30.0) for volume in "ab"]
    made_up = _made_up(records, kernel="kspace", axes="k")
    table = quality_table(made_up)
    assert "PSNR (dB) ↑" in table.headings
    (origin,) = (note for note in table.notes if note.startswith("2 volumes of “hr”"))
    for expected in ("along k", "kspace", "same field of view"):
        assert expected in origin
    assert "Measured over whole volumes." in table.notes
    masked = quality_table(_made_up(records, masks=Path("masks"), metrics=("psnr", "psi")))
    assert any("PSNR measured inside the masks" in note for note in masked.notes)
    zoomed = quality_table(_made_up(records, kernel="paper"))
    assert any("corner-aligned" in note and "field of view" not in note for note in zoomed.notes)


def test_the_folder_one_is_in_is_named_below_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scans").mkdir()
    monkeypatch.chdir(tmp_path / "scans")
    settings = Settings(Path("."), Path("out"), (2.0,), reference_free=True, metrics=("psi",))
    found = origin_of(Evaluation(settings, [_record("a", 2.0, "cubic", psi=0.3)], []))
    assert found == "1 real scan of “scans”, upsampled as it is."


def test_a_baseline_without_a_scale_is_said_to_lack_it_and_has_no_mean_over_them() -> None:
    records = [
        _record("a", scale, method, psi=psi)
        for scale, method, psi in ((2.0, "linear", 0.5), (2.0, "cubic", 0.3), (4.0, "cubic", 0.2))
    ]
    free = _made_up(records, reference_free=True, metrics=("psi",))
    table = sharpness_table(free)
    linear, cubic = (table.headings.index(f"PSI ↑ {name}") for name in ("Linear", "Cubic"))
    assert [row[linear].text for row in table.rows] == ["0.5000", "–", "–"]
    assert table.rows[0][linear].best and not table.rows[2][cubic].best
    assert "Not measured at 4×: Linear." in table.notes


def test_a_table_agrees_with_the_records(evaluation: Evaluation) -> None:
    values = [
        float(r.values["psnr"])
        for r in evaluation.measured
        if r.method == "cubic" and r.scale == 3.0
    ]
    table = quality_table(evaluation)
    (row,) = (r for r in table.rows if r[0].text == "3×" and r[1].text == "Cubic")
    expected = f"{statistics.fmean(values):.2f} ± {statistics.stdev(values):.2f}"
    assert row[table.headings.index("PSNR (dB) ↑")].text == expected


def test_a_metric_without_numbers_says_why_and_is_never_best(evaluation: Evaluation) -> None:
    table = quality_table(evaluation)
    column = table.headings.index("PSI ↑")
    assert {row[column].text for row in table.rows} == {"not measured"}
    assert not any(row[column].best for row in table.rows)
    assert any("no slice is large enough for PSI" in note for note in table.notes)


def test_dice_has_a_row_a_region_and_their_mean() -> None:
    records = [
        Record("a", 2.0, "linear", "", {}, {"CSF": 0.5, "GM": 0.7}),
        Record("a", 2.0, "cubic", "", {}, {"CSF": 0.6, "GM": 0.9}),
        Record("b", 2.0, "cubic", "", {"dice": "not skull-stripped"}),
    ]
    table = dice_table(_made_up(records))
    assert table is not None
    assert [[c.text for c in row] for row in table.rows[:3]] == [
        ["2×", "CSF", "0.5000", "0.6000"],
        ["2×", "GM", "0.7000", "0.9000"],
        ["2×", "Mean", "0.6000", "0.7500"],
    ]
    assert table.rows[2][3].best and not table.rows[2][2].best
    assert "Not segmented: b" in table.notes[1]
    assert dice_table(_made_up(records[2:])) is None


def test_the_reference_free_table_ends_with_the_mean_over_the_scales() -> None:
    records = [
        _record("a", scale, method, psi=psi, lpc_si=0.9)
        for scale, method, psi in (
            (2.0, "linear", 0.2), (2.0, "cubic", 0.3), (4.0, "linear", 0.1), (4.0, "cubic", 0.2)
        )
    ]  # fmt: skip
    free = _made_up(records, reference_free=True, metrics=("psi", "lpc_si"))
    table = sharpness_table(free)
    assert [row[0].text for row in table.rows] == ["2×", "4×", "Mean"]
    cubic = table.headings.index("PSI ↑ Cubic")
    assert [row[cubic].text for row in table.rows] == ["0.3000", "0.2000", "0.2500 ± 0.0707"]


def test_every_pair_is_tested_for_every_metric_and_scale(evaluation: Evaluation) -> None:
    table = significance_table(evaluation)
    assert table is not None
    assert len(table.rows) == 2 * 2
    assert {row[0].text for row in table.rows} == {"PSNR", "NMSE"}


def test_time_and_size_stand_beside_each_method() -> None:
    records = [
        Record(volume, 2.0, method, "", {"psnr": 30.0}, seconds=seconds)
        for volume, method, seconds in (
            ("a", "cubic", 0.5), ("b", "cubic", 1.5), ("a", "arssr-default", 20.0)
        )
    ]  # fmt: skip
    table = cost_table(_made_up(records, methods=parse_methods("cubic,arssr:default"), jobs=2))
    count = model_info("default").parameters
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["2×", "Cubic", "–", "1.00 ± 0.71"],
        ["2×", "ArSSR (default)", f"{count:,}", "20.00"],
    ]
    assert "2 at a time" in table.notes[0]


def test_fast_is_explained_where_it_changes_nothing(tiny_model: Callable[..., Path]) -> None:
    for mirrored in (True, False):
        methods = parse_methods(f"arssr:{tiny_model(mirrored=mirrored)}:fast")
        notes = cost_table(_made_up([], methods=methods)).notes
        assert any("no mirrored pass" in note for note in notes) != mirrored


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


@pytest.fixture(scope="module")
def shown(evaluation: Evaluation) -> CaseViews:
    """The axial slice of a real brain and all that belongs to it."""
    views = load_views(evaluation.settings.output / "cases/brain_45_2mm/1x/truth.npz")
    assert views is not None
    return views


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


def test_a_result_that_is_missing_says_so_in_its_place(shown: CaseViews) -> None:
    slice_ = shown.slices["axial"]
    canvas = draw_grid("a brain", ["A", "B"], {"2×": [Tile(slice_), None]}, slice_)
    assert "not measured" in [text.get_text() for text in canvas.figure.texts]


def test_a_table_for_the_terminal_has_its_columns_under_each_other(evaluation: Evaluation) -> None:
    table = quality_table(evaluation)
    lines = table.to_text().splitlines()
    column = lines[2].index("PSNR")
    for row, line in zip(table.rows, lines[4:], strict=False):
        assert line[column:].startswith(row[2].text)
        assert line[column + len(row[2].text) :].startswith(" *") == row[2].best


def test_one_volume_or_one_method_leaves_nothing_to_test() -> None:
    one = [_record("a", 2.0, "linear", psnr=30.0), _record("a", 2.0, "cubic", psnr=31.0)]
    assert significance_table(_made_up(one)) is None
    assert significance_table(_made_up(one, methods=parse_methods("cubic"))) is None


def test_the_csv_has_every_case_as_measured(evaluation: Evaluation) -> None:
    rows = list(csv.DictReader(io.StringIO(cases_csv(evaluation))))
    assert len(rows) == 2 + 2 * 2 * 2
    by_case = {(r.volume, f"{r.scale:g}", r.method): r for r in evaluation.records}
    for row in rows:
        record = by_case[row["volume"], row["scale"], row["method"]]
        if record.method != "truth":
            assert float(row["psnr"]) == record.values["psnr"]


def test_infinite_values_survive_a_record_file(tmp_path: Path) -> None:
    record = _record(
        "a", 2.0, "cubic", psnr=math.inf, nmse=-math.inf, lpips="weights not available"
    )
    save_record(record, tmp_path / "case.json")
    assert load_record(tmp_path / "case.json") == record


def test_markdown_marks_the_best(evaluation: Evaluation) -> None:
    lines = quality_table(evaluation).to_markdown().splitlines()
    widths = {line.count("|") for line in lines if line.startswith("|")}
    assert len(widths) == 1
    assert sum("**" in line for line in lines) == 2


class _Links(HTMLParser):
    """Collects what a page would load, and its tables' rows."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.rows = 0
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [v or "" for k, v in attrs if k in ("src", "href", "data")]
        self.rows += tag == "tr"
        if tag not in ("meta", "img", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_no_other_file_and_no_network(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    parser = _Links()
    parser.feed(text)
    assert not parser.open
    assert parser.loads and all(link.startswith("data:image/png;base64,") for link in parser.loads)
    assert not re.search(r"url\(|@import|<script", text)


def test_the_page_shows_tables_plots_settings_and_the_papers_numbers(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for expected in (
        "Image quality",
        "Time and size",
        "Cubic",
        "36.55",
        "not for clinical use",
        "SimpleITK",
    ):
        assert expected in text


def test_the_papers_numbers_stand_below_the_tables_of_their_shape(page: Path) -> None:
    for text in (page.read_text("utf-8"), (page.parent / "tables.md").read_text("utf-8")):
        assert "Table I:" in text and "Table II:" in text and "Table V:" in text
        # Nothing here was segmented or measured without a reference.
        assert "Table III:" not in text and "Table IV:" not in text
        assert "222 test volumes" in text and "other volumes" in text


def test_each_of_the_papers_tables_has_its_place_and_even_rows() -> None:
    tables = [table for tables in published().tables.values() for table in tables]
    assert sorted(table.title.split(":")[0] for table in tables) == [
        f"Table {number}" for number in ("I", "II", "III", "IV", "V")
    ]
    for table in tables:
        assert {len(row) for row in table.rows} == {len(table.headings)}
    (dice,) = published().tables["Overlap of brain regions"]
    for scale in {row[0].text for row in dice.rows}:
        rows = [[c.text for c in row] for row in dice.rows if row[0].text == scale]
        for column in range(2, 7):
            values = {row[1]: float(row[column]) for row in rows}
            mean = values.pop("Mean")
            assert statistics.fmean(values.values()) == pytest.approx(mean, abs=1e-4)


def test_a_report_without_a_reference_shows_the_papers_table_of_that_kind(
    folder: Path, tmp_path: Path
) -> None:
    settings = Settings(
        folder, tmp_path / "free", (2.0,), parse_methods("linear,cubic"), reference_free=True
    )
    text = write_report(evaluate(settings), pictured=0).read_text(encoding="utf-8")
    assert "Table III:" in text and "Table I:" not in text


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


def test_a_failed_case_stands_on_the_page(data_folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "hr"
    source.mkdir()
    (source / "good.nii.gz").write_bytes((data_folder / "brain_45_2mm.nii.gz").read_bytes())
    (source / "<bad>.nii.gz").write_bytes(b"nothing")
    settings = Settings(source, tmp_path / "out", (2.0,), parse_methods("cubic"), metrics=("psnr",))
    text = write_report(evaluate(settings), pictured=0).read_text(encoding="utf-8")
    assert "Left out" in text and "&lt;bad&gt;" in text and "<bad>" not in text
