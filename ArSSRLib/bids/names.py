"""File names of BIDS: ``sub-01_ses-1_run-2_T1w.nii.gz`` and the name of its upsampled version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..upsampling.resolution import Resolution

_ENTITY = re.compile(r"(?P<key>[a-z]+)-(?P<label>[0-9a-zA-Z+]+)")
_NAME = re.compile(r"(?P<entities>.+)_(?P<suffix>[0-9a-zA-Z]+)(?P<extension>\.[0-9a-zA-Z.]+)")
_AFTER_SOURCE = ("res", "desc")
"""Of all entities that an anatomical image can have, the last two, in this order."""


@dataclass(frozen=True)
class BidsName:
    """A file name, taken apart.

    >>> name = BidsName.parse("sub-01_acq-mprage_T1w.nii.gz")
    >>> name.upsampled("2p5x", "arssr").text
    'sub-01_acq-mprage_res-2p5x_desc-arssr_T1w.nii.gz'

    Attributes:
        entities: labels by key, in the order of the name.
        suffix: for example ``T1w``.
        extension: for example ``.nii.gz``.
    """

    entities: Mapping[str, str]
    suffix: str
    extension: str

    @staticmethod
    def parse(text: str) -> BidsName | None:
        """The parts of a file name; None when BIDS has no such name."""
        whole = _NAME.fullmatch(text)
        if whole is None:
            return None
        parts = [_ENTITY.fullmatch(part) for part in whole["entities"].split("_")]
        found = [(part["key"], part["label"]) for part in parts if part is not None]
        if len(found) != len(parts) or len(dict(found)) != len(found) or found[0][0] != "sub":
            return None
        return BidsName(dict(found), whole["suffix"], whole["extension"])

    @property
    def text(self) -> str:
        """The file name."""
        entities = "_".join(f"{key}-{label}" for key, label in self.entities.items())
        return f"{entities}_{self.suffix}{self.extension}"

    def upsampled(self, resolution: str, method: str) -> BidsName:
        """The name of the upsampled volume: all entities of the source, then res and desc.

        A source that is itself a derivative keeps its resolution and its description in front of
        ours: ``res-1_desc-preproc`` becomes ``res-1to2x_desc-preprocArssr``.
        """
        kept = {k: label for k, label in self.entities.items() if k not in _AFTER_SOURCE}
        before, coarse = self.entities.get("desc"), self.entities.get("res")
        described = before + method.capitalize() if before else method
        fine = f"{coarse}to{resolution}" if coarse else resolution
        return BidsName({**kept, "res": fine, "desc": described}, self.suffix, ".nii.gz")

    def describes(self, other: BidsName) -> bool:
        """Whether a sidecar of this name applies to ``other`` (the inheritance principle)."""
        return self.suffix == other.suffix and self.entities.items() <= other.entities.items()


def resolution_label(resolution: Resolution) -> str:
    """The label of the entity ``res``: ``2p5x`` for a scale, ``0p8mm`` for a spacing.

    Labels hold letters and digits only; p stands for the decimal point.
    """
    return resolution.name.replace(".", "p")
