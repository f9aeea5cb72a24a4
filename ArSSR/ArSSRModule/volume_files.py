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
        return volumeNode.GetImageData().GetMTime() != self.imageTime

    def image(self) -> sitk.Image:
        """The snapshot as a SimpleITK image (LPS)."""
        image = sitk.GetImageFromArray(self.array)
        self.grid.apply_to(image)
        return image

    def write(self, path: Path) -> None:
        """Writes the snapshot to ``path``; safe outside the main thread."""
        sitk.WriteImage(self.image(), str(path), useCompression=False)


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
    def of(image: sitk.Image) -> "LoadedImage":
        """From a SimpleITK image; safe outside the main thread."""
        from ArSSRLib.grid import Grid

        array = sitk.GetArrayViewFromImage(image)
        imageData = vtk.vtkImageData()
        imageData.SetDimensions(*image.GetSize())
        imageData.AllocateScalars(numpy_support.get_vtk_array_type(array.dtype), 1)
        voxels = numpy_support.vtk_to_numpy(imageData.GetPointData().GetScalars())
        voxels.reshape(array.shape)[:] = array
        return LoadedImage(imageData, geometry.ijkToRasOfGrid(Grid.of_image(image)))

    @staticmethod
    def read(path: Path) -> "LoadedImage":
        """From a file; safe outside the main thread."""
        return LoadedImage.of(sitk.ReadImage(str(path)))
