"""Second set-up command: makes an environment, installs everything, runs every check and test.

    python3 Testing/run_tests.py

Options go to pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys

from environment import ROOT, install_system_packages, prepare

CHECKS = (("ruff", "check", "."), ("mypy",))


def main() -> int:
    """Runs linter, type checker and tests; returns 0 when all are content."""
    python = str(prepare("test"))
    install_system_packages()
    # Qt changes the process's locale, and with it how Python reads what child processes print.
    settings = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONUTF8": "1"}
    settings.pop("PYTHONPATH", None)
    failed = [
        check[0]
        for check in CHECKS
        if subprocess.run([python, "-m", *check], cwd=ROOT, env=settings, check=False).returncode
    ]
    tests = subprocess.run(
        [python, "-m", "pytest", *sys.argv[1:]], cwd=ROOT, env=settings, check=False
    )
    if failed:
        print(f"Not content: {', '.join(failed)} (see above the tests)", file=sys.stderr)
    return tests.returncode or bool(failed)


if __name__ == "__main__":
    sys.exit(main())
