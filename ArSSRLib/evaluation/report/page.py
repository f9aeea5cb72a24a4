"""Writes the report of a finished evaluation: tables, pictures and one page for offline use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...running.output_files import replacing
from ..measuring.file_versions import digest
from ..measuring.model_files import model_files
from ..metrics import METRICS
from ..run import Evaluation, versions
from ..settings import Settings
from .notes import origin_of, volume_count
from .paper_tables import published
from .pictures import Picture, pictures_of, plots_of
from .table import Table
from .tables import cases_csv, tables_of

_HERE = Path(__file__).parent


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
    plots = list(plots_of(evaluation))
    pictures = list(pictures_of(evaluation, pictured))
    page = folder / "report.html"
    contents = {f"pictures/{each.name}.png": each.png for each in [*plots, *pictures]}
    contents["cases.csv"] = cases_csv(evaluation).encode()
    contents["tables.md"] = _markdown(tables).encode()
    contents[page.name] = _html(evaluation, tables, plots, pictures).encode()
    for name, content in contents.items():
        (folder / name).parent.mkdir(exist_ok=True)
        with replacing(folder / name, overwrite=True) as temporary:
            temporary.write_bytes(content)
    return page


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
