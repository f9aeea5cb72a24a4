"""BIDS datasets and lists of volumes in which something is broken."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

from .craft import CORTEX
from .entry import Entry, Machine

_NAME = "sub-01_T1w"
_ANAT = f"sub-01/anat/{_NAME}"
_MADE = "sub-01/anat/sub-01_res-2x_desc-linear_T1w"
_FOLDERS = ("out", "out/README.md", "out/dataset_description.json")
_RESULT = (*_FOLDERS, "out/sub-01", "out/sub-01/anat", f"out/{_MADE}.json", f"out/{_MADE}.nii.gz")
Change = Callable[[Path], object]


def _dataset(folder: Path) -> Path:
    root = folder / "dataset"
    (root / "sub-01" / "anat").mkdir(parents=True)
    description = {"Name": "Cut", "BIDSVersion": "1.8.0"}
    (root / "dataset_description.json").write_text(json.dumps(description), encoding="utf-8")
    (root / f"{_ANAT}.nii.gz").write_bytes(CORTEX.read_bytes())
    return root


def _bids(
    name: str, change: Change, words: tuple[str, ...], code: int = 2, out: str = "out",
    leaves: tuple[str, ...] = (), options: tuple[str, ...] = (),
) -> Entry:  # fmt: skip
    """A dataset after ``change(its folder)``, given to ``arssr bids``."""

    def make(folder: Path) -> Path:
        root = _dataset(folder)
        change(root)
        return root

    arguments = ("bids", "INPUT", out, "participant", "--scale", "2", "--method", "linear",
                 "--skull-stripped", "no", "--progress", "none", *options)  # fmt: skip
    # What may never end is read in another process, which can be ended.
    machine = Machine.APART if "pipe" in name else Machine.SOUND
    machine = Machine.FULL_DISK if "full disk" in name else machine
    return Entry(f"BIDS: {name}", arguments, words, make, code, machine, leaves=leaves)


def _not_fetched(root: Path) -> None:
    (root / f"{_ANAT}.nii.gz").unlink()
    (root / f"{_ANAT}.nii.gz").symlink_to("../../.git/annex/objects/3f/MD5E-s7.nii.gz")


def _one_of_two_not_fetched(root: Path) -> None:
    (root / "sub-02" / "anat").mkdir(parents=True)
    (root / "sub-02" / "anat" / "sub-02_T1w.nii.gz").symlink_to("../../.git/annex/objects/x.nii.gz")


def _sidecar(text: str) -> Change:
    return lambda root: (root / f"{_ANAT}.json").write_text(text, encoding="utf-8")


def _description(text: str) -> Change:
    return lambda root: (root / "dataset_description.json").write_text(text, encoding="utf-8")


def _both_endings(root: Path) -> None:
    (root / f"{_ANAT}.nii").write_bytes(gzip.decompress(CORTEX.read_bytes()))


_READABLE = [
    *(_bids(f"a sidecar {what}", change, (f"{_NAME}.json", "repair it"), 0, leaves=_RESULT)
      for what, change in {
          "that is not JSON": _sidecar('{"EchoTime": '),
          "of NaN": _sidecar('{"EchoTime": NaN}'),
          "that is a pipe": lambda root: os.mkfifo(root / f"{_ANAT}.json"),
          "that is a folder": lambda root: (root / f"{_ANAT}.json").mkdir(),
      }.items()),
    _bids("a sidecar with odd entries", _sidecar('{"SkullStripped": "maybe", "TaskName": [[]]}'),
          (), 0, leaves=_RESULT),
]  # fmt: skip

_REFUSED = [
    _bids("a volume that git-annex has not fetched", _not_fetched,
          (f"{_NAME}.nii.gz", "link", "DataLad")),
    _bids("one volume of two that git-annex has not fetched", _one_of_two_not_fetched,
          ("sub-02_T1w.nii.gz", "link", "DataLad"), leaves=_RESULT),
    _bids("a volume that is a folder", lambda root: (
          (root / f"{_ANAT}.nii.gz").unlink(), (root / f"{_ANAT}.nii.gz").mkdir()),
          (f"{_NAME}.nii.gz", "no DICOM series")),
    _bids("a volume with both endings", _both_endings,
          (f"{_NAME}.nii", "would both become", "remove or rename"), leaves=_RESULT),
    _bids("full disk", lambda root: None, ("cannot be written", "free some space"), code=1),
    _bids("no description", lambda root: (root / "dataset_description.json").unlink(),
          ("not a BIDS dataset", "root folder")),
    _bids("a description that is not JSON", _description("[1, 2"), ("not readable", "repair it")),
    _bids("a description that is a list", _description("[1, 2]"), ("JSON object", "repair it")),
    _bids("a description nested without end", _description("[" * 100_000), ("repair it",)),
    _bids("no volumes", lambda root: (root / f"{_ANAT}.nii.gz").unlink(), ("T1w", "has no")),
    _bids("a label that climbs out", lambda root: None, ("'../sub-01'", "01"),
          options=("--participant-label", "../sub-01")),
    _bids("output is the dataset", lambda root: None, ("dataset itself", "separate folder"),
          out="INPUT"),
    _bids("output among the data", lambda root: None, ("in the data", "separate folder"),
          out="INPUT/sub-01"),
    _bids("output is a file", lambda root: None, ("is a file", "give a folder"),
          out="INPUT/dataset_description.json"),
    _bids("output is a link to itself",
          lambda root: (root.parent / "circle").symlink_to("circle"),
          ("circle", "cannot be created", "choose another"), out="INPUT/../circle"),
    _bids("output in a place that takes no files", lambda root: None,
          ("/proc/derivatives", "cannot be created", "choose another"), out="/proc/derivatives"),
]  # fmt: skip

_MANY = ("--scale", "2", "--method", "linear", "--progress", "none")
_LISTS = [
    Entry("many: one twice", ("upsample", "INPUT", "INPUT", "-o", "out/", *_MANY),
          (), code=0, leaves=("out", "out/input_linear_2x.nii.gz")),
    Entry("many: into a file", ("upsample", "INPUT", "-o", "INPUT/", *_MANY),
          ("cannot be created", "choose another")),
    Entry("many: one missing", ("upsample", "INPUT", "missing.nii", "-o", "out/", *_MANY),
          ("missing.nii", "check the name"), leaves=("out", "out/input_linear_2x.nii.gz")),
    Entry("many: none can be used", ("upsample", "missing.nii", "-o", "out/", *_MANY),
          ("missing.nii", "check the name")),
    Entry("many: no such cluster",
          ("upsample", "INPUT", "-o", "out/", *_MANY, "--scheduler", "nowhere"),
          ("'nowhere'", "dask scheduler"), code=1, machine=Machine.APART),
]  # fmt: skip

ENTRIES = [*_READABLE, *_REFUSED, *_LISTS]
