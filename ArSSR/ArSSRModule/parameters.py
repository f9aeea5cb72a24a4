"""The user's choices, kept in a parameter node so that a saved scene brings them back."""

import enum
from typing import Annotated

from slicer import vtkMRMLMarkupsROINode, vtkMRMLScalarVolumeNode
from slicer.i18n import tr as _
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

DEFAULT_MODEL = "default"


class ScaleMode(enum.Enum):
    """How the user says how fine the result should be."""

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
    """The processor that runs the network; the value is the command line's name for it."""

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
    """The orientations of the comparison layout, three volumes across."""

    ALL = "all"
    AXIAL = "Axial"
    SAGITTAL = "Sagittal"
    CORONAL = "Coronal"

    def label(self) -> str:
        return {
            ComparisonViews.ALL: _("Axial, sagittal and coronal"),
            ComparisonViews.AXIAL: _("Axial only"),
            ComparisonViews.SAGITTAL: _("Sagittal only"),
            ComparisonViews.CORONAL: _("Coronal only"),
        }[self]

    def orientations(self) -> tuple[str, ...]:
        """Names of MRML's slice orientations, from top to bottom."""
        return ("Axial", "Sagittal", "Coronal") if self is ComparisonViews.ALL else (self.value,)


@parameterNodeWrapper
class ArSSRParameterNode:
    """What the panel's widgets hold.

    inputVolume, outputVolume - what to upsample, and where to put it (None: a new volume).
    scaleMode - which of scale and targetSpacing counts; ISOTROPIC needs neither.
    targetSpacing - voxel size, in mm, for the axes that are coarser than this.
    roi - the box to compute, or None for the whole volume.
    alsoCubic - also make a cubic interpolation to compare with.
    model, device - name or file of the network, and the processor that runs it.
    fast - compute once instead of taking the mean with the mirrored volume.
    comparisonViews, showDifference, fade (percent of ArSSR over cubic) - the comparison.
    comparedInput, comparedCubic, comparedResult - the volumes of the last run.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    outputVolume: vtkMRMLScalarVolumeNode
    scaleMode: ScaleMode = ScaleMode.FACTOR
    scale: Annotated[float, WithinRange(1.0, 8.0)] = 2.0
    targetSpacing: Annotated[float, WithinRange(0.1, 10.0)] = 0.5
    roi: vtkMRMLMarkupsROINode
    alsoCubic: bool = True
    model: str = DEFAULT_MODEL
    device: Device = Device.AUTO
    fast: bool = False
    comparisonViews: ComparisonViews = ComparisonViews.ALL
    showDifference: bool = False
    fade: Annotated[float, WithinRange(0.0, 100.0)] = 100.0
    comparedInput: vtkMRMLScalarVolumeNode
    comparedCubic: vtkMRMLScalarVolumeNode
    comparedResult: vtkMRMLScalarVolumeNode
