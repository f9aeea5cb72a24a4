"""Which recipe learns most in the same time: trains variants one after another for the same time.

    python benchmarks/equal_time.py VARIANTS.toml --data FOLDER --validation FOLDER -o FOLDER
        [--minutes 4] [--threads 1] [--precision mixed]

Each variant is a recipe and some changed entries. A few steps are timed first; the run then gets
as many steps as fit the minutes, with its learning rate falling to zero over them, and is validated
once at the end. Finished variants are kept, so that the same command continues after a stop; one
whose recipe, data, minutes, threads or precision have changed since is trained again. The table is
printed and written to ``table.md`` in the output folder.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ArSSRLib.networks.model_file import read_header
from ArSSRLib.training.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[1]
RECORD = "equal_time.json"
"""In a variant's folder: the settings it is trained with, and its steps once they are known."""
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
        keep_or_clear(folder, settings_of(variant, arguments))
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


def settings_of(variant: Variant, arguments: argparse.Namespace) -> dict[str, Any]:
    """What decides the result of a variant, as JSON has it."""
    changes = dict(change.split("=", 1) for change in variant.changes)
    settings = {
        "recipe": load_recipe(variant.recipe).with_changes(changes).to_dict(),
        "data": [str(Path(path).absolute()) for path in arguments.data],
        "validation": [str(Path(path).absolute()) for path in arguments.validation],
        "minutes": arguments.minutes,
        "threads": arguments.threads,
        "precision": arguments.precision,
    }
    return json.loads(json.dumps(settings))


def keep_or_clear(folder: Path, settings: dict[str, Any]) -> None:
    """Keeps a variant's folder, finished or not, if it was begun with these settings."""
    record = folder / RECORD
    if folder.is_dir() and any(folder.iterdir()):
        if not record.is_file():
            raise SystemExit(
                f"The folder {folder} does not say how it was trained ({RECORD}); remove it or "
                "give another -o."
            )
        if read_record(folder)["settings"] == settings:
            return
        print(f"{folder.name}: its settings have changed, it is trained again.", flush=True)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_record(folder, {"settings": settings, "steps": None})


def read_record(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return record


def write_record(folder: Path, record: dict[str, Any]) -> None:
    (folder / RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")


def train_equally_long(variant: Variant, folder: Path, arguments: argparse.Namespace) -> None:
    """Trains for ``arguments.minutes``, or continues what a stop interrupted."""
    record = read_record(folder)
    if record["steps"] is None:
        record["steps"] = steps_that_fit(variant, folder, arguments)
        write_record(folder, record)
    steps = record["steps"]
    run(
        variant,
        folder,
        arguments,
        ["--set", f"optimiser.steps={steps}", "--set", f"validate_every={steps}"],
    )


def steps_that_fit(variant: Variant, folder: Path, arguments: argparse.Namespace) -> int:
    """Steps of ``arguments.minutes``, estimated from a few that are timed in another folder."""
    trial = folder.with_name(folder.name + "-timing")
    shutil.rmtree(trial, ignore_errors=True)
    run(variant, trial, arguments, ["--until-step", str(TIMED_STEPS[-1])])
    a_step = min(
        (seconds_at(trial, last) - seconds_at(trial, first)) / (last - first)
        for first, last in itertools.pairwise(TIMED_STEPS)
    )
    shutil.rmtree(trial)
    return max(1, round(60.0 * arguments.minutes / a_step))


def run(variant: Variant, folder: Path, arguments: argparse.Namespace, more: Sequence[str]) -> None:
    """One call of ``arssr train``; ends the program with what it said if it fails."""
    changes = [word for change in variant.changes for word in ("--set", change)]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ArSSRLib", "train", "--recipe", variant.recipe),
            *("--data", *arguments.data, "--validation", *arguments.validation),
            *("--threads", str(arguments.threads), "--precision", arguments.precision),
            *("-o", str(folder), *changes, *more),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode != 0:
        raise SystemExit(
            f"The variant {variant.name!r} cannot be trained (exit code {done.returncode}):\n"
            + done.stderr
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
        f"{arguments.precision}; mean gain over cubic in dB over the foreground of the "
        "central crops of the validation volumes, at each validated scale.",
        "",
        "| Variant | Parameters | Steps | Time | Gain over cubic (dB) |",
        "|---|---|---|---|---|",
    ]


if __name__ == "__main__":
    main()
