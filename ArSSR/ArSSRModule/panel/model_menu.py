"""The menu of models, and installing another one from a file."""

import os

import qt
import slicer
from slicer.i18n import tr as _

from ..parameters import DEFAULT_MODEL
from ..signals import Signal
from . import installed_models


class ModelMenu:
    """The combo box is filled from files, so it is not bound by name as the other widgets are.

    Attributes:
        replaced: a sentence about a missing model and the one used instead, or empty.

    Signals:
        chosen(name or file of the model)
    """

    def __init__(self, ui) -> None:
        self.chosen = Signal()
        self._ui = ui
        self._models: list = []
        self._filling = False
        self.replaced = ""
        self._toolTips: dict[str, str] = {}
        self._fill()
        ui.modelComboBox.connect("currentIndexChanged(int)", self._onIndexChanged)
        ui.installModelButton.connect("clicked(bool)", self._onInstall)

    def show(self, name: str) -> None:
        """Shows ``name`` as chosen; the default model replaces one that is missing."""
        names = [model.name for model in self._models]
        if name not in names:
            self._fill()
            names = [model.name for model in self._models]
        if name not in names and names:
            instead = DEFAULT_MODEL if DEFAULT_MODEL in names else names[0]
            self.replaced = _(
                "The model “{name}” is not on this computer; “{instead}” is used instead."
            ).format(name=name, instead=_entryOf(instead, self._models))
            self.chosen.emit(instead)
            return
        if names:
            self._showModel(names.index(name))

    def forgetReplaced(self) -> None:
        self.replaced = ""

    def _showModel(self, index: int) -> None:
        model = self._models[index]
        if self._ui.modelComboBox.currentIndex != index:
            self._filling = True  # not the user's choice
            self._ui.modelComboBox.currentIndex = index
            self._filling = False
        self._ui.modelComboBox.toolTip = model.title
        self._ui.modelSummaryLabel.text = _describe(model)
        self._offer(
            "fastCheckBox",
            model.header.mirrored,
            _("This model always runs once; Fast has no effect."),
        )
        self._offer(
            "noiseReductionSlider",
            model.header.spec.encoder.noise_level,
            _("This model cannot reduce noise; choose Standard under Advanced."),
        )

        self._offer(
            "expectedErrorCheckBox",
            model.header.expected_error is not None,
            _("This model cannot tell how far its voxels may be off."),
        )

    def _offer(self, name: str, possible: bool, reason: str) -> None:
        """Enables a widget, or disables it with the reason as its tooltip."""
        widget = getattr(self._ui, name)
        self._toolTips.setdefault(name, widget.toolTip)
        widget.enabled = possible
        widget.toolTip = self._toolTips[name] if possible else reason

    def _fill(self) -> None:
        self._filling = True
        self._ui.modelComboBox.clear()
        self._models = installed_models.availableModels()
        for model in self._models:
            self._ui.modelComboBox.addItem(_entry(model))
        self._filling = False

    def _onIndexChanged(self, index: int) -> None:
        if not self._filling and 0 <= index < len(self._models):
            self.forgetReplaced()
            self.chosen.emit(self._models[index].name)

    def _onInstall(self) -> None:
        path = qt.QFileDialog.getOpenFileName(
            slicer.util.mainWindow(), _("Install an ArSSR model"), "", _("ArSSR models (*.npz)")
        )
        if not path:
            return
        try:
            installed = installed_models.installModel(str(path))
        except (ValueError, OSError) as error:
            slicer.util.errorDisplay(str(error), windowTitle=_("The model was not installed"))
            return
        self._fill()
        self.forgetReplaced()
        self.chosen.emit(installed)
        self.show(installed)  # also when it was the chosen one before


def _entryOf(name: str, models) -> str:
    return next((_entry(model) for model in models if model.name == name), name)


def _entry(model) -> str:
    """A short name for a bundled model; the title and the file of an installed one."""
    bundled = {"default": _("Standard"), "paper": _("As published")}
    if model.bundled:
        return bundled.get(model.name, model.title or model.name)
    name = os.path.basename(model.name)
    return f"{model.title} ({name})" if model.title else name


def _describe(model) -> str:
    low, high = model.scale_range
    finest, coarsest = model.spacing_range_mm
    return _(
        "For {low:.2g}–{high:.2g}× on voxels of {finest:.2g}–{coarsest:.2g} mm. {title}, "
        "{millions:.1f} million parameters."
    ).format(
        title=model.title or os.path.basename(model.name),
        millions=model.parameters / 1e6,
        low=low,
        high=high,
        finest=finest,
        coarsest=coarsest,
    )
