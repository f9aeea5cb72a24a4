"""The same run, asked for in another way, gives the same voxels (see ``invariants.py``)."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import SimpleITK as sitk

from ArSSRLib import upsample
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.pixel_types import as_pixel_type
from ArSSRLib.volumes.volume import image_of_volume

from .random_case import Case, difference, same_place


def repetition(case: Case) -> str:
    """The same run gives the same bits."""
    return difference(case.run(case.volume).array, case.result.array)


def memory_layout(case: Case) -> str:
    """Where an array's elements lie in memory does not matter."""
    padded = np.zeros(tuple(2 * n for n in case.volume.array.shape), np.float32, order="F")
    padded[::2, ::2, ::2] = case.volume.array
    result = case.run(replace(case.volume, array=padded[::2, ::2, ::2]))
    return difference(result.array, case.result.array)


def image_and_array(case: Case) -> str:
    """The API gives the same for a SimpleITK image and an array."""
    image = image_of_volume(case.volume)
    by_image = upsample(image, **case.choices)
    by_array, grid = upsample(sitk.GetArrayFromImage(image), grid=case.volume.grid, **case.choices)
    wrong = difference(sitk.GetArrayFromImage(by_image), case.voxels)
    wrong = wrong or same_place(Grid.of_image(by_image), case.result.grid)
    return wrong or difference(by_array, case.voxels) or same_place(grid, case.result.grid)


def command_line(case: Case) -> str:
    """``arssr upsample`` writes the voxels that the API gives."""
    from ArSSRLib.cli.main import main

    output = case.folder / "command.mha"
    job = case.job(case.stored(".mha"), output)
    code = main(["upsample", job.source, "-o", job.output, *job.request.arguments(),
                 "--progress", "none"])  # fmt: skip
    if code:
        return f"exit code {code}"
    found = sitk.ReadImage(str(output))
    wrong = difference(sitk.GetArrayFromImage(found), case.voxels)
    return wrong or same_place(Grid.of_image(found), case.result.grid)


def batch(case: Case) -> str:
    """A worker of a batch writes the voxels that the API gives."""
    job = case.job(case.stored(".mha"), case.folder / "batch.mha")
    workers = case.tools.workers
    end = workers.run(job.to_dict(), lambda message: None, lambda needed: nullcontext())
    if end.code:
        return end.error
    return difference(sitk.GetArrayFromImage(sitk.ReadImage(job.output)), case.voxels)


def file_format(case: Case) -> str:
    """The format of the file changes no voxel."""
    for ending in (".nii.gz", ".nrrd"):
        result = case.run(read_volume(case.stored(ending)))
        wrong = difference(as_pixel_type(result.array, result.pixel_type), case.voxels)
        if wrong:
            return f"{ending} {wrong}"
    return ""


WAYS_TO_ASK = repetition, memory_layout, image_and_array, command_line, batch, file_format
