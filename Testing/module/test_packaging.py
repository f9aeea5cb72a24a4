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
    """Every file of a folder that git tracks, relative to the folder."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT / folder, capture_output=True, text=True, check=True
    )
    return {name for name in listed.stdout.splitlines() if name != "CMakeLists.txt"}


def run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def configure_and_build(source: Path, build: Path) -> None:
    options = {
        "CMAKE_MAKE_PROGRAM": tool("ninja"),
        "Slicer_DIR": HOST / "cmake",
        "HOST_PYTHON": sys.executable,
        "BUILD_TESTING": "ON",
    }
    defined = [f"-D{name}={value}" for name, value in options.items()]
    run([tool("cmake"), "-S", str(source), "-B", str(build), "-G", "Ninja", *defined])
    run([tool("cmake"), "--build", str(build)])


def installed_files(folder: Path) -> set[str]:
    """The same of an installed folder."""
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="session")
def installed(tmp_path_factory) -> Path:
    """The folder of scripted modules after configure, build and install."""
    build, prefix = tmp_path_factory.mktemp("build"), tmp_path_factory.mktemp("Slicer 5.10 ü")
    configure_and_build(ROOT, build)
    run([tool("cmake"), "--install", str(build), "--prefix", str(prefix)])
    listed = subprocess.run(
        [tool("ctest"), "-N"], cwd=build, capture_output=True, text=True, check=True
    )
    assert "py_ArSSR" in listed.stdout
    return prefix / MODULES


def test_every_file_of_the_library_ships(installed):
    assert installed_files(installed / "ArSSRLib") >= shipped_files("ArSSRLib")


def test_every_file_of_the_module_ships(installed):
    assert installed_files(installed) >= shipped_files("ArSSR")


def test_what_python_and_editors_leave_behind_does_not_ship(installed):
    assert [name for name in installed_files(installed) if name.endswith((".pyc", "~"))] == []
    assert [name for name in installed_files(installed) if "CMakeLists" in name] == []


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


def test_a_new_file_ships_without_being_listed(tmp_path):
    source, build = tmp_path / "source", tmp_path / "build"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".git", ".venv", "runs"))
    configure_and_build(source, build)
    (source / "ArSSR" / "ArSSRModule" / "panel" / "new.py").write_text("", encoding="utf-8")
    run([tool("cmake"), "--build", str(build)])
    assert (build / MODULES / "ArSSRModule" / "panel" / "new.py").is_file()
