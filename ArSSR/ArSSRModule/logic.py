"""Upsampling without a panel: in process for scripts, in a child process for the window."""

from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from .parameters import ArSSRParameterNode
from .run import torch_setup
from .run.job import UpsamplingJob
from .run.plan import Plan, planRun
from .run.start import startOf
from .run.worker import Worker
from .scene import geometry
from .scene.expected_error import LoadedError, renewError
from .scene.inputs import checkNotOverwritten, checkUsable
from .scene.results import Origin, placeResult, resultName
from .scene.volume_files import LoadedImage, Snapshot


class ArSSRLogic(ScriptedLoadableModuleLogic):
    """The module's logic.

    >>> node = slicer.util.loadVolume("t1.nii.gz")              # doctest: +SKIP
    >>> sharper = ArSSRLogic().upsample(node, scale=2.5)        # doctest: +SKIP
    """

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)

    def getParameterNode(self) -> ArSSRParameterNode:
        return ArSSRParameterNode(super().getParameterNode())

    def upsample(
        self,
        volumeNode,
        scale=None,
        spacing=None,
        roiNode=None,
        outputNode=None,
        progress=None,
        **options,
    ):
        """Upsamples a volume node in this process.

        Args:
            volumeNode: a scalar volume of the scene.
            scale: factor, or one per axis (i, j, k), from 1 up; 2 when spacing is not given either.
            spacing: voxel size in mm instead of a scale, one number or one per axis.
            roiNode: markups ROI; only its box is computed. One that is not parallel to the volume's
                axes counts by its bounds along them.
            outputNode: volume node to overwrite; a new one is made when left out.
            progress: called with the library's reports; cancels by raising.
            **options: those of :func:`ArSSRLib.upsample`, such as ``method``, ``model``,
                ``noise_reduction``, ``fast``, ``expected_error`` and ``device``.

        Returns:
            the volume node of the result: ``outputNode``, or a new one beside ``volumeNode``.
            ``scene.made_volumes.volumeOf(node, scene.expected_error.ERROR_OF)`` gives that of its
            expected errors.

        Raises:
            ValueError: the volume, the scale or another argument cannot be used.
            torch_setup.TorchUnavailable: PyTorch is missing and was not installed.
            MemoryError: Slicer has no room for the copy of the volume or for the result.
            ArSSRLib.errors.EnvironmentFault: the computation ran out of memory.
        """
        checkUsable(volumeNode)
        checkNotOverwritten(volumeNode, outputNode)
        if scale is None and spacing is None:
            scale = 2.0
        if options.get("method", "arssr") == "arssr":
            torch_setup.ensureTorch()
        import ArSSRLib
        from ArSSRLib.upsampling.request import Upsampling

        request = Upsampling.of(scale=scale, spacing=spacing, **options)
        if request.model is not None:
            options["model"] = request.model
        snapshot = Snapshot.of(volumeNode)
        made = ArSSRLib.upsample(
            snapshot.image(),
            scale,
            spacing=spacing,
            roi=None if roiNode is None else geometry.boxOfRegion(roiNode, volumeNode),
            progress=progress,
            **options,
        )
        image, *errors = made if isinstance(made, tuple) else (made,)
        origin, image = Origin(request), LoadedImage.of(image, snapshot.grid)
        name = resultName(snapshot.name, origin.method, origin.scaleText)
        result = placeResult(image, volumeNode, outputNode, name, origin)
        loaded = [LoadedImage.of(error, snapshot.grid) for error in errors]
        error = LoadedError.of(loaded[0], snapshot.array) if loaded else None
        renewError(error, result, volumeNode, origin.made)
        return result

    def plan(self, parameters, device: str = "cpu", findStart=startOf) -> Plan:
        """What a run would make and cost; raises ValueError when it is not possible.

        Args:
            parameters: the user's choices.
            device: what the choice of device comes down to on this machine: cpu, cuda or mps.
            findStart: gives the :class:`run.start.Start` of a run with these choices.
        """
        checkUsable(parameters.inputVolume)
        return planRun(parameters, device, findStart(parameters))

    def newJob(
        self, parameters, worker: Worker, device: str = "cpu", findStart=startOf
    ) -> UpsamplingJob:
        """A job for the present choices, which :meth:`UpsamplingJob.start` starts.

        Args:
            parameters: the user's choices.
            worker: what computes.
            device, findStart: as for :meth:`plan`.

        Raises:
            ValueError: the run is not possible; the message says why.
            torch_setup.TorchUnavailable: PyTorch is missing and was not installed.
        """
        self.plan(parameters, device, findStart)
        torch_setup.ensureTorch()
        plan = self.plan(
            parameters, device, findStart
        )  # again: while PyTorch installs, the scene may change
        outputs = {"arssr": parameters.outputVolume, "cubic": self._cubicToOverwrite(parameters)}
        return UpsamplingJob(plan, parameters.inputVolume, outputs, worker)

    @staticmethod
    def _cubicToOverwrite(parameters):
        """The cubic volume of the last run, when that run's result is overwritten too."""
        overwrites = parameters.outputVolume is not None
        if overwrites and parameters.outputVolume is parameters.comparedResult:
            cubic = parameters.comparedCubic
            return cubic if cubic is not parameters.inputVolume else None
        return None
