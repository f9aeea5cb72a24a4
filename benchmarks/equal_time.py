"""Which recipe learns most in the same time: trains variants one after another, equally long.

    python benchmarks/equal_time.py VARIANTS.toml --data FOLDER --validation FOLDER -o FOLDER
        [--minutes 4] [--threads 1] [--precision mixed]

Each variant is a recipe and some changed entries. A few steps are timed first; the run then gets
as many steps as fit the minutes, with its learning rate falling to zero over them, and is validated
once at the end. Finished variants are kept, so that the same command goes on after a stop. The
table is printed and written to ``table.md`` in the output folder.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tomllib

sys.path.insert(0, str(Path(__file__).parents[1]))

from ArSSRLib.checkpoint import read_header

TIMED_STEPS = (10, 20, 30)
"""The first steps warm the caches up; the time of a step is the fastest between two of these."""


@dataclass(frozen=True)
class Variant:
    """A recipe with changed entries, under a name."""

    name: str
    recipe: str
    changes: tuple[str, ...]

    @property
    def slug(self) -> str:
        return "".join(c if c.isalnum() or c in ".-" else "-" for c in self.name.lower())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("variants", type=Path)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--validation", nargs="+", required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", default="mixed")
    arguments = parser.parse_args()
    rows = []
    for variant in read_variants(arguments.variants):
        folder = arguments.output / variant.slug
        if not (folder / "best.npz").is_file():
            train_equally_long(variant, folder, arguments)
        rows.append(row_of(variant, folder))
        print(rows[-1], flush=True)
    table = "\n".join([*heading(arguments), *rows]) + "\n"
    (arguments.output / "table.md").write_text(table, encoding="utf-8")
    print("\n" + table)


def read_variants(path: Path) -> list[Variant]:
    """The variants of a TOML file: ``recipe`` and ``changes`` for all, then one table each."""
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    shared = values.get("changes", [])
    return [
        Variant(
            entry["name"],
            entry.get("recipe", values.get("recipe", "default")),
            (*shared, *entry.get("changes", [])),
        )
        for entry in values["variant"]
    ]


def train_equally_long(variant: Variant, folder: Path, arguments: argparse.Namespace) -> None:
    """Times a few steps in a folder of its own, then trains for ``arguments.minutes``."""
    trial = folder.with_name(folder.name + "-timing")
    shutil.rmtree(trial, ignore_errors=True)
    run(variant, trial, arguments, ["--until-step", str(TIMED_STEPS[-1])])
    a_step = min(
        (seconds_at(trial, last) - seconds_at(trial, first)) / (last - first)
        for first, last in itertools.pairwise(TIMED_STEPS)
    )
    shutil.rmtree(trial)
    steps = max(1, round(60.0 * arguments.minutes / a_step))
    run(
        variant,
        folder,
        arguments,
        ["--set", f"optimiser.steps={steps}", "--set", f"validate_every={steps}"],
    )


def run(variant: Variant, folder: Path, arguments: argparse.Namespace, more: Sequence[str]) -> None:
    """One call of ``arssr train``."""
    changes = [word for change in variant.changes for word in ("--set", change)]
    subprocess.run(
        [
            *(sys.executable, "-m", "ArSSRLib", "train", "--recipe", variant.recipe),
            *("--data", *arguments.data, "--validation", *arguments.validation),
            *("--threads", str(arguments.threads), "--precision", arguments.precision),
            *("-o", str(folder), *changes, *more),
        ],
        check=True,
        cwd=Path(__file__).parents[1],
        stderr=subprocess.PIPE,
    )


def seconds_at(folder: Path, step: int) -> float:
    """Seconds of training after ``step`` steps, from the run's own log."""
    with (folder / "metrics.csv").open(newline="") as stream:
        return next(float(r["seconds"]) for r in csv.DictReader(stream) if int(r["step"]) == step)


def row_of(variant: Variant, folder: Path) -> str:
    """The table row of a finished run: size, steps, time and mean gain over cubic."""
    with (folder / "metrics.csv").open(newline="") as stream:
        last = list(csv.DictReader(stream))[-1]
    with (folder / "validation.csv").open(newline="") as stream:
        scores = list(csv.DictReader(stream))
    gains = [
        np.mean([float(s["gain"]) for s in scores if s["scale"] == scale])
        for scale in sorted({s["scale"] for s in scores}, key=float)
    ]
    parameters = read_header(folder / "best.npz").spec.parameters
    shown = " / ".join(f"{gain:+.2f}" for gain in gains)
    return (
        f"| {variant.name} | {parameters / 1e6:.2f} M | {last['step']} "
        f"| {float(last['seconds']) / 60.0:.1f} min | {shown} |"
    )


def heading(arguments: argparse.Namespace) -> list[str]:
    """What the table shows."""
    return [
        f"{arguments.minutes:g} minutes on {arguments.threads} CPU thread(s), precision "
        f"{arguments.precision}; mean gain over cubic in dB on the central crops of "
        "the validation volumes, at each validated scale.",
        "",
        "| Variant | Parameters | Steps | Time | Gain over cubic (dB) |",
        "|---|---|---|---|---|",
    ]


if __name__ == "__main__":
    main()
