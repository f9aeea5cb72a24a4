"""Networks that are quick to run, and changes of model files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ArSSRLib.networks.arssr import ArSSR
from ArSSRLib.networks.spec import DecoderSpec, EncoderSpec, NetworkSpec

LOCAL = NetworkSpec(
    EncoderSpec("SRResNet", 16, 2, 2, 8, 16), DecoderSpec(32, 4, False, False), "local", "trilinear"
)
PAPER_LIKE = NetworkSpec(EncoderSpec("RDN", 8, 2, 2, 8, 16), DecoderSpec(32, 8, True, True))
_HEADER = "header.json"


def small_spec(features: int = 8, noise_level: bool = False) -> NetworkSpec:
    """An encoder of a few convolutions; ``noise_level`` says whether it takes one."""
    encoder = EncoderSpec("SRResNet", features, 1, 2, 8, features, noise_level=noise_level)
    decoder = DecoderSpec(2 * features, 4, False, False)
    return NetworkSpec(encoder, decoder, "local", "trilinear")


def small_network(features: int = 8, noise_level: bool = False) -> ArSSR:
    """The same with random weights, but for the last layer, which is zero."""
    torch.manual_seed(7)
    return ArSSR(small_spec(features, noise_level))


def edit_model(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> Path:
    """Writes a model file again after ``change(header, weights)``."""
    with np.load(path) as archive:
        arrays: dict[str, Any] = dict(archive)
    header = json.loads(arrays.pop(_HEADER).tobytes())
    change(header, arrays)
    arrays[_HEADER] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    np.savez(path, **arrays)
    return path
