"""First set-up command: installs ArSSR into ``.venv`` and runs the demonstration.

    python3 Testing/run_demo.py

It upsamples the bundled brain and measures the result. Options are passed to ``arssr demo``; the
results are written to ``demo-output``.
"""

from __future__ import annotations

import subprocess
import sys

from environment import ROOT, prepare


def main() -> int:
    """Runs the demonstration; returns its exit code."""
    python = prepare()
    command = [str(python), "-m", "ArSSRLib", "demo", *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
