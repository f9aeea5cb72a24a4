"""A guess at the contrast of an MR series, for a listing: never used to compute."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .slice_header import SliceHeader

_BY_NAME = (
    (r"local|scout|survey|3.?plane", "localizer"),
    (r"flair|dark.?fluid", "FLAIR"),
    (r"adc|dwi|diff|trace|dti|b1000", "diffusion"),
    (r"tof|angio|mra", "angiography"),
    (r"swi|swan|venbold|t2\W?\*|t2star|gre_?field|fieldmap|phase", "susceptibility"),
    (r"perf|asl|dsc|dce", "perfusion"),
    (r"bold|fmri|rest", "functional"),
    (r"t1|mp.?rage|spgr|bravo|tfe|vibe|fspgr", "T1"),
    (r"t2|cube|space|tse", "T2"),
    (r"\bpd\b|proton", "PD"),
)
_LONG_TE_MS, _LONG_TR_MS, _LONG_TI_MS = 60.0, 1800.0, 1500.0


def contrast_of(header: SliceHeader) -> str:
    """``T1``, ``T2``, ``FLAIR``, ``PD`` …; empty for another modality or without a clue."""
    return guessed_contrast(header.description, header.entries) if header.modality == "MR" else ""


def guessed_contrast(description: str, entries: Mapping[str, str]) -> str:
    """The same for any volume.

    The description decides, then echo, repetition and inversion time.

    Args:
        description: of the series, or a file name.
        entries: header entries; times in ms.
    """
    name = description.lower().replace("_", " ")
    for pattern, contrast in _BY_NAME:
        if re.search(pattern, name):
            return contrast
    echo, repetition, inversion = (
        _number(entries.get(key, "")) for key in ("EchoTime", "RepetitionTime", "InversionTime")
    )
    if not echo or not repetition:
        return ""
    if echo > _LONG_TE_MS:
        return "FLAIR" if inversion > _LONG_TI_MS else "T2"
    return "PD" if repetition > _LONG_TR_MS and not inversion else "T1"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
