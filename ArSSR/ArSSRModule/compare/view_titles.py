"""Titles in the upper corners of slice views."""

import vtk

FONT_SIZE = 16
MARGIN = 0.015


class ViewTitles:
    """Up to two texts for each view, drawn by the view's renderer.

    Slicer writes its own annotations into the lower corners and the upper left one. The titles are
    larger and on a dark ground, and they stay legible over a bright head.
    """

    def __init__(self) -> None:
        self._texts: dict[tuple[str, bool], tuple] = {}

    def show(self, viewName: str, sliceWidget, left: str, right: str = "") -> None:
        """Shows a title on the left, and one on the right of a divided view."""
        self._show((viewName, False), sliceWidget, left)
        if right or (viewName, True) in self._texts:
            self._show((viewName, True), sliceWidget, right)
        sliceWidget.sliceView().scheduleRender()

    def clear(self) -> None:
        for actor, view, renderer in self._texts.values():
            renderer.RemoveViewProp(actor)
            view.scheduleRender()
        self._texts.clear()

    def _show(self, key: tuple[str, bool], sliceWidget, text: str) -> None:
        view = sliceWidget.sliceView()
        if key in self._texts and self._texts[key][1] is not view:
            del self._texts[key]  # its view belonged to a scene that is closed
        if key not in self._texts:
            self._texts[key] = self._add(view, atRight=key[1])
        self._texts[key][0].SetInput(text)
        self._texts[key][0].SetVisibility(bool(text))

    @staticmethod
    def _add(view, atRight: bool) -> tuple:
        renderer = view.renderWindow().GetRenderers().GetFirstRenderer()
        actor = vtk.vtkTextActor()
        style = actor.GetTextProperty()
        style.SetFontSize(FONT_SIZE)
        style.SetBold(True)
        style.SetColor(1.0, 1.0, 1.0)
        style.SetBackgroundColor(0.0, 0.0, 0.0)
        style.SetBackgroundOpacity(0.6)
        style.SetVerticalJustificationToTop()
        actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
        actor.SetPosition(1.0 - MARGIN if atRight else MARGIN, 1.0 - MARGIN)
        if atRight:
            style.SetJustificationToRight()
        renderer.AddViewProp(actor)
        return actor, view, renderer
