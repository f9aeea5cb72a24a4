"""Which anatomical images of a dataset are upsampled."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError
from ..running.json_files import read_json_object
from .names import BidsName

SUFFIXES = (
    "T1w", "T2w", "PDw", "FLAIR", "T2starw", "inplaneT1", "inplaneT2", "PDT2", "UNIT1", "angio",
)  # fmt: skip
"""Anatomical images whose voxels are intensities; maps and masks are not."""
ALL_SUFFIXES = "all"

_SHORT_KEYS = {
    "subject": "sub", "session": "ses", "task": "task", "acquisition": "acq", "ceagent": "ce",
    "tracer": "trc", "reconstruction": "rec", "direction": "dir", "run": "run",
    "modality": "mod", "echo": "echo", "flip": "flip", "inv": "inv", "mt": "mt", "part": "part",
    "proc": "proc", "hemi": "hemi", "space": "space", "split": "split", "recording": "recording",
    "chunk": "chunk", "res": "res", "resolution": "res", "den": "den", "label": "label",
    "desc": "desc", "description": "desc",
}  # fmt: skip
"""Entities by their long names, as filter files have them, and by their keys in file names."""
_OF_EVERY_IMAGE = ("datatype", "extension", "suffix")
"""Entries of filter files that a folder and an ending decide here."""
_ANY = "*"


@dataclass(frozen=True)
class Selection:
    """What to upsample.

    Attributes:
        participants: labels, with or without ``sub-``; all when empty.
        sessions: labels, with or without ``ses-``; all when empty.
        suffixes: of the images, such as ``T1w``.
        filters: for images of a suffix, the labels that an entity may have: a list, ``*`` for any,
            or None for images without the entity.
    """

    participants: Sequence[str] = ()
    sessions: Sequence[str] = ()
    suffixes: Sequence[str] = ("T1w",)
    filters: Mapping[str, Mapping[str, Sequence[str] | str | None]] = field(default_factory=dict)

    def wants_session(self, session: str) -> bool:
        """Whether images of this session (empty for none) are wanted."""
        wanted = [label.removeprefix("ses-") for label in self.sessions]
        return not wanted or session in wanted

    def wants(self, name: BidsName) -> bool:
        """Whether an image passes the filters of its suffix."""
        return all(
            _passes(name.entities.get(key), allowed)
            for key, allowed in self.filters.get(name.suffix, {}).items()
        )


def chosen_suffixes(given: Sequence[str]) -> tuple[str, ...]:
    """The suffixes that a user named; ``all`` stands for each of :data:`SUFFIXES`."""
    if ALL_SUFFIXES in given:
        return SUFFIXES
    return tuple(dict.fromkeys(given)) or ("T1w",)


def read_filters(path: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """The filters in a BIDS filter file, as of fMRIPrep and other BIDS Apps.

    It holds, for each kind of image, the entities that it must have::

        {"t1w": {"acquisition": "mprage", "session": ["1", "2"], "ceagent": null}}

    Kinds that are not anatomical images, such as ``bold``, are ignored.

    Raises:
        InputError: the file is not readable, or holds an unknown entity or a value that is neither
            text, a number, null nor a list of these.
    """
    by_lower = {suffix.lower(): suffix for suffix in SUFFIXES}
    filters: dict[str, dict[str, Any]] = {}
    for kind, wanted in read_json_object(path).items():
        suffix = by_lower.get(kind.lower())
        if suffix is None:
            continue
        if not isinstance(wanted, dict):
            raise InputError(f"In {str(path)!r}, {kind!r} is not a list of entities; correct it.")
        filters[suffix] = {
            _short_key(entity, path): _labels(entity, value, path)
            for entity, value in wanted.items()
            if entity not in _OF_EVERY_IMAGE
        }
    return filters


def _passes(label: str | None, allowed: Sequence[str] | str | None) -> bool:
    if allowed is None:
        return label is None
    if allowed == _ANY:
        return label is not None
    return label is not None and any(_same(label, each) for each in allowed)


def _same(label: str, other: str) -> bool:
    """Whether two labels are the same; indices may have leading zeros."""
    return label == other or (label.isdigit() and other.isdigit() and int(label) == int(other))


def _short_key(entity: str, path: str | os.PathLike[str]) -> str:
    key = _SHORT_KEYS.get(entity, entity)
    if key not in _SHORT_KEYS.values():
        raise InputError(
            f"In {str(path)!r}, the entity {entity!r} is unknown; use one of "
            f"{', '.join(_SHORT_KEYS)}."
        )
    return key


def _labels(entity: str, value: object, path: str | os.PathLike[str]) -> Sequence[str] | str | None:
    if value is None or value == _ANY:
        return value  # type: ignore[return-value]
    values = value if isinstance(value, list) else [value]
    if not values or any(isinstance(v, bool) or not isinstance(v, str | int) for v in values):
        raise InputError(
            f"In {str(path)!r}, the entity {entity!r} is {value!r}; give a label, a list of "
            "labels, '*' for any, or null for images without it."
        )
    return [str(each).removeprefix(f"{_SHORT_KEYS.get(entity, entity)}-") for each in values]
