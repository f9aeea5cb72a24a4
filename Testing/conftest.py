"""What holds for all tests: their helpers, Hypothesis, folders for caches, the end as Slicer needs
it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

# What several folders of tests share lies beside this file.
sys.path.insert(0, str(Path(__file__).parent))

# The same examples in every run, however slow the machine is.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")

_caches = pytest.StashKey[str]()
_status = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Gives what keeps caches a folder that goes with the tests.

    Matplotlib has one at home; where that cannot be written, each process would make one of its own
    among the temporary files, and say so.
    """
    config.stash[_caches] = tempfile.mkdtemp(prefix="arssr-tests-")
    set_hypothesis_home_dir(config.stash[_caches])
    if not os.access(os.path.expanduser("~"), os.W_OK):
        os.environ.setdefault("MPLCONFIGDIR", config.stash[_caches])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_status] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leaves at once, with the result of the tests, where Slicer's libraries have been loaded.

    Their Python wrapping aborts while the interpreter takes itself apart, after every test has
    passed and been reported, which would turn the exit code into that of a crash.
    """
    shutil.rmtree(config.stash[_caches], ignore_errors=True)
    if "slicer" in sys.modules and _status in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_status])
