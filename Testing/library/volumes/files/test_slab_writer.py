"""What is written a few slices at a time is the very file that SimpleITK writes at once."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.errors import EnvironmentFault
from ArSSRLib.volumes.files import writing
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.files.writing import write_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.volume import Volume, image_of_volume

SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".mha")
TYPES = ("uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32")
COMPRESSION = re.compile(rb"(?m)^(CompressedData = \w+|CompressedDataSize = .*|encoding: \w+)\n")


@pytest.fixture
def brain(cortex_path: Path, monkeypatch: pytest.MonkeyPatch) -> Volume:
    """A real volume with header entries, of which three slices and a rest are written at a time."""
    volume = read_volume(cortex_path)
    height, width = volume.array.shape[1:]
    monkeypatch.setattr(writing, "_WRITTEN_VOXELS", 3 * height * width)
    assert len(volume.array) % 3
    entries = {"ArSSR": "made; of 2,2,2", "sizes": f"{width} {height} 1", "cal_max": "0"}
    return replace(volume, metadata={**volume.metadata, **entries})


def _typed(volume: Volume, pixel_type: str) -> Volume:
    return Volume(volume.array, volume.grid, pixel_type, volume.metadata)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("pixel_type", TYPES)
def test_simpleitk_reads_what_it_would_have_written(
    tmp_path: Path, brain: Volume, suffix: str, pixel_type: str
) -> None:
    volume = _typed(brain, pixel_type)
    write_volume(volume, tmp_path / f"ours{suffix}")
    sitk.WriteImage(image_of_volume(volume), str(tmp_path / f"theirs{suffix}"))
    ours, theirs = (
        sitk.ReadImage(str(tmp_path / f"{name}{suffix}")) for name in ("ours", "theirs")
    )
    assert ours.GetPixelID() == theirs.GetPixelID()
    assert Grid.of_image(ours) == Grid.of_image(theirs)
    np.testing.assert_array_equal(
        sitk.GetArrayViewFromImage(ours), sitk.GetArrayViewFromImage(theirs)
    )
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_the_header_is_that_of_simpleitk_but_for_the_compression(
    tmp_path: Path, brain: Volume, suffix: str
) -> None:
    write_volume(brain, tmp_path / f"ours{suffix}")
    sitk.WriteImage(image_of_volume(brain), str(tmp_path / f"theirs{suffix}"))
    end = b"\n\n" if suffix == ".nrrd" else b"ElementDataFile = LOCAL\n"
    ours, theirs = (
        COMPRESSION.sub(b"", (tmp_path / f"{name}{suffix}").read_bytes().partition(end)[0])
        for name in ("ours", "theirs")
    )
    assert b"made; of 2,2,2" in ours
    assert ours == theirs


def test_an_uncompressed_nifti_file_is_that_of_simpleitk(tmp_path: Path, brain: Volume) -> None:
    entries = {key: text for key, text in brain.metadata.items() if not key.startswith("nifti_")}
    plain = Volume(brain.array, brain.grid, brain.pixel_type, entries)
    write_volume(plain, tmp_path / "ours.nii")
    sitk.WriteImage(image_of_volume(plain), str(tmp_path / "theirs.nii"))
    assert (tmp_path / "ours.nii").read_bytes() == (tmp_path / "theirs.nii").read_bytes()


def test_turned_volumes_are_written_from_a_view(tmp_path: Path, brain: Volume) -> None:
    turned = Volume(brain.array.transpose(2, 0, 1)[::-1], Grid((brain.grid.size[1],
                    brain.grid.size[2], brain.grid.size[0])), brain.pixel_type)  # fmt: skip
    write_volume(turned, tmp_path / "turned.nii.gz")
    np.testing.assert_array_equal(read_volume(tmp_path / "turned.nii.gz").array, turned.array)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "entries",
    [
        {"note": "CompressedDataSize = 5"},
        {"CompressedDataSize": "7"},
        {"DimSize": "1 1 1"},
        {"note": "first\nDimSize = 3 4 1\nsizes: 3 4 1\n\nlast"},
        {"note": "long " * 20_000},
        {"one: two": "three"},
        {"one=two": "three"},
        {"one\ntwo": "three"},
        {" ": "nothing"},
        {"cal_max": "1e39", "cal_min": "nan"},
        {"aux_file": "a name with ümlauts that NIfTI has no room for"},
        {"ä ö": "ü" * 200},
    ],
    ids=lambda entries: next(iter(entries)),
)
def test_no_header_entry_makes_a_file_unreadable(
    tmp_path: Path, brain: Volume, suffix: str, entries: dict[str, str]
) -> None:
    volume = Volume(brain.array, brain.grid, brain.pixel_type, entries)
    write_volume(volume, tmp_path / f"a{suffix}")
    again = read_volume(tmp_path / f"a{suffix}")
    assert again.grid.size == volume.grid.size
    np.testing.assert_array_equal(again.array, volume.array)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_disk_that_is_full_is_noticed_wherever_that_happens(tmp_path: Path, suffix: str) -> None:
    resource = pytest.importorskip("resource", reason="Windows limits no file sizes")
    numbers = np.random.default_rng(0).normal(size=(4, 40, 40)).astype(np.float32)
    entries = {f"entry {n}": "x" * 60 for n in range(40)}
    volume = Volume(numbers, Grid((40, 40, 4)), "float32", entries)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    refused = 0
    for limit in range(256, 40_000, 512):
        path = tmp_path / f"{limit}{suffix}"
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            write_volume(volume, path)
        except EnvironmentFault:
            refused += 1
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        if path.exists():
            np.testing.assert_array_equal(read_volume(path).array, numbers)
    assert refused
    assert all(path.name.endswith(suffix) for path in tmp_path.iterdir())
    assert not list(tmp_path.glob(".*"))
