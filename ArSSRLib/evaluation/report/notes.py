"""The notes below a table: how its numbers were obtained, and which are missing."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence

from ...choices import PAPER_KERNEL
from ..measuring.records import Record
from ..metrics import METRICS
from ..run import Evaluation
from ..settings import Settings
from .case_frame import numbers, scale_label, summary

KERNEL_NAMES: Mapping[str, str] = {
    "cubic": "antialiased cubic",
    "kspace": "truncated k-space",
    "gaussian": "Gaussian slice profile",
    "box": "box slice profile",
    "sinc": "slice profile of a windowed sinc pulse",
    PAPER_KERNEL: "the paper's corner-aligned cubic zoom",
}
_WINDOW_NAMES: Mapping[str, str] = {
    "hamming": "Hamming filter",
    "fermi": "Fermi filter",
    "partial-fourier": "partial Fourier 6/8",
}


def origin_of(evaluation: Evaluation) -> str:
    """Which volumes were measured, and how they were downsampled, if they were."""
    settings = evaluation.settings
    count = volume_count(evaluation)
    source = f"“{os.path.basename(os.path.abspath(settings.source))}”"
    axes = f" along {', '.join(settings.axes)}" if settings.axes != "ijk" else ""
    if settings.reference_free:
        scans, are = ("1 real scan", "it is") if count == 1 else (f"{count} real scans", "they are")
        return f"{scans} of {source}, upsampled{axes} as {are}."
    volumes = "1 volume" if count == 1 else f"{count} volumes"
    # The paper's zoom keeps the places of the corner voxels, so the field of view shrinks.
    place = "" if settings.blur is None else " over the same field of view"
    kernel = PAPER_KERNEL if settings.blur is None else settings.blur.kernel
    return (
        f"{volumes} of {source}, downsampled{axes} with the kernel “{kernel}” "
        f"({KERNEL_NAMES[kernel]}{_details(settings)}) and upsampled{place}."
    )


def _details(settings: Settings) -> str:
    """What of the simulation is not usual, each part after a comma."""
    parts, blur = [], settings.blur
    if blur is not None and blur.thickness != 1.0:
        parts.append(f"{blur.thickness:g} times as thick as far apart")
    if blur is not None and blur.window in _WINDOW_NAMES:
        parts.append(_WINDOW_NAMES[blur.window])
    if blur is not None and blur.band < 1.0:
        parts.append(f"{blur.band:.0%} of the frequencies acquired")
    if settings.noise > 0:
        parts.append(f"with {100 * settings.noise:g} % {settings.noise_kind.capitalize()} noise")
    return "".join(f", {part}" for part in parts)


def volume_count(evaluation: Evaluation) -> int:
    """Number of volumes with at least one result."""
    return len({record.volume for record in evaluation.measured})


def averages(evaluation: Evaluation) -> str:
    """What the numbers are averaged over."""
    count = volume_count(evaluation)
    return f"Mean ± standard deviation over {count} volumes." if count > 1 else "One volume."


def truths_of(evaluation: Evaluation, names: Sequence[str]) -> list[str]:
    """A sentence with the values of the sharp volumes (or the inputs), for metrics without a
    reference."""
    import pandas as pd

    free = [METRICS[name] for name in names if METRICS[name].needs == "result"]
    values = pd.DataFrame([r.values for r in evaluation.truths], columns=[m.name for m in free])
    own = [
        f"{metric.title} {summary(numbers(values[metric.name]), metric.digits)}"
        for metric in free
        if values[metric.name].notna().any()
    ]
    what = "inputs" if evaluation.settings.reference_free else "sharp volumes"
    return [f"The {what} themselves: {', '.join(own)}."] if own else []


def gaps(evaluation: Evaluation) -> list[str]:
    """Sentences on the methods that were not measured at every scale and on every volume."""
    settings, count = evaluation.settings, volume_count(evaluation)
    measured = Counter((record.method, record.scale) for record in evaluation.measured)
    lacking: dict[str, list[str]] = {}
    fewer = []
    for method in settings.methods:
        found = {scale_label(s): measured[method.slug, s] for s in settings.scales}
        if without := ", ".join(label for label, n in found.items() if n == 0):
            lacking.setdefault(without, []).append(method.title)
        fewer += [
            f"{method.title} at {label}: {n} of {count} volumes; not compared for the best."
            for label, n in found.items()
            if 0 < n < count
        ]
    return [f"Not measured at {scales}: {', '.join(m)}." for scales, m in lacking.items()] + fewer


def sentences(records: Sequence[Record], names: Sequence[str]) -> list[str]:
    """The reasons why numbers are missing, each once."""
    found = []
    for name in names:
        reasons = {v for r in records if isinstance(v := r.values.get(name), str)}
        found += [f"{METRICS[name].title}: {sentence}." for sentence in sorted(reasons)]
    return found


def segmentation_of(evaluation: Evaluation) -> str:
    """How both volumes of a Dice overlap were segmented."""
    atlas = evaluation.settings.atlas
    how = (
        "by the intensities of three tissue classes (ANTs Atropos)"
        if atlas is None
        else f"by the atlas {atlas.name} (ANTs registration, then Atropos)"
    )
    return (
        f"Dice overlap of the result with the sharp volume, both segmented in the same way {how}; "
        "1 is full agreement."
    )


def where_measured(evaluation: Evaluation) -> str:
    """Whether the metrics are measured over whole volumes or inside masks."""
    settings = evaluation.settings
    names = [METRICS[name].title for name in settings.metrics if METRICS[name].takes_mask]
    if not settings.uses_masks or not names:
        return "Measured over whole volumes."
    return f"{', '.join(names)} measured inside the masks, the others over whole volumes."
