"""Volume nodes that the module makes: found again by what they belong to, or added to the scene."""

from contextlib import contextmanager

import slicer

SCALAR_VOLUME = "vtkMRMLScalarVolumeNode"


def volumeOf(resultNode, reference: str):
    """The volume with that node reference to ``resultNode``, None where there is none."""
    for node in slicer.util.getNodesByClass(SCALAR_VOLUME):
        if node.GetNodeReferenceID(reference) == resultNode.GetID():
            return node
    return None


@contextmanager
def givenOrNew(node, name: str):
    """``node``, or where it is None a new volume, which goes again when the block raises."""
    made = None
    if node is None:
        unique = slicer.mrmlScene.GenerateUniqueName(name)
        node = made = slicer.mrmlScene.AddNewNodeByClass(SCALAR_VOLUME, unique)
    try:
        yield node
    except BaseException:
        if made is not None:
            slicer.mrmlScene.RemoveNode(made)
        raise
