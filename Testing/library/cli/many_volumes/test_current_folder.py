"""Python files beside the scans are not imported, neither by the program nor by its workers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
AS_INSTALLED = (
    "import sys; sys.path[:] = [place for place in sys.path if place]; "
    f"sys.path.append({str(ROOT)!r}); from ArSSRLib.cli.main import main; sys.exit(main())"
)
"""The installed program ``arssr`` has no entry for the current folder either."""


def test_modules_in_the_current_folder_are_not_imported(tmp_path: Path, cortex_path: Path) -> None:
    for name in ("numpy", "random", "SimpleITK", "ArSSRLib"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the folder')\n")
    for number in range(2):
        shutil.copy(cortex_path, tmp_path / f"head{number}.nii.gz")
    done = subprocess.run(
        [sys.executable, "-c", AS_INSTALLED, "upsample", "head0.nii.gz", "head1.nii.gz", "-o",
         "out/", "--scale", "2", "--method", "linear", "--progress", "none"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert len(os.listdir(tmp_path / "out")) == 2
