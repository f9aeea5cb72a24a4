"""Second set-up command: installs everything into ``.venv`` and runs all checks and tests.

    python3 Testing/run_tests.py

Options are passed to pytest, for example ``-m "not slow"``.
"""

from __future__ import annotations

import os
import subprocess
import sys

from environment import ROOT, install_system_packages, prepare

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("codespell_lib", "."),
    ("mypy",),
)

SIDE_BY_SIDE = ("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder")
"""Four files at a time, since many tests wait for other processes. The tests of one file share what
they prepare. The slowest files come first. ``-n 0`` turns it off."""


def main() -> int:
    """Runs linter, formatter, spelling and type checks and the tests; returns 0 when all pass."""
    python = str(prepare("dev"))
    install_system_packages()
    # Qt changes the process's locale, and with it how Python reads what child processes print.
    settings = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONUTF8": "1"}
    settings.pop("PYTHONPATH", None)
    failed = [
        " ".join(check)
        for check in CHECKS
        if subprocess.run([python, "-m", *check], cwd=ROOT, env=settings, check=False).returncode
    ]
    tests = subprocess.run(
        [python, "-m", "pytest", *SIDE_BY_SIDE, *sys.argv[1:]], cwd=ROOT, env=settings, check=False
    )
    if failed:
        print(f"Failed checks: {', '.join(failed)} (see above the tests)", file=sys.stderr)
    return tests.returncode or bool(failed)


if __name__ == "__main__":
    sys.exit(main())
