"""Creates the Python environment ``.venv`` in the repository root.

``run_demo.py`` and ``run_tests.py`` use it; only Python 3.10 or later is required.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
CONSTRAINTS = ROOT / "Testing" / "constraints.txt"
SYSTEM_PACKAGES = ROOT / "Testing" / "system-packages.txt"


def prepare(extras: str = "") -> Path:
    """Installs the project into ``.venv`` unless that is done, and returns its Python.

    Args:
        extras: optional dependencies of pyproject.toml, for example ``dev``.
    """
    if sys.version_info < (3, 10):  # noqa: UP036
        sys.exit(f"Python 3.10 or later is needed, this is {sys.version.split()[0]}.")
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = ENVIRONMENT / f"installed-{extras or 'base'}"
    wanted = _fingerprint()
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return python
    if not python.exists():
        print(f"Creating the environment {ENVIRONMENT}", flush=True)
        _run([sys.executable, "-m", "venv", str(ENVIRONMENT)], "create a virtual environment; on "
             "Debian and Ubuntu install the package python3-venv")  # fmt: skip
    print("Installing Python packages (minutes the first time)", flush=True)
    project = f"{ROOT}[{extras}]" if extras else str(ROOT)
    _run(
        [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check",
         "--constraint", str(CONSTRAINTS), "--editable", project],
        "install the Python packages; see pip's message above",
    )  # fmt: skip
    stamp.write_text(wanted)
    return python


def install_system_packages() -> None:
    """Installs the packages of ``system-packages.txt`` on Debian and Ubuntu.

    Without root rights it prints the command to run instead; on other systems it does nothing.
    """
    lines = SYSTEM_PACKAGES.read_text(encoding="utf-8").splitlines()
    names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not (shutil.which("dpkg-query") and shutil.which("apt-get")):
        return
    missing = [name for name in names if not _is_installed(name)]
    if not missing:
        return
    if os.geteuid() != 0:
        print(f"Some tests need: sudo apt-get install {' '.join(missing)}", flush=True)
        return
    print(f"Installing {' '.join(missing)}", flush=True)
    settings = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends"]):
        names = missing if command[0] == "install" else []
        done = subprocess.run(
            ["apt-get", *command, *names], capture_output=True, text=True, env=settings, check=False
        )
        if done.returncode:
            print(done.stderr, file=sys.stderr)


def _is_installed(name: str) -> bool:
    status = subprocess.run(
        ["dpkg-query", "-W", "-f=${Status}", name], capture_output=True, text=True, check=False
    )
    return "install ok installed" in status.stdout


def _fingerprint() -> str:
    """A hash of everything that decides which packages are installed."""
    parts = [sys.version.encode(), (ROOT / "pyproject.toml").read_bytes(), CONSTRAINTS.read_bytes()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _run(command: list[str], purpose: str) -> None:
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"Could not {purpose}.")
