"""Voxels that are not real finite numbers on three axes, and odd ones that are."""

from __future__ import annotations

import numpy as np

from .craft import cortex_with, file_of, nifti_of
from .entry import NETWORK, Entry, bad_volume

CUBE = np.random.default_rng(5).integers(0, 900, (8, 9, 10)).astype(np.int16)
_RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])

ENTRIES = [
    bad_volume("two dimensions", file_of("a.nrrd", CUBE[0]), "2 dimensions", "give a 3-D volume"),
    bad_volume("NIfTI of two dimensions", nifti_of("a.nii", CUBE[0]), "a.nii", "3-D volume"),
    bad_volume("four dimensions", nifti_of("a.nii.gz", np.zeros((4, 5, 6, 3), np.float32)),
               "4-D with 3 volumes", "choose one by its index, 0 to 2"),
    bad_volume("five dimensions", nifti_of("a.nii.gz", np.zeros((4, 5, 6, 2, 3), np.float32)),
               "5 dimensions", "save one 3-D volume"),
    bad_volume("RGB in NIfTI", nifti_of("a.nii", np.zeros((4, 5, 6), _RGB)), "colours",
               "one real value per voxel"),
    bad_volume("RGB in NRRD", file_of("a.nrrd", np.zeros((4, 5, 6, 3), np.uint8), True),
               "3 values per voxel", "scalar component"),
    bad_volume("RGBA in MHA", file_of("a.mha", np.zeros((4, 5, 6, 4), np.uint8), True),
               "4 values per voxel", "scalar component"),
    bad_volume("displacement field", file_of("a.mha", np.zeros((4, 5, 6, 3), np.float32), True),
               "colour or vector"),
    bad_volume("complex in NIfTI", nifti_of("a.nii", np.zeros((4, 5, 6), np.complex64)),
               "complex", "magnitude"),
    bad_volume("complex in NRRD", file_of("a.nrrd", np.zeros((4, 5, 6), np.complex64)),
               "a.nrrd"),
    *(
        bad_volume(f"one {value} in a {end}", cortex_with(f"a{end}", value),
                   "1 NaN or infinite voxel", "Replace it")
        for end in (".nii", ".nii.gz", ".nrrd", ".mha")
        for value in (float("nan"), float("inf"))
    ),
    bad_volume("all NaN", nifti_of("a.nii.gz", np.full((4, 5, 6), np.nan, np.float32)),
               "120 NaN or infinite voxels"),
    bad_volume("too large for float32", nifti_of("a.nii", np.full((4, 5, 6), 1e300)),
               "120 NaN", "float32", "Replace them"),
    bad_volume("bool", nifti_of("a.nii", (CUBE > 400).astype(np.uint8)), code=0),
    bad_volume("64-bit integers", file_of("a.nrrd", CUBE.astype(np.int64) << 40), "are rounded",
               code=0),
    bad_volume("unsigned 64-bit integers", file_of("a.mha", CUBE.astype(np.uint64) << 50),
               "are rounded", code=0),
    bad_volume("integers above 2^24", file_of("a.nrrd", CUBE.astype(np.int32) << 20),
               "integers above 16777216 are rounded", code=0),
    bad_volume("64-bit floats", nifti_of("a.nii.gz", CUBE.astype(np.float64) / 7),
               "float64", "rounded by up to", code=0),
    bad_volume("all zero", nifti_of("a.nii.gz", np.zeros((5, 6, 7), np.int16)), code=0),
    bad_volume("all the same", nifti_of("a.nii.gz", np.full((5, 6, 7), 1e30, np.float32)), code=0),
    *(
        Entry(f"a range of {largest:g} through the network", (*NETWORK, "--model", "MODEL"),
              ("range of", "between 1e-30 and 1e+37"),
              file_of("a.mha", (CUBE / 900 * largest).astype(np.float32)))
        for largest in (1e-39, 3e38)
    ),
    *(
        Entry(f"{name} through the network", (*NETWORK, "--model", "MODEL"), (),
              file_of("a.mha", values), 0)
        for name, values in {
            "one voxel": CUBE[:1, :1, :1], "one slice": CUBE[:, :, :1], "one row": CUBE[:1, :, :1],
            "two voxels": CUBE[:2, :1, :1], "all zero": np.zeros((5, 6, 7), np.int16),
            "all the same": np.full((5, 6, 7), 1e30, np.float32), "64-bit integers":
            CUBE.astype(np.int64) << 40, "negative values": -CUBE,
        }.items()
    ),
]  # fmt: skip
