"""The version and the versions of the dependencies are the same wherever they are written."""

from __future__ import annotations

import re
import sys

from repository import ROOT

import ArSSRLib

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_citation_names_the_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {ArSSRLib.__version__}\n" in citation


def test_the_changelog_begins_with_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)", changelog, re.MULTILINE)[0] == ArSSRLib.__version__


def test_the_lowest_versions_are_those_of_the_project() -> None:
    lines = (ROOT / "Testing" / "constraints-lowest.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    wanted = dict(
        requirement.split(">=")
        for requirement in project()["dependencies"]
        if ";" not in requirement
    )
    assert {name: _numbers(version) for name, version in pinned.items()} == {
        name: _numbers(version) for name, version in wanted.items()
    }


def test_the_hooks_use_the_same_tools_as_the_tests() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    requirements = project()["optional-dependencies"]["test"]
    tools = [name for name in requirements if name.startswith(("ruff", "codespell"))]
    assert len(tools) == 2
    for tool in tools:
        assert f'"{tool}"' in hooks


def _numbers(version: str) -> tuple[int, ...]:
    """``1.26`` and ``1.26.0`` are the same version."""
    numbers = [int(part) for part in version.split(".")]
    while numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
