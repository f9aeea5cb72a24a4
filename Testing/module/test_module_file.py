"""``ArSSR.py``, the file that Slicer finds: what it says where it cannot run, and of itself."""

from __future__ import annotations

import ast
import sys
import types
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parent.parent.parent / "ArSSR" / "ArSSR.py"


@pytest.fixture
def module(slicer):
    import ArSSR

    return ArSSR


def test_an_older_slicer_gets_a_message_with_the_version_that_is_needed(started, monkeypatch):
    source = FILE.read_text(encoding="utf-8")
    code = compile(ast.parse(source, feature_version=(3, 9)), str(FILE), "exec")
    monkeypatch.setattr(sys, "version_info", (3, 9, 10, "final", 0))
    monkeypatch.setitem(sys.modules, "ArSSRModule", None)  # its files need not parse there
    with pytest.raises(RuntimeError, match=r"needs 3D Slicer 5\.10 or later"):
        exec(code, {"__name__": "ArSSR"})


def test_names_of_contributors_are_not_translated(module, monkeypatch):
    monkeypatch.setattr(module, "_", lambda text: f"translated {text}")
    parent = types.SimpleNamespace(path=str(FILE))
    module.ArSSR(parent)
    assert parent.title.startswith("translated ")
    assert not any("translated" in name for name in parent.contributors)
