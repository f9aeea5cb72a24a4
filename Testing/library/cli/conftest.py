"""Where the tests of the command line find their helpers, and a volume worth a warning."""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))


@pytest.fixture
def two_places(tmp_path: Path) -> Path:
    """A NIfTI file whose two forms put it 30 mm apart, which is worth a warning."""
    image = nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.eye(4))
    shifted = np.eye(4)
    shifted[0, 3] = 30.0
    image.set_sform(shifted, code=2)
    image.set_qform(np.eye(4), code=1)
    path = tmp_path / "two_places.nii"
    nib.save(image, path)
    return path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many hostile inputs there are, where any of them was tried."""
    if any("hostile" in item.nodeid for item in terminalreporter.getreports("passed")):
        from hostile.table import counted

        terminalreporter.write_line(counted())
