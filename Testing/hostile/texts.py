"""Headers and streams that ITK's own readers crash on, wait at or read as something else."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom

from .craft import beside_a_pipe, edited, holding, made, with_field, with_line
from .entry import CUBIC, NETWORK, Entry, Machine, Maker, bad_volume
from .series import compress, dicom_series, edited_series, slice_file

_LAST_OF_NRRD, _LAST_OF_MHA = "encoding: raw", "ElementDataFile = LOCAL"
_MIB = 1 << 20


def _nrrd_with(line: str) -> Maker:
    return with_line("a.nrrd", _LAST_OF_NRRD, f"{line}\n{_LAST_OF_NRRD}")


def _mha_with(line: str) -> Maker:
    return with_line("a.mha", _LAST_OF_MHA, f"{line}\n{_LAST_OF_MHA}")


def _voxels_in(end: str, old: str, new: str) -> Maker:
    """A detached header whose line about its voxels is another; ``pipe.raw`` is a pipe there."""
    return beside_a_pipe(with_line(f"a{end}", old, new))


_LONG = (513, 1100, 20_000)
_LINES = [
    *(Entry(f"NRRD with an unknown line of {n} letters", CUBIC, ("not a field of NRRD", "again"),
            _nrrd_with("A" * n)) for n in _LONG),
    *(Entry(f"NRRD with kinds of {n} letters", CUBIC, ("a.nrrd", "again"),
            with_field("a.nrrd", "kinds", "A" * n))
      for n in _LONG),
    *(bad_volume(f"NRRD with a key and value of {n} letters", _nrrd_with(f"k:={'A' * n}"), code=0)
      for n in _LONG),
    bad_volume("NRRD with a comment of two MiB", _nrrd_with("# " + "A" * 2 * _MIB),
               "does not end within", "again"),
    bad_volume("NRRD with form feeds in a comment", _nrrd_with("# \f\f\ndata file: a.nrrd\f"),
               "a.nrrd"),
    *(Entry(f"MHA with a spacing of {n} numbers", CUBIC, ("ElementSpacing", "correct the header"),
            with_field("a.mha", "ElementSpacing", "1 " * n))
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

    def edit(data: bytes) -> bytes:
        head, mark, voxels = data.partition(b"ElementDataFile = LOCAL\n")
        stream = change(zlib.compress(voxels))
        size = b"CompressedDataSize = %d\n" % len(stream) if with_size else b""
        packed = head.replace(b"CompressedData = False", b"CompressedData = True") + size + mark
        return packed + stream

    return edited("a.mha", edit)


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


def _labels(path: Path) -> None:
    values = np.zeros((12, 12, 12), np.int16)
    values[2:9, 2:9, 3:10] = 17
    nib.save(nib.Nifti1Image(values, np.eye(4)), path)


def _rounded(path: Path) -> None:
    affine = np.diag([0.5, 0.5, 1.2, 1.0])
    affine[:3, :3] = np.round([[0.48, -0.14, 0], [0.14, 0.48, 0.003], [0, 0, 1.2]], 3)
    image = nib.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), None)
    image.set_sform(affine, 1)
    image.header["pixdim"][1:4] = np.linalg.norm(affine[:3, :3], axis=0)
    nib.save(image, path)


def _half_a_pair(path: Path) -> None:
    nib.save(nib.Nifti1Pair(np.zeros((4, 5, 6), np.int16), np.eye(4)), path)
    path.with_suffix(".img").unlink()


_OTHER = [
    bad_volume("nii.gz followed by other bytes",
               edited("a.nii.gz", lambda data: data + b"left over"), code=0),
    bad_volume("gzip called .nii", edited("a.nii", gzip.compress), code=0),
    bad_volume("NIfTI whose sform is rounded to three decimals", made("a.nii", _rounded), code=0),
    bad_volume("header of a pair without its voxels", made("a.hdr", _half_a_pair), "a.img",
               "put it back"),
    bad_volume("letter called .mgz", holding("a.mgz", b"Dear reader, " * 40), "again"),
    Entry("label map for the network", (*NETWORK, "--model", "MODEL"),
          ("sub-01_dseg", "label map", "nearest"), made("sub-01_dseg.nii.gz", _labels)),
]  # fmt: skip


def _tiny(syntax: str = "") -> Maker:
    """Slices of a few hundred bytes that claim 16000 × 16000 pixels, compressed or not."""

    def edit(k: int, data: pydicom.Dataset) -> None:
        data.Rows = data.Columns = 16000
        data.PixelData = bytes(64)
        if syntax:
            compress(data, syntax, bytes(64))

    return edited_series(edit)


def _half_signed(k: int, data: pydicom.Dataset) -> None:
    if k % 2 == 0:
        data.PixelRepresentation = 1 - data.PixelRepresentation


def _copied(folder: Path) -> Path:
    series = dicom_series(folder)
    (series / "copy (1).dcm").write_bytes(slice_file(folder, 2).read_bytes())
    return series


_DICOM = [
    bad_volume("tiny DICOM files that claim 16000 × 16000 pixels", _tiny(), "truncated",
               "512000000"),
    *(bad_volume(f"tiny DICOM files that claim 16000 × 16000 pixels in {name}",
                 _tiny(syntax), "compressed", "again")
      for name, syntax in {"run lengths": "1.2.840.10008.1.2.5", "JPEG": "1.2.840.10008.1.2.4.70",
                           "JPEG 2000": "1.2.840.10008.1.2.4.90"}.items()),
    bad_volume("DICOM slices of different signs", edited_series(_half_signed), code=0),
    bad_volume("DICOM slice and its copy", _copied, code=0),
]  # fmt: skip

ENTRIES = [*_LINES, *_DETACHED, *_STREAMS, *_OTHER, *_DICOM]
