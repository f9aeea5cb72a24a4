"""Two sound volumes and a broken one, and where the helpers of these tests are found."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def inputs(tmp_path: Path, cortex_path: Path) -> list[Path]:
    """Two sound volumes with awkward names and, between them, half of one."""
    folder = tmp_path / "in put"
    folder.mkdir()
    names = ["a'b.nii.gz", "broken.nii.gz", "größer.nii.gz"]
    for name in names:
        shutil.copy(cortex_path, folder / name)
    (folder / "broken.nii.gz").write_bytes(cortex_path.read_bytes()[:20000])
    return [folder / name for name in names]
