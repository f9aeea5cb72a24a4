"""Headers that lie about size, spacing, direction or place."""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path

import nibabel as nib
import numpy as np

from .craft import file_of, with_affines, with_field, with_line, with_numbers
from .entry import Maker, bad_volume

NAN, INF = float("nan"), float("inf")
_DIM, _DATATYPE, _BITPIX, _PIXDIM, _VOX_OFFSET = 40, 70, 72, 76, 108
_SCALING, _QFORM, _SFORM, _MAGIC = 112, 256, 280, 344
_nifti = partial(with_numbers, "a.nii")
_nrrd = partial(with_field, "a.nrrd")
_mha = partial(with_field, "a.mha")
_TO_CORRECT = "spacing", "correct the header"
_TO_RESAMPLE = "orthonormal", "resample"
_NOT_FINITE = "not finite", "correct its sform or qform"


def _affine(*changes: tuple[int, int, float]) -> np.ndarray:
    matrix = np.eye(4)
    for row, column, value in changes:
        matrix[row, column] = value
    return matrix


def _nifti_2_of_a_size(size: int) -> Maker:
    def make(folder: Path) -> Path:
        nib.save(nib.Nifti2Image(np.zeros((4, 5, 6), np.int16), np.eye(4)), folder / "a.nii")
        data = bytearray((folder / "a.nii").read_bytes())
        struct.pack_into("<3q", data, 24, size, size, size)
        (folder / "a.nii").write_bytes(data)
        return folder / "a.nii"

    return make


_SIZES = [
    bad_volume("NIfTI a thousand times too wide", _nifti("<h", _DIM + 2, 16000), "truncated",
               "16000", "copy it again"),
    bad_volume("NRRD a thousand times too wide", _nrrd("sizes", "48000 44 20"), "48000"),
    bad_volume("MHA a thousand times too wide", _mha("DimSize", "48000 44 20"), "48000"),
    bad_volume("MHA that claims a terabyte", _mha("DimSize", "9999 9999 9999"), "a.mha"),
    bad_volume("NRRD that claims a terabyte", _nrrd("sizes", "9999 9999 9999"), "a.nrrd"),
    bad_volume("NIfTI of size zero", _nifti("<h", _DIM + 2, 0), "0", "correct the header"),
    bad_volume("NIfTI of negative size", _nifti("<h", _DIM + 2, -48), "-48", "correct the header"),
    bad_volume("MHA of size zero", _mha("DimSize", "0 44 20"), "DimSize"),
    bad_volume("NRRD of size zero", _nrrd("sizes", "0 44 20"), "a.nrrd"),
    bad_volume("NIfTI of 300 dimensions", _nifti("<h", _DIM, 300), "correct the header"),
    bad_volume("MHA of 99 dimensions", _mha("NDims", "99"), "NDims"),
    bad_volume("NIfTI of an unknown data type", _nifti("<h", _DATATYPE, 9999), "a.nii"),
    bad_volume("NIfTI of 3 bits a voxel", _nifti("<h", _BITPIX, 3), "3 bits", "correct the header"),
    bad_volume("NIfTI with its voxels a terabyte away", _nifti("<f", _VOX_OFFSET, 1e12),
               "truncated"),
    bad_volume("NIfTI with its voxels nowhere", _nifti("<f", _VOX_OFFSET, NAN), "nan",
               "vox_offset"),
    *(bad_volume(f"NIfTI with its voxels at byte {byte:g}",
                 _nifti("<f", _VOX_OFFSET, byte), f"{byte:g}", "vox_offset")
      for byte in (0.0, 100.0, -5.0, -INF)),
    bad_volume("NIfTI of the largest size", _nifti("<3h", _DIM + 2, *[32767] * 3), "32767",
               "16384"),
    bad_volume("NIfTI-2 of a size beyond 64 bits", _nifti_2_of_a_size(1 << 32), "4294967296",
               "16384"),
    bad_volume("MHA of a size beyond 64 bits", _mha("DimSize", "999999999 999999999 999999999"),
               "a.mha", "999999999"),
    bad_volume("NRRD of a size beyond 64 bits", _nrrd("sizes", "4294967296 4294967296 4294967296"),
               "a.nrrd", "16384"),
    bad_volume("MHA of a billion channels", with_line("a.mha", "ElementSpacing = 1 1 1",
               "ElementNumberOfChannels = 1000000000\nElementSpacing = 1 1 1"), "1000000000",
               "one scalar component"),
    bad_volume("MHA of an unknown type", with_line("a.mha", "MET_SHORT", "MET_FOO"), "a.mha",
               "again"),
    bad_volume("compressed MHA that claims a terabyte", with_line("a.mha",
               "CompressedData = False",
               "CompressedData = True\nCompressedDataSize = 999999999999"), "a.mha",
               "999999999999"),
    bad_volume("NRRD of 99 dimensions", _nrrd("dimension", "99"), "a.nrrd", "again"),
    bad_volume("NRRD with its voxels before its header",
               _nrrd("encoding", "raw\nbyte skip: -999999"), "a.nrrd", "again"),
    bad_volume("NRRD of an unknown encoding", _nrrd("encoding", "zip"), "a.nrrd"),
]  # fmt: skip

