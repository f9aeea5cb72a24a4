"""What pip installs is whole: every module, the weights, the sample, the recipes, the licence."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_SHIPPED = {"__pycache__"}


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in a wheel built from the files that git would hand out."""
    source = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "ArSSRLib",
         "pyproject.toml", "README.md", "LICENSE"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, listed):
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            target.write_bytes((ROOT / name).read_bytes())
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-qq",
         "--wheel-dir", str(folder), str(source)],
        check=True,
    )  # fmt: skip
    (wheel,) = folder.glob("arssr-*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_every_file_of_the_library_is_in_the_wheel(wheel_names: set[str]) -> None:
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "ArSSRLib").rglob("*")
        if path.is_file() and not NOT_SHIPPED & set(path.parts) and path.suffix != ".pyc"
    }
    samples = {f"ArSSRLib/sample/{name}_t1.nii.gz" for name in ("brain", "head")}
    assert samples | {"ArSSRLib/py.typed"} <= files
    left_out = {name for name in files - wheel_names if not name.endswith("CMakeLists.txt")}
    assert left_out == set()


def test_the_licence_travels_with_it(wheel_names: set[str]) -> None:
    assert any(name.endswith("licenses/LICENSE") for name in wheel_names)


def test_only_the_library_is_installed(wheel_names: set[str]) -> None:
    tops = {name.split("/")[0] for name in wheel_names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"ArSSRLib"}
