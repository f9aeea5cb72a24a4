"""Volumes between the scene and the files that the child process reads and writes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import slicer
import vtk
from vtk.util import numpy_support

from . import geometry


@dataclass(frozen=True)
class Snapshot:
    """A volume as it was when the run began: later edits of the node do not reach the run.

    Attributes:
        array: copy of the voxels, indexed [k, j, i].
        grid: the library's grid of the volume.
        nodeID, name: of the volume node.
        imageTime: modification time of the node's image, to notice an edit.
    """

    array: np.ndarray
    grid: object
    nodeID: str
    name: str
    imageTime: int

    @staticmethod
    def of(volumeNode) -> "Snapshot":
        return Snapshot(
            slicer.util.arrayFromVolume(volumeNode).copy(),
            geometry.gridOfVolume(volumeNode),
            volumeNode.GetID(),
            volumeNode.GetName(),
            volumeNode.GetImageData().GetMTime(),
        )

    def wasEditedSince(self, volumeNode) -> bool:
        """Also when its image was taken away."""
        image = volumeNode.GetImageData()
        return image is None or image.GetMTime() != self.imageTime

    def image(self) -> sitk.Image:
        """The snapshot as a SimpleITK image in the volume's own axes (``geometry.localGrid``)."""
        image = sitk.GetImageFromArray(self.array)
        geometry.localGrid(self.grid).apply_to(image)
        return image

    def write(self, path: Path) -> None:
        """Writes the snapshot to ``path``; safe outside the main thread."""
        sitk.WriteImage(self.image(), str(path), useCompression=False)


def imageDataOver(voxels: np.ndarray) -> vtk.vtkImageData:
    """An image whose voxels are those of ``voxels``, which it keeps.

    VTK is never asked for the memory: where it gets none, it ends Slicer, and the unsaved scene
    with it. NumPy raises MemoryError.

    Args:
        voxels: indexed [k, j, i], contiguous.
    """
    scalars = numpy_support.numpy_to_vtk(voxels.reshape(-1), deep=False)
    scalars.SetName("ImageScalars")
    imageData = vtk.vtkImageData()
    imageData.SetDimensions(*voxels.shape[::-1])
    imageData.GetPointData().SetScalars(scalars)
    return imageData


@dataclass(frozen=True)
class LoadedImage:
    """A result, ready to be put into a volume node.

    Attributes:
        imageData: voxels, with unit spacing and no origin, as volume nodes want them.
        ijkToRas: 4×4 matrix from voxel indices to RAS mm.
    """

    imageData: vtk.vtkImageData
    ijkToRas: np.ndarray

    @staticmethod
    def of(image: sitk.Image, inputGrid) -> "LoadedImage":
        """From a SimpleITK image; safe outside the main thread.

        Args:
            image: a result in the own axes of the input (``geometry.localGrid``).
            inputGrid: the library's grid of the input, in LPS mm.

        Raises:
            MemoryError: there is no room for the voxels.
        """
        from ArSSRLib.volumes.grid import Grid

        voxels = np.array(sitk.GetArrayViewFromImage(image), order="C")
        grid = geometry.gridOfLocal(Grid.of_image(image), inputGrid)
        return LoadedImage(imageDataOver(voxels), geometry.ijkToRasOfGrid(grid))

    @staticmethod
    def read(path: Path, inputGrid) -> "LoadedImage":
        """From a file; safe outside the main thread."""
        return LoadedImage.of(sitk.ReadImage(str(path)), inputGrid)
