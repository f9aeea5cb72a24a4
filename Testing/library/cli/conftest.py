"""Lets the tests of the command line find the tables that commands of their own print too."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many hostile inputs there are, where any of them was tried."""
    if any("hostile" in item.nodeid for item in terminalreporter.getreports("passed")):
        from hostile.table import counted

        terminalreporter.write_line(counted())
