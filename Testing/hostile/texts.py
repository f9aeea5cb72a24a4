"""Headers and streams that ITK's own readers crash on, wait at or read as something else."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom

from .craft import dicom_series, holding, slice_file, sound, with_line
from .entry import CUBIC, NETWORK, Entry, Machine, Maker, bad_volume

_LAST_OF_NRRD, _LAST_OF_MHA = "encoding: raw", "ElementDataFile = LOCAL"
_MIB = 1 << 20


def _nrrd_with(line: str) -> Maker:
    return with_line("a.nrrd", _LAST_OF_NRRD, f"{line}\n{_LAST_OF_NRRD}")


def _mha_with(line: str) -> Maker:
    return with_line("a.mha", _LAST_OF_MHA, f"{line}\n{_LAST_OF_MHA}")


def _voxels_in(end: str, old: str, new: str) -> Maker:
    """A detached header whose line about its voxels is another; ``pipe.raw`` is a pipe there."""

    def make(folder: Path) -> Path:
        path = sound(folder, f"a{end}")
        text = path.read_text(encoding="utf-8")
        assert old in text, text
        path.write_text(text.replace(old, new), encoding="utf-8")
        os.mkfifo(folder / "pipe.raw")
        return path

    return make


_LONG = (513, 1100, 20_000)
_LINES = [
    *(Entry(f"NRRD with an unknown line of {n} letters", CUBIC, ("not a field of NRRD", "again"),
            _nrrd_with("A" * n)) for n in _LONG),
    *(Entry(f"NRRD with kinds of {n} letters", CUBIC, ("a.nrrd", "again"),
            with_line("a.nrrd", "kinds: domain domain domain", "kinds: " + "A" * n))
      for n in _LONG),
    *(bad_volume(f"NRRD with a key and value of {n} letters", _nrrd_with(f"k:={'A' * n}"), code=0)
      for n in _LONG),
    bad_volume("NRRD with a comment of two MiB", _nrrd_with("# " + "A" * 2 * _MIB),
               "does not end within", "again"),
    bad_volume("NRRD with form feeds in a comment", _nrrd_with("# \f\f\ndata file: a.nrrd\f"),
               "a.nrrd"),
    *(Entry(f"MHA with a spacing of {n} numbers", CUBIC, ("ElementSpacing", "correct the header"),
            with_line("a.mha", "ElementSpacing = 1 1 1", "ElementSpacing = " + "1 " * n))
      for n in (400, 5000)),
    *(bad_volume(f"MHA with a comment of {n} letters", _mha_with("Comment = " + "A" * n), code=0)
      for n in (400, 5000)),
    bad_volume("MHA with a comment of two MiB", _mha_with("Comment = " + "A" * 2 * _MIB),
               "does not end in ElementDataFile", "again"),
    bad_volume("MHA with colons for equals signs",
               with_line("a.mha", "DimSize = 48 44 20", "DimSize: 48 44 20"), code=0),
]  # fmt: skip

_DETACHED = [
    Entry("MHD whose voxels are in a pattern after a colon", CUBIC, ("several files", "save"),
          _voxels_in(".mhd", "ElementDataFile = a.raw", "ElementDataFile: %n%n%s 1 9 1")),
    Entry("MHD whose voxels are in a pipe after a colon", CUBIC, ("a pipe", "name a file"),
          _voxels_in(".mhd", "ElementDataFile = a.raw", "ElementDataFile:pipe.raw"),
          machine=Machine.APART),
    Entry("MHD whose voxels are in a device after a long comment", CUBIC, ("device", "name a file"),
          _voxels_in(".mhd", "ElementDataFile = a.raw",
                     "Comment = " + "x" * 70_000 + "\nElementDataFile = /dev/zero"),
          machine=Machine.APART),
    Entry("NHDR whose voxels are in a device after a comment with a form feed", CUBIC,
          ("device", "name a file"),
          _voxels_in(".nhdr", "data file: a.raw", "# \f\ndata file: /dev/zero"),
          machine=Machine.APART),
]  # fmt: skip


def _compressed(change: Callable[[bytes], bytes], with_size: bool = True) -> Maker:
    """A compressed MHA whose stream is changed; CompressedDataSize fits what is there."""

    def make(folder: Path) -> Path:
        data = sound(folder, "a.mha").read_bytes()
        head, mark, voxels = data.partition(b"ElementDataFile = LOCAL\n")
        stream = change(zlib.compress(voxels))
        size = b"CompressedDataSize = %d\n" % len(stream) if with_size else b""
        packed = head.replace(b"CompressedData = False", b"CompressedData = True") + size + mark
        (folder / "a.mha").write_bytes(packed + stream)
        return folder / "a.mha"

    return make


def _flipped(stream: bytes) -> bytes:
    changed = bytearray(stream)
    changed[len(changed) // 2] ^= 0x40
    return bytes(changed)


_TWICE = zlib.compress(bytes(48 * 44 * 21 * 2))
_STREAMS = [
    bad_volume("compressed MHA without the size of its stream", _compressed(bytes, False), code=0),
    *(bad_volume(f"compressed MHA {what}", _compressed(change), "again")
      for what, change in {
          "with a flipped byte": _flipped,
          "with half a stream": lambda stream: stream[: len(stream) // 2],
          "after a transfer as text": lambda stream: stream.replace(b"\n", b"\r\n"),
          "of fewer slices": lambda stream: zlib.compress(bytes(48 * 44 * 12 * 2)),
          "of more slices": lambda stream: _TWICE,
          "with an empty stream": lambda stream: b"",
      }.items()),
]  # fmt: skip


def _nifti_and_tail(folder: Path) -> Path:
    path = sound(folder, "a.nii.gz")
    path.write_bytes(path.read_bytes() + b"left over")
    return path


def _gzip_called_nii(folder: Path) -> Path:
    path = sound(folder, "a.nii")
    path.write_bytes(gzip.compress(path.read_bytes()))
    return path


def _labels(folder: Path) -> Path:
    values = np.zeros((12, 12, 12), np.int16)
    values[2:9, 2:9, 3:10] = 17
    nib.save(nib.Nifti1Image(values, np.eye(4)), folder / "sub-01_dseg.nii.gz")
    return folder / "sub-01_dseg.nii.gz"


def _rounded(folder: Path) -> Path:
    affine = np.diag([0.5, 0.5, 1.2, 1.0])
    affine[:3, :3] = np.round([[0.48, -0.14, 0], [0.14, 0.48, 0.003], [0, 0, 1.2]], 3)
    image = nib.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), None)
    image.set_sform(affine, 1)
    image.header["pixdim"][1:4] = np.linalg.norm(affine[:3, :3], axis=0)
    nib.save(image, folder / "a.nii")
    return folder / "a.nii"


def _half_a_pair(folder: Path) -> Path:
    nib.save(nib.Nifti1Pair(np.zeros((4, 5, 6), np.int16), np.eye(4)), folder / "a.hdr")
    (folder / "a.img").unlink()
    return folder / "a.hdr"


_OTHER = [
    bad_volume("nii.gz followed by other bytes", _nifti_and_tail, code=0),
    bad_volume("gzip called .nii", _gzip_called_nii, code=0),
    bad_volume("NIfTI whose sform is rounded to three decimals", _rounded, code=0),
    bad_volume("header of a pair without its voxels", _half_a_pair, "a.img", "put it back"),
    bad_volume("letter called .mgz", holding("a.mgz", b"Dear reader, " * 40), "again"),
    Entry("label map for the network", (*NETWORK, "--model", "MODEL"),
          ("sub-01_dseg", "label map", "nearest"), _labels),
]  # fmt: skip


def _slices(**entries: Any) -> Maker:
    """Five slices of a few hundred bytes whose headers claim something else."""

    def make(folder: Path) -> Path:
        series = dicom_series(folder)
        for k in range(5):
            dataset = pydicom.dcmread(slice_file(folder, k))
            dataset.PixelData = bytes(64)
            for name, value in entries.items():
                if name == "syntax":
                    dataset.file_meta.TransferSyntaxUID = value
                    dataset.PixelData = pydicom.encaps.encapsulate([bytes(64)])
                    dataset["PixelData"].is_undefined_length = True
                else:
                    setattr(dataset, name, value)
            dataset.save_as(slice_file(folder, k))
        return series

    return make


def _half_signed(folder: Path) -> Path:
    series = dicom_series(folder)
    for k in range(0, 5, 2):
        dataset = pydicom.dcmread(slice_file(folder, k))
        dataset.PixelRepresentation = 1 - dataset.PixelRepresentation
        dataset.save_as(slice_file(folder, k))
    return series


def _copied(folder: Path) -> Path:
    series = dicom_series(folder)
    (series / "copy (1).dcm").write_bytes(slice_file(folder, 2).read_bytes())
    return series


_HUGE = {"Rows": 16000, "Columns": 16000}
_DICOM = [
    bad_volume("tiny DICOM files that claim 16000 × 16000 pixels", _slices(**_HUGE), "truncated",
               "512000000"),
    *(bad_volume(f"tiny DICOM files that claim 16000 × 16000 pixels in {name}",
                 _slices(**_HUGE, syntax=syntax), "compressed", "again")
      for name, syntax in {"run lengths": "1.2.840.10008.1.2.5", "JPEG": "1.2.840.10008.1.2.4.70",
                           "JPEG 2000": "1.2.840.10008.1.2.4.90"}.items()),
    bad_volume("DICOM slices of different signs", _half_signed, code=0),
    bad_volume("DICOM slice and its copy", _copied, code=0),
]  # fmt: skip

ENTRIES = [*_LINES, *_DETACHED, *_STREAMS, *_OTHER, *_DICOM]
