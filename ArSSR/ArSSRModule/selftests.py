"""The module's self-tests: real volume, bundled weights, real child process, real scene.

They run in Slicer's own harness (Reload and Test, or ctest), in any language, and change nothing
outside the scene; without PyTorch they fail, and do not install it.
"""

import logging
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np
import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest

from .logic import ArSSRLogic
from .panel.run_state import cancelledText
from .parameters import ScaleMode
from .run import torch_setup
from .scene.inputs import checkNotOverwritten, reasonNotUsable
from .scene.region import boundsOf
from .scene.results import INPUT_REFERENCE
from .selftest_comparison import ComparisonTests
from .selftest_readings import ijkToRasOf, nodeIDs, overlay, plain, roughness, volumes

BLOCK = (slice(20, 50), slice(70, 120), slice(50, 100))
"""Part of the sample, [k, j, i], that keeps a run short: white matter, cortex and a ventricle."""
LARGE_BLOCK = (slice(15, 60), slice(40, 150), slice(30, 130))
"""Large enough to measure its resolution."""
PATIENCE_SECONDS = 600


class ArSSRTest(ComparisonTests, ScriptedLoadableModuleTest):
    """Each ``test_`` method starts from an empty scene."""

    def runTest(self):
        """Runs every test for *Reload and Test*; a test that fails does not stop the others."""
        names = unittest.TestLoader().getTestCaseNames(type(self))
        suite = unittest.TestSuite(type(self)(name) for name in names)
        result = suite.run(unittest.TestResult())
        for test, trace in (*result.failures, *result.errors):
            logging.error("%s failed:\n%s", test.id().split(".")[-1], trace)
        self.assertTrue(
            result.wasSuccessful(),
            f"{len(result.failures) + len(result.errors)} of {result.testsRun} self-tests failed; "
            "see the application log.",
        )

    def setUp(self):
        self._checkTorch()
        slicer.mrmlScene.Clear()
        self.panel = slicer.util.getModuleWidget("ArSSR")
        self.panel.enter()

    def tearDown(self):
        self.panel.exit()
        slicer.mrmlScene.Clear()

    def test_UpsamplingKeepsThePlaceAndTheIntensities(self):
        block = self._block()
        result = ArSSRLogic().upsample(block, scale=2.5)
        self.assertEqual(result.GetImageData().GetDimensions(), (125, 125, 75))
        np.testing.assert_allclose(boundsOf(result), boundsOf(block), atol=1e-3)
        before, after = slicer.util.arrayFromVolume(block), slicer.util.arrayFromVolume(result)
        self.assertEqual(after.dtype, before.dtype)
        self.assertLess(abs(after.mean() / before.mean() - 1), 0.02)
        self.assertTrue(np.isfinite(after).all())
        self.assertEqual(result.GetName(), "Block ArSSR 2.5x")

    def test_TheNetworkAgreesWithCubicAndIsNotTheSame(self):
        block = self._block()
        logic = ArSSRLogic()
        network = logic.upsample(block, scale=2.0)
        cubic = logic.upsample(block, scale=2.0, method="cubic")
        np.testing.assert_allclose(ijkToRasOf(network), ijkToRasOf(cubic), atol=1e-6)
        a = slicer.util.arrayFromVolume(network).astype(float).ravel()
        b = slicer.util.arrayFromVolume(cubic).astype(float).ravel()
        self.assertGreater(np.corrcoef(a, b)[0, 1], 0.97)
        self.assertGreater(np.abs(a - b).max(), 0)

    def test_TheResultSaysHowItWasMade(self):
        block = self._block()
        transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        block.SetAndObserveTransformNodeID(transform.GetID())
        block.GetDisplayNode().SetAutoWindowLevel(False)
        block.GetDisplayNode().SetWindowLevel(321, 123)
        hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
        folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "Patient")
        hierarchy.SetItemParent(hierarchy.GetItemByDataNode(block), folder)
        result = ArSSRLogic().upsample(block, scale=(1, 1, 2))
        self.assertEqual(result.GetNodeReference(INPUT_REFERENCE), block)
        self.assertEqual(result.GetAttribute("ArSSR.Method"), "arssr")
        self.assertEqual(result.GetAttribute("ArSSR.Model"), "default")
        self.assertEqual(result.GetAttribute("ArSSR.Scale"), "1 x 1 x 2")
        self.assertTrue(result.GetAttribute("ArSSR.ModelVersion"))
        self.assertEqual(result.GetParentTransformNode(), transform)
        self.assertEqual(hierarchy.GetItemParent(hierarchy.GetItemByDataNode(result)), folder)
        self.assertEqual(result.GetDisplayNode().GetWindow(), 321)
        self.assertEqual(result.GetDisplayNode().GetLevel(), 123)

    def test_ApplyMakesTheResultAndTheCubicVolume(self):
        block = self._block()
        self._choose(block, scale=1.7)
        self.panel.ui.applyButton.click()
        self.assertTrue(self.panel.running)
        self._waitForTheRun()
        names = {node.GetName() for node in volumes()}
        self.assertEqual(names, {"Block", "Block ArSSR 1.7x", "Block cubic 1.7x"})
        for node in volumes():
            np.testing.assert_allclose(boundsOf(node), boundsOf(block), atol=1e-3)
        inProcess = ArSSRLogic().upsample(block, scale=1.7)
        result = slicer.util.getFirstNodeByName("Block ArSSR 1.7x")
        np.testing.assert_allclose(
            slicer.util.arrayFromVolume(result), slicer.util.arrayFromVolume(inProcess), atol=1
        )

    def test_NoiseReductionMakesTheResultSmoother(self):
        block = self._block()
        kept, reduced = (ArSSRLogic().upsample(block, noise_reduction=n) for n in (0.0, 2.0))
        self.assertLess(roughness(reduced), roughness(kept))
        self._choose(block, scale=2.0)
        self._wait(lambda: self.panel.ui.noiseSummaryLabel.text)
        self.panel.ui.noiseReductionSlider.value = 0.5
        self.assertEqual(ArSSRLogic().getParameterNode().noiseReduction, 0.5)

    def test_PreviewShowsABoxAndLeavesNothing(self):
        block = self._block()
        slicer.util.setSliceViewerLayers(background=block, foreground=None)
        self._choose(block, scale=2.0)
        before = nodeIDs()
        button = self.panel.ui.previewButton
        button.click()
        self._wait(lambda: overlay() is not None)
        first = slicer.util.arrayFromVolume(overlay()).astype(float)
        np.testing.assert_allclose(
            overlay().GetSpacing(), np.divide(block.GetSpacing(), 2.0), rtol=0.05
        )
        self.panel.ui.noiseReductionSlider.value = 0.0
        self._wait(
            lambda: not np.array_equal(slicer.util.arrayFromVolume(overlay()).astype(float), first)
        )
        self.assertFalse(overlay().GetSaveWithScene())
        button.click()
        self.assertIsNone(overlay())
        self.assertEqual(nodeIDs(), before)

    def test_RunsAndPreviewsShareOneProcess(self):
        self._choose(self._block(), scale=1.5)
        self.panel.ui.previewButton.click()
        self._wait(lambda: overlay() is not None)
        process = self.panel.worker.processId
        for _run in range(2):
            self.panel.ui.applyButton.click()
            self.assertIsNone(overlay())
            self._waitForTheRun()
        self.assertEqual(self.panel.worker.processId, process)

    def test_CancelLeavesTheSceneAsItWas(self):
        self._choose(self._sample(), scale=4.0)
        before = nodeIDs()
        self.panel.ui.applyButton.click()
        self._wait(lambda: self.panel.ui.progressBar.value > 0)
        self.panel.ui.applyButton.click()
        self._waitForTheRun()
        self.assertEqual(nodeIDs(), before)
        self.assertEqual(self.panel.ui.statusLabel.text, cancelledText())

    def test_BadInputIsRefusedWithAReason(self):
        labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Labels")
        slicer.util.updateVolumeFromArray(labels, np.ones((4, 4, 4), np.uint8))
        colours = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "Colours")
        slicer.util.updateVolumeFromArray(colours, np.ones((3, 4, 4, 4), np.uint8))
        block = self._block()
        logic = ArSSRLogic()
        reasons = [reasonNotUsable(volume) for volume in (None, labels, colours)]
        self.assertEqual(len(set(reasons) - {""}), 3)
        for volume, reason in zip((None, labels, colours), reasons, strict=True):
            self.assertEqual(self._refusal(logic.upsample, volume, scale=2.0), reason)
        self.assertEqual(
            self._refusal(logic.upsample, block, scale=2.0, outputNode=block),
            self._refusal(checkNotOverwritten, block, block),
        )
        self.assertTrue(self._refusal(logic.upsample, block, scale=0.5))

    def test_ApplySaysWhyItIsDisabled(self):
        button = self.panel.ui.applyButton
        self.assertFalse(button.enabled)
        self.assertEqual(plain(button.toolTip), reasonNotUsable(None))
        block = self._block()
        self._choose(block, scale=2.0)
        self.assertTrue(button.enabled, button.toolTip)
        self.panel.ui.outputSelector.setCurrentNode(block)
        self.assertFalse(button.enabled)
        self.assertEqual(plain(button.toolTip), self._refusal(checkNotOverwritten, block, block))

    def test_ARunCanStartFromTheMeasuredResolution(self):
        coarse = self._block(LARGE_BLOCK)
        fine = ArSSRLogic().upsample(coarse, scale=(2, 1, 1), method="cubic")
        self._choose(fine, scale=2.0)
        self.assertTrue(self.panel.ui.fromMeasuredCheckBox.isHidden())  # the window did not wait
        self._wait(lambda: not self.panel.ui.fromMeasuredCheckBox.isHidden())
        self.panel.ui.fromMeasuredCheckBox.click()
        parameters = ArSSRLogic().getParameterNode()
        size = ArSSRLogic().plan(parameters).target.size
        self.assertLess(size[0], 1.2 * fine.GetImageData().GetDimensions()[0])
        self._wait(lambda: " × ".join(map(str, size)) in self.panel.ui.planLabel.text)
        self.panel.ui.fromMeasuredCheckBox.click()

    def test_AResultIsExportedAsAnMRSeriesOfTheSameStudy(self):
        block = self._block()
        hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
        patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Patient")
        study = hierarchy.CreateStudyItem(patient, "Study")
        hierarchy.SetItemParent(hierarchy.GetItemByDataNode(block), study)
        item = hierarchy.GetItemByDataNode(ArSSRLogic().upsample(block, method="cubic"))
        self.assertEqual(hierarchy.GetItemParent(item), study)
        self.assertEqual(hierarchy.GetItemAttribute(item, "DICOM.Modality"), "MR")

    def test_OnlyTheRegionIsComputed(self):
        block = self._block()
        region = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode")
        low, high = boundsOf(block)
        region.SetCenter((low + high) / 2)
        region.SetSize((high - low) / 2)
        logic = ArSSRLogic()
        whole = logic.upsample(block, scale=2.0, method="cubic")
        part = logic.upsample(block, scale=2.0, method="cubic", roiNode=region)
        self.assertLess(
            part.GetImageData().GetNumberOfPoints(), whole.GetImageData().GetNumberOfPoints() / 4
        )
        step = np.linalg.inv(ijkToRasOf(whole)) @ ijkToRasOf(part)
        i, j, k = np.rint(step[:3, 3]).astype(int)
        cut = slicer.util.arrayFromVolume(part)
        depth, height, width = cut.shape
        expected = slicer.util.arrayFromVolume(whole)[k : k + depth, j : j + height, i : i + width]
        np.testing.assert_allclose(cut, expected, atol=1)  # rounded to whole numbers

    def test_ChoicesSurviveSavingAndLoadingTheScene(self):
        self._choose(self._block(), scale=3.3)
        parameters = ArSSRLogic().getParameterNode()
        parameters.scaleMode = ScaleMode.SPACING
        parameters.targetSpacing = 0.4
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "scene.mrml")
            slicer.mrmlScene.SetURL(path)
            slicer.mrmlScene.Commit(path)
            slicer.mrmlScene.Clear()
            self.assertIsNone(ArSSRLogic().getParameterNode().inputVolume)
            slicer.mrmlScene.SetURL(path)
            slicer.mrmlScene.Connect()
        parameters = ArSSRLogic().getParameterNode()
        self.assertAlmostEqual(parameters.scale, 3.3)
        self.assertEqual(parameters.scaleMode, ScaleMode.SPACING)
        self.assertAlmostEqual(parameters.targetSpacing, 0.4)
        self.assertEqual(parameters.inputVolume.GetName(), "Block")

    def _checkTorch(self):
        """Before anything could install it: while Slicer runs tests, nobody would be asked."""
        if not torch_setup.isNewEnough(torch_setup.installedVersion()):
            self.fail(
                f"The self-tests need PyTorch {torch_setup.REQUIREMENT}: install it with the "
                "module PyTorch Utils, restart Slicer and run them again."
            )

    def _sample(self):
        """The bundled volume, by way of the module Sample Data."""
        import SampleData

        from .scene.sample_data import SAMPLE_NAME, registerSampleData

        registerSampleData()
        return SampleData.SampleDataLogic().downloadSample(SAMPLE_NAME)

    def _block(self, part=BLOCK):
        """A piece of the sample as the volume "Block", alone in the scene."""
        sample = self._sample()
        array = slicer.util.arrayFromVolume(sample)[part].copy()
        ijkToRas = ijkToRasOf(sample)
        start = [part[2].start, part[1].start, part[0].start, 1.0]
        ijkToRas[:, 3] = ijkToRas @ start
        slicer.mrmlScene.RemoveNode(sample)
        return slicer.util.addVolumeFromArray(array, ijkToRas, "Block")

    def _refusal(self, function, *arguments, **options):
        """The message of the ValueError that ``function`` raises."""
        with self.assertRaises(ValueError) as refusal:
            function(*arguments, **options)
        return str(refusal.exception)

    def _choose(self, volumeNode, scale):
        """What a user does in the panel."""
        self.panel.ui.inputSelector.setCurrentNode(volumeNode)
        self.panel.ui.scaleSlider.value = scale

    def _waitForTheRun(self):
        self._wait(lambda: not self.panel.running)

    def _wait(self, condition):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            self.assertLess(time.monotonic(), deadline, "the run takes too long")
            slicer.app.processEvents()
            time.sleep(0.005)
