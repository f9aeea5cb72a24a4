"""Ends the test process as 3D Slicer's own libraries need it."""

from __future__ import annotations

import os
import sys

import pytest

_status = pytest.StashKey[int]()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_status] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leaves at once, with the result of the tests, where Slicer's libraries have been loaded.

    Their Python wrapping aborts while the interpreter takes itself apart, after every test has
    passed and been reported, which would turn the exit code into that of a crash.
    """
    if "slicer" in sys.modules and _status in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_status])
