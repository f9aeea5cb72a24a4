"""What the Extensions Index and its reviewers look at."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent.parent
MODULE_FILES = sorted((ROOT / "ArSSR").rglob("*.py"))
ALLOWED_AT_FILE_SCOPE = {"slicer", "qt", "ctk", "vtk", "numpy", "SimpleITK", "ArSSRModule"}


def cmake_value(name: str) -> str:
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    found = re.findall(rf'^set\(EXTENSION_{name} "(.*)"\)$', text, re.MULTILINE)
    assert len(found) == 1, f"EXTENSION_{name} must be one quoted string on one line"
    return found[0]


@pytest.mark.parametrize(
    "name", ["HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS"]
)
def test_the_metadata_is_one_quoted_string_a_line(name):
    assert cmake_value(name)


def test_pytorch_is_the_one_dependency():
    assert cmake_value("DEPENDS") == "PyTorch"
    assert entry()["build_dependencies"] == ["PyTorch"]


def entry() -> dict:
    return json.loads((ROOT / "ArSSR.json").read_text(encoding="utf-8"))


def test_the_index_entry_has_what_the_schema_wants():
    values = entry()
    assert set(values) <= {
        "$schema",
        "category",
        "scm_url",
        "scm_revision",
        "scm_type",
        "build_dependencies",
        "build_subdirectory",
        "enabled",
        "tier",
    }
    assert values["$schema"].endswith("slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert values["category"] == "Filtering"
    assert values["scm_url"].endswith(".git")


@pytest.mark.parametrize("path", ["Resources/ArSSR.png", "ArSSR/Resources/Icons/ArSSR.png"])
def test_the_icon_is_128_by_128(path):
    with Image.open(ROOT / path) as icon:
        assert icon.size == (128, 128)
        assert icon.format == "PNG"


def test_every_picture_that_is_named_exists():
    urls = cmake_value("ICONURL").split() + cmake_value("SCREENSHOTURLS").split()
    for url in urls:
        assert (ROOT / url.split("/main/")[1]).is_file(), url


def test_screenshots_are_small_enough_for_a_repository():
    pictures = list((ROOT / "Resources" / "Screenshots").glob("*.png"))
    assert {p.stem for p in pictures} >= {
        "panel-empty",
        "panel-ready",
        "panel-running",
        "panel-done",
        "panel-error",
        "slicer-comparison",
        "slicer-difference",
    }
    for picture in pictures:
        assert picture.stat().st_size < 400_000, picture


@pytest.mark.parametrize("path", MODULE_FILES, ids=lambda p: p.name)
def test_nothing_but_slicer_s_own_packages_is_imported_at_file_scope(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        for name in names:
            root = name.split(".")[0]
            assert root in ALLOWED_AT_FILE_SCOPE or root in sys.stdlib_module_names, name


@pytest.mark.parametrize("path", MODULE_FILES, ids=lambda p: p.name)
def test_the_module_has_no_trace_of_the_host(path):
    text = path.read_text(encoding="utf-8")
    for word in ("slicerhost", "PySide", "pytest", "standin"):
        assert word not in text


@pytest.mark.parametrize("path", MODULE_FILES, ids=lambda p: p.name)
def test_a_file_is_one_idea_and_fits_in_four_hundred_lines(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) < 400


def test_the_module_s_title_and_category(started):
    module = started.modules.arssr
    assert module.title == "MRI Super-Resolution (ArSSR)"
    assert module.categories == ["Filtering"]
    assert "not for clinical use" in module.helpText


def test_before_slicer_5_11_the_sample_s_section_is_its_title(slicer, monkeypatch):
    import SampleData

    from ArSSRModule.scene.sample_data import registerSampleData

    monkeypatch.setattr(slicer.modules, "sampleDataSources", {})
    monkeypatch.delattr(SampleData.SampleDataLogic, "registerCustomSampleDataCategory")
    registerSampleData()
    assert list(slicer.modules.sampleDataSources) == ["MRI Super-Resolution (ArSSR)"]


def test_the_sample_is_registered_with_its_checksum(slicer):
    sources = slicer.modules.sampleDataSources["ArSSR"]
    assert len(sources) == 1
    assert sources[0].checksum.startswith("SHA256:")
    assert sources[0].uri.startswith("file:")
    assert Path(sources[0].thumbnailFileName).is_file()
