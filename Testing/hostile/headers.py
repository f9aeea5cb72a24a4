"""Headers that lie about size, spacing, direction or place."""

from __future__ import annotations

import struct
from pathlib import Path

import nibabel as nib
import numpy as np

from .craft import file_of, with_affines, with_line, with_numbers
from .entry import Maker, bad_volume

NAN, INF = float("nan"), float("inf")
_DIM, _DATATYPE, _BITPIX, _PIXDIM, _VOX_OFFSET = 40, 70, 72, 76, 108
_SCALING, _QFORM, _SFORM, _MAGIC = 112, 256, 280, 344
_MHA_MATRIX = "TransformMatrix = 1 0 0 0 1 0 0 0 1"
_NRRD_MATRIX = "space directions: (1,0,0) (0,1,0) (0,0,1)"


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
    bad_volume("NIfTI a thousand times too wide", with_numbers("a.nii", "<h", _DIM + 2, 16000),
               "truncated", "16000", "copy it again"),
    bad_volume("NRRD a thousand times too wide",
               with_line("a.nrrd", "sizes: 48 44 20", "sizes: 48000 44 20"), "48000"),
    bad_volume("MHA a thousand times too wide",
               with_line("a.mha", "DimSize = 48 44 20", "DimSize = 48000 44 20"), "48000"),
    bad_volume("MHA that claims a terabyte",
               with_line("a.mha", "DimSize = 48 44 20", "DimSize = 9999 9999 9999"), "a.mha"),
    bad_volume("NRRD that claims a terabyte",
               with_line("a.nrrd", "sizes: 48 44 20", "sizes: 9999 9999 9999"), "a.nrrd"),
    bad_volume("NIfTI of size zero", with_numbers("a.nii", "<h", _DIM + 2, 0),
               "0", "correct the header"),
    bad_volume("NIfTI of negative size", with_numbers("a.nii", "<h", _DIM + 2, -48),
               "-48", "correct the header"),
    bad_volume("MHA of size zero", with_line("a.mha", "DimSize = 48 44 20", "DimSize = 0 44 20"),
               "DimSize"),
    bad_volume("NRRD of size zero", with_line("a.nrrd", "sizes: 48 44 20", "sizes: 0 44 20"),
               "a.nrrd"),
    bad_volume("NIfTI of 300 dimensions", with_numbers("a.nii", "<h", _DIM, 300),
               "correct the header"),
    bad_volume("MHA of 99 dimensions", with_line("a.mha", "NDims = 3", "NDims = 99"), "NDims"),
    bad_volume("NIfTI of an unknown data type", with_numbers("a.nii", "<h", _DATATYPE, 9999),
               "a.nii"),
    bad_volume("NIfTI of 3 bits a voxel", with_numbers("a.nii", "<h", _BITPIX, 3),
               "3 bits", "correct the header"),
    bad_volume("NIfTI with its voxels a terabyte away",
               with_numbers("a.nii", "<f", _VOX_OFFSET, 1e12), "truncated"),
    bad_volume("NIfTI with its voxels nowhere", with_numbers("a.nii", "<f", _VOX_OFFSET, NAN),
               "nan", "vox_offset"),
    *(bad_volume(f"NIfTI with its voxels at byte {byte:g}",
                 with_numbers("a.nii", "<f", _VOX_OFFSET, byte), f"{byte:g}", "vox_offset")
      for byte in (0.0, 100.0, -5.0, -INF)),
    bad_volume("NIfTI of the largest size", with_numbers("a.nii", "<3h", _DIM + 2, *[32767] * 3),
               "32767", "16384"),
    bad_volume("NIfTI-2 of a size beyond 64 bits", _nifti_2_of_a_size(1 << 32), "4294967296",
               "16384"),
    bad_volume("MHA of a size beyond 64 bits", with_line("a.mha", "DimSize = 48 44 20",
               "DimSize = 999999999 999999999 999999999"), "a.mha", "999999999"),
    bad_volume("NRRD of a size beyond 64 bits", with_line("a.nrrd", "sizes: 48 44 20",
               "sizes: 4294967296 4294967296 4294967296"), "a.nrrd", "16384"),
    bad_volume("MHA of a billion channels", with_line("a.mha", "ElementSpacing = 1 1 1",
               "ElementNumberOfChannels = 1000000000\nElementSpacing = 1 1 1"), "1000000000",
               "one scalar component"),
    bad_volume("MHA of an unknown type", with_line("a.mha", "MET_SHORT", "MET_FOO"), "a.mha",
               "again"),
    bad_volume("compressed MHA that claims a terabyte", with_line("a.mha",
               "CompressedData = False",
               "CompressedData = True\nCompressedDataSize = 999999999999"), "a.mha",
               "999999999999"),
    bad_volume("NRRD of 99 dimensions", with_line("a.nrrd", "dimension: 3", "dimension: 99"),
               "a.nrrd", "again"),
    bad_volume("NRRD with its voxels before its header", with_line("a.nrrd", "encoding: raw",
               "encoding: raw\nbyte skip: -999999"), "a.nrrd", "again"),
    bad_volume("NRRD of an unknown encoding",
               with_line("a.nrrd", "encoding: raw", "encoding: zip"), "a.nrrd"),
]  # fmt: skip

