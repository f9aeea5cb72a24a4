"""Writes the report of a finished evaluation: tables, pictures and one page for offline use."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...pictures.slices import PLANES, Plane
from ...running.output_files import replacing
from ..measuring.file_versions import digest
from ..measuring.intensity_profile import Profile
from ..measuring.model_files import model_files
from ..measuring.records import Record
from ..measuring.tasks import INPUT, TRUTH
from ..measuring.views import CaseViews, load_views
from ..metrics import METRICS
from ..run import Evaluation, versions
from ..settings import Settings
from .grids import Tile, draw_errors, draw_grid
from .notes import origin_of, volume_count
from .paper_tables import published
from .plots import metrics_over_scale, profiles
from .table import Table
from .tables import cases_csv, tables_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HERE = Path(__file__).parent
_DOTS_PER_INCH = 110
_CAPTION_METRICS = ("psnr", "ssim", "grain", "edges", "psi", "lpc_si")
"""The first two of these that were measured are written below each picture."""


@dataclass(frozen=True)
class Picture:
    """A picture of the report: its file name, what it shows, and the PNG itself."""

    name: str
    caption: str
    png: bytes

    @property
    def inline(self) -> str:
        """The picture as a data URL, so that the page needs no other file."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode("ascii")


def write_report(evaluation: Evaluation, pictured: int = 3) -> Path:
    """Writes ``report.html``, ``tables.md``, ``cases.csv`` and ``pictures/`` into the output.

    Args:
        evaluation: the finished evaluation.
        pictured: number of volumes whose pictures are drawn.

    Returns:
        the HTML page.

    Raises:
        EnvironmentFault: the disk is full or refuses a file.
    """
    folder = evaluation.settings.output
    tables = tables_of(evaluation)
    plots = list(_plots(evaluation))
    pictures = list(_pictures(evaluation, pictured))
    for picture in [*plots, *pictures]:
        target = folder / "pictures" / f"{picture.name}.png"
        target.parent.mkdir(exist_ok=True)
        with replacing(target, overwrite=True) as temporary:
            temporary.write_bytes(picture.png)
    _write(folder / "cases.csv", cases_csv(evaluation))
    _write(folder / "tables.md", _markdown(tables))
    page = folder / "report.html"
    _write(page, _html(evaluation, tables, plots, pictures))
    return page


def _plots(evaluation: Evaluation) -> Iterator[Picture]:
    figure = metrics_over_scale(evaluation)
    if figure is not None:
        caption = "Mean over the volumes at each scale; bars span one standard deviation."
        yield Picture("metrics", caption, _png(figure))


def _pictures(evaluation: Evaluation, count: int) -> Iterator[Picture]:
    volumes = list(dict.fromkeys(record.volume for record in evaluation.measured))
    for n, volume in enumerate(volumes[:count]):
        shown = _Shown(evaluation, volume)
        # One volume is shown in all three orientations, the others from above.
        for plane in PLANES if n == 0 else PLANES[:1]:
            yield shown.grid(plane)
        if shown.truth is not None and not evaluation.settings.reference_free:
            yield shown.errors()
        figure = shown.profiles()
        if figure is not None:
            yield Picture(f"{volume}-profile", f"{volume}: intensity profile.", _png(figure))


