"""The whole table, by topic."""

from __future__ import annotations

from . import (
    datasets,
    detached,
    dicom,
    files,
    headers,
    models,
    options,
    places,
    surroundings,
    texts,
    values,
)
from .entry import Entry

TOPICS: dict[str, list[Entry]] = {
    "files": files.ENTRIES,
    "DICOM series": dicom.ENTRIES,
    "voxels in another file": detached.ENTRIES,
    "headers": headers.ENTRIES,
    "texts and streams": texts.ENTRIES,
    "values": values.ENTRIES,
    "options": options.ENTRIES,
    "models, recipes, checkpoints": models.ENTRIES,
    "datasets, lists": datasets.ENTRIES,
    "places, machines, names": places.ENTRIES,
    "surroundings": surroundings.ENTRIES,
}
ENTRIES = {entry.name: entry for entries in TOPICS.values() for entry in entries}
if len(ENTRIES) != sum(map(len, TOPICS.values())):
    raise ValueError("Two hostile inputs have the same name.")


def counted() -> str:
    """How many entries there are, in a sentence."""
    refused = sum(entry.code != 0 for entry in ENTRIES.values())
    parts = ", ".join(f"{len(entries)} {topic}" for topic, entries in TOPICS.items())
    return (
        f"{len(ENTRIES)} hostile inputs ({parts}): {refused} must be refused, "
        f"{len(ENTRIES) - refused} are odd but must work"
    )
