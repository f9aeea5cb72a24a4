"""MetaImage files are read as they are, or refused with the reason."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.errors import InputError
from ArSSRLib.volumes.files.reading import read_volume


def _header(folder: Path) -> Path:
    path = folder / "a.mhd"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((3, 4, 5), np.int16)), str(path))
    return path


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("NDims = 3", "NDims = 9999 3"),
        ("NDims = 3", "NDims = -3"),
        ("NDims = 3", "NDims = 11"),
        ("NDims = 3", "NDims = three"),
        ("NDims = 3\n", ""),
        ("DimSize = 5 4 3", "DimSize = 5 4"),
        ("DimSize = 5 4 3", "DimSize = 5 -4 3"),
        ("DimSize = 5 4 3", "DimSize = 5 4 0"),
        ("ElementSpacing = 1 1 1", "ElementSpacing = 1 1"),
        ("Offset = 0 0 0", "Offset = 0 0 0 0"),
        ("TransformMatrix = 1 0 0 0 1 0 0 0 1", "TransformMatrix = 1 0 0 1"),
    ],
)
def test_a_header_that_does_not_fit_together_is_refused(
    tmp_path: Path, line: str, instead: str
) -> None:
    path = _header(tmp_path)
    text = path.read_text()
    assert line in text
    path.write_text(text.replace(line, instead))
    with pytest.raises(InputError):
        read_volume(path)


def test_a_sound_header_passes(tmp_path: Path) -> None:
    path = _header(tmp_path)
    assert read_volume(path).grid.size == (5, 4, 3)


VALUES = np.random.default_rng(4).integers(-50, 900, (6, 7, 8)).astype(np.int16)


def _compressed(folder: Path, stream: bytes, size: int | None, name: str = "a.mha") -> Path:
    """A file of this zlib stream, beside the header where the name ends in ``.mhd``."""
    lines = ["ObjectType = Image", "NDims = 3", "BinaryData = True", "CompressedData = True"]
    if size is not None:
        lines.append(f"CompressedDataSize = {size}")
    local = name.endswith(".mha")
    lines += ["ElementSpacing = 1 2 3", "DimSize = 8 7 6", "ElementType = MET_SHORT",
              f"ElementDataFile = {'LOCAL' if local else 'a.zraw'}", ""]  # fmt: skip
    text = "\n".join(lines).encode()
    path = folder / name
    path.write_bytes(text + stream if local else text)
    if not local:
        (folder / "a.zraw").write_bytes(stream)
    return path


STREAM = zlib.compress(VALUES.tobytes())


@pytest.mark.parametrize("name", ["a.mha", "a.mhd"])
@pytest.mark.parametrize("size", [None, len(STREAM), 0])
def test_a_compressed_file_is_read_with_and_without_its_size(
    tmp_path: Path, name: str, size: int | None
) -> None:
    volume = read_volume(_compressed(tmp_path, STREAM, size, name))
    np.testing.assert_array_equal(volume.array, VALUES)
    assert volume.grid.spacing == (1.0, 2.0, 3.0)


def _flipped(stream: bytes) -> bytes:
    changed = bytearray(stream)
    changed[len(changed) * 9 // 10] ^= 0x10
    return bytes(changed)


@pytest.mark.parametrize("name", ["a.mha", "a.mhd"])
@pytest.mark.parametrize("with_size", [True, False])
@pytest.mark.parametrize(
    "damage",
    [
        _flipped,
        lambda stream: stream[: len(stream) // 3],
        lambda stream: stream[:-1],
        lambda stream: stream.replace(b"\n", b"\r\n"),
        lambda stream: zlib.compress(VALUES[:5].tobytes()),
        lambda stream: zlib.compress(VALUES.tobytes() + bytes(2)),
        lambda stream: b"",
    ],
)
def test_a_stream_that_does_not_hold_the_voxels_is_refused(
    tmp_path: Path, name: str, with_size: bool, damage: Callable[[bytes], bytes]
) -> None:
    stream = damage(STREAM)
    assert stream != STREAM
    path = _compressed(tmp_path, stream, len(stream) if with_size else None, name)
    with pytest.raises(InputError, match=r"truncated|damaged|correct the header"):
        read_volume(path)


def test_fewer_compressed_bytes_than_the_header_announces_are_refused(tmp_path: Path) -> None:
    path = _compressed(tmp_path, STREAM, len(STREAM) + 1)
    with pytest.raises(InputError, match=f"announces {len(STREAM) + 1} compressed bytes"):
        read_volume(path)


@pytest.mark.parametrize("separator", [" = ", "=", ": ", " : "])
def test_a_colon_separates_as_an_equals_sign_does(tmp_path: Path, separator: str) -> None:
    path = _header(tmp_path)
    path.write_text(path.read_text().replace(" = ", separator))
    assert read_volume(path).grid.size == (5, 4, 3)


@pytest.mark.parametrize("key", ["ElementSpacing", "Comment", "ElementType", "A" * 5000])
def test_a_long_line_is_read_or_refused(tmp_path: Path, key: str) -> None:
    path = _header(tmp_path)
    long = f"{key} = {'1 ' * 5000}\n"
    path.write_text(path.read_text().replace("ElementDataFile", long + "ElementDataFile"))
    if key in ("ElementSpacing", "ElementType"):
        with pytest.raises(InputError, match=key):
            read_volume(path)
    else:
        assert read_volume(path).grid.size == (5, 4, 3)


def test_a_header_that_does_not_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mha"
    path.write_bytes(b"ObjectType = Image\nNDims = 3\nComment = " + b"x" * (1 << 21))
    with pytest.raises(InputError, match="does not end in ElementDataFile"):
        read_volume(path)


def test_voxels_as_text_and_behind_a_foreign_header_are_read(tmp_path: Path) -> None:
    path = _header(tmp_path)
    values = np.arange(60)
    text = path.read_text().replace("BinaryData = True", "BinaryData = False")
    (tmp_path / "a.raw").write_text(" ".join(map(str, values)))
    path.write_text(text)
    np.testing.assert_array_equal(read_volume(path).array.ravel(), values)
    (tmp_path / "a.raw").write_bytes(b"foreign" + values.astype("<i2").tobytes())
    for size in ("7", "-1"):
        path.write_text(text.replace("BinaryData = False", f"HeaderSize = {size}"))
        np.testing.assert_array_equal(read_volume(path).array.ravel(), values)
