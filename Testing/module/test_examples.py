"""The examples in the module's docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name", ["panel.texts", "run.child_output", "run.request", "run.torch_setup", "signals"]
)
def test_the_examples_of_a_file_are_true(slicer, name):
    result = doctest.testmod(importlib.import_module(f"ArSSRModule.{name}"))
    assert result.attempted > 0
    assert result.failed == 0
