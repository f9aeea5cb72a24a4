"""The extension as CMake builds and installs it: nothing missing, and it works from there alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = ROOT / "Testing" / "host"
MODULES = Path("lib", "Slicer-5.10", "qt-scripted-modules")


def tool(name: str) -> str:
    """A program from the Python environment or from the PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which(name, path=path)
    assert found, f"{name} is needed; it comes with the project's test dependencies"
    return found


def shipped_files(folder: str) -> set[str]:
    """Every file of a folder that users need, relative to the folder."""
    from update_cmake_lists import shipped_files

    return set(shipped_files(ROOT / folder))


@pytest.fixture(scope="session")
def installed(tmp_path_factory) -> Path:
    """The folder of scripted modules after configure, build and install."""
    build, prefix = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("Slicer 5.10 ü")
    configure = [
        tool("cmake"),
        "-S",
        str(ROOT),
        "-B",
        str(build),
        "-G",
        "Ninja",
        f"-DCMAKE_MAKE_PROGRAM={tool('ninja')}",
        f"-DSlicer_DIR={HOST / 'cmake'}",
        f"-DHOST_PYTHON={sys.executable}",
        "-DBUILD_TESTING=ON",
    ]
    for command in (
        configure,
        [tool("cmake"), "--build", str(build)],
        [tool("cmake"), "--install", str(build), "--prefix", str(prefix)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    listed = subprocess.run(
        [tool("ctest"), "-N"], cwd=build, capture_output=True, text=True, check=True
    )
    assert "py_ArSSR" in listed.stdout
    return prefix / MODULES


def test_every_file_of_the_library_ships(installed):
    there = {
        str(p.relative_to(installed / "ArSSRLib")) for p in (installed / "ArSSRLib").rglob("*")
    }
    missing = shipped_files("ArSSRLib") - there
    assert not missing, f"run update_cmake_lists.py, not listed: {sorted(missing)}"


def test_every_file_of_the_module_ships(installed):
    there = {str(p.relative_to(installed)) for p in installed.rglob("*")}
    missing = shipped_files("ArSSR") - there
    assert not missing, f"run update_cmake_lists.py, not listed: {sorted(missing)}"


def test_weights_and_sample_are_in_the_installed_library(installed):
    assert list((installed / "ArSSRLib" / "models").glob("*.npz"))
    assert list((installed / "ArSSRLib" / "sample").glob("*.nii.gz"))


def test_the_self_tests_pass_from_the_installed_tree_alone(installed, tmp_path):
    """Its own library, too: the environment may have another ArSSRLib."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, str(HOST / "run_selftests.py"), str(installed / "ArSSR.py")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-8000:]
    assert f"library: {installed / 'ArSSRLib'}" in done.stdout
    assert re.search(r"Ran \d+ tests", done.stderr)


def test_a_file_that_is_listed_but_missing_stops_the_configuration(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".git", ".venv", "runs"))
    (source / "ArSSR" / "ArSSRModule" / "logic.py").unlink()
    done = subprocess.run(
        [tool("cmake"), "-S", str(source), "-B", str(tmp_path / "build"), "-G", "Ninja",
         f"-DCMAKE_MAKE_PROGRAM={tool('ninja')}", f"-DSlicer_DIR={HOST / 'cmake'}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "logic.py" in done.stderr
