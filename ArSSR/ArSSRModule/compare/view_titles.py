"""The name of the shown volume in the upper left corner of a slice view."""

import vtk

FONT_SIZE = 15


class CornerNames:
    """One text a view, added to the view's renderer and taken away again."""

    def __init__(self) -> None:
        self._texts: dict[str, tuple] = {}

    def show(self, viewName: str, sliceWidget, text: str) -> None:
        if viewName not in self._texts:
            self._texts[viewName] = self._add(sliceWidget)
        actor, view, _renderer = self._texts[viewName]
        actor.SetInput(text)
        view.scheduleRender()

    def clear(self) -> None:
        for actor, view, renderer in self._texts.values():
            renderer.RemoveViewProp(actor)
            view.scheduleRender()
        self._texts.clear()

    @staticmethod
    def _add(sliceWidget) -> tuple:
        view = sliceWidget.sliceView()
        renderer = view.renderWindow().GetRenderers().GetFirstRenderer()
        actor = vtk.vtkTextActor()
        style = actor.GetTextProperty()
        style.SetFontSize(FONT_SIZE)
        style.SetColor(1.0, 1.0, 1.0)
        style.SetShadow(True)
        style.SetVerticalJustificationToTop()
        actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
        actor.SetPosition(0.02, 0.98)
        renderer.AddViewProp(actor)
        return actor, view, renderer
