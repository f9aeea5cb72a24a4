"""PSI and LPC-SI against the values of their authors' programs, and slice by slice."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.evaluation.metrics.lpc_si import lpc_si, lpc_si_of_slice
from ArSSRLib.evaluation.metrics.psi import psi, psi_of_slice
from ArSSRLib.evaluation.metrics.slices import iterate_slices, mean_over_slices, to_8_bit_range

DATA = Path(__file__).parents[1] / "data"
RELATIVE_TOLERANCE = 1e-12
SLICES = dict(np.load(DATA / "t1_slices.npz"))
with open(DATA / "reference_sharpness.csv", newline="") as _file:
    REFERENCE = {row["slice"]: row for row in csv.DictReader(_file)}
WIDE_ENOUGH = [name for name, picture in SLICES.items() if min(picture.shape) >= 96]


@pytest.fixture(scope="module")
def part(brain: np.ndarray) -> np.ndarray:
    """Every eighth slice of the brain; the slices across the others are narrow."""
    return np.ascontiguousarray(brain[::8])


def test_every_slice_has_a_reference_value() -> None:
    assert SLICES.keys() == REFERENCE.keys()
    assert len(WIDE_ENOUGH) >= 20


@pytest.mark.parametrize("name", WIDE_ENOUGH)
def test_psi_agrees_with_the_authors_program(name: str) -> None:
    value = psi_of_slice(SLICES[name].astype(np.float64))
    assert value == pytest.approx(float(REFERENCE[name]["psi"]), rel=RELATIVE_TOLERANCE)


@pytest.mark.parametrize("name", SLICES)
def test_lpc_si_agrees_with_the_authors_program(name: str) -> None:
    value = lpc_si_of_slice(SLICES[name].astype(np.float64))
    assert value == pytest.approx(float(REFERENCE[name]["lpc_si"]), rel=RELATIVE_TOLERANCE)


@pytest.mark.parametrize("name", [name for name in WIDE_ENOUGH if not name.endswith("blurred")])
def test_a_blurred_slice_scores_lower_in_both(name: str) -> None:
    sharp, blurred = (SLICES[n].astype(np.float64) for n in (name, f"{name}_blurred"))
    assert psi_of_slice(blurred) < psi_of_slice(sharp)
    assert lpc_si_of_slice(blurred) < lpc_si_of_slice(sharp)


def test_psi_of_a_slice_too_narrow_for_an_inner_block_is_undefined() -> None:
    assert math.isnan(psi_of_slice(SLICES["sub_45_coronal_144"].astype(np.float64)))


def test_psi_of_a_picture_without_edges_is_zero() -> None:
    ramp = np.tile(np.linspace(0.0, 255.0, 128), (128, 1))
    assert psi_of_slice(ramp) == 0.0


def test_a_volume_is_measured_on_every_slice_of_three_orientations(part: np.ndarray) -> None:
    assert len(list(iterate_slices(part))) == sum(part.shape)
    volume = to_8_bit_range(part.astype(np.float64))
    expected = [lpc_si_of_slice(picture) for picture in iterate_slices(volume) if picture.max() > 0]
    assert lpc_si(part) == pytest.approx(np.nanmean(expected), rel=1e-12)


def test_psi_of_a_volume_averages_the_slices_that_are_wide_enough() -> None:
    pictures = [SLICES[name][:154, :149] for name in WIDE_ENOUGH[:4]]
    volume = np.stack(pictures)
    scaled = to_8_bit_range(volume.astype(np.float64))
    assert psi(volume) == pytest.approx(np.mean([psi_of_slice(p) for p in scaled]), rel=1e-12)


def test_empty_slices_do_not_change_the_score() -> None:
    # Only slices across the first axis are whole pictures here: the others would grow.
    slab = SLICES["sub_46_axial_030"][None].astype(np.float64)
    padded = np.concatenate([slab, np.zeros_like(slab)])
    assert psi(padded) == psi(slab)


def test_the_intensity_unit_of_a_volume_does_not_matter(part: np.ndarray) -> None:
    assert lpc_si(part * 37.0 + 11.0) == pytest.approx(lpc_si(part), rel=1e-6)


def test_a_common_window_keeps_methods_on_one_scale(part: np.ndarray) -> None:
    window = (float(part.min()), float(part.max()))
    faint = part * 0.5
    assert lpc_si(faint, window=window) < lpc_si(faint)
    assert lpc_si(part, window=window) == lpc_si(part)


def test_a_volume_with_nothing_to_measure_has_no_score() -> None:
    assert math.isnan(mean_over_slices(np.zeros((4, 4, 4)), lambda picture: 1.0))
    assert math.isnan(psi(np.full((100, 100, 100), 3.0)))


@pytest.mark.parametrize("metric", [psi, lpc_si])
def test_bad_volumes_are_refused_with_the_remedy(metric) -> None:
    with pytest.raises(InputError, match="one volume of a series at a time"):
        metric(np.zeros((2, 20, 20, 20)))
    with pytest.raises(InputError, match="not finite"):
        metric(np.full((20, 20, 20), np.nan))
