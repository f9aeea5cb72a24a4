"""Training that starts from the weights of a model instead of random ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import InputError
from ..networks.arssr import ArSSR
from ..networks.baselines import Baseline
from ..networks.encoder import Encoder
from ..networks.model_file import Model


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
        "model": model.name,
        "title": header.title,
        "version": header.version,
        "provenance": dict(header.provenance),
    }


@torch.no_grad()
def redraw_silent_units(encoder: Encoder, low: Tensor, noise: Tensor) -> int:
    """New weights for units of residual blocks that never respond; returns their number.

    A unit whose ReLU is 0 wherever it looks gets no gradient, so it would never learn again. Its
    new weights do not respond to the mean of its input, only to what differs from it. The next
    layer starts without using it, so the encoder computes the same as before.

    Args:
        encoder: changed in place.
        low: LR patches (N, 1, k, j, i), normalised intensities, varied enough to judge by.
        noise: (N,) the noise level of each.
    """
    pairs = [
        (encoder.layer(first), encoder.layer(second))
        for block in encoder.structure.residual_blocks()
        for first, second in pairwise(block.convolutions())
        if first.relu
    ]
    seen = _responses(encoder, [first for first, _ in pairs], low, noise)
    count = 0
    for (first, second), (means, largest) in zip(pairs, seen, strict=True):
        silent = torch.nonzero(largest <= 0.0)[:, 0]
        count += len(silent)
        if not len(silent):
            continue
        drawn = torch.empty_like(first.weight)
        nn.init.kaiming_normal_(drawn, nonlinearity="relu")
        constant = means[None, :, None, None, None].expand_as(drawn[:1])
        share = (drawn * constant).sum((1, 2, 3, 4)) / constant.square().sum().clamp(min=1e-12)
        drawn -= share[:, None, None, None, None] * constant
        first.weight[silent] = drawn[silent]
        for name, parameter in first.named_parameters():
            if name != "weight":
                parameter[silent] = 0.0
        second.weight[:, silent] = 0.0
    return count


def _responses(
    encoder: Encoder, layers: Sequence[nn.Conv3d], low: Tensor, noise: Tensor
) -> list[tuple[Tensor, Tensor]]:
    """Mean of each input channel and largest value of each output channel, of every layer."""
    seen: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def note(layer: nn.Module, entered: tuple[Tensor, ...], left: Tensor) -> None:
        # At once: the ReLU that follows works in place.
        seen[layer] = entered[0].mean((0, 2, 3, 4)), left.amax((0, 2, 3, 4))

    hooks = [layer.register_forward_hook(note) for layer in layers]
    encoder(low, noise)
    for hook in hooks:
        hook.remove()
    return [seen[layer] for layer in layers]


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
