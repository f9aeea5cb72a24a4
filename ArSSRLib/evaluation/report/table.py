"""A table for people: as Markdown, as text for a terminal, and cell by cell for the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Cell:
    """One cell: its text, and whether it is marked; :attr:`Table.marks` explains the marks."""

    text: str
    marked: bool = False


@dataclass(frozen=True)
class Table:
    """A table for people.

    Attributes:
        title: one line.
        cells: texts; the rows of a group (a scale) follow each other.
        marked: whether each cell is marked, on the index and columns of ``cells``; columns that it
            lacks are not. None for no marks.
        notes: below the table, one sentence each.
        kind: what it shows, in one word; the paper's tables of the same kind are shown below it.
        marks: what the marked cells are, for example "the best of each scale".
        long: whether it is for reference: folded on the page, left out of the terminal.
    """

    title: str
    cells: pd.DataFrame
    marked: pd.DataFrame | None = None
    _: KW_ONLY
    notes: Sequence[str] = field(default_factory=tuple)
    kind: str = ""
    marks: str = ""
    long: bool = False

    @property
    def headings(self) -> list[str]:
        """The names of the columns."""
        return list(self.cells.columns)

    @property
    def rows(self) -> list[list[Cell]]:
        """The cells, row by row."""
        marks = self._marks().to_numpy()
        return [
            [Cell(text, bool(mark)) for text, mark in zip(texts, row, strict=True)]
            for texts, row in zip(self.cells.to_numpy(), marks, strict=True)
        ]

    def notes_with(self, mark: str) -> list[str]:
        """The notes; the first explains ``mark``, if a cell has it."""
        marked = bool(self._marks().to_numpy().any())
        return [*([f"{mark}: {self.marks}."] if marked else []), *self.notes]

    def to_markdown(self) -> str:
        """The table as Markdown, marked cells in bold."""
        escaped = self.cells.replace(r"\|", r"\\|", regex=True)
        body = self._written(escaped.where(~self._marks(), "**" + escaped + "**"), "pipe")
        notes = (f"{note}  " for note in self.notes_with("Bold"))
        return "\n".join([f"### {self.title}", "", body, "", *notes]).rstrip() + "\n"

    def to_text(self) -> str:
        """The table for a terminal, a star after marked cells."""
        body = self._written(self.cells.where(~self._marks(), self.cells + " *"), "simple")
        return "\n".join([self.title, "", body, "", *self.notes_with("*")]) + "\n"

    def _marks(self) -> pd.DataFrame:
        import pandas as pd

        if self.marked is None:
            return pd.DataFrame(False, self.cells.index, self.cells.columns)
        return self.marked.reindex(columns=self.cells.columns, fill_value=False)

    @staticmethod
    def _written(cells: pd.DataFrame, form: str) -> str:
        return cells.to_markdown(index=False, tablefmt=form, disable_numparse=True)


def table_of(
    headings: Sequence[str], rows: Iterable[Sequence[object] | Mapping[str, object]]
) -> pd.DataFrame:
    """The cells of a table that is given row by row, in order or by their headings."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(headings))
