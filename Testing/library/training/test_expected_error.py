"""The head is trained on a network that stays as it is, and its intervals are calibrated."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.networks.spec import ExpectedErrorSpec
from ArSSRLib.training.expected_error.calibration import (
    SimulatedScan,
    calibrated,
    fitted,
    simulated_scans,
)
from ArSSRLib.training.expected_error.patches import HeadSampler
from ArSSRLib.training.expected_error.scan_noise import ScanNoise
from ArSSRLib.training.recipe import load_recipe
from ArSSRLib.training.volumes import load_volumes
from ArSSRLib.upsampling.refined_error import Evidence
from ArSSRLib.upsampling.scales import Scales
from ArSSRLib.volumes.files.search import find_files

Arssr = Callable[..., "subprocess.CompletedProcess[str]"]
SHORT = (
    "optimiser.steps=12", "optimiser.batch=1", "patches.size=12", "patches.coordinates=400",
    "expected_error.calibration_cases=2", "expected_error.calibration_crop=24",
    "expected_error.hidden=8", "patches.scale_max=1.5", "patches.thickest=2",
    "expected_error.calibration_scales=[1.5]",
)  # fmt: skip


def _command(cortex_path: Path, folder: Path) -> list[str | Path]:
    changes = [word for entry in SHORT for word in ("--set", entry)]
    return ["train", "--recipe", "default-error", "--data", cortex_path, "--device", "cpu",
            "--workers", "0", "-o", folder, *changes]  # fmt: skip


def test_only_the_head_is_trained(
    cortex_path: Path, seeded_model_path: Path, tmp_path: Path, arssr: Arssr
) -> None:
    run = arssr(*_command(cortex_path, tmp_path), "--from", seeded_model_path)
    assert run.returncode == 0, run.stderr
    assert "holds the truth in" in run.stderr
    before, after = load_model(seeded_model_path), load_model(tmp_path / "best.npz")
    for name, value in before.network.state_dict().items():
        assert torch.equal(after.network.state_dict()[name], value)
    assert after.header.version == before.header.version
    assert after.expected_error is not None
    spec = after.header.expected_error
    assert spec is not None and 0.0 < spec.interval_68 < spec.interval_95
    assert spec.smoothing > 0.0
    assert after.header.provenance["expected_error"]["volumes"] == 1


def test_it_needs_a_model_to_start_from(cortex_path: Path, tmp_path: Path, arssr: Arssr) -> None:
    run = arssr(*_command(cortex_path, tmp_path / "run"))
    assert run.returncode == 2
    assert "name that model with --from" in run.stderr
    assert not (tmp_path / "run").exists()


def test_a_head_is_calibrated_alone(
    cortex_path: Path, error_model_path: Path, tmp_path: Path, arssr: Arssr
) -> None:
    sets = ("--set", "optimiser.steps=0", "--set", "expected_error.hidden=16")
    run = arssr(*_command(cortex_path, tmp_path), *sets, "--from", error_model_path)
    assert run.returncode == 0, run.stderr
    before, after = load_model(error_model_path), load_model(tmp_path / "best.npz")
    assert before.expected_error is not None and after.expected_error is not None
    for name, value in before.expected_error.state_dict().items():
        assert torch.equal(after.expected_error.state_dict()[name], value)
    spec, blank = after.header.expected_error, ExpectedErrorSpec()
    assert spec is not None
    for name in ("factor", "interval_68", "interval_95"):
        assert getattr(spec, name) != getattr(blank, name)
    assert after.header.provenance["expected_error"]["calibrated"]["volumes"] == 1


def test_a_head_of_another_size_cannot_be_calibrated_alone(
    cortex_path: Path, error_model_path: Path, tmp_path: Path, arssr: Arssr
) -> None:
    sets = ("--set", "optimiser.steps=0")
    run = arssr(*_command(cortex_path, tmp_path), *sets, "--from", error_model_path)
    assert run.returncode == 2
    assert "an expected error with 16 channels, not 8; use expected_error.hidden=16" in run.stderr
    assert not (tmp_path / "best.npz").exists()


def test_a_sample_has_the_noise_of_the_scan_and_what_the_network_is_told(
    cortex_path: Path,
) -> None:
    changes = dict(entry.split("=") for entry in SHORT)
    recipe = load_recipe("default-error").with_changes(changes)
    volumes = load_volumes(find_files([cortex_path]), 12, recipe.sources).volumes
    noise = ScanNoise.of(volumes)
    sampler = HeadSampler(volumes, recipe, noise)
    samples = [sampler[number] for number in range(24)]
    plain = [sampler.patches[number] for number in range(24)]
    own = min(noise.levels[volumes[0].name])
    for sample, patch in zip(samples, plain, strict=True):
        np.testing.assert_array_equal(sample.low, patch.low)
        assert float(sample.scan) > 0.5 * own
    told = [float(sample.told) == float(sample.scan) for sample in samples]
    assert any(told) and not all(told)


def _scan(
    name: str, off: float = 1.0, scales: Sequence[float] = (2.0, 2.0, 2.0), mm: float = 1.0
) -> SimulatedScan:
    """A scan whose errors follow a power law of the evidence, times ``off``."""
    rng = np.random.default_rng(1)
    smoothed, slope = rng.normal(-4.0, 1.0, (2, 20_000)).astype(np.float32)
    of_all = Scales(scales, (mm, mm, mm))
    evidence = Evidence(
        smoothed, slope, math.log(of_all.axes), math.log(of_all.anisotropy), math.log(mm)
    )
    scale = 2.0 * np.exp(0.8 * smoothed + 0.3 * slope) * mm**0.4
    scale *= of_all.axes**0.2 * of_all.anisotropy**0.1
    return SimulatedScan(name, evidence, (off * scale * rng.exponential(size=20_000)))


def test_the_power_law_of_the_errors_is_found() -> None:
    thick = [_scan("head", scales=(scale, 1.0, 1.0)) for scale in (1.5, 5.0)]
    spec = fitted(ExpectedErrorSpec(smoothing=1.0), [_scan("head"), *thick, _scan("T2", mm=2.0)])
    assert spec.factor == pytest.approx(2.0, rel=0.1)
    assert spec.power == pytest.approx(0.8, abs=0.02)
    assert spec.slope_power == pytest.approx(0.3, abs=0.02)
    assert spec.axes_power == pytest.approx(0.2, abs=0.03)
    assert spec.anisotropy_power == pytest.approx(0.1, abs=0.03)
    assert spec.size_power == pytest.approx(0.4, abs=0.02)


def test_what_hardly_varies_over_the_scans_keeps_its_power() -> None:
    scans = [_scan("head", mm=3.0), _scan("brain", mm=3.0)]
    before = ExpectedErrorSpec(smoothing=1.0, axes_power=0.1, anisotropy_power=0.5, size_power=0.7)
    spec = fitted(before, scans)
    assert (spec.axes_power, spec.anisotropy_power, spec.size_power) == (0.1, 0.5, 0.7)
    assert spec.factor == pytest.approx(2.0 * 3.0 ** (0.2 - 0.1) * 3.0 ** (0.4 - 0.7), rel=0.1)


def test_all_axes_are_made_coarse_in_turn(cortex_path: Path, error_model_path: Path) -> None:
    cases = {"expected_error.calibration_cases": "6"}
    recipe = load_recipe("default-error").with_changes(
        dict(entry.split("=") for entry in SHORT) | cases
    )
    volume = load_volumes(find_files([cortex_path]), 12, recipe.sources).volumes[0]
    volume = replace(volume, spacing=(0.8, 1.0, 3.0))
    model = load_model(error_model_path)
    scans = list(simulated_scans(model, [volume], recipe, ScanNoise.of([volume])))
    together, alone = scans[::2], scans[1::2]
    assert [scan.evidence.axes for scan in together] == pytest.approx([math.log(3.0)] * 3, abs=0.1)
    found = [math.exp(scan.evidence.voxel_size) for scan in alone]
    assert found == pytest.approx([3.0, 1.0, 0.8])
    assert [scan.evidence.axes for scan in alone] == [0.0] * 3


def test_the_intervals_hold_as_many_voxels_as_they_state() -> None:
    scan = _scan("head")
    spec = calibrated(fitted(ExpectedErrorSpec(smoothing=1.0), [scan]), [scan])
    assert scan.coverage(spec, spec.interval_68) == pytest.approx(0.68, abs=1e-3)
    assert scan.coverage(spec, spec.interval_95) == pytest.approx(0.95, abs=1e-3)


def test_each_volume_counts_the_same_for_the_intervals() -> None:
    scans = [_scan("head"), _scan("head"), _scan("head"), _scan("brain", off=2.0)]
    spec = fitted(ExpectedErrorSpec(smoothing=1.0), scans[:1])
    once = calibrated(spec, scans[2:])
    assert calibrated(spec, scans).interval_68 == pytest.approx(once.interval_68)
    assert once.interval_68 == pytest.approx(2**0.5 * calibrated(spec, scans[:1]).interval_68)