_MARKS = [
    bad_volume("NIfTI with a wrong mark", _nifti("<4s", _MAGIC, b"XYZ\0"), "XYZ", "n+1", "convert"),
    bad_volume("NIfTI without a mark", _nifti("<4s", _MAGIC, b"\0\0\0\0"), "n+1", "convert"),
    bad_volume("header of a NIfTI pair called .nii", _nifti("<4s", _MAGIC, b"ni1\0"), "ni1",
               "convert"),
    bad_volume("NRRD with a wrong mark", with_line("a.nrrd", "NRRD", "DRRN"), "not a NRRD file",
               "again"),
    bad_volume("MHA of another object", with_line("a.mha", "NDims = 3", "Mesh = 3"), "NDims",
               "again"),
]  # fmt: skip

_SCALINGS = [
    bad_volume("NIfTI scaled by inf", _nifti("<2f", _SCALING, INF, 0.0), "scl_slope inf",
               "correct the header"),
    bad_volume("NIfTI shifted by nan", _nifti("<2f", _SCALING, 1.0, NAN), "scl_inter nan",
               "correct the header"),
    bad_volume("NIfTI scaled beyond float32", _nifti("<2f", _SCALING, 1e38, 0.0), "float32",
               "Replace them"),
    bad_volume("NIfTI scaled by nan", _nifti("<2f", _SCALING, NAN, NAN), code=0),
    bad_volume("NIfTI scaled by 0", _nifti("<2f", _SCALING, 0.0, 0.0), code=0),
]  # fmt: skip

_SPACINGS = [
    bad_volume("MHA with spacing 0", _mha("ElementSpacing", "0 1 1"), *_TO_CORRECT),
    bad_volume("MHA with negative spacing", _mha("ElementSpacing", "1 -1 1"), *_TO_CORRECT),
    bad_volume("MHA with spacing nan", _mha("ElementSpacing", "1 nan 1"), "1 nan 1",
               "correct the header"),
    bad_volume("NIfTI with spacing 0", _nifti("<f", _PIXDIM + 4, 0.0), *_TO_CORRECT),
    bad_volume("NIfTI with negative spacing", _nifti("<f", _PIXDIM + 4, -1.0), *_TO_CORRECT),
    bad_volume("NIfTI with spacing nan", _nifti("<f", _PIXDIM + 4, NAN), *_TO_CORRECT),
    bad_volume("NIfTI with spacing inf", _nifti("<f", _PIXDIM + 4, INF), *_TO_CORRECT),
    bad_volume("NRRD with spacing 0", _nrrd("space directions", "(0,0,0) (0,1,0) (0,0,1)"),
               *_TO_CORRECT),
]  # fmt: skip

_DIRECTIONS = [
    bad_volume("MHA with a singular direction", _mha("TransformMatrix", "0 0 0 0 1 0 0 0 1"),
               *_TO_RESAMPLE),
    bad_volume("MHA with a skewed direction", _mha("TransformMatrix", "1 0.3 0 0 1 0 0 0 1"),
               *_TO_RESAMPLE),
    bad_volume("MHA with a direction of nan", _mha("TransformMatrix", "nan 0 0 0 1 0 0 0 1"),
               "a.mha"),
    bad_volume("NRRD with a singular direction",
               _nrrd("space directions", "(0,1,0) (0,1,0) (0,0,1)"), *_TO_RESAMPLE),
    bad_volume("NRRD with a skewed direction",
               _nrrd("space directions", "(1,.4,0) (0,1,0) (0,0,1)"), *_TO_RESAMPLE),
    bad_volume("NRRD with a direction of nan",
               _nrrd("space directions", "(nan,0,0) (0,1,0) (0,0,1)"), "a.nrrd"),
    bad_volume("NIfTI with a sheared sform", with_affines("a.nii", _affine((0, 1, 0.4)), None),
               *_TO_RESAMPLE),
    bad_volume("NIfTI with a singular sform", with_affines("a.nii", _affine((0, 0, 0)), None),
               "a.nii"),
    bad_volume("NIfTI with an sform of nan", _nifti("<4f", _SFORM, *[NAN] * 4), *_NOT_FINITE),
    bad_volume("NIfTI with a qform of inf", _nifti("<3f", _QFORM, *[INF] * 3), *_NOT_FINITE),
    bad_volume("MHA with its origin at nan", _mha("Offset", "nan 0 0"), "nan 0 0",
               "correct the header"),
    bad_volume("sform and qform that disagree",
               with_affines("a.nii", _affine((0, 3, 50.0)), np.eye(4)), "sform", "qform", "50.0 mm",
               code=0),
]  # fmt: skip

_CUBE = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)

_VALUES_OF_A_GRID = [
    bad_volume("MHA without its sizes", with_line("a.mha", "DimSize = 48 44 20", "Comment = x"),
               "DimSize", "copy it again"),
    bad_volume("one slice", file_of("a.nrrd", _CUBE[:1]), code=0),
    bad_volume("one voxel", file_of("a.nrrd", _CUBE[:1, :1, :1]), code=0),
    bad_volume("one row", file_of("a.nrrd", _CUBE[:1, :1]), code=0),
]  # fmt: skip

ENTRIES = [*_SIZES, *_MARKS, *_SCALINGS, *_SPACINGS, *_DIRECTIONS, *_VALUES_OF_A_GRID]
