"""The self-tests of the comparison: what each view shows and names, in every arrangement."""

import slicer

from .compare.layout import DIVIDED, chosenLayout
from .logic import ArSSRLogic
from .parameters import ComparisonViews, ViewOrientation
from .scene.region import boundsOf
from .selftest_readings import (
    compositeOf,
    fieldOfView,
    pixelsOfAVoxel,
    plain,
    shownName,
    sliceWidget,
    titlesOf,
    volumeName,
    volumes,
)

PLAIN = ("Block", "Block cubic 1.5x", "Block ArSSR 1.5x")
"""Names of the volumes of a row: input, cubic and result."""


class ComparisonTests:
    """A part of the module's test case, which has the panel and the block."""

    def test_TheComparisonShowsThreeVolumesAndGoesBack(self):
        layoutManager = slicer.app.layoutManager()
        earlier = layoutManager.layout
        self._compare(ComparisonViews.ALL)
        parameters = ArSSRLogic().getParameterNode()
        self.assertEqual(layoutManager.layout, chosenLayout(parameters).number)
        for orientation in ("Axial", "Sagittal", "Coronal"):
            self._checkRow(orientation, PLAIN)
        self.panel.ui.compareButton.click()
        self.assertEqual(layoutManager.layout, earlier)

    def test_EveryColumnShowsItsVolumeAfterEveryChange(self):
        self._compare(ComparisonViews.ROW)
        parameters = ArSSRLogic().getParameterNode()
        different = ("Block cubic 1.5x", "Block ArSSR 1.5x", "Block ArSSR 1.5x − cubic")
        for orientation in list(ViewOrientation)[1:]:
            parameters.comparisonOrientation = orientation
            self._checkRow(orientation.value, PLAIN)
            self.panel.ui.differenceCheckBox.click()
            self._checkRow(orientation.value, different)
            self.panel.ui.fadeSlider.value = 25
            self.assertAlmostEqual(compositeOf(orientation.value, 1).GetForegroundOpacity(), 0.25)
            self.panel.ui.fadeSlider.value = 100
            self._checkRow(orientation.value, different)
            for linked in (False, True):
                compositeOf(orientation.value, 0).SetLinkedControl(linked)
            self._checkRow(orientation.value, different)
            self.panel.ui.differenceCheckBox.click()
            self._checkRow(orientation.value, PLAIN)
        self.panel.ui.compareButton.click()

    def test_EveryArrangementShowsWhatItNames(self):
        self._compare(ComparisonViews.ROW)
        parameters, ui = ArSSRLogic().getParameterNode(), self.panel.ui
        parameters.comparisonOrientation = ViewOrientation.AXIAL
        for views in (ComparisonViews.DIVIDER, ComparisonViews.ALL, ComparisonViews.ROW):
            parameters.comparisonViews = views
            if views is not ComparisonViews.DIVIDER:
                self._checkRow("Axial", PLAIN)
                continue
            self.assertEqual(shownName("Axial", DIVIDED), "Block cubic 1.5x")
            self.assertEqual(titlesOf("Axial", DIVIDED), ["Cubic", "ArSSR"])
            ui.swapButton.click()
            self.assertEqual(titlesOf("Axial", DIVIDED), ["ArSSR"])
            ui.swapButton.click()
            self.assertEqual(titlesOf("Axial", DIVIDED), ["Cubic"])
        ui.swapButton.click()
        self._checkRow("Axial", (*PLAIN[:2], PLAIN[1]))
        ui.swapButton.click()
        self._checkRow("Axial", PLAIN)
        self.assertEqual(
            [titlesOf("Axial", n) for n in range(3)], [["Input"], ["Cubic"], ["ArSSR"]]
        )
        ui.compareButton.click()

    def test_TheComparisonOpensCloseUp(self):
        block = self._compare(ComparisonViews.ROW)
        ArSSRLogic().getParameterNode().comparisonOrientation = ViewOrientation.AXIAL
        close = pixelsOfAVoxel("Axial", block)
        self.assertGreaterEqual(close, 4)
        self.panel.ui.zoomButton.click()
        low, high = boundsOf(block)
        self.assertGreaterEqual(fieldOfView("Axial")[1], high[1] - low[1])
        self.panel.ui.zoomButton.click()
        self.assertAlmostEqual(pixelsOfAVoxel("Axial", block), close, places=3)
        self.panel.ui.compareButton.click()

    def test_LinkedViewsMoveTogetherAndShareWindowAndLevel(self):
        block = self._compare(ComparisonViews.ALL)
        nodes = [sliceWidget("Axial", column).mrmlSliceNode() for column in range(3)]
        logic = slicer.app.applicationLogic().GetSliceLogic(nodes[0])
        logic.StartSliceNodeInteraction(slicer.vtkMRMLSliceNode.SliceToRASFlag)
        logic.SetSliceOffset(nodes[0].GetSliceOffset() + 7.0)
        logic.EndSliceNodeInteraction()
        offsets = [node.GetSliceOffset() for node in nodes]
        self.assertAlmostEqual(offsets[1], offsets[0], places=4)
        self.assertAlmostEqual(offsets[2], offsets[0], places=4)
        block.GetDisplayNode().SetAutoWindowLevel(False)  # as a drag with the mouse does
        block.GetDisplayNode().SetWindowLevel(77, 33)
        for node in volumes():
            self.assertEqual(
                (node.GetDisplayNode().GetWindow(), node.GetDisplayNode().GetLevel()), (77, 33)
            )
        self.panel.ui.compareButton.click()

    def test_TheExpectedErrorIsShownOverTheResult(self):
        box = self.panel.ui.expectedErrorCheckBox
        if not box.enabled:
            self.assertNotEqual(plain(box.toolTip), "")  # why this model has none
            return
        box.checked = True
        ArSSRLogic().getParameterNode().comparisonOrientation = ViewOrientation.AXIAL
        self._compare(ComparisonViews.ROW)
        self._checkRow("Axial", PLAIN)
        error = ArSSRLogic().getParameterNode().comparedError
        self.assertGreaterEqual(slicer.util.arrayFromVolume(error).min(), 0.0)
        self.panel.ui.showErrorCheckBox.click()
        composite = compositeOf("Axial", 2)
        self.assertEqual(volumeName(composite.GetBackgroundVolumeID()), "Block ArSSR 1.5x")
        self.assertEqual(composite.GetForegroundVolumeID(), error.GetID())
        self.panel.ui.compareButton.click()

    def _compare(self, views):
        """Upsamples a block and opens the comparison; returns the block."""
        block = self._block()
        self._choose(block, scale=1.5)
        ArSSRLogic().getParameterNode().comparisonViews = views
        self.panel.ui.applyButton.click()
        self._waitForTheRun()
        self.panel.ui.compareButton.click()
        return block

    def _checkRow(self, orientation, names):
        """Each view of a row shows the volume of that name, and nothing else is seen in it."""
        self.assertEqual(tuple(shownName(orientation, column) for column in range(3)), names)
