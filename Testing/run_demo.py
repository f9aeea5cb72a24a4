"""First set-up command: makes an environment, installs, upsamples the bundled brain, measures it.

    python3 Testing/run_demo.py

Options go to ``arssr demo``; the results lie in ``demo-output``.
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
