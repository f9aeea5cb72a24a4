"""Tables of a finished evaluation, shaped like the paper's Tables I to V."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field

from ..measuring.model_files import has_one_pass_only, parameters
from ..measuring.records import Record
from ..metrics import METRICS, Metric
from ..run import Evaluation
from .notes import (
    gaps,
    origin_of,
    segmentation_of,
    sentences,
    volume_count,
    where_measured,
)
from .significance import LEVEL, compare_methods

_BEST = "the best of each scale"


@dataclass(frozen=True)
class Cell:
    """One cell: what is written, and whether it stands out; :attr:`Table.marks` says as what."""

    text: str
    marked: bool = False


@dataclass(frozen=True)
class Table:
    """A table for people.

    Attributes:
        title: one line.
        headings: one a column.
        rows: cells; the rows of a group (a scale) follow each other.
        notes: below the table, one sentence each.
        kind: what it shows, in a word; the paper's tables of the same kind stand below it.
        marks: what the marked cells are, for example "the best of each scale".
        long: whether it is for looking things up: folded on the page, left out of the terminal.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = field(default_factory=tuple)
    _: KW_ONLY
    kind: str = ""
    marks: str = ""
    long: bool = False

    def notes_with(self, mark: str) -> list[str]:
        """The notes; the first says what ``mark`` means, where a cell has it."""
        marked = any(cell.marked for row in self.rows for cell in row)
        return [*([f"{mark}: {self.marks}."] if marked else []), *self.notes]

    def to_markdown(self) -> str:
        """The table as Markdown, marked cells in bold."""
        lines = [
            f"### {self.title}",
            "",
            _piped(self.headings),
            _piped(["---"] * len(self.headings)),
        ]
        for row in self.rows:
            lines.append(_piped([f"**{c.text}**" if c.marked else c.text for c in row]))
        lines += ["", *(f"{note}  " for note in self.notes_with("Bold"))]
        return "\n".join(lines).rstrip() + "\n"

    def to_text(self) -> str:
        """The table for a terminal: columns under each other, a star after marked cells."""
        rows = [list(self.headings)]
        rows += [
            [f"{cell.text} *" if cell.marked else cell.text for cell in row] for row in self.rows
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        lines.insert(1, "-" * max(map(len, lines)))
        return "\n".join([self.title, "", *lines, "", *self.notes_with("*")]) + "\n"


def summary(values: Iterable[float], digits: int) -> str:
    """Mean ± sample standard deviation; of one value just that value, of none a dash.

    NaN is left out. Values that are all infinite give ∞; if only some are, a dash.
    """
    kept = [value for value in values if not math.isnan(value)]
    if not kept:
        return "–"
    if any(math.isinf(value) for value in kept):
        return "∞" if all(math.isinf(value) for value in kept) else "–"
    mean = statistics.fmean(kept)
    if len(kept) == 1:
        return f"{mean:.{digits}f}"
    return f"{mean:.{digits}f} ± {statistics.stdev(kept):.{digits}f}"


def quality_table(evaluation: Evaluation) -> Table:
    """Image quality of each method at each scale (paper, Tables I, II and V)."""
    metrics = [METRICS[name] for name in evaluation.settings.metrics]
    return _table_by_method(evaluation, "Image quality", metrics, kind="quality")


def real_scan_table(evaluation: Evaluation) -> Table | None:
    """What is measured on real scans against the input, by method and scale; None if nothing is."""
    metrics = [METRICS[n] for n in evaluation.settings.metrics if METRICS[n].needs == "input"]
    if not metrics:
        return None
    return _table_by_method(evaluation, "Real scans against their input", metrics, kind="real")


def _table_by_method(
    evaluation: Evaluation, title: str, metrics: Sequence[Metric], *, kind: str
) -> Table:
    """A row for each scale and method, a column for each metric."""
    settings = evaluation.settings
    rows: list[list[Cell]] = []
    for scale in settings.scales:
        by_method = _by_method(evaluation, scale)
        columns = [_values_of(by_method, metric.name) for metric in metrics]
        bests = [
            _best(column, metric.higher_is_better)
            for column, metric in zip(columns, metrics, strict=True)
        ]
        for method in settings.methods:
            if method.slug not in by_method:
                continue
            cells = [Cell(f"{scale:g}×"), Cell(method.title)]
            for metric, best in zip(metrics, bests, strict=True):
                text = _written(by_method[method.slug], metric.name, metric.digits)
                cells.append(Cell(text, method.slug in best))
            rows.append(cells)
    return Table(
        title,
        ["Scale", "Method", *(metric.heading for metric in metrics)],
        rows,
        _quality_notes(evaluation),
        kind=kind,
        marks=_BEST,
    )


def sharpness_table(evaluation: Evaluation) -> Table | None:
    """PSI / LPC-SI with one column per method and a mean over the scales (paper, Table III).

    None if neither is measured.
    """
    settings = evaluation.settings
    names = [name for name in settings.metrics if METRICS[name].needs == "result"]
    if not names:
        return None
    groups: list[tuple[str, list[Record]]] = [
        (f"{scale:g}×", [r for r in evaluation.measured if r.scale == scale])
        for scale in settings.scales
    ]
    groups.append(("Mean", evaluation.measured))
    rows = []
    for label, records in groups:
        by_method = {m.slug: [r for r in records if r.method == m.slug] for m in settings.methods}
        if label == "Mean":
            # Scales are not equally hard: a mean over fewer of them is no match for the others.
            scales = {r.scale for r in records}
            by_method = {
                slug: own if {r.scale for r in own} == scales else []
                for slug, own in by_method.items()
            }
        cells = [Cell(label)]
        for name in names:
            best = _best(_values_of(by_method, name), True)
            cells += [
                Cell(_written(by_method[m.slug], name, METRICS[name].digits), m.slug in best)
                for m in settings.methods
            ]
        rows.append(cells)
    headings = [f"{METRICS[name].heading} {m.title}" for name in names for m in settings.methods]
    return Table(
        "Sharpness without a reference",
        ["Scale", *headings],
        rows,
        _quality_notes(evaluation),
        kind="sharpness",
        marks=_BEST,
    )


def dice_table(evaluation: Evaluation) -> Table | None:
    """Dice of each region with one column a method (paper, Table IV); None if not measured."""
    regions = list(dict.fromkeys(name for r in evaluation.measured for name in r.dice))
    if not regions:
        return None
    settings = evaluation.settings
    rows = []
    for scale in settings.scales:
        by_method = _by_method(evaluation, scale)
        for region in [*regions, "Mean"]:
            values = {
                slug: [_dice_value(r, region, regions) for r in records if r.dice]
                for slug, records in by_method.items()
            }
            best = _best(values, True)
            rows.append(
                [Cell(f"{scale:g}×"), Cell(region)]
                + [
                    Cell(summary(values.get(m.slug, []), 4), m.slug in best)
                    for m in settings.methods
                ]
            )
    missing = sorted({r.volume for r in evaluation.measured if not r.dice})
    notes = [segmentation_of(evaluation)]
    notes += [f"Not segmented: {', '.join(missing)} (see cases.csv)."] if missing else []
    notes += [_averages(evaluation), origin_of(evaluation), *gaps(evaluation)]
    titles = [method.title for method in settings.methods]
    return Table(
        "Overlap of brain regions",
        ["Scale", "Region", *titles],
        rows,
        notes,
        kind="overlap",
        marks=_BEST,
    )


def cost_table(evaluation: Evaluation) -> Table:
    """Size of each method's network, and how long it took for a volume at each scale."""
    settings = evaluation.settings
    rows = []
    for scale in settings.scales:
        for slug, records in _by_method(evaluation, scale).items():
            (method,) = (m for m in settings.methods if m.slug == slug)
            count = parameters(method, scale, settings.baselines)
            rows.append(
                [
                    Cell(f"{scale:g}×"),
                    Cell(method.title),
                    Cell("–" if count is None else f"{count:,}"),
                    Cell(summary([record.seconds for record in records], 2)),
                ]
            )
    notes = [
        "Upsampling alone, without reading and measuring, as each volume took when it was "
        f"measured; this run: {settings.jobs} at a time with {settings.threads} CPU "
        f"thread{'s' if settings.threads > 1 else ''} each, networks on {evaluation.device}."
    ]
    notes += [
        f"{method.title}: this model has no mirrored pass, so that fast changes nothing."
        for method in settings.methods
        if method.fast and has_one_pass_only(method)
    ]
    return Table(
        "Time and size",
        ["Scale", "Method", "Parameters", "Seconds a volume"],
        rows,
        notes,
        kind="cost",
    )


def significance_table(evaluation: Evaluation) -> Table | None:
    """Wilcoxon tests between all pairs of methods; None for a single method or volume."""
    if len(evaluation.settings.methods) < 2 or volume_count(evaluation) < 2:
        return None
    rows = [
        row
        for name in evaluation.settings.metrics
        for scale in evaluation.settings.scales
        for row in _differences(evaluation, METRICS[name], scale)
    ]
    return Table(
        "Paired differences",
        ["Metric", "Scale", "Methods", "Volumes", "Median difference", "p", "p (Holm)", ""],
        rows,
        [
            "Difference: the first method minus the second, in the metric's unit. Two-sided "
            "Wilcoxon signed-rank test over the volumes; Holm's correction over the pairs of "
            "methods of one metric and scale.",
            origin_of(evaluation),
            where_measured(evaluation),
        ],
        kind="significance",
        marks=f"a corrected p below {LEVEL:g}",
        long=True,
    )


def _differences(evaluation: Evaluation, metric: Metric, scale: float) -> Iterator[list[Cell]]:
    """A row for each pair of methods that were measured on the same volumes at a scale."""
    titles = {method.slug: method.title for method in evaluation.settings.methods}
    values = {
        slug: {r.volume: _number(r.values.get(metric.name)) for r in records}
        for slug, records in _by_method(evaluation, scale).items()
    }
    for found in compare_methods(values):
        if found.pairs == 0:
            continue
        yield [
            Cell(metric.title),
            Cell(f"{scale:g}×"),
            Cell(f"{titles[found.first]} – {titles[found.second]}"),
            Cell(str(found.pairs)),
            Cell(f"{found.median_difference:+.{metric.digits}f}"),
            Cell(f"{found.p:.2g}"),
            Cell(f"{found.corrected_p:.2g}", found.corrected_p < LEVEL),
            Cell(found.note),
        ]


def cases_csv(evaluation: Evaluation) -> str:
    """Every case, one a line, as it was measured."""
    regions = list(dict.fromkeys(name for r in evaluation.records for name in r.dice))
    names = [*evaluation.settings.metrics]
    names += ["dice"] if any("dice" in r.values for r in evaluation.records) else []
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ["volume", "scale", "method", *names, *(f"dice {r}" for r in regions), "seconds", "error"]
    )
    for record in evaluation.records:
        writer.writerow(
            [record.volume, f"{record.scale:g}", record.method]
            + [record.values.get(name, "") for name in names]
            + [record.dice.get(region, "") for region in regions]
            + [f"{record.seconds:.3f}", record.error]
        )
    return stream.getvalue()


