"""Re-blurring a result gives the scan back: the metric itself, and the bundled networks by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.errors import InputError
from ArSSRLib.evaluation.measuring.measure import measure
from ArSSRLib.evaluation.measuring.methods import parse_method
from ArSSRLib.evaluation.measuring.tasks import Task
from ArSSRLib.evaluation.metrics.reblur import reblur
from ArSSRLib.evaluation.settings import Settings
from ArSSRLib.networks import catalogue
from ArSSRLib.resampling.blur import Blur
from ArSSRLib.resampling.degradation import paper_low_resolution, simulate_low_resolution
from ArSSRLib.sample import sample_path
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import upsample_volume
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.volume import Volume


@pytest.mark.parametrize("kernel", ["cubic", "kspace", "gaussian"])
def test_the_truth_itself_re_blurs_to_the_input(brain: np.ndarray, kernel: str) -> None:
    blur = Blur(kernel)  # type: ignore[arg-type]
    low = simulate_low_resolution(brain, [n // 2 for n in brain.shape], blur)
    assert reblur(brain, low, blur) == pytest.approx(0.0, abs=1e-6)


def test_an_offset_of_one_percent_of_the_range_is_an_error_of_one_percent(
    brain: np.ndarray,
) -> None:
    low = simulate_low_resolution(brain, [n // 2 for n in brain.shape])
    assert reblur(brain + 0.01 * np.ptp(low), low) == pytest.approx(0.01, rel=1e-3)


def test_an_input_without_contrast_is_refused(brain: np.ndarray) -> None:
    with pytest.raises(InputError, match="contrast"):
        reblur(brain, np.ones((4, 4, 4)))


def test_real_scans_are_re_blurred_only_on_request(tmp_path) -> None:  # type: ignore[no-untyped-def]
    free = Settings(tmp_path, tmp_path, reference_free=True)
    assert "reblur" not in free.metrics and "psi" in free.metrics
    asked = Settings(tmp_path, tmp_path, reference_free=True, metrics=("psi", "reblur"))
    assert asked.metrics == ("psi", "reblur")


@pytest.mark.parametrize(("scale", "most"), [(2.0, 0.02), (3.2, 0.03)])
def test_every_bundled_network_contradicts_tissue_little(scale: float, most: float) -> None:
    scan = read_volume(sample_path())
    middle = Volume(
        scan.array[24:40, 76:108, 64:96].copy(), scan.grid.cropped((64, 76, 24), (32, 32, 16))
    )
    for info in catalogue.bundled_models():
        assert _contradiction(info.name, middle, scale) < most, info.name


def _contradiction(name: str, scan: Volume, scale: float) -> float:
    """What blurring the result differs from the scan, RMS over its range."""
    request = Upsampling.of(scale=(scale, scale, scale), model=name, device="cpu")
    result = upsample_volume(scan, request)
    return reblur(result.array, scan.array)


@pytest.mark.parametrize("scale", [2.5, 3.0, 3.5])
def test_the_papers_kernel_is_re_blurred_at_scales_that_divide_no_side(
    scale: float, brain_image: sitk.Image, tmp_path: Path
) -> None:
    source = tmp_path / "brain.nii.gz"
    sitk.WriteImage(brain_image[14:61, 25:55, 20:51], str(source))
    settings = Settings(tmp_path, tmp_path / "out", (scale,), blur=None, metrics=("psnr", "reblur"))
    record = measure(Task("brain", source, scale, parse_method("zoom")), settings)
    assert not record.error
    assert 0.0 < float(record.values["reblur"]) < 0.1


def test_the_truth_itself_re_blurs_to_the_papers_input(brain: np.ndarray) -> None:
    part = brain[20:51, 25:55, 14:61]
    assert reblur(part, paper_low_resolution(part, 2.5), None) == pytest.approx(0.0, abs=1e-5)
