"""``slicer.testing``: runs the unit tests of a module file, as ctest does inside Slicer."""

import sys
import unittest


def runUnitTest(path: list[str], testname: str) -> None:
    """Loads ``testname`` from the folders ``path`` and runs each test method on its own."""
    sys.path.extend([path] if isinstance(path, str) else path)
    suite = unittest.TestLoader().loadTestsFromName(testname)
    if not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful():
        raise Exception(f"The tests of {testname} failed.")
