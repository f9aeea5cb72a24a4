"""Installing PyTorch: asked for, declined, missing extension, too old; never behind the back."""

from __future__ import annotations

import sys
import types

import pytest


@pytest.fixture
def setup(slicer):
    from ArSSRModule import torch_setup

    return torch_setup


class PyTorchExtension:
    """The extension's logic class: remembers how it was asked and gives a version, or declines."""

    def __init__(self, version: str | None) -> None:
        self.version, self.questions = version, []

    def installTorch(
        self,
        askConfirmation=False,
        forceComputationBackend=None,
        torchVersionRequirement=None,
        torchvisionVersionRequirement=None,
    ):
        self.questions.append((askConfirmation, torchVersionRequirement))
        return types.SimpleNamespace(__version__=self.version) if self.version else None


@pytest.fixture
def without_torch(monkeypatch, setup):
    monkeypatch.setattr(setup, "installedVersion", lambda: "")


def provide(monkeypatch, extension):
    module = types.ModuleType("PyTorchUtils")
    module.PyTorchUtilsLogic = lambda: extension
    monkeypatch.setitem(sys.modules, "PyTorchUtils", module)


def test_an_installed_torch_is_used_without_a_question(setup):
    setup.ensureTorch()


def test_a_missing_extension_is_named(monkeypatch, setup, without_torch):
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    with pytest.raises(setup.TorchUnavailable, match="Install the extension PyTorch"):
        setup.ensureTorch()


def test_the_user_is_asked_and_the_minimum_version_passed_on(monkeypatch, setup, without_torch):
    extension = PyTorchExtension("2.9.0+cpu")
    provide(monkeypatch, extension)
    setup.ensureTorch()
    assert extension.questions == [(True, ">=2.6")]


def test_declining_leaves_a_message_and_no_run(
    monkeypatch, setup, without_torch, slicer, ui, cortex
):
    provide(monkeypatch, PyTorchExtension(None))
    ui.inputSelector.setCurrentNode(cortex)
    ui.applyButton.click()
    assert "was not installed" in ui.statusLabel.text
    assert ui.applyButton.text == "Apply"


def test_too_old_a_torch_is_refused_with_the_remedy(monkeypatch, setup):
    monkeypatch.setattr(setup, "installedVersion", lambda: "1.13.1")
    with pytest.raises(setup.TorchUnavailable, match=r"1\.13\.1 is too old.*uninstall"):
        setup.ensureTorch()


def test_a_failed_installation_is_reported(monkeypatch, setup, without_torch):
    class Failing(PyTorchExtension):
        def installTorch(self, **options):
            raise RuntimeError("no network")

    provide(monkeypatch, Failing(None))
    with pytest.raises(setup.TorchUnavailable, match="no network"):
        setup.ensureTorch()


def test_loading_the_module_imports_no_torch():
    import subprocess
    from pathlib import Path

    root = Path(__file__).resolve().parent.parent.parent
    code = (
        f"import sys; sys.path.insert(0, {str(root / 'Testing' / 'host')!r}); import slicerhost; "
        f"slicerhost.start(); slicerhost.open_module({str(root / 'ArSSR' / 'ArSSR.py')!r}); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
