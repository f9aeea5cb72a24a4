"""Runs the self-tests of a module file in the host, the way Slicer's ctest does.

    python Testing/host/run_selftests.py [PATH/ArSSR.py] [test name ...]

With SLICER_SOURCE set to a checkout of Slicer, its own Python files are used (see README.md).
"""

from __future__ import annotations

import argparse
import sys
import unittest
from pathlib import Path

HOST = Path(__file__).resolve().parent
sys.path.insert(0, str(HOST))
DEFAULT_MODULE = HOST.parent.parent / "ArSSR" / "ArSSR.py"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("module", nargs="?", default=DEFAULT_MODULE, type=Path)
    parser.add_argument("names", nargs="*", help="names of tests; all when left out")
    arguments = parser.parse_args()
    import slicerhost
    from slicerhost import pythonqt

    slicerhost.start()
    slicerhost.open_module(arguments.module)
    import ArSSRLib

    print(f"library: {Path(ArSSRLib.__file__).parent}", flush=True)
    name = arguments.module.stem
    wanted = [f"{name}.{name}Test.{test}" for test in arguments.names] or [name]
    suite = unittest.TestLoader().loadTestsFromNames(wanted)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    for trace in pythonqt.uncaught:
        print("An exception was raised in a slot:\n" + trace, file=sys.stderr)
    ran = result.testsRun > 0 and not result.skipped
    return 0 if result.wasSuccessful() and ran and not pythonqt.uncaught else 1


if __name__ == "__main__":
    sys.exit(main())
