"""The anatomical images of a BIDS dataset, with the entries of their sidecars."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..running.json_files import read_json_object
from .listing import listed
from .names import BidsName
from .selection import SUFFIXES, Selection

DESCRIPTION = "dataset_description.json"
_T1W = Selection()
_NO_INTENSITIES = ("phase", "real", "imag")
"""Parts of a complex image that no network for intensities may upsample."""


@dataclass(frozen=True)
class Source:
    """An image of a dataset.

    Attributes:
        path: the file.
        root: the dataset's folder.
        name: its name.
        metadata: entries of the sidecars that apply to it.
    """

    path: Path
    root: Path
    name: BidsName
    metadata: Mapping[str, Any]

    @property
    def relative(self) -> str:
        """Path from the dataset's root, with slashes."""
        return self.path.relative_to(self.root).as_posix()


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes:
        sources: the images, sorted by path.
        notes: what was left out and why, one sentence each.
        other_suffixes: how many images of other suffixes there are for the same participants and
            sessions.
    """

    sources: Sequence[Source]
    notes: Sequence[str]
    other_suffixes: Mapping[str, int]


def read_description(root: Path) -> dict[str, Any]:
    """The description of the dataset in ``root``.

    Raises:
        InputError: no such folder, not a BIDS dataset, or its description is damaged.
    """
    if not os.path.isdir(root):
        raise InputError(f"There is no folder {str(root)!r}; give the dataset's root folder.")
    path = root / DESCRIPTION
    if not path.is_file():
        raise InputError(
            f"The folder {str(root)!r} is not a BIDS dataset: it has no {DESCRIPTION}; give the "
            "root folder of one."
        )
    return read_json_object(path)


def find_volumes(root: Path, selection: Selection = _T1W) -> Found:
    """The images ``sub-*/[ses-*/]anat/*_<suffix>.nii[.gz]`` that a selection wants.

    Raises:
        InputError: a label that is not there, a folder that cannot be read, or nothing found.
    """
    search = _Search(root, selection)
    for folder in _chosen(root, "sub", "participant", selection.participants):
        search.add(folder)
    return search.found()


class _Search:
    """Collects the images of one participant after the other."""

    def __init__(self, root: Path, selection: Selection) -> None:
        self._root, self._selection = root, selection
        self._sources: list[Source] = []
        self._notes: list[str] = []
        self._other: Counter[str] = Counter()
        self._sessions: set[str] = set()

    def add(self, folder: Path) -> None:
        before = len(self._sources)
        for path in _nifti_files(folder):
            name = BidsName.parse(path.name)
            if name is None:
                stem = path.name.split(".")[0]
                if stem.endswith(tuple(f"_{suffix}" for suffix in self._selection.suffixes)):
                    self._leave_out(path, "its name does not follow BIDS")
                continue
            session = name.entities.get("ses", "")
            self._sessions.add(session)
            if not self._selection.wants_session(session):
                continue
            if name.suffix not in self._selection.suffixes:
                self._other.update([name.suffix] * (name.suffix in SUFFIXES))
            elif why := _unusable(path.relative_to(self._root), name):
                self._leave_out(path, why)
            elif self._selection.wants(name):
                metadata = _metadata(path, self._root, name, self._notes)
                self._sources.append(Source(path, self._root, name, metadata))
        if len(self._sources) == before:
            self._notes.append(f"{folder.name} has no {self._wanted} to upsample.")

    def found(self) -> Found:
        missing = [
            label for each in self._selection.sessions
            if (label := each.removeprefix("ses-")) not in self._sessions
        ]  # fmt: skip
        if missing:
            raise InputError(
                f"There is no session {missing[0]!r}; the sessions are: "
                f"{', '.join(sorted(self._sessions - {''})) or 'none'}."
            )
        if not self._sources:
            others = ", ".join(f"{count} {suffix}" for suffix, count in sorted(self._other.items()))
            also = f"; it has {others}" if others else ""
            raise InputError(
                f"The dataset {str(self._root)!r} has no {self._wanted} in its anat folders{also}. "
                "Choose other images, or give the root folder of another dataset."
            )
        return Found(self._sources, list(dict.fromkeys(self._notes)), dict(self._other))

    def _leave_out(self, path: Path, why: str) -> None:
        self._notes.append(f"{path.name} was left out: {why}.")

    @property
    def _wanted(self) -> str:
        sessions = [label.removeprefix("ses-") for label in self._selection.sessions]
        where = f" in session {' or '.join(sessions)}" if sessions else ""
        filtered = " that passes the filter" if self._selection.filters else ""
        return f"{' or '.join(self._selection.suffixes)} image{where}{filtered}"


def _unusable(path: Path, name: BidsName) -> str:
    """Why an image, by its path from the root, is not upsampled; empty when it is."""
    for level in path.parent.parts:
        key, _, label = level.partition("-")
        if key in name.entities and name.entities[key] != label:
            return f"it lies in the folder {path.parent.as_posix()}, which its name contradicts"
    if name.entities.get("part") in _NO_INTENSITIES:
        return "it is a part of a complex image without magnitudes"
    return ""


def _chosen(root: Path, key: str, called: str, labels: Sequence[str]) -> list[Path]:
    folders = {
        path.name.removeprefix(f"{key}-"): path
        for path in listed(root, f"{key}-*")
        if os.path.isdir(path)
    }
    if not labels:
        return list(folders.values())
    chosen = dict.fromkeys(label.removeprefix(f"{key}-") for label in labels)
    for label in chosen:
        if label not in folders:
            raise InputError(
                f"There is no {called} {label!r}; the dataset has: {', '.join(folders) or 'none'}."
            )
    return [folders[label] for label in chosen]


def _nifti_files(folder: Path) -> Iterator[Path]:
    for level in (folder, *listed(folder, "ses-*")):
        for path in listed(level / "anat", "*.nii*"):
            if path.name.endswith((".nii", ".nii.gz")):
                yield path


def _metadata(path: Path, root: Path, name: BidsName, notes: list[str]) -> dict[str, Any]:
    """Entries of all sidecars that apply, the nearest with the last word (inheritance)."""
    levels = [path.parent, *path.parent.parents]
    levels = levels[: levels.index(root) + 1]
    merged: dict[str, Any] = {}
    for level in reversed(levels):
        fitting = []
        for sidecar in listed(level, f"*{name.suffix}.json"):
            if sidecar.name == f"{name.suffix}.json":
                fitting.append((0, sidecar))
                continue
            of = BidsName.parse(sidecar.name) or _without_subject(sidecar.name)
            if of is not None and of.describes(name):
                fitting.append((len(of.entities), sidecar))
        for _, sidecar in sorted(fitting):
            try:
                merged.update(read_json_object(sidecar))
            except InputError as error:
                notes.append(f"{error} It was ignored.")
    return merged


def _without_subject(text: str) -> BidsName | None:
    """A name such as ``acq-mprage_T1w.json``, as sidecars above the subjects have it."""
    whole = BidsName.parse(f"sub-x_{text}")
    if whole is None:
        return None
    entities = {key: label for key, label in whole.entities.items() if key != "sub"}
    return BidsName(entities, whole.suffix, whole.extension)
