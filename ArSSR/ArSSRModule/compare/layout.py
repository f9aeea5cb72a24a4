"""The comparison layout: three slice views across, a row for each orientation."""

from ..parameters import ComparisonViews

COLUMNS = 3
VIEW_GROUP = 61
"""Views of one group are linked with each other, and with no other view of Slicer."""
LAYOUT_IDS = {views: 61470 + index for index, views in enumerate(ComparisonViews)}
ORIENTATION_COLOURS = {"Axial": "#F34A33", "Sagittal": "#EDD54C", "Coronal": "#6EB04B"}


def viewName(orientation: str, column: int) -> str:
    """Singleton tag of a view, which is also its name for the layout manager."""
    return f"ArSSR{orientation}{column + 1}"


def viewNames(views: ComparisonViews) -> list[tuple[str, str, int]]:
    """(name, orientation, column) of every view of a layout, row by row."""
    return [
        (viewName(orientation, column), orientation, column)
        for orientation in views.orientations()
        for column in range(COLUMNS)
    ]


def registerLayouts(layoutNode) -> None:
    """Makes our layouts known, and the views of the one that is shown.

    A scene holds only the number of its layout.
    """
    for views, number in LAYOUT_IDS.items():
        if not layoutNode.IsLayoutDescription(number):
            layoutNode.AddLayoutDescription(number, layoutDescription(views))
    if layoutNode.GetViewArrangement() in LAYOUT_IDS.values():
        # Changes nothing where the views are there; the layout manager's setLayout would never.
        layoutNode.SetViewArrangement(layoutNode.GetViewArrangement())


def layoutDescription(views: ComparisonViews) -> str:
    """The layout as Slicer's XML."""
    rows = "".join(
        f'<item><layout type="horizontal" split="true">{_row(orientation)}</layout></item>'
        for orientation in views.orientations()
    )
    return f'<layout type="vertical" split="true">{rows}</layout>'


def _row(orientation: str) -> str:
    return "".join(f"<item>{_view(orientation, column)}</item>" for column in range(COLUMNS))


def _view(orientation: str, column: int) -> str:
    properties = {
        "orientation": orientation,
        "viewlabel": f"{orientation[0]}{column + 1}",
        "viewcolor": ORIENTATION_COLOURS[orientation],
        "viewgroup": str(VIEW_GROUP),
    }
    lines = "".join(
        f'<property name="{name}" action="default">{value}</property>'
        for name, value in properties.items()
    )
    name = viewName(orientation, column)
    return f'<view class="vtkMRMLSliceNode" singletontag="{name}">{lines}</view>'
