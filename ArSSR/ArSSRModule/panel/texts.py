"""The panel's texts about the present choices before a run."""

from slicer.i18n import tr as _

from .. import library
from ..parameters import Device, ScaleMode
from ..run import torch_setup
from ..run.child_output import timeText
from ..run.request import spacingText
from ..run.start import NotKnownYet
from ..scene.inputs import reasonNotUsable
from .colours import boxStyle


class PanelTexts:
    """Fills the panel's labels and shows only the widgets that the present choices need.

    Attributes:
        waiting: whether a run is not possible only until something about the input is found.
    """

    def __init__(self, ui, devices, facts) -> None:
        self._ui, self._devices, self._facts = ui, devices, facts
        self.waiting = False
        ui.noticeLabel.text = library.notForClinicalUse()

    def show(self, parameters, logic, notice: str = "") -> str:
        """Fills the labels; returns why Apply is not possible, empty when it is.

        Args:
            notice: a sentence to show with the warnings.
        """
        self._showScaleWidgets(parameters)
        self._showInput(parameters)
        _show(self._ui.noiseSummaryLabel, self._noiseText(parameters))
        self._ui.deviceSummaryLabel.text = self._deviceSummary(parameters.device)
        unavailable = self._reasonDeviceMissing(parameters.device)
        device = self._devices.resolve(parameters.device.value)
        self.waiting = False
        try:
            plan = logic.plan(parameters, device, self._facts.startOf)
        except NotKnownYet as wait:
            self.waiting = True
            _show(self._ui.planLabel, str(wait))
            self._warn(notice)
            return str(wait)
        except (ValueError, RuntimeError) as error:
            _show(self._ui.planLabel, "")
            self._warn(notice, str(error) if parameters.inputVolume is not None else "")
            return str(error)
        _show(self._ui.planLabel, self._planText(plan, parameters.device))
        self._warn(notice, unavailable, *plan.warnings)
        return unavailable

    def _showScaleWidgets(self, parameters) -> None:
        mode = parameters.scaleMode
        for widget in (self._ui.scaleLabel, self._ui.scaleSlider, self._ui.quickScaleWidget):
            widget.visible = mode is ScaleMode.FACTOR
        for widget in (self._ui.targetSpacingLabel, self._ui.targetSpacingSpinBox):
            widget.visible = mode is ScaleMode.SPACING
        hint = {
            ScaleMode.SPACING: _(
                "Axes with larger voxels get this voxel size; axes with smaller voxels are not "
                "changed."
            ),
            ScaleMode.ISOTROPIC: _(
                "All axes get the smallest voxel size (rounded so that the field of view stays "
                "the same)."
            ),
        }.get(mode, "")
        _show(self._ui.resolutionHintLabel, hint)

    def _showInput(self, parameters) -> None:
        facts = self._facts.of(parameters.inputVolume)
        _show(self._ui.inputSummaryLabel, self._inputText(parameters.inputVolume, facts))
        self._ui.fromMeasuredCheckBox.visible = facts is not None and facts.isOversampled

    @staticmethod
    def _inputText(volumeNode, facts) -> str:
        if volumeNode is None:
            return _("Load a brain MR volume, or ArSSRBrainT1 from Sample Data.")
        if reasonNotUsable(volumeNode):
            return ""
        text = _("{size} voxels\n{spacing} each").format(
            size=_sizeText(volumeNode.GetImageData().GetDimensions()),
            spacing=spacingText(volumeNode.GetSpacing()),
        )
        if facts is None or not facts.resolution.is_coarser:
            return text
        measured = spacingText(facts.resolution.spacing)
        return text + "\n" + _("measured at about {spacing}").format(spacing=measured)

    def _noiseText(self, parameters) -> str:
        facts = self._facts.of(parameters.inputVolume)
        noise = facts.intensities.noise if facts else 0.0
        if not self._ui.noiseReductionSlider.enabled:
            effect = _("This model keeps the grain of the scan.")
        elif parameters.noiseReduction == 0.0:
            effect = _("Keeps the grain.")
        else:
            effect = _("Weakens faint lesions too: also try 0.")
        known = _("Estimated noise: {percent:.1f} % of the range.") if noise else ""
        return " ".join(filter(None, [effect, known.format(percent=100 * noise)]))

    def _planText(self, plan, device: Device) -> str:
        name = self._devices.resolve(device.value).upper()
        rows = {
            _("Result:"): _("{size} voxels").format(size=_sizeText(plan.target.size)),
            _("Voxel size:"): spacingText(plan.target.spacing),
            _("Memory:"): _("{peak} while running, {result} in the scene").format(
                peak=_bytes(plan.peakBytes), result=_bytes(plan.resultBytes)
            ),
            _("Time:"): self._timeText(plan, name) + self._quickerText(device),
        }
        cells = "".join(
            f"<tr><td><b>{title}</b>&nbsp;&nbsp;</td><td>{text}</td></tr>"
            for title, text in rows.items()
        )
        return f"<table>{cells}</table>"

    @staticmethod
    def _timeText(plan, device: str) -> str:
        text = (
            _("about {time} on the {device} (measured)")
            if plan.measured
            else _("about {time} on the {device} (estimate)")
        )
        return text.format(time=timeText(plan.seconds), device=device)

    def _quickerText(self, device: Device) -> str:
        """Only where a graphics card is known to be there, and the CPU was chosen instead."""
        if device is not Device.CPU or not self._devices.names.get(Device.CUDA.value):
            return ""
        return "<br>" + _("quicker on the graphics card: Device, under Advanced")

    def _deviceSummary(self, device: Device) -> str:
        version = torch_setup.installedVersion()
        if not version:
            return _("PyTorch is not installed yet; Apply will offer to install it.")
        if not self._devices.names:
            return _("PyTorch {version}").format(version=version)
        resolved = self._devices.resolve(device.value)
        name = self._devices.names.get(resolved) or _("not found")
        return _("{name} (PyTorch {version})").format(name=name, version=version)

    def _reasonDeviceMissing(self, device: Device) -> str:
        if (
            device is Device.AUTO
            or not self._devices.names
            or self._devices.names.get(device.value)
        ):
            return ""
        return _("{device} was not found on this computer; choose Automatic or CPU.").format(
            device=device.label()
        )

    def _warn(self, *sentences: str) -> None:
        _show(self._ui.warningLabel, "\n".join(filter(None, sentences)))
        self._ui.warningLabel.styleSheet = boxStyle("warning")


def _show(label, text: str) -> None:
    """An empty label is hidden: it would leave a gap in the form."""
    label.text = text
    label.visible = bool(text)


def _sizeText(size) -> str:
    return " × ".join(str(n) for n in size)


def _bytes(count: float) -> str:
    """
    >>> _bytes(3_200_000), _bytes(1_540_000_000)
    ('3 MB', '1.5 GB')
    """
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(1, round(count / 1e6))} MB"
