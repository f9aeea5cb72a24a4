"""The paper's own Tables I to V, shown below ours of the same shape."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .table import Table, table_of

_STORED = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class Published:
    """What the paper itself reports.

    Attributes:
        source: the paper.
        differences: why its numbers differ from those of a report.
        tables: the paper's tables by their kind, see :class:`~.tables.Table`.
    """

    source: str
    differences: str
    tables: Mapping[str, Sequence[Table]]


def published() -> Published:
    """The paper's Tables I to V, as printed there."""
    stored = json.loads(_STORED.read_text(encoding="utf-8"))
    tables: dict[str, list[Table]] = {}
    for entry in stored["tables"]:
        cells = table_of(entry["headings"], entry["rows"])
        table = Table(entry["title"], cells, kind=entry["kind"])
        tables.setdefault(table.kind, []).append(table)
    return Published(stored["source"], stored["differences"], tables)
