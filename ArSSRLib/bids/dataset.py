"""The T1-weighted volumes of a BIDS dataset, and what its sidecars say of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..running.json_files import read_json_object
from .listing import listed
from .names import BidsName

DESCRIPTION = "dataset_description.json"
_SUFFIX = "T1w"
_NO_INTENSITIES = ("phase", "real", "imag")
"""Parts of a complex image that no network for intensities may upsample."""


@dataclass(frozen=True)
class Source:
    """A T1w volume of a dataset.

    Attributes:
        path: the file.
        root: the dataset's folder.
        name: its name.
        metadata: what the sidecars that apply to it say.
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
        sources: the volumes, sorted by path.
        notes: what was left out and why, a sentence each.
    """

    sources: Sequence[Source]
    notes: Sequence[str]


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


def find_volumes(
    root: Path, participants: Sequence[str] = (), sessions: Sequence[str] = ()
) -> Found:
    """All ``sub-*/[ses-*/]anat/*_T1w.nii[.gz]`` of a dataset, or those of some participants.

    Args:
        root: the dataset's folder.
        participants: labels, with or without ``sub-``; all when empty.
        sessions: labels, with or without ``ses-``; all when empty. With sessions given, volumes
            of participants without sessions are left out.

    Raises:
        InputError: a label that is not there, a folder that cannot be read, or nothing found.
    """
    folders = _chosen(root, "sub", "participant", participants)
    wanted = {label.removeprefix("ses-") for label in sessions}
    sources: list[Source] = []
    notes: list[str] = []
    met: set[str] = set()
    for folder in folders:
        before = len(sources)
        for path in _nifti_files(folder):
            name = BidsName.parse(path.name)
            session = "" if name is None else name.entities.get("ses", "")
            met.add(session)
            if name is not None and wanted and session not in wanted:
                continue
            why = _unusable(path.relative_to(root), name)
            if name is None or why:
                notes.append(f"{path.name} was left out: {why}.")
                continue
            sources.append(Source(path, root, name, _metadata(path, root, name, notes)))
        if len(sources) == before:
            notes.append(f"{folder.name} has no T1w volume to upsample.")
    if wanted - met:
        raise InputError(
            f"There is no session {sorted(wanted - met)[0]!r}; the sessions are: "
            f"{', '.join(sorted(met - {''})) or 'none'}."
        )
    if not sources:
        raise InputError(
            f"The dataset {str(root)!r} holds no anat/*_T1w.nii or .nii.gz; give the root folder "
            "of one with T1-weighted volumes."
        )
    return Found(sources, list(dict.fromkeys(notes)))


def _unusable(path: Path, name: BidsName | None) -> str:
    """Why a volume, by its path from the root, is not upsampled; empty when it is."""
    if name is None:
        return "its name does not follow BIDS"
    for level in path.parent.parts:
        key, _, label = level.partition("-")
        if key in name.entities and name.entities[key] != label:
            return f"it lies in the folder {path.parent.as_posix()}, which its name contradicts"
    if name.entities.get("part") in _NO_INTENSITIES:
        return "it holds no intensities"
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
        for path in listed(level / "anat", f"*_{_SUFFIX}.nii*"):
            if path.name.endswith((".nii", ".nii.gz")):
                yield path


def _metadata(path: Path, root: Path, name: BidsName, notes: list[str]) -> dict[str, Any]:
    """Entries of all sidecars that apply, the nearest with the last word (inheritance)."""
    levels = [path.parent, *path.parent.parents]
    levels = levels[: levels.index(root) + 1]
    merged: dict[str, Any] = {}
    for level in reversed(levels):
        fitting = []
        for sidecar in listed(level, f"*{_SUFFIX}.json"):
            if sidecar.name == f"{_SUFFIX}.json":
                fitting.append((0, sidecar))
                continue
            of = BidsName.parse(sidecar.name) or _without_subject(sidecar.name)
            if of is not None and of.describes(name):
                fitting.append((len(of.entities), sidecar))
        for _, sidecar in sorted(fitting):
            try:
                merged.update(read_json_object(sidecar))
            except InputError as error:
                notes.append(f"{error} It was left aside.")
    return merged


def _without_subject(text: str) -> BidsName | None:
    """A name such as ``acq-mprage_T1w.json``, as sidecars above the subjects have it."""
    whole = BidsName.parse(f"sub-x_{text}")
    if whole is None:
        return None
    entities = {key: label for key, label in whole.entities.items() if key != "sub"}
    return BidsName(entities, whole.suffix, whole.extension)
