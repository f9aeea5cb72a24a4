"""The place of a result in the subject hierarchy, and what Slicer's DICOM export takes from there.

Slicer exports a volume that lies in a study of a patient. Patient and study entries come from these
two; entries of the series are attributes of the volume's item, by the prefix ``DICOM.``
(``qSlicerDICOMTagEditorWidget``). Without them the export calls every volume CT.
"""

import slicer

NOT_FOR_DIAGNOSIS = "not for diagnosis"
"""As in the series that the command line writes; DICOM entries are not translated."""
LONGEST_DESCRIPTION = 64
"""Characters of a DICOM entry of type LO."""
KEPT = ("FrameOfReferenceUID", "Manufacturer", "Model")
"""Entries of the input's series that are true of the result too."""
NUMBERS_AFTER = 300
"""The result's series number lies so many after the input's."""


def placeBeside(inputNode, outputNode) -> None:
    """Puts ``outputNode`` into the study or folder of ``inputNode``."""
    hierarchy, inputItem, outputItem = _items(inputNode, outputNode)
    if inputItem and outputItem:
        hierarchy.SetItemParent(outputItem, hierarchy.GetItemParent(inputItem))


def isPlaced(node) -> bool:
    """Whether the user, or we, moved a node to a study or a folder."""
    hierarchy, item, _ = _items(node, node)
    return bool(item) and hierarchy.GetItemParent(item) != hierarchy.GetSceneItemID()


def describeSeries(inputNode, outputNode, made: str) -> None:
    """Gives the item of ``outputNode`` the entries of a new MR series of the same study.

    Args:
        inputNode: what it was made from.
        outputNode: the result.
        made: how, such as ``ArSSR 2.5x``.
    """
    hierarchy, inputItem, outputItem = _items(inputNode, outputNode)
    if not outputItem:
        return
    names = slicer.vtkMRMLSubjectHierarchyConstants
    prefix = names.GetDICOMAttributePrefix()
    source = {key: _entry(hierarchy, inputItem, prefix + key) for key in (*KEPT, "SeriesNumber")}
    described = _entry(hierarchy, inputItem, prefix + "SeriesDescription") or inputNode.GetName()
    entries = {
        "Modality": "MR",
        "SeriesDescription": _description(described, f"{made}, {NOT_FOR_DIAGNOSIS}"),
        **{key: source[key] for key in KEPT if source[key]},
    }
    if source["SeriesNumber"].isdigit():
        entries["SeriesNumber"] = str(int(source["SeriesNumber"]) + NUMBERS_AFTER)
    for key, value in entries.items():
        hierarchy.SetItemAttribute(outputItem, prefix + key, value)
    instances = (
        hierarchy.GetItemUID(inputItem, names.GetDICOMInstanceUIDName()) if inputItem else ""
    )
    if instances:
        referenced = names.GetDICOMReferencedInstanceUIDsAttributeName()
        hierarchy.SetItemAttribute(outputItem, referenced, instances)


def _items(inputNode, outputNode) -> tuple:
    """The subject hierarchy and the items of the nodes; 0 for what is not there."""
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    if hierarchy is None:
        return None, 0, 0
    return (
        hierarchy,
        hierarchy.GetItemByDataNode(inputNode),
        hierarchy.GetItemByDataNode(outputNode),
    )


def _entry(hierarchy, item: int, name: str) -> str:
    return hierarchy.GetItemAttribute(item, name) if item else ""


def _description(described: str, made: str) -> str:
    """The input's description, shortened so that it ends in what was made of it."""
    room = LONGEST_DESCRIPTION - len(made) - 1
    return f"{described[: max(0, room)].strip()} {made}".strip()[:LONGEST_DESCRIPTION]
