"""NRRD files are read as they are, or refused with the reason."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import numpy as np
import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.volumes.files.reading import read_volume

VALUES = np.random.default_rng(2).integers(-9, 900, (4, 5, 6)).astype("<i2")
FIELDS = {
    "type": "short", "dimension": "3", "space": "left-posterior-superior", "sizes": "6 5 4",
    "space directions": "(1,0,0) (0,2,0) (0,0,3)", "kinds": "domain domain domain",
    "endian": "little", "encoding": "raw", "space origin": "(7,8,9)",
}  # fmt: skip


def _save(path: Path, voxels: bytes, **changes: str) -> Path:
    fields = {**FIELDS, **{key.replace("_", " "): value for key, value in changes.items()}}
    lines = ["NRRD0004", *(f"{key}: {value}" for key, value in fields.items()), "", ""]
    path.write_bytes("\n".join(lines).encode() + voxels)
    return path


@pytest.mark.parametrize(
    ("encoding", "voxels"),
    [
        ("raw", VALUES.tobytes()),
        ("gzip", gzip.compress(VALUES.tobytes())),
        ("bzip2", bz2.compress(VALUES.tobytes())),
        ("ascii", " ".join(map(str, VALUES.ravel())).encode()),
    ],
)
def test_every_encoding_is_read_whole_or_refused(
    tmp_path: Path, encoding: str, voxels: bytes
) -> None:
    volume = read_volume(_save(tmp_path / "a.nrrd", voxels, encoding=encoding))
    np.testing.assert_array_equal(volume.array, VALUES)
    assert (volume.grid.spacing, volume.grid.origin) == ((1, 2, 3), (7, 8, 9))
    with pytest.raises(InputError, match=r"truncated|damaged"):
        read_volume(_save(tmp_path / "b.nrrd", voxels[: len(voxels) // 2], encoding=encoding))


@pytest.mark.parametrize("first", [True, False])
def test_a_list_of_volumes_may_be_the_first_or_the_last_axis(tmp_path: Path, first: bool) -> None:
    volumes = np.stack([VALUES, VALUES + 1])
    sizes, kinds = "6 5 4 2", "domain domain domain list"
    directions, voxels = FIELDS["space directions"] + " none", volumes.tobytes()
    if first:
        sizes, kinds, directions = "2 6 5 4", "list domain domain domain", "none " + directions[:-5]
        voxels = np.moveaxis(volumes, 0, -1).tobytes()
    path = _save(tmp_path / "a.seq.nrrd", voxels, dimension="4", sizes=sizes, kinds=kinds,
                 space_directions=directions)  # fmt: skip
    np.testing.assert_array_equal(read_volume(path, 1).array, VALUES + 1)
    with pytest.raises(InputError, match="4-D with 2 volumes"):
        read_volume(path)


@pytest.mark.parametrize("space", ["right-anterior-superior", "RAS"])
def test_other_spaces_are_turned_to_lps(tmp_path: Path, space: str) -> None:
    grid = read_volume(_save(tmp_path / "a.nrrd", VALUES.tobytes(), space=space)).grid
    np.testing.assert_allclose(grid.axes, np.diag([-1.0, -2.0, 3.0]))
    assert grid.origin == (-7, -8, 9)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sizes": "6 5"}, "sizes '6 5' for '3' axes"),
        ({"type": "block"}, "type 'block'"),
        ({"endian": "middle"}, "little or big"),
        ({"encoding": "zip"}, "encoding 'zip'"),
        ({"A" * 2000: "x"}, "not a field of NRRD"),
        ({"kinds": "domain domain"}, "2 kinds for 3 axes"),
        ({"space_origin": "(a,b,c)"}, "not numbers"),
        ({"data_file": "a.nrrd"}, "names itself"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused_with_the_reason(
    tmp_path: Path, change: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        read_volume(_save(tmp_path / "a.nrrd", VALUES.tobytes(), **change))