_MARKS = [
    bad_volume("NIfTI with a wrong mark", with_numbers("a.nii", "<4s", _MAGIC, b"XYZ\0"),
               "XYZ", "n+1", "convert"),
    bad_volume("NIfTI without a mark", with_numbers("a.nii", "<4s", _MAGIC, b"\0\0\0\0"),
               "n+1", "convert"),
    bad_volume("header of a NIfTI pair called .nii",
               with_numbers("a.nii", "<4s", _MAGIC, b"ni1\0"), "ni1", "convert"),
    bad_volume("NRRD with a wrong mark", with_line("a.nrrd", "NRRD", "DRRN"),
               "not a NRRD file", "again"),
    bad_volume("MHA of another object", with_line("a.mha", "NDims = 3", "Mesh = 3"), "NDims",
               "again"),
]  # fmt: skip

_SCALINGS = [
    bad_volume("NIfTI scaled by inf", with_numbers("a.nii", "<2f", _SCALING, INF, 0.0),
               "scl_slope inf", "correct the header"),
    bad_volume("NIfTI shifted by nan", with_numbers("a.nii", "<2f", _SCALING, 1.0, NAN),
               "scl_inter nan", "correct the header"),
    bad_volume("NIfTI scaled beyond float32", with_numbers("a.nii", "<2f", _SCALING, 1e38, 0.0),
               "float32", "Replace them"),
    bad_volume("NIfTI scaled by nan", with_numbers("a.nii", "<2f", _SCALING, NAN, NAN), code=0),
    bad_volume("NIfTI scaled by 0", with_numbers("a.nii", "<2f", _SCALING, 0.0, 0.0), code=0),
]  # fmt: skip

_SPACINGS = [
    bad_volume("MHA with spacing 0",
               with_line("a.mha", "ElementSpacing = 1 1 1", "ElementSpacing = 0 1 1"),
               "spacing", "correct the header"),
    bad_volume("MHA with negative spacing",
               with_line("a.mha", "ElementSpacing = 1 1 1", "ElementSpacing = 1 -1 1"),
               "spacing", "correct the header"),
    bad_volume("MHA with spacing nan",
               with_line("a.mha", "ElementSpacing = 1 1 1", "ElementSpacing = 1 nan 1"),
               "1 nan 1", "correct the header"),
    bad_volume("NIfTI with spacing 0", with_numbers("a.nii", "<f", _PIXDIM + 4, 0.0),
               "spacing", "correct the header"),
    bad_volume("NIfTI with negative spacing", with_numbers("a.nii", "<f", _PIXDIM + 4, -1.0),
               "spacing", "correct the header"),
    bad_volume("NIfTI with spacing nan", with_numbers("a.nii", "<f", _PIXDIM + 4, NAN),
               "spacing", "correct the header"),
    bad_volume("NIfTI with spacing inf", with_numbers("a.nii", "<f", _PIXDIM + 4, INF),
               "spacing", "correct the header"),
    bad_volume("NRRD with spacing 0",
               with_line("a.nrrd", _NRRD_MATRIX, _NRRD_MATRIX.replace("(1,0,0)", "(0,0,0)")),
               "spacing", "correct the header"),
]  # fmt: skip

_DIRECTIONS = [
    bad_volume("MHA with a singular direction",
               with_line("a.mha", _MHA_MATRIX, "TransformMatrix = 0 0 0 0 1 0 0 0 1"),
               "orthonormal", "resample"),
    bad_volume("MHA with a skewed direction",
               with_line("a.mha", _MHA_MATRIX, "TransformMatrix = 1 0.3 0 0 1 0 0 0 1"),
               "orthonormal", "resample"),
    bad_volume("MHA with a direction of nan",
               with_line("a.mha", _MHA_MATRIX, "TransformMatrix = nan 0 0 0 1 0 0 0 1"), "a.mha"),
    bad_volume("NRRD with a singular direction",
               with_line("a.nrrd", _NRRD_MATRIX, _NRRD_MATRIX.replace("(1,0,0)", "(0,1,0)")),
               "orthonormal", "resample"),
    bad_volume("NRRD with a skewed direction",
               with_line("a.nrrd", _NRRD_MATRIX, _NRRD_MATRIX.replace("(1,0,0)", "(1,.4,0)")),
               "orthonormal", "resample"),
    bad_volume("NRRD with a direction of nan",
               with_line("a.nrrd", _NRRD_MATRIX, _NRRD_MATRIX.replace("(1,0,0)", "(nan,0,0)")),
               "a.nrrd"),
    bad_volume("NIfTI with a sheared sform", with_affines("a.nii", _affine((0, 1, 0.4)), None),
               "orthonormal", "resample"),
    bad_volume("NIfTI with a singular sform", with_affines("a.nii", _affine((0, 0, 0)), None),
               "a.nii"),
    bad_volume("NIfTI with an sform of nan", with_numbers("a.nii", "<4f", _SFORM, *[NAN] * 4),
               "not finite", "correct its sform or qform"),
    bad_volume("NIfTI with a qform of inf", with_numbers("a.nii", "<3f", _QFORM, *[INF] * 3),
               "not finite", "correct its sform or qform"),
    bad_volume("MHA with its origin at nan", with_line("a.mha", "Offset = 0 0 0",
               "Offset = nan 0 0"), "nan 0 0", "correct the header"),
    bad_volume("sform and qform that disagree",
               with_affines("a.nii", _affine((0, 3, 50.0)), np.eye(4)),
               "sform", "qform", "50.0 mm", code=0),
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