class _Shown:
    """The stored views of one volume, at hand for all its pictures."""

    def __init__(self, evaluation: Evaluation, volume: str) -> None:
        self.evaluation, self.volume = evaluation, volume
        self.settings = evaluation.settings
        self.records = {(r.scale, r.method): r for r in evaluation.measured if r.volume == volume}
        self.truth = self._load(1.0, TRUTH.slug)
        self.scales = [s for s in self.settings.scales if any(k[0] == s for k in self.records)]

    def grid(self, plane: Plane) -> Picture:
        """Every method at every scale."""
        reference = self.truth.slices[plane] if self.truth is not None else None
        free = self.settings.reference_free
        rows = {}
        for scale in self.scales:
            low = self.truth if free else self._load(scale, INPUT.slug)
            tiles = [Tile(low.slices[plane], "input") if low is not None else None]
            tiles += self._tiles(scale, plane)
            if not free and reference is not None:
                tiles.append(Tile(reference, "sharp volume"))
            rows[f"{scale:g}×"] = tiles
        titles = ["Low resolution", *(m.title for m in self.settings.methods)]
        titles += [] if free else ["Ground truth"]
        canvas = draw_grid(f"{self.volume}, {plane}", titles, rows, None if free else reference)
        caption = f"{self.volume}: {plane} slice, detail enlarged."
        return Picture(f"{self.volume}-{plane}", caption, _png(canvas.figure))

    def errors(self) -> Picture:
        """Error maps of the axial slice."""
        assert self.truth is not None
        rows = {f"{scale:g}×": self._tiles(scale, "axial") for scale in self.scales}
        titles = [m.title for m in self.settings.methods]
        canvas = draw_errors(f"{self.volume}, error", titles, rows, self.truth.slices["axial"])
        caption = f"{self.volume}: absolute error of the axial slice."
        return Picture(f"{self.volume}-error", caption, _png(canvas.figure))

    def profiles(self) -> Figure | None:
        """Profiles of truth and methods, a panel a scale; None where the line misses the volume."""
        if self.truth is None or self.truth.profile is None:
            return None
        first = "input" if self.settings.reference_free else "ground truth"
        curves = []
        for scale in self.scales:
            lines: list[tuple[str, Profile | None]] = [(first, self.truth.profile)]
            for method in self.settings.methods:
                # What an earlier run left of a case that failed now is not shown.
                known = (scale, method.slug) in self.records
                views = self._load(scale, method.slug) if known else None
                lines.append((method.title, views.profile if views is not None else None))
            curves.append((f"{scale:g}×", lines))
        title = f"{self.volume}: intensity profile"
        return profiles(title, curves, self.truth.slices["axial"], self.truth.row)

    def _tiles(self, scale: float, plane: Plane) -> list[Tile | None]:
        name, values = self._first_metric(scale)
        best = None
        if len(values) > 1:
            best = max(values) if METRICS[name].higher_is_better else min(values)
        tiles: list[Tile | None] = []
        for method in self.settings.methods:
            views = self._load(scale, method.slug)
            record = self.records.get((scale, method.slug))
            if views is None or record is None:
                tiles.append(None)
                continue
            value = record.values.get(name)
            tiles.append(Tile(views.slices[plane], self._caption(record), value == best))
        return tiles

    def _first_metric(self, scale: float) -> tuple[str, list[float]]:
        """The first metric of the captions that has values at a scale, and those values."""
        for name in _CAPTION_METRICS:
            values = [
                v
                for (s, _), record in self.records.items()
                if s == scale and isinstance(v := record.values.get(name), float) and v == v
            ]
            if values:
                return name, values
        return "", []

    def _caption(self, record: Record) -> str:
        parts: list[str] = []
        for name in _CAPTION_METRICS:
            value = record.values.get(name)
            if isinstance(value, float) and value == value and len(parts) < 2:
                metric = METRICS[name]
                parts.append(f"{metric.title} {value:.{metric.digits}f} {metric.unit}".strip())
        return "   ".join(parts)

    def _load(self, scale: float, slug: str) -> CaseViews | None:
        return load_views(
            self.settings.output / "cases" / self.volume / f"{scale:g}x" / f"{slug}.npz"
        )


def _html(
    evaluation: Evaluation,
    tables: Sequence[Table],
    plots: Sequence[Picture],
    pictures: Sequence[Picture],
) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html.j2").render(
        evaluation=evaluation,
        settings=evaluation.settings,
        volumes=volume_count(evaluation),
        names=sorted({record.volume for record in evaluation.measured}),
        origin=origin_of(evaluation),
        titles={method.slug: method.title for method in evaluation.settings.methods},
        tables=tables,
        plots=plots,
        pictures=pictures,
        metrics=[METRICS[name] for name in evaluation.settings.metrics],
        networks=_networks(evaluation.settings),
        versions=versions(),
        paper=published(),
    )


def _markdown(tables: Sequence[Table]) -> str:
    """The tables of a report, and after them the paper's of the same kinds."""
    paper = published()
    parts = [table.to_markdown() for table in tables]
    parts.append(f"## The paper's own numbers\n\n{paper.source}. {paper.differences}\n")
    parts += [t.to_markdown() for table in tables for t in paper.tables.get(table.kind, ())]
    return "\n".join(parts)


def _networks(settings: Settings) -> dict[str, list[str]]:
    """The files of each method's networks with the start of their SHA-256, by its title."""
    found: dict[str, dict[Path, list[str]]] = {}
    for method, scale, path in model_files(settings.methods, settings.scales, settings.baselines):
        found.setdefault(method.title, {}).setdefault(path, []).append(f"{scale:g}×")
    return {
        title: [
            f"{path} ({', '.join(scales)}; SHA-256 {digest(path)[:12]}…)"
            for path, scales in files.items()
        ]
        for title, files in found.items()
    }


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DOTS_PER_INCH, facecolor=figure.get_facecolor())
    return stream.getvalue()


def _write(path: Path, text: str) -> None:
    with replacing(path, overwrite=True) as temporary:
        temporary.write_text(text, encoding="utf-8")
