"""A file format is one file that registers itself; every other place asks the table."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.volumes.files import file_format, names
from ArSSRLib.volumes.files.file_format import (
    Encoding,
    FileFormat,
    Header,
    format_of,
    readable_suffixes,
    register,
    writable_suffixes,
)
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.files.search import find_volumes
from ArSSRLib.volumes.files.stored_voxels import StoredVoxels
from ArSSRLib.volumes.files.writing import write_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.volume import Volume

MAGIC = b"TOY1"


def read_toy_header(path: Path) -> Header:
    """Four letters, then three sizes of one digit, then one byte per voxel."""
    with open(path, "rb") as stream:
        head = stream.read(7)
    if not (head.startswith(MAGIC) and head[4:].isdigit()):
        raise InputError(f"{str(path)!r} is not a toy volume; copy it again from its source.")
    size = (head[4] - 48, head[5] - 48, head[6] - 48)
    return Header(Grid(size), StoredVoxels(path, path, np.dtype("u1"), size, offset=7))


def toy_head(image: object, depth: int, scratch: Path) -> bytes:
    width, height, _ = image.GetSize()  # type: ignore[attr-defined]
    return MAGIC + f"{width}{height}{depth}".encode()


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The toy format in the table, and nothing else changed."""
    monkeypatch.setattr(file_format, "_FORMATS", dict(file_format._FORMATS))
    register(FileFormat("Toy", (".toy",), read_toy_header, {".toy": Encoding(toy_head)}, ".toy"))
    yield


def test_a_new_format_is_read_written_found_and_named(toy: None, tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    write_volume(Volume(values, Grid((4, 3, 2)), "uint8"), tmp_path / "a.toy")
    np.testing.assert_array_equal(read_volume(tmp_path / "a.toy").array, values)
    assert find_volumes([tmp_path]) == [tmp_path / "a.toy"]
    assert names.stem_of("a.toy") == "a"
    assert names.result_suffix("a.toy") == ".toy"
    assert ".toy" in readable_suffixes() and ".toy" in writable_suffixes()


def test_a_toy_file_that_is_cut_is_refused(toy: None, tmp_path: Path) -> None:
    (tmp_path / "a.toy").write_bytes(MAGIC + b"432" + bytes(23))
    with pytest.raises(InputError, match=r"truncated: .* needs 24 bytes and it holds 23"):
        read_volume(tmp_path / "a.toy")


def test_two_formats_never_share_a_suffix(toy: None) -> None:
    with pytest.raises(ValueError, match=r"\.toy belongs to Toy already"):
        register(FileFormat("Other", (".toy",), read_toy_header))


@pytest.mark.parametrize(
    ("name", "suffix", "stem", "result"),
    [
        ("a.nii.gz", ".nii.gz", "a", ".nii.gz"),
        ("A.NII.GZ", ".nii.gz", "A", ".nii.gz"),
        ("a.b.nhdr", ".nhdr", "a.b", ".nrrd"),
        ("x.mhd", ".mhd", "x", ".mha"),
        ("orig.mgz", ".mgz", "orig", ".nii.gz"),
        ("series", "", "series", ".nii.gz"),
        (".nii.gz", "", ".nii.gz", ".nii.gz"),
    ],
)
def test_names_are_taken_apart(name: str, suffix: str, stem: str, result: str) -> None:
    found = names.suffix_in(name, readable_suffixes())
    assert found == suffix or (name == ".nii.gz" and found in ("", ".gz"))
    assert (names.stem_of(name), names.result_suffix(name)) == (stem, result)


def test_every_format_that_can_be_written_can_be_read_and_is_the_result_of_one() -> None:
    for suffix in writable_suffixes():
        assert suffix in readable_suffixes()
    for suffix in readable_suffixes():
        assert format_of(suffix).result_suffix in writable_suffixes()


@pytest.mark.parametrize("path", ["", "a\udcff.nii"])
def test_a_name_that_is_empty_or_not_text_is_refused(path: str) -> None:
    with pytest.raises(InputError, match=r"empty|not text"):
        read_volume(path)
    with pytest.raises(InputError, match=r"empty|not text"):
        write_volume(Volume(np.zeros((2, 2, 2), np.float32), Grid((2, 2, 2))), path)


def test_the_help_names_every_suffix_that_can_be_read() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "ArSSRLib", "upsample", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert [s for s in (".nii", ".nrrd", ".mha", ".mgz", ".hdr") if s not in shown] == []
