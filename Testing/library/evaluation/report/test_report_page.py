"""The page of a report: one file that contains everything, with the paper's numbers beside it."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ArSSRLib.evaluation.measuring.methods import parse_methods
from ArSSRLib.evaluation.report.page import write_report
from ArSSRLib.evaluation.report.paper_tables import published
from ArSSRLib.evaluation.run import evaluate
from ArSSRLib.evaluation.settings import Settings


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
    for expected in ("Image quality", "Time and size", "Cubic", "36.55", "SimpleITK",
                     "Bold: the best of each scale.", "not for clinical use"):  # fmt: skip
        assert expected in text


def test_the_papers_numbers_are_below_the_tables_of_their_shape(page: Path) -> None:
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
    (dice,) = published().tables["overlap"]
    for scale in {row[0].text for row in dice.rows}:
        rows = [[c.text for c in row] for row in dice.rows if row[0].text == scale]
        for column in range(2, 7):
            values = {row[1]: float(row[column]) for row in rows}
            mean = values.pop("Mean")
            assert statistics.fmean(values.values()) == pytest.approx(mean, abs=1e-4)


def test_a_report_without_a_reference_shows_the_papers_table_of_that_kind(
    folder: Path, quick: Callable[..., Settings]
) -> None:
    (folder / "brain_46_2mm.nii.gz").unlink()
    methods, metrics = parse_methods("linear,cubic"), ("psi", "grain", "edges")
    settings = quick(scales=(1.3,), methods=methods, metrics=metrics, reference_free=True)
    text = write_report(evaluate(settings), pictured=0).read_text(encoding="utf-8")
    assert "Table III:" in text and "Table I:" not in text
    assert "Grain / cubic ↓" in text and "Edges / cubic ↑" in text


def test_a_failed_case_is_listed_on_the_page(folder: Path, quick: Callable[..., Settings]) -> None:
    (folder / "<bad>.nii.gz").write_bytes(b"nothing")
    text = write_report(evaluate(quick()), pictured=0).read_text(encoding="utf-8")
    assert "Left out" in text and "&lt;bad&gt;" in text and "<bad>" not in text
