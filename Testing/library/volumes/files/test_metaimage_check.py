"""MetaImage headers over which ITK's reader would crash are refused first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.errors import InputError
from ArSSRLib.volumes.files.metaimage_check import check_metaimage
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
        check_metaimage(path)
    with pytest.raises(InputError):
        read_volume(path)


def test_a_sound_header_passes(tmp_path: Path) -> None:
    path = _header(tmp_path)
    check_metaimage(path)
    assert read_volume(path).grid.size == (5, 4, 3)
