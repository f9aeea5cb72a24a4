"""The user's choices, kept in a parameter node and saved with the scene."""

import enum
from typing import Annotated

from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

DEFAULT_MODEL = "default"


class ScaleMode(enum.Enum):
    """How the output resolution is given."""

    FACTOR = "factor"
    SPACING = "spacing"
    ISOTROPIC = "isotropic"

    def label(self) -> str:
        return {
            ScaleMode.FACTOR: _("Scale factor"),
            ScaleMode.SPACING: _("Target voxel size"),
            ScaleMode.ISOTROPIC: _("Make isotropic"),
        }[self]


class Device(enum.Enum):
    """The processor that runs the network; the value is its name on the command line."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"

    def label(self) -> str:
        return {
            Device.AUTO: _("Automatic"),
            Device.CPU: _("CPU"),
            Device.CUDA: _("NVIDIA GPU (CUDA)"),
            Device.MPS: _("Apple GPU (MPS)"),
        }[self]


class ComparisonViews(enum.Enum):
    """How the comparison arranges its slice views."""

    ROW = "row"
    DIVIDER = "divider"
    ALL = "all"

    def label(self) -> str:
        return {
            ComparisonViews.ROW: _("Three views side by side"),
            ComparisonViews.DIVIDER: _("One view with a divider"),
            ComparisonViews.ALL: _("Nine views"),
        }[self]


class ViewOrientation(enum.Enum):
    """Orientation of the comparison's views; the value is MRML's name where it has one."""

    AUTOMATIC = "automatic"
    AXIAL = "Axial"
    SAGITTAL = "Sagittal"
    CORONAL = "Coronal"

    def label(self) -> str:
        return {
            ViewOrientation.AUTOMATIC: _("Automatic"),
            ViewOrientation.AXIAL: _("Axial"),
            ViewOrientation.SAGITTAL: _("Sagittal"),
            ViewOrientation.CORONAL: _("Coronal"),
        }[self]


@parameterNodeWrapper
class ArSSRParameterNode:
    """What the panel's widgets hold.

    inputVolume, outputVolume - what to upsample, and where to put it (None: a new volume).
    scaleMode - which of scale and targetSpacing counts; ISOTROPIC needs neither.
    targetSpacing - voxel size, in mm, for the axes that are coarser than this.
    fromMeasured - start from the resolution that the input was measured with; no effect where it is
        stored with that resolution.
    roi - the box to compute, or None for the whole volume.
    alsoCubic - also make a cubic interpolation to compare with.
    model, device - name or file of the network, and the processor that runs it.
    fast - compute once instead of taking the mean with the mirrored volume.
    expectedError - also compute how far each voxel may be off, where the model can.
    noiseReduction - 0 keeps the grain of the scan, 1 removes the noise it is estimated to have.
    comparisonViews, comparisonOrientation - the layout of the comparison; AUTOMATIC takes the
        orientation in which the input's largest voxel side is seen.
    showDifference, fade (percent of ArSSR over cubic) - what its views show.
    showError - show the expected error over ArSSR: with errorOpacity (percent), and hidden where it
        is below errorThreshold (percent of the intensity range).
    comparedInput, comparedCubic, comparedResult, comparedError - the volumes of the last run.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    outputVolume: vtkMRMLScalarVolumeNode
    scaleMode: ScaleMode = ScaleMode.FACTOR
    scale: Annotated[float, WithinRange(1.0, 8.0)] = 2.0
    targetSpacing: Annotated[float, WithinRange(0.1, 10.0)] = 0.5
    fromMeasured: bool = False
    roi: vtkMRMLMarkupsROINode
    alsoCubic: bool = True
    model: str = DEFAULT_MODEL
    device: Device = Device.AUTO
    fast: bool = False
    noiseReduction: Annotated[float, WithinRange(0.0, 2.0)] = 1.0
    expectedError: bool = False
    comparisonViews: ComparisonViews = ComparisonViews.ROW
    comparisonOrientation: ViewOrientation = ViewOrientation.AUTOMATIC
    showDifference: bool = False
    fade: Annotated[float, WithinRange(0.0, 100.0)] = 100.0
    showError: bool = False
    errorOpacity: Annotated[float, WithinRange(0.0, 100.0)] = 60.0
    errorThreshold: Annotated[float, WithinRange(0.0, 20.0)] = 5.0
    comparedInput: vtkMRMLScalarVolumeNode
    comparedCubic: vtkMRMLScalarVolumeNode
    comparedResult: vtkMRMLScalarVolumeNode
    comparedError: vtkMRMLScalarVolumeNode
