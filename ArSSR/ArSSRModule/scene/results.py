"""Puts results into the scene: beside the input, shown alike, saying how they were made."""

import json
import re
from dataclasses import dataclass

import slicer

from .. import library
from .hierarchy import describeSeries, isPlaced, placeBeside
from .made_volumes import givenOrNew

ATTRIBUTE_PREFIX = "ArSSR."
INPUT_REFERENCE = "ArSSR.Input"
DIFFERENCE_OF = "ArSSR.DifferenceOf"
"""Node reference of a difference volume: the result that it was made for."""


@dataclass(frozen=True)
class Origin:
    """How a result was made; kept as attributes of its node.

    Attributes:
        request: the library's ``Upsampling`` that made it.
    """

    request: object

    @property
    def method(self) -> str:
        """``arssr`` or the name of an interpolation."""
        return self.request.method

    @property
    def scaleText(self) -> str:
        """The resolution as the user gave it: ``2.5x``, ``1.25 mm`` or ``isotropic``."""
        return self.request.resolution.title.replace("×", "x")

    @property
    def made(self) -> str:
        """Method and resolution, for names: ``ArSSR 2.5x``."""
        return madeText(self.method, self.scaleText)

    def attributes(self, inputNode, factors) -> dict[str, str]:
        import ArSSRLib

        values = {
            "Method": self.method,
            "Scale": self.scaleText,
            "Factors": json.dumps([round(f, 5) for f in factors]),
            "InputName": inputNode.GetName(),
            "InputNodeID": inputNode.GetID(),
            "LibraryVersion": ArSSRLib.__version__,
            "Notice": library.notForClinicalUse(),
        }
        if self.request.from_measured:
            values.update(FromMeasured=True)
        model = self.request.model
        if model is not None:
            values.update(Model=model.name, ModelVersion=model.header.version)
            values.update(Fast=self.request.fast)
            if model.header.spec.encoder.noise_level:
                values.update(NoiseReduction=self.request.noise_reduction)
        return {ATTRIBUTE_PREFIX + key: str(value) for key, value in values.items()}


def resultName(inputName: str, method: str, scaleText: str) -> str:
    """Name of the result: the input's, the method and the scale."""
    return f"{inputName} {madeText(method, scaleText)}"


def madeText(method: str, scaleText: str) -> str:
    """
    >>> madeText("arssr", "2.5x")
    'ArSSR 2.5x'
    """
    return f"{'ArSSR' if method == 'arssr' else method} {scaleText}"


def placeResult(loaded, inputNode, outputNode, name: str, origin: Origin):
    """Puts a loaded image into ``outputNode``, or into a new volume node of that name.

    Args:
        loaded: a :class:`volume_files.LoadedImage`.
        inputNode: the volume it was made from.
        outputNode: the node to overwrite, or None; it takes the name only where it has one of ours.

    Returns:
        the volume node.
    """
    isNew = outputNode is None
    with givenOrNew(outputNode, name) as node:
        _fill(node, loaded, inputNode, origin, name)
        if isNew or not isPlaced(node):
            placeBeside(inputNode, node)
        describeSeries(inputNode, node, origin.made)
    return node


def fillLike(node, loaded, inputNode) -> None:
    """Gives ``node`` an image, displayed and transformed like ``inputNode``."""
    # Before the image is there: MRML would otherwise compute a window over all voxels.
    _showLike(inputNode, node)
    with slicer.util.NodeModify(node):
        node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(loaded.ijkToRas))
        node.SetAndObserveImageData(loaded.imageData)
        node.SetAndObserveTransformNodeID(inputNode.GetTransformNodeID())
        node.SetVoxelValueQuantity(inputNode.GetVoxelValueQuantity())
        node.SetVoxelValueUnits(inputNode.GetVoxelValueUnits())


def _fill(outputNode, loaded, inputNode, origin: Origin, name: str) -> None:
    with slicer.util.NodeModify(outputNode):
        fillLike(outputNode, loaded, inputNode)
        factors = _factors(inputNode, outputNode)
        _rename(outputNode, name)
        _replaceAttributes(outputNode, origin.attributes(inputNode, factors))
        outputNode.SetNodeReferenceID(INPUT_REFERENCE, inputNode.GetID())


def _rename(outputNode, name: str) -> None:
    """A name that we gave follows the new content; one that the user gave stays."""
    earlier = _givenName(outputNode)
    if earlier not in ("", name):
        outputNode.SetName(slicer.mrmlScene.GenerateUniqueName(name))


def _givenName(node) -> str:
    """The name that we gave to a result, empty where it has another one."""
    keys = ("InputName", "Method", "Scale")
    values = [node.GetAttribute(ATTRIBUTE_PREFIX + key) for key in keys]
    if None in values:
        return ""
    name = resultName(*values)
    numbered = re.escape(name) + r"(_\d+)?"  # as MRML makes names unique
    return name if re.fullmatch(numbered, node.GetName()) else ""


def _replaceAttributes(node, attributes: dict[str, str]) -> None:
    """Also removes ours of an earlier result, such as the model where now there is none."""
    for key in node.GetAttributeNames():
        if key.startswith(ATTRIBUTE_PREFIX):
            node.RemoveAttribute(key)
    for key, value in attributes.items():
        node.SetAttribute(key, value)


def _factors(inputNode, outputNode):
    return [a / b for a, b in zip(inputNode.GetSpacing(), outputNode.GetSpacing(), strict=True)]


def _showLike(inputNode, outputNode) -> None:
    """Window, level, threshold and colours of the input."""
    outputNode.CreateDefaultDisplayNodes()
    source, target = inputNode.GetDisplayNode(), outputNode.GetDisplayNode()
    if source is None or target is None:
        return
    with slicer.util.NodeModify(target):
        target.SetAutoWindowLevel(False)
        target.SetWindowLevel(source.GetWindow(), source.GetLevel())
        target.SetApplyThreshold(source.GetApplyThreshold())
        target.SetThreshold(source.GetLowerThreshold(), source.GetUpperThreshold())
        target.SetInterpolate(source.GetInterpolate())
        target.SetAndObserveColorNodeID(source.GetColorNodeID())
