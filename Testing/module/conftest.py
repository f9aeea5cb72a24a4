"""The host with the open panel, and a fresh scene for every test of the Slicer module."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CORTEX = ROOT / "Testing" / "data" / "cortex_t1.nii.gz"
PATIENCE_SECONDS = 240
sys.path.insert(0, str(ROOT / "Testing" / "host"))
FRESH_HOST = f"""
import functools, os, sys
sys.path.insert(0, {str(ROOT / "Testing" / "host")!r})
import slicerhost
slicer = slicerhost.start()
open_panel = functools.partial(slicerhost.open_module, {str(ROOT / "ArSSR" / "ArSSR.py")!r})
"""
PACKAGES = ("ArSSRLib", "ArSSRModule")
_panels: dict[str, Any] = {}


@pytest.fixture(scope="module", autouse=True)
def modules_of_the_panel() -> Iterator[None]:
    """Keeps the modules that *Reload* imports a second time away from the tests of other folders.

    One process runs files of several folders. Two copies of a class in it would fail isinstance.
    """
    # The panel is opened before this fixture runs for the first file that needs it.
    others = _exchange(_panels) if "ArSSRModule" in _panels else _loaded()
    yield
    mine = _exchange(others)
    _panels.clear()  # *Reload* may have left copies of before in it
    _panels.update(mine)


def _loaded() -> dict[str, Any]:
    return {name: m for name, m in sys.modules.items() if name.partition(".")[0] in PACKAGES}


def _exchange(modules: dict[str, Any]) -> dict[str, Any]:
    """Makes ``modules`` the ones of the packages; returns those that were there."""
    before = _loaded()
    for name in before:
        del sys.modules[name]
    sys.modules.update(modules)
    return before


@pytest.fixture(scope="session")
def started() -> Any:
    """The host's ``slicer``, with the module's panel opened once."""
    import slicerhost

    slicer = slicerhost.start()
    slicerhost.open_module(ROOT / "ArSSR" / "ArSSR.py")
    return slicer


@pytest.fixture
def slicer(started: Any) -> Iterator[Any]:
    """``slicer`` with an empty scene; a test fails when a slot or a VTK observer raised."""
    from slicerhost import pythonqt

    started.mrmlScene.Clear()
    pythonqt.uncaught.clear()
    started.util.selectModule("ArSSR")
    yield started
    started.mrmlScene.Clear()
    assert pythonqt.uncaught == []


@pytest.fixture
def panel(slicer: Any) -> Any:
    """The panel's Python object; tests touch its ``ui`` only."""
    return slicer.modules.ArSSRWidget


@pytest.fixture
def ui(panel: Any) -> Any:
    return panel.ui


@pytest.fixture
def cortex(slicer: Any) -> Any:
    """A small volume of real cortex in the scene."""
    return slicer.util.loadVolume(str(CORTEX))


@pytest.fixture
def chosen(ui: Any, cortex: Any) -> Any:
    """The same, chosen as the input."""
    ui.inputSelector.setCurrentNode(cortex)
    return cortex


@pytest.fixture
def logic(slicer: Any) -> Any:
    """What scripts upsample with."""
    from ArSSRModule.logic import ArSSRLogic

    return ArSSRLogic()


@pytest.fixture
def parameters(logic: Any) -> Any:
    """The panel's parameter node."""
    return logic.getParameterNode()


@pytest.fixture
def compared(ui: Any, cortex: Any, logic: Any) -> Iterator[Any]:
    """The parameter node after something like a run: two volumes on one grid."""
    node = logic.getParameterNode()
    node.comparedCubic = logic.upsample(cortex, scale=2.0, method="cubic")
    node.comparedResult = logic.upsample(cortex, scale=2.0, method="nearest")
    node.comparedInput = cortex
    yield node
    if "Back" in ui.compareButton.text:
        ui.compareButton.click()


@pytest.fixture
def wait(started: Any) -> Callable[[Callable[[], Any]], None]:
    """Lets the window work until a condition holds."""

    def wait_until(condition: Callable[[], Any]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "it takes too long"
            started.app.processEvents()
            time.sleep(0.002)

    return wait_until


@pytest.fixture
def fresh_host() -> Callable[..., str]:
    """Runs Python code in another host; returns what it prints.

    The code has ``slicer``, and opens the panel with ``open_panel()``.
    """

    def run(code: str) -> str:
        words = [sys.executable, "-c", FRESH_HOST + textwrap.dedent(code) + "\nos._exit(0)"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def mirrored(started: Any, tmp_path: Path) -> Callable[[bool], Path]:
    """Makes a copy of the bundled model that asks for the mirrored pass, or does not."""

    def copy(wanted: bool) -> Path:
        from ArSSRLib.networks.catalogue import load_model
        from ArSSRLib.networks.model_file import save_model

        model = load_model("default")
        header = dataclasses.replace(model.header, mirrored=wanted)
        path = tmp_path / f"{'mirrored' if wanted else 'once'}.npz"
        save_model(model.network, header, path, model.expected_error)
        return path

    return copy


@pytest.fixture
def children() -> Callable[[], list[psutil.Process]]:
    """The processes that run the library now: the launcher and the Python that it started."""

    def find() -> list[psutil.Process]:
        return [p for p in psutil.Process().children(recursive=True) if _runs_library(p)]

    return find


def _runs_library(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and "ArSSRLib" in process.cmdline()
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def apply(ui: Any, cortex: Any, wait: Callable[[Callable[[], Any]], None]) -> Callable[[], str]:
    """Presses Apply for the small volume and waits until the run has ended."""

    def press() -> str:
        ui.inputSelector.setCurrentNode(cortex)
        ui.applyButton.click()
        wait(lambda: ui.applyButton.text == "Apply" and ui.applyButton.enabled)
        return str(ui.statusLabel.text)

    return press
