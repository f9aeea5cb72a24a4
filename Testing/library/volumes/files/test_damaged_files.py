"""A file with any bytes is read or refused with one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings

from ArSSRLib.errors import EnvironmentFault, InputError
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.volume import Volume

from .damage import EDITS, Edits, edited

# Where the header ends: damage to the voxels of an uncompressed file only changes values.
KINDS = {
    ".nii": (False, 352),
    ".nii.gz": (True, 10_000),
    ".nrrd": (False, 400),
    "packed.nrrd": (True, 10_000),
    ".mha": (False, 400),
    "packed.mha": (True, 10_000),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(edits=EDITS)
def test_a_damaged_file_is_read_or_refused(
    kind: str, edits: Edits, tmp_path: Path, capfd: object
) -> None:
    suffix = "." + kind.split(".", 1)[1]
    packed, header = KINDS[kind]
    image = sitk.GetImageFromArray(np.arange(210, dtype=np.float32).reshape(5, 6, 7))
    image.SetDirection((0, 1, 0, 0, 0, 1, 1, 0, 0))
    path = tmp_path / f"damaged{suffix}"
    sitk.WriteImage(image, str(path), useCompression=packed)
    path.write_bytes(edited(path.read_bytes(), edits, header))
    try:
        volume = read_volume(path)
    except (InputError, EnvironmentFault) as refusal:
        assert len(str(refusal).splitlines()) == 1
    else:
        assert isinstance(volume, Volume)
        assert np.isfinite(volume.array).all()
