"""Choosing a model, and installing one more from a file."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest


@pytest.fixture
def models(slicer, monkeypatch, tmp_path):
    """The module's models, with an empty folder of installed ones whose name is not ASCII."""
    from ArSSRModule.panel import installed_models as models

    folder = tmp_path / "instálled models"
    folder.mkdir()
    monkeypatch.setattr(models, "installedFolder", lambda: folder)
    return models


def bundled():
    from ArSSRLib.networks.catalogue import model_info

    return model_info("default").path


def choose(monkeypatch, ui, path):
    import qt

    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *arguments: str(path))
    ui.installModelButton.click()


def test_the_bundled_models_are_offered(ui):
    from ArSSRLib.networks.catalogue import bundled_models

    assert ui.modelComboBox.count >= len(bundled_models())
    assert "parameters" in ui.modelSummaryLabel.text


def test_an_installed_model_is_chosen_and_upsamples(
    models, ui, slicer, apply, monkeypatch, tmp_path
):
    file = tmp_path / "my model.npz"
    shutil.copyfile(bundled(), file)
    choose(monkeypatch, ui, file)
    file.unlink()
    apply()
    result = slicer.util.getFirstNodeByName("cortex_t1 ArSSR 2x")
    assert result.GetAttribute("ArSSR.Model").endswith("my model.npz")


def test_a_file_that_is_not_a_model_is_refused(models, ui, monkeypatch, tmp_path):
    file = tmp_path / "holiday.npz"
    file.write_bytes(b"not a model at all")
    before = ui.modelComboBox.count
    choose(monkeypatch, ui, file)
    assert ui.modelComboBox.count == before
    assert list(models.installedFolder().iterdir()) == []


def test_closing_the_file_dialog_changes_nothing(models, ui, monkeypatch):
    before = ui.modelComboBox.count
    choose(monkeypatch, ui, "")
    assert ui.modelComboBox.count == before


def test_a_scene_whose_model_is_gone_falls_back_to_the_default(ui, parameters):
    parameters.model = "/gone/model.npz"
    assert parameters.model == "default"


def test_a_model_that_is_gone_is_named_until_another_is_chosen(
    models, slicer, ui, chosen, parameters
):
    models.installModel(str(bundled()))
    slicer.util.selectModule("none")
    parameters.model = "/gone/model.npz"
    slicer.util.selectModule("ArSSR")
    ui.scaleSlider.value = 2.5
    assert "“/gone/model.npz” is not on this computer; “Standard” is used" in ui.warningLabel.text
    assert ui.applyButton.enabled
    other = 1 if ui.modelComboBox.currentIndex == 0 else 0
    ui.modelComboBox.currentIndex = other
    assert "gone" not in ui.warningLabel.text


def test_fast_is_offered_only_where_the_model_has_a_second_pass(models, ui, monkeypatch, mirrored):
    from ArSSRLib.networks.model_file import read_header

    choose(monkeypatch, ui, mirrored(False))
    assert not ui.fastCheckBox.enabled
    assert "always runs once" in ui.fastCheckBox.toolTip
    path = mirrored(True)
    assert read_header(path).mirrored
    choose(monkeypatch, ui, path)
    assert ui.fastCheckBox.enabled
    assert "second pass" in ui.fastCheckBox.toolTip


def test_the_folder_of_installed_models_is_made_with_the_first_one(slicer, monkeypatch, tmp_path):
    import qt

    from ArSSRModule.panel import installed_models as models

    home = tmp_path / "data"
    monkeypatch.setattr(qt.QStandardPaths, "writableLocation", lambda kind: str(home))
    models.availableModels()
    assert not home.exists()
    installed = models.installModel(str(bundled()))
    assert installed.startswith(str(home))
    assert installed in [model.name for model in models.availableModels()]


def test_a_network_that_cannot_upsample_here_is_not_installed(models, ui, tmp_path):
    from ArSSRLib.networks.baseline_spec import BaselineSpec
    from ArSSRLib.networks.build import build_network
    from ArSSRLib.networks.catalogue import load_model
    from ArSSRLib.networks.model_file import save_model

    spec = BaselineSpec("SRCNN3D")
    header = dataclasses.replace(load_model("default").header, spec=spec, expected_error=None)
    save_model(build_network(spec), header, tmp_path / "baseline.npz")
    before = menu(ui)
    with pytest.raises(ValueError, match="baseline"):
        models.installModel(str(tmp_path / "baseline.npz"))
    assert not list(models.installedFolder().glob("*.npz"))
    assert menu(ui) == before


def test_bundled_models_have_short_names(models, ui):
    assert menu(ui)[:2] == ["Standard", "As published"]


@pytest.fixture
def titled(tmp_path):
    """Makes the bundled model's file with another title, in another folder."""

    def make(title, file="best.npz"):
        from ArSSRLib.networks.catalogue import load_model
        from ArSSRLib.networks.model_file import save_model

        model = load_model("default")
        folder = tmp_path / title.replace(" ", "_")
        folder.mkdir()
        header = dataclasses.replace(model.header, title=title)
        save_model(model.network, header, folder / file, model.expected_error)
        return folder / file

    return make


def menu(ui):
    return [ui.modelComboBox.itemText(i) for i in range(ui.modelComboBox.count)]


def test_a_second_model_of_the_same_file_name_leaves_the_first_as_it_was(
    models, ui, monkeypatch, titled, parameters
):
    first, second = titled("First"), titled("Second")
    choose(monkeypatch, ui, first)
    named_by_a_scene = parameters.model
    choose(monkeypatch, ui, second)
    assert Path(named_by_a_scene).read_bytes() == first.read_bytes()
    assert Path(parameters.model).name == "best-2.npz"
    assert Path(parameters.model).read_bytes() == second.read_bytes()
    files = [path.name for path in models.installedFolder().iterdir()]
    assert sorted(files) == ["best-2.npz", "best.npz"]


def test_installing_the_same_file_again_chooses_the_installed_one(
    models, ui, monkeypatch, titled, parameters
):
    first, second = titled("First"), titled("Second")
    for file in (first, second, first, second):
        choose(monkeypatch, ui, file)
    assert Path(parameters.model).name == "best-2.npz"
    assert len(list(models.installedFolder().iterdir())) == 2


def test_the_menu_shows_the_installed_model_that_the_next_run_uses(
    models, ui, monkeypatch, titled, parameters
):
    file = titled("Mine")
    for _ in range(2):  # the second time the choice is not a new one
        choose(monkeypatch, ui, file)
        assert ui.modelComboBox.currentText == "Mine (best.npz)"
        assert Path(parameters.model).name == "best.npz"
        assert "Mine" in ui.modelSummaryLabel.text


def test_models_of_one_title_are_told_apart_by_their_files(models, ui, monkeypatch, mirrored):
    for wanted in (True, False):
        choose(monkeypatch, ui, mirrored(wanted))
    installed = menu(ui)[-2:]
    assert [text.rsplit(" ", 1)[1] for text in installed] == ["(mirrored.npz)", "(once.npz)"]
    assert len(set(menu(ui))) == len(menu(ui))


def test_a_copy_that_breaks_off_leaves_nothing(models, ui, slicer, monkeypatch, titled):
    def full_disk(source, target):
        Path(target).write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(models.shutil, "copyfile", full_disk)
    before = menu(ui)
    choose(monkeypatch, ui, titled("Mine"))
    assert list(models.installedFolder().iterdir()) == []
    assert menu(ui) == before
