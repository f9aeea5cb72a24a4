"""Installing PyTorch: asked for, declined, missing extension, too old; never behind the back."""

from __future__ import annotations

import sys
import types
import unittest
from pathlib import Path

import pytest


@pytest.fixture
def setup(slicer):
    from ArSSRModule.run import torch_setup

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
    assert extension.questions == [(True, setup.REQUIREMENT)]


def test_the_panel_asks_for_the_torch_that_the_library_needs(setup):
    pyproject = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'"torch{setup.REQUIREMENT}"' in pyproject
    assert setup.isNewEnough(setup.MINIMUM)
    assert not setup.isNewEnough("2.5.1")


def test_declining_leaves_a_message_and_no_run(
    monkeypatch, setup, without_torch, slicer, ui, chosen
):
    provide(monkeypatch, PyTorchExtension(None))
    ui.applyButton.click()
    assert "needs PyTorch" in ui.statusLabel.text
    assert ui.applyButton.text == "Apply"


class Slow(PyTorchExtension):
    """Installs while the window works, as pip does in Slicer; ``during`` is what a user does."""

    def __init__(self, monkeypatch, setup, during) -> None:
        super().__init__("2.9.0+cpu")
        self.done = lambda: monkeypatch.setattr(setup, "installedVersion", lambda: "2.9.0+cpu")
        self.during = during

    def installTorch(self, **options):
        import slicer

        self.questions.append(options)
        if len(self.questions) == 1:  # never again and again, should Apply start a second one
            self.during()
        slicer.app.processEvents()
        self.done()
        return types.SimpleNamespace(__version__=self.version)


def test_apply_waits_while_torch_is_installed_and_the_run_follows(
    monkeypatch, setup, without_torch, slicer, ui, chosen, wait
):
    seen = []

    def during():
        ui.scaleSlider.value = 1.5
        ui.applyButton.click()
        seen.append((ui.applyButton.enabled, ui.statusLabel.text))

    extension = Slow(monkeypatch, setup, during)
    provide(monkeypatch, extension)
    ui.applyButton.click()
    assert seen == [(False, "Installing PyTorch…")]
    assert len(extension.questions) == 1
    wait(lambda: ui.applyButton.text == "Apply")
    assert slicer.util.getFirstNodeByName("cortex_t1 ArSSR 1.5x") is not None


@pytest.mark.parametrize("how", ["input removed", "scene closed"])
def test_no_run_follows_when_its_input_went_while_torch_was_installed(
    monkeypatch, setup, without_torch, slicer, panel, ui, chosen, how
):
    other = slicer.util.loadVolume(chosen.GetStorageNode().GetFileName())

    def during():
        if how == "scene closed":
            slicer.mrmlScene.Clear()
        else:
            slicer.mrmlScene.RemoveNode(chosen)

    provide(monkeypatch, Slow(monkeypatch, setup, during))
    ui.applyButton.click()
    assert ui.applyButton.text == "Apply"
    assert ("removed" if how == "input removed" else "Cancelled") in ui.statusLabel.text
    assert ui.applyButton.enabled == (how == "input removed")  # the other volume is chosen now
    assert not panel.running
    assert other is not None


def test_reloading_while_torch_is_installed_starts_no_run(
    monkeypatch, setup, without_torch, slicer, panel, chosen
):
    provide(monkeypatch, Slow(monkeypatch, setup, panel.onReload))
    panel.ui.applyButton.click()
    assert not panel.running
    fresh = slicer.modules.ArSSRWidget
    assert fresh is not panel
    assert not fresh.running
    assert fresh.ui.applyButton.text == "Apply"


def test_the_devices_are_looked_up_once_torch_is_installed(
    monkeypatch, setup, without_torch, slicer, ui, panel, chosen, wait
):
    panel.worker.stopNow()
    monkeypatch.setattr(panel._devices, "names", {})
    provide(monkeypatch, Slow(monkeypatch, setup, lambda: None))
    ui.applyButton.click()
    wait(lambda: "threads" in ui.deviceSummaryLabel.text or "GPU" in ui.deviceSummaryLabel.text)
    slicer.mrmlScene.Clear()


def test_too_old_a_torch_is_refused_with_the_remedy(monkeypatch, setup):
    monkeypatch.setattr(setup, "installedVersion", lambda: "1.13.1")
    words = rf"1\.13\.1 is too old; ArSSR needs {setup.MINIMUM} or newer.*uninstall"
    with pytest.raises(setup.TorchUnavailable, match=words):
        setup.ensureTorch()


def test_an_installation_of_too_old_a_torch_is_reported(monkeypatch, setup, without_torch):
    provide(monkeypatch, PyTorchExtension("2.5.1"))
    words = rf"2\.5\.1 was installed, but ArSSR needs {setup.MINIMUM} or newer"
    with pytest.raises(setup.TorchUnavailable, match=words):
        setup.ensureTorch()


def test_a_failed_installation_is_reported(monkeypatch, setup, without_torch):
    class Failing(PyTorchExtension):
        def installTorch(self, **options):
            raise RuntimeError("no network")

    provide(monkeypatch, Failing(None))
    with pytest.raises(setup.TorchUnavailable, match="no network"):
        setup.ensureTorch()


def test_loading_the_module_imports_no_torch(fresh_host):
    said = fresh_host("open_panel(); print('torch' in sys.modules, flush=True)")
    assert said.splitlines()[-1] == "False"


@pytest.mark.parametrize("version", ["", "1.13.1"])
def test_the_self_tests_fail_and_install_nothing_without_torch(monkeypatch, setup, version):
    import ArSSR

    monkeypatch.setattr(setup, "installedVersion", lambda: version)
    extension = PyTorchExtension("2.9.0+cpu")  # under --testing it would install without asking
    provide(monkeypatch, extension)
    result = unittest.TestResult()
    ArSSR.ArSSRTest("test_TheResultSaysHowItWasMade").run(result)
    assert extension.questions == []
    assert result.errors == []
    assert "install it with the module PyTorch Utils" in result.failures[0][1]
