"""The bundled network sets no bright single voxels on the rim of a brain that was cut out."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.resampling.interpolation import interpolate
from ArSSRLib.sample import sample_path
from ArSSRLib.upsampling.engine import Engine
from ArSSRLib.volumes.files.reading import read_volume

RIM = Path(__file__).resolve().parents[3] / "benchmarks" / "rim.py"


@pytest.mark.parametrize("scale", [2.0, 2.5])
def test_few_voxels_on_the_rim_are_brighter_than_the_input_around_them(scale: float) -> None:
    above_surroundings = runpy.run_path(str(RIM))["above_surroundings"]
    brain = read_volume(sample_path()).array
    top = np.ascontiguousarray(brain[40:, 20:80, 40:110])
    shape = tuple(round(n * scale) for n in top.shape)
    sharp = above_surroundings(
        top, Engine(model=load_model("default"), device="cpu").upsample(top, shape)
    )
    smooth = above_surroundings(top, interpolate(top, shape, "cubic"))
    assert sharp.size == smooth.size > 10_000
    assert np.mean(sharp > 0.1) < 0.002
    assert sharp.max() < smooth.max() + 0.25
