"""Training that starts from the weights of a model instead of random ones."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import InputError
from ..networks.arssr import ArSSR
from ..networks.baselines import Baseline
from ..networks.encoder import Encoder
from ..networks.model_file import Model
from .patches import PatchSampler

_PATCHES_TO_JUDGE_BY = 16
"""Patches on which a unit of the model must respond at least once."""
_RESPONSE = 0.5
"""Smallest standard deviation of a unit's response, before its ReLU, when training starts."""


@torch.no_grad()
def start_from(network: ArSSR | Baseline, model: Model) -> None:
    """Gives ``network`` the weights of ``model``, in place.

    The network may have more residual blocks than the model, and it may take the noise level where
    the model does not. What is added starts without effect: the last convolution of an added block
    is zero, and so are the biases that depend on the noise level. Both networks then compute the
    same.

    Raises:
        InputError: the networks differ in another way.
    """
    wanted, known = network.state_dict(), model.network.state_dict()
    added = {name for name in wanted if name not in known}
    last_layers = _last_layers_of_new_blocks(network, added)
    new_blocks = tuple(name for names in last_layers.values() for name in names)
    explained = {n for n in added if n.endswith(".noise_bias") or n.startswith(new_blocks)}
    differing = (
        (added - explained)
        | {name for name in known if name not in wanted}
        | {name for name in wanted if name in known and wanted[name].shape != known[name].shape}
    )
    if differing:
        raise InputError(
            f"The recipe's network cannot start from the model {model.name}: they differ in "
            f"{min(differing)}. Use the model's network in the recipe; only encoder.blocks may be "
            "larger and encoder.noise_level may become true."
        )
    network.load_state_dict(known, strict=False)
    for layer in last_layers:
        for parameter in layer.parameters():
            nn.init.zeros_(parameter)


def origin_of(model: Model) -> dict[str, Any]:
    """What later model files keep of the model that a run started from."""
    header = model.header
    return {
        "model": Path(model.name).name,
        "title": header.title,
        "version": header.version,
        "provenance": dict(header.provenance),
    }


def prepare_units_on(encoder: Encoder, sampler: PatchSampler) -> int:
    """As :func:`prepare_units`, judged by the first patches of a run."""
    samples = [sampler[number] for number in range(_PATCHES_TO_JUDGE_BY)]
    low = torch.from_numpy(np.stack([sample.low for sample in samples]))[:, None]
    noise = torch.from_numpy(np.stack([sample.noise for sample in samples]))
    return prepare_units(encoder, low, noise)


@torch.no_grad()
def prepare_units(encoder: Encoder, low: Tensor, noise: Tensor) -> int:
    """Makes the units inside residual blocks able to learn; returns how many never respond.

    A unit whose ReLU is 0 wherever it looks gets no gradient, so it would never learn again. It
    gets new weights, which do not respond to the mean of its input, only to what differs from it,
    and the next layer starts without using it. A unit that responds weakly falls silent after a few
    steps of an optimiser whose steps do not depend on the size of the gradient. Its weights grow,
    and those by which the next layer takes it shrink. The encoder computes the same as before.

    Args:
        encoder: changed in place.
        low: LR patches (N, 1, k, j, i), normalised intensities, varied enough to judge by.
        noise: (N,) the noise level of each.
    """
    silent = 0
    for block in encoder.structure.residual_blocks():
        for first, second in pairwise(block.convolutions()):
            if first.relu:
                layers = encoder.layer(first), encoder.layer(second)
                silent += _prepare(*layers, _input_of(encoder, layers[0], low, noise))
    return silent


def _prepare(first: nn.Conv3d, second: nn.Conv3d, entering: Tensor) -> int:
    """The same for the units between two layers; ``entering`` (N, channels, k, j, i)."""
    responses = first(entering)
    silent = responses.amax((0, 2, 3, 4)) <= 0.0
    drawn = torch.empty_like(first.weight)
    nn.init.kaiming_normal_(drawn, nonlinearity="relu")
    constant = entering.mean((0, 2, 3, 4))[None, :, None, None, None].expand_as(drawn[:1])
    share = (drawn * constant).sum((1, 2, 3, 4)) / constant.square().sum().clamp(min=1e-12)
    drawn -= share[:, None, None, None, None] * constant
    first.weight[silent] = drawn[silent]
    for name, parameter in first.named_parameters():
        if name != "weight":
            parameter[silent] = 0.0
    second.weight[:, silent] = 0.0
    deviation = first(entering).std((0, 2, 3, 4)).clamp(min=1e-6)
    growth = (_RESPONSE / deviation).clamp(min=1.0)
    for parameter in first.parameters():
        parameter.mul_(growth.view(-1, *[1] * (parameter.dim() - 1)))
    second.weight.div_(growth[None, :, None, None, None])
    return int(silent.sum())


def _input_of(encoder: Encoder, layer: nn.Conv3d, low: Tensor, noise: Tensor) -> Tensor:
    """What enters ``layer``, (N, channels, k, j, i)."""
    entered: list[Tensor] = []
    hook = layer.register_forward_pre_hook(lambda _, inputs: entered.append(inputs[0].clone()))
    encoder(low, noise)
    hook.remove()
    return entered[0]


def _last_layers_of_new_blocks(
    network: ArSSR | Baseline, added: set[str]
) -> dict[nn.Module, tuple[str, ...]]:
    """The last convolution of each residual block that is new, with the names of all of them."""
    layers: dict[nn.Module, tuple[str, ...]] = {}
    if not isinstance(network, ArSSR):
        return layers
    for block in network.encoder.structure.residual_blocks():
        names = tuple(f"encoder.{conv.name}." for conv in block.convolutions())
        if all(f"{name}weight" in added for name in names):
            *_, last = block.convolutions()
            layers[network.encoder.layer(last)] = names
    return layers
