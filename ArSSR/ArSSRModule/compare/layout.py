"""The comparison's layouts: three views in a row, nine views, or one view with a divider."""

from dataclasses import dataclass

import numpy as np

from ..parameters import ComparisonViews, ViewOrientation

VIEW_GROUP = 61
"""Views of one group are linked with each other, and with no other view of Slicer."""
FIRST_LAYOUT = 61470
ORIENTATION_COLOURS = {"Axial": "#F34A33", "Sagittal": "#EDD54C", "Coronal": "#6EB04B"}
ORIENTATIONS = tuple(ORIENTATION_COLOURS)
DIVIDED = 3
"""Column number of the view with the divider; the views of a row are 0, 1 and 2."""
CLEARLY_LARGER = 1.2
"""A voxel side that exceeds the smallest by this factor decides the automatic orientation."""


@dataclass(frozen=True)
class View:
    """One slice view of a layout.

    Attributes:
        name: singleton tag, which is also its name for the layout manager.
        orientation: name of MRML's slice orientation.
        column: 0 to 2 from left to right, or ``DIVIDED``.
    """

    orientation: str
    column: int

    @property
    def name(self) -> str:
        return f"ArSSR{self.orientation}{self.column + 1}"


@dataclass(frozen=True)
class Layout:
    """One layout: its number in MRML, its name in a saved scene, and its views, row by row."""

    number: int
    name: str
    rows: tuple[tuple[View, ...], ...]

    @property
    def views(self) -> tuple[View, ...]:
        return tuple(view for row in self.rows for view in row)

    def description(self) -> str:
        """The layout as Slicer's XML."""
        rows = "".join(
            '<item><layout type="horizontal" split="true">'
            + "".join(f"<item>{_viewDescription(view)}</item>" for view in row)
            + "</layout></item>"
            for row in self.rows
        )
        return f'<layout type="vertical" split="true">{rows}</layout>'


def _layouts() -> tuple[Layout, ...]:
    rows = {o: tuple(View(o, column) for column in range(DIVIDED)) for o in ORIENTATIONS}
    arrangements = {ComparisonViews.ALL.value: tuple(rows.values())}
    arrangements |= {f"{ComparisonViews.ROW.value} {o}": (rows[o],) for o in ORIENTATIONS}
    arrangements |= {
        f"{ComparisonViews.DIVIDER.value} {o}": ((View(o, DIVIDED),),) for o in ORIENTATIONS
    }
    numbered = enumerate(arrangements.items(), start=FIRST_LAYOUT)
    return tuple(Layout(number, name, rows) for number, (name, rows) in numbered)


LAYOUTS = _layouts()


def chosenLayout(parameters) -> Layout:
    """The layout for the user's choice of views and orientation."""
    name = parameters.comparisonViews.value
    if parameters.comparisonViews is not ComparisonViews.ALL:
        name += " " + chosenOrientation(parameters)
    return next(layout for layout in LAYOUTS if layout.name == name)


def chosenOrientation(parameters) -> str:
    """Name of the slice orientation: the chosen one, or the one that shows coarse voxels."""
    chosen = parameters.comparisonOrientation
    if chosen is not ViewOrientation.AUTOMATIC:
        return chosen.value
    return _orientationWithLargestSide(parameters.comparedInput)


def _orientationWithLargestSide(volumeNode) -> str:
    """Coronal for thick axial slices; axial where the voxels are about cubes."""
    spacing = np.array(volumeNode.GetSpacing())
    if spacing.max() < CLEARLY_LARGER * spacing.min():
        return "Axial"
    getDirection = (
        volumeNode.GetIToRASDirection, volumeNode.GetJToRASDirection, volumeNode.GetKToRASDirection
    )[spacing.argmax()]  # fmt: skip
    direction = np.zeros(3)
    getDirection(direction)
    along = int(np.abs(direction).argmax())
    return ("Axial", "Axial", "Coronal")[along]  # R, A or S


def shownLayout(layoutNode) -> Layout | None:
    """Our layout that is shown, None where it is another one."""
    number = layoutNode.GetViewArrangement()
    return next((layout for layout in LAYOUTS if layout.number == number), None)


def registerLayouts(layoutNode) -> None:
    """Adds our layouts, and makes the views of the one that is shown.

    A scene holds only the number of its layout.
    """
    for layout in LAYOUTS:
        if not layoutNode.IsLayoutDescription(layout.number):
            layoutNode.AddLayoutDescription(layout.number, layout.description())
    if shownLayout(layoutNode) is not None:
        # Does nothing where the views exist. The layout manager's setLayout would not make them.
        layoutNode.SetViewArrangement(layoutNode.GetViewArrangement())


def _viewDescription(view: View) -> str:
    properties = {
        "orientation": view.orientation,
        "viewlabel": f"{view.orientation[0]}{view.column + 1}",
        "viewcolor": ORIENTATION_COLOURS[view.orientation],
        "viewgroup": str(VIEW_GROUP),
    }
    lines = "".join(
        f'<property name="{name}" action="default">{value}</property>'
        for name, value in properties.items()
    )
    return f'<view class="vtkMRMLSliceNode" singletontag="{view.name}">{lines}</view>'
