"""The pictures of a report: plots of the metrics, and of some volumes the slices, errors and
profiles."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...pictures.slices import PLANES, Plane
from ..measuring.intensity_profile import Profile
from ..measuring.records import Record, record_path
from ..measuring.tasks import INPUT, TRUTH
from ..measuring.views import CaseViews, load_views
from ..metrics import METRICS
from ..run import Evaluation
from .case_frame import scale_label
from .expected_error import expected_error_plot
from .grids import Tile, draw_errors, draw_grid
from .plots import metrics_over_scale, profiles

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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


def plots_of(evaluation: Evaluation) -> Iterator[Picture]:
    """The plots over the scale, if any metric has a number."""
    figure = metrics_over_scale(evaluation)
    if figure is not None:
        caption = "Mean over the volumes at each scale; bars span one standard deviation."
        yield Picture("metrics", caption, _png(figure))
    figure = expected_error_plot(evaluation)
    if figure is not None:
        caption = (
            "Expected error. Left: true against stated error, a line for each case. Right: the "
            "error left when the least certain voxels are taken out, by several indicators."
        )
        yield Picture("expected-error", caption, _png(figure))


def pictures_of(evaluation: Evaluation, count: int) -> Iterator[Picture]:
    """The pictures of the first ``count`` volumes."""
    volumes = list(dict.fromkeys(record.volume for record in evaluation.measured))
    for n, volume in enumerate(volumes[:count]):
        shown = ShownVolume(evaluation, volume)
        # One volume is shown in all three orientations, the others from above.
        for plane in PLANES if n == 0 else PLANES[:1]:
            yield shown.grid(plane)
        if shown.truth is not None and not evaluation.settings.reference_free:
            yield shown.errors()
        figure = shown.profiles()
        if figure is not None:
            yield Picture(f"{volume}-profile", f"{volume}: intensity profile.", _png(figure))


class ShownVolume:
    """The pictures of one volume, from its stored views."""

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
            rows[scale_label(scale)] = tiles
        titles = ["Low resolution", *(m.title for m in self.settings.methods)]
        titles += [] if free else ["Ground truth"]
        canvas = draw_grid(f"{self.volume}, {plane}", titles, rows, None if free else reference)
        caption = f"{self.volume}: {plane} slice, detail enlarged."
        return Picture(f"{self.volume}-{plane}", caption, _png(canvas.figure))

    def errors(self) -> Picture:
        """Error maps of the axial slice."""
        assert self.truth is not None
        rows = {scale_label(scale): self._tiles(scale, "axial") for scale in self.scales}
        titles = [m.title for m in self.settings.methods]
        canvas = draw_errors(f"{self.volume}, error", titles, rows, self.truth.slices["axial"])
        caption = f"{self.volume}: absolute error of the axial slice."
        return Picture(f"{self.volume}-error", caption, _png(canvas.figure))

    def profiles(self) -> Figure | None:
        """Profiles of truth and methods, a panel per scale; None if the line misses the volume."""
        if self.truth is None or self.truth.profile is None:
            return None
        first = "input" if self.settings.reference_free else "ground truth"
        curves = []
        for scale in self.scales:
            lines: list[tuple[str, Profile | None]] = [(first, self.truth.profile)]
            for method in self.settings.methods:
                # Views that an earlier run left of a case that failed now are not shown.
                known = (scale, method.slug) in self.records
                views = self._load(scale, method.slug) if known else None
                lines.append((method.title, views.profile if views is not None else None))
            curves.append((scale_label(scale), lines))
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
            tiles.append(Tile(views.slices[plane], _caption(record), value == best))
        return tiles

    def _first_metric(self, scale: float) -> tuple[str, list[float]]:
        """The first metric of the captions that has values at a scale, and those values."""
        for name in _CAPTION_METRICS:
            found = [_numbers(record) for (s, _), record in self.records.items() if s == scale]
            values = [numbers[name] for numbers in found if name in numbers]
            if values:
                return name, values
        return "", []

    def _load(self, scale: float, slug: str) -> CaseViews | None:
        record = record_path(self.settings.output, self.volume, scale, slug)
        return load_views(record.with_suffix(".npz"))


def _numbers(record: Record) -> dict[str, float]:
    """The numbers of a case that a caption may name, by their metrics."""
    values = {name: record.values.get(name) for name in _CAPTION_METRICS}
    return {name: v for name, v in values.items() if isinstance(v, float) and v == v}


def _caption(record: Record) -> str:
    shown = [(METRICS[name], value) for name, value in _numbers(record).items()][:2]
    return "   ".join(f"{m.title} {value:.{m.digits}f} {m.unit}".strip() for m, value in shown)


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_DOTS_PER_INCH, facecolor=figure.get_facecolor())
    return stream.getvalue()
