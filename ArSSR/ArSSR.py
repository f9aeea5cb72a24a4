"""MRI Super-Resolution (ArSSR): the module that 3D Slicer finds.

This file is the shell that Slicer needs by name; the work is in the package ``ArSSRModule`` beside
it, one idea per file. Nothing heavy is imported here: torch runs in a separate process.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - Slicer chooses the Python, not our requirements
    raise RuntimeError("ArSSR needs 3D Slicer 5.10 or later; this is an older one.")

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule

from ArSSRModule.compare.comparison import registerComparisonLayouts
from ArSSRModule.library import notForClinicalUse
from ArSSRModule.logic import ArSSRLogic  # noqa: F401
from ArSSRModule.panel.widget import ArSSRWidget  # noqa: F401
from ArSSRModule.scene.sample_data import registerSampleData
from ArSSRModule.selftests import ArSSRTest  # noqa: F401


class ArSSR(ScriptedLoadableModule):
    """Title, category and help text, as the module selector shows them."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        parent.title = _("MRI Super-Resolution (ArSSR)")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Filtering")]
        parent.dependencies = []
        parent.contributors = ["The ArSSR extension's contributors"]  # names are not translated
        parent.helpText = _(
            "Upsamples a brain MR volume by any factor, with a neural network that was "
            "trained to continue the image between its voxels. Choose a volume and a scale, press "
            "Apply, then compare the result with cubic interpolation side by side. "
        )
        parent.helpText += notForClinicalUse()
        parent.acknowledgementText = _(
            "Implements Wu et al., “An Arbitrary Scale Super-Resolution Approach for 3D MR Images "
            "via Implicit Neural Representation”, IEEE Journal of Biomedical and Health "
            "Informatics, 2023 (arXiv:2110.14476)."
        )
        slicer.app.connect("startupCompleted()", registerSampleData)
        slicer.app.connect("startupCompleted()", registerComparisonLayouts)
