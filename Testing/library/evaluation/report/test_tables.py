"""Tables of an evaluation: cells, the best methods and the notes below."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pandas as pd
import pytest

from ArSSRLib.evaluation.measuring.methods import parse_methods
from ArSSRLib.evaluation.measuring.records import Record
from ArSSRLib.evaluation.report import tables
from ArSSRLib.evaluation.report.case_frame import case_frame, summary
from ArSSRLib.evaluation.report.notes import origin_of
from ArSSRLib.evaluation.report.table import Table
from ArSSRLib.evaluation.report.tables import cases_csv
from ArSSRLib.evaluation.run import Evaluation
from ArSSRLib.evaluation.settings import Settings
from ArSSRLib.networks.catalogue import model_info
from ArSSRLib.resampling.blur import Blur


def _made_up(records: list[Record], **changes: object) -> Evaluation:
    values = {"metrics": ("psnr", "nmse"), "methods": parse_methods("linear,cubic"), **changes}
    settings = Settings(Path("hr"), Path("out"), (2.0, 4.0), **values)  # type: ignore[arg-type]
    return Evaluation(settings, records, [])


def _table(name: str, evaluation: Evaluation) -> Table:
    table = getattr(tables, name)(evaluation, case_frame(evaluation))
    return cast(Table, table)


def _record(volume: str, scale: float, method: str, **values: float | str) -> Record:
    return Record(volume, scale, method, "", values)


def test_a_summary_is_mean_and_sample_standard_deviation() -> None:
    assert summary(pd.Series([1.0, 2.0, 4.0], dtype=float), 2) == "2.33 ± 1.53"
    assert summary(pd.Series([1.0, math.nan], dtype=float), 3) == "1.000"
    assert summary(pd.Series([], dtype=float), 2) == "–"
    assert summary(pd.Series([math.inf, math.inf], dtype=float), 2) == "∞"


def test_the_best_of_each_scale_is_marked_in_the_metrics_own_direction() -> None:
    records = [
        _record("a", 2.0, "linear", psnr=30.0, nmse=0.1),
        _record("a", 2.0, "cubic", psnr=31.0, nmse=0.2),
        _record("a", 4.0, "linear", psnr=26.0, nmse=0.4),
        _record("a", 4.0, "cubic", psnr=25.0, nmse=0.3),
    ]
    rows = _table("quality_table", _made_up(records)).rows
    marked = [[cell.text for cell in row if cell.marked] for row in rows]
    assert marked == [["0.10000"], ["31.00"], ["26.00"], ["0.30000"]]


def test_a_mean_over_fewer_volumes_is_not_the_best_and_is_noted() -> None:
    records = [
        _record("easy", 2.0, "linear", psnr=40.0),
        _record("easy", 2.0, "cubic", psnr=41.0),
        _record("hard", 2.0, "cubic", psnr=20.0),
    ]
    table = _table("quality_table", _made_up(records, metrics=("psnr",)))
    assert [[cell.marked for cell in row][2] for row in table.rows] == [False, True]
    assert "Linear at 2×: 1 of 2 volumes; not compared for the best." in table.notes


def test_a_table_states_what_was_measured_and_in_which_unit() -> None:
    records = [_record(volume, 2.0, "cubic", psnr=30.0) for volume in "ab"]
    made_up = _made_up(records, blur=Blur("kspace"), axes="k")
    table = _table("quality_table", made_up)
    assert "PSNR (dB) ↑" in table.headings
    (origin,) = (note for note in table.notes if note.startswith("2 volumes of “hr”"))
    for expected in ("downsampled along k", "kspace", "same field of view"):
        assert expected in origin
    assert "Measured over whole volumes." in table.notes
    masked = _table(
        "quality_table", _made_up(records, masks=Path("masks"), metrics=("psnr", "psi"))
    )
    assert any("PSNR measured inside the masks" in note for note in masked.notes)
    zoomed = _table("quality_table", _made_up(records, blur=None))
    assert any("corner-aligned" in note and "field of view" not in note for note in zoomed.notes)


def test_the_folder_one_is_in_is_named_below_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scans").mkdir()
    monkeypatch.chdir(tmp_path / "scans")
    settings = Settings(Path("."), Path("out"), (2.0,), reference_free=True, metrics=("psi",))
    found = origin_of(Evaluation(settings, [_record("a", 2.0, "cubic", psi=0.3)], []))
    assert found == "1 real scan of “scans”, upsampled as it is."


def test_a_baseline_without_a_scale_is_noted_and_has_no_mean_over_the_scales() -> None:
    records = [
        _record("a", scale, method, psi=psi)
        for scale, method, psi in ((2.0, "linear", 0.5), (2.0, "cubic", 0.3), (4.0, "cubic", 0.2))
    ]
    free = _made_up(records, reference_free=True, metrics=("psi",))
    table = _table("sharpness_table", free)
    linear, cubic = (table.headings.index(f"PSI ↑ {name}") for name in ("Linear", "Cubic"))
    assert [row[linear].text for row in table.rows] == ["0.5000", "–", "–"]
    assert table.rows[0][linear].marked and not table.rows[2][cubic].marked
    assert "Not measured at 4×: Linear." in table.notes


def test_a_table_agrees_with_the_records(evaluation: Evaluation) -> None:
    values = [
        float(r.values["psnr"])
        for r in evaluation.measured
        if r.method == "cubic" and r.scale == 3.0
    ]
    table = _table("quality_table", evaluation)
    (row,) = (r for r in table.rows if r[0].text == "3×" and r[1].text == "Cubic")
    expected = f"{statistics.fmean(values):.2f} ± {statistics.stdev(values):.2f}"
    assert row[table.headings.index("PSNR (dB) ↑")].text == expected


def test_a_metric_without_numbers_has_a_reason_and_is_never_best(
    evaluation: Evaluation,
) -> None:
    table = _table("quality_table", evaluation)
    column = table.headings.index("PSI ↑")
    assert {row[column].text for row in table.rows} == {"not measured"}
    assert not any(row[column].marked for row in table.rows)
    assert any("no slice is large enough for PSI" in note for note in table.notes)


def test_dice_has_a_row_per_region_and_their_mean() -> None:
    records = [
        Record("a", 2.0, "linear", "", {}, {"CSF": 0.5, "GM": 0.7}),
        Record("a", 2.0, "cubic", "", {}, {"CSF": 0.6, "GM": 0.9}),
        Record("b", 2.0, "cubic", "", {"dice": "not skull-stripped"}),
    ]
    table = _table("dice_table", _made_up(records))
    assert table is not None
    assert [[c.text for c in row] for row in table.rows[:3]] == [
        ["2×", "CSF", "0.5000", "0.6000"],
        ["2×", "GM", "0.7000", "0.9000"],
        ["2×", "Mean", "0.6000", "0.7500"],
    ]
    assert table.rows[2][3].marked and not table.rows[2][2].marked
    assert any(note.startswith("Not segmented: b") for note in table.notes)
    assert _table("dice_table", _made_up(records[2:])) is None


def test_the_reference_free_table_ends_with_the_mean_over_the_scales() -> None:
    records = [
        _record("a", scale, method, psi=psi, lpc_si=0.9)
        for scale, method, psi in (
            (2.0, "linear", 0.2), (2.0, "cubic", 0.3), (4.0, "linear", 0.1), (4.0, "cubic", 0.2)
        )
    ]  # fmt: skip
    free = _made_up(records, reference_free=True, metrics=("psi", "lpc_si"))
    table = _table("sharpness_table", free)
    assert [row[0].text for row in table.rows] == ["2×", "4×", "Mean"]
    cubic = table.headings.index("PSI ↑ Cubic")
    assert [row[cubic].text for row in table.rows] == ["0.3000", "0.2000", "0.2500 ± 0.0707"]


def test_every_pair_is_tested_for_every_metric_and_scale(evaluation: Evaluation) -> None:
    table = _table("significance_table", evaluation)
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
    table = _table(
        "cost_table", _made_up(records, methods=parse_methods("cubic,arssr:default"), jobs=2)
    )
    count = model_info("default").parameters
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["2×", "Cubic", "–", "1.00 ± 0.71"],
        ["2×", "ArSSR (default)", f"{count:,}", "20.00"],
    ]
    assert "2 at a time" in table.notes[0]


def test_fast_is_explained_where_it_changes_nothing(tiny_model: Callable[..., Path]) -> None:
    for mirrored in (True, False):
        methods = parse_methods(f"arssr:{tiny_model(mirrored=mirrored)}:fast")
        notes = _table("cost_table", _made_up([], methods=methods)).notes
        assert any("no mirrored pass" in note for note in notes) != mirrored


def test_a_table_for_the_terminal_has_its_columns_under_each_other(evaluation: Evaluation) -> None:
    table = _table("quality_table", evaluation)
    lines = table.to_text().splitlines()
    column = lines[2].index("PSNR")
    for row, line in zip(table.rows, lines[4:], strict=False):
        assert line[column:].startswith(row[2].text)
        assert line[column + len(row[2].text) :].startswith(" *") == row[2].marked


def test_each_form_of_a_table_explains_how_it_marks_the_best() -> None:
    records = [_record("a", 2.0, "linear", psnr=30.0), _record("a", 2.0, "cubic", psnr=31.0)]
    table = _table("quality_table", _made_up(records, metrics=("psnr",)))
    assert "Bold: the best of each scale." in table.to_markdown()
    assert "*: the best of each scale." in table.to_text()
    assert "bold" not in table.to_text().lower()


def test_a_difference_that_is_significant_is_marked() -> None:
    records = [
        _record(str(number), 2.0, method, psnr=psnr + 0.1 * number)
        for number in range(8)
        for method, psnr in (("linear", 30.0), ("cubic", 31.0))
    ]
    table = _table("significance_table", _made_up(records, metrics=("psnr",)))
    assert table is not None
    (row,) = table.rows
    assert [cell.text for cell in row if cell.marked] == [row[6].text]
    assert "Bold: a corrected p below 0.05." in table.to_markdown()


def test_a_table_without_marks_explains_none() -> None:
    alone = _table(
        "quality_table", _made_up([_record("a", 2.0, "cubic", psnr=31.0)], metrics=("psnr",))
    )
    assert "the best" not in alone.to_markdown() + alone.to_text()


def test_one_volume_or_one_method_leaves_nothing_to_test() -> None:
    one = [_record("a", 2.0, "linear", psnr=30.0), _record("a", 2.0, "cubic", psnr=31.0)]
    assert _table("significance_table", _made_up(one)) is None
    assert _table("significance_table", _made_up(one, methods=parse_methods("cubic"))) is None


def test_the_csv_has_every_case_as_measured(evaluation: Evaluation) -> None:
    rows = list(csv.DictReader(io.StringIO(cases_csv(evaluation))))
    assert len(rows) == 2 + 2 * 2 * 2
    by_case = {(r.volume, f"{r.scale:g}", r.method): r for r in evaluation.records}
    for row in rows:
        record = by_case[row["volume"], row["scale"], row["method"]]
        if record.method != "truth":
            assert float(row["psnr"]) == record.values["psnr"]


def test_markdown_marks_the_best(evaluation: Evaluation) -> None:
    lines = _table("quality_table", evaluation).to_markdown().splitlines()
    widths = {line.count("|") for line in lines if line.startswith("|")}
    assert len(widths) == 1
    assert sum("**" in line for line in lines) == 2


@pytest.mark.parametrize("name", ["=1+1", "+1", "-head", "@sum"])
def test_a_volume_named_like_a_formula_is_text_in_the_csv_file(name: str) -> None:
    text = cases_csv(_made_up([_record(name, 2.0, "linear", psnr=30.0)]))
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["volume"] == f"'{name}"
