"""Settings of all tests: shared helpers, markers, Hypothesis, cache folders, Slicer's exit."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

TESTING = Path(__file__).parent
# Helpers that several folders of tests share are beside this file.
sys.path.insert(0, str(TESTING))

# Threads that wait would otherwise keep a core busy that another test could use: on a loaded
# machine small regions take six times as long. OpenMP reads this when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# The same examples in every run, however slow the machine is.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")

MARKED_FOLDERS = {
    "slicer": ("module",),
    "evaluation": ("library/evaluation", "library/training", "library/cli/bids"),
}
"""The folders whose tests need more than the extra ``test``; see the markers in pyproject.toml."""

PACKAGE_AND_PATHS = {
    "test-slicer": ("vtk", MARKED_FOLDERS["slicer"]),
    "test-evaluation": ("pandas", MARKED_FOLDERS["evaluation"]),
    "docs": ("mkdocs", ("project/test_site.py",)),
}
"""Of each extra a package, and the tests that are left out, with a note, where it is missing."""
_missing_extras = [
    extra for extra, (name, _) in PACKAGE_AND_PATHS.items() if not importlib.util.find_spec(name)
]
collect_ignore = [path for extra in _missing_extras for path in PACKAGE_AND_PATHS[extra][1]]

_caches = pytest.StashKey[str]()
_status = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Puts the caches of Hypothesis and Matplotlib into a temporary folder.

    Matplotlib needs it only where the home folder is read-only: there each process would make a
    cache folder and print a warning.
    """
    config.stash[_caches] = tempfile.mkdtemp(prefix="arssr-tests-")
    if hasattr(signal, "SIGHUP"):
        # Under nohup it is ignored, and the programs under test would inherit that.
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    set_hypothesis_home_dir(config.stash[_caches])
    if not os.access(os.path.expanduser("~"), os.W_OK):
        os.environ.setdefault("MPLCONFIGDIR", config.stash[_caches])


@pytest.fixture(autouse=True)
def same_signal_handlers() -> Iterator[None]:
    """Restores the handlers: a run ignores signals at its end, and later programs inherit that."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        if signal.getsignal(number) is not handler:
            signal.signal(number, handler)


def slow_tests() -> list[str]:
    """The entries of ``slow_tests.txt``: folders, files and tests, the slowest first."""
    lines = (TESTING / "slow_tests.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the slow tests and the tests of whole folders, and puts the slowest files first.

    With several processes, a long file that starts last would keep all but one of them waiting.
    """
    rank = {entry: number for number, entry in enumerate(slow_tests())}
    first: dict[Path, int] = {}
    for item in items:
        nodes = {node.nodeid for node in item.listchain()} | {item.nodeid.partition("[")[0]}
        ranks = [rank[node] for node in nodes if node in rank]
        if ranks:
            item.add_marker("slow")
        first[item.path] = min([*ranks, first.get(item.path, len(rank))])
    items.sort(key=lambda item: first[item.path])
    for marker, folders in MARKED_FOLDERS.items():
        paths = {TESTING / folder for folder in folders}
        for item in items:
            if not paths.isdisjoint(item.path.parents):
                item.add_marker(marker)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says which tests were left out for want of packages."""
    for extra in _missing_extras:
        paths = " and ".join(f"Testing/{path}" for path in PACKAGE_AND_PATHS[extra][1])
        terminalreporter.write_line(f"left out: {paths} (pip install -e '.[{extra}]')")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_status] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Exits at once with the tests' exit code if Slicer's libraries were loaded.

    Their Python wrapping aborts while the interpreter shuts down, after all tests were reported,
    which would turn the exit code into that of a crash.
    """
    shutil.rmtree(config.stash[_caches], ignore_errors=True)
    if "slicer" in sys.modules and _status in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_status])