def _by_method(evaluation: Evaluation, scale: float) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in evaluation.measured:
        if record.scale == scale:
            found.setdefault(record.method, []).append(record)
    return found


def _values_of(by_method: Mapping[str, Sequence[Record]], name: str) -> dict[str, list[float]]:
    """A metric's values by method; NaN where there is no number."""
    return {
        slug: [_number(record.values.get(name)) for record in records]
        for slug, records in by_method.items()
    }


def _written(records: Sequence[Record], name: str, digits: int) -> str:
    """Mean ± SD, or the sentence that stands in for the numbers, shortened."""
    numbers = [_number(record.values.get(name)) for record in records]
    if not numbers or not all(math.isnan(number) for number in numbers):
        return summary(numbers, digits)
    sentences = [v for r in records if isinstance(v := r.values.get(name), str)]
    return sentences[0].partition(":")[0] if sentences else "–"


def _quality_notes(evaluation: Evaluation) -> list[str]:
    settings = evaluation.settings
    notes = [_averages(evaluation), origin_of(evaluation), where_measured(evaluation)]
    notes += gaps(evaluation)
    notes += sentences(evaluation.measured, settings.metrics)
    own = [
        f"{METRICS[name].title} {text}"
        for name in settings.metrics
        if METRICS[name].needs == "result"
        and (text := _written(evaluation.truths, name, METRICS[name].digits)) != "–"
    ]
    if own:
        what = "inputs" if settings.reference_free else "sharp volumes"
        notes.append(f"The {what} themselves: {', '.join(own)}.")
    return notes


def _averages(evaluation: Evaluation) -> str:
    count = volume_count(evaluation)
    return f"Mean ± standard deviation over {count} volumes." if count > 1 else "One volume."


def _best(values: Mapping[str, Sequence[float]], higher: bool) -> set[str]:
    """The methods with the best mean, of those with a number for as many volumes as any has.

    Empty where nothing is compared: one method alone is not the best.
    """
    counts = {slug: sum(not math.isnan(v) for v in found) for slug, found in values.items()}
    most = max(counts.values(), default=0)
    means = {slug: _mean(values[slug]) for slug, count in counts.items() if count == most > 0}
    if sum(count > 0 for count in counts.values()) < 2:
        return set()
    best = max(means.values()) if higher else min(means.values())
    return {slug for slug, mean in means.items() if mean == best}


def _mean(values: Sequence[float]) -> float:
    kept = [value for value in values if not math.isnan(value)]
    return statistics.fmean(kept) if kept else math.nan


def _number(value: float | str | None) -> float:
    return math.nan if value is None or isinstance(value, str) else float(value)


def _dice_value(record: Record, region: str, regions: Sequence[str]) -> float:
    if region != "Mean":
        return record.dice[region]
    return _mean([record.dice[name] for name in regions])


def _piped(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
