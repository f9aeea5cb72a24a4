"""Residual CNN (Du 2019) as the paper uses it (§IV-F)."""

from __future__ import annotations

from ..encoder_parts import Chain, Conv, Part, Skip
from . import EncoderSpec, register

_PUBLISHED_KEYS = (
    (r"conv_start\.0\.", "entry."),
    # They count blocks from 1, and each convolution is followed by a ReLU that counts as a layer.
    (r"block(\d)\.(\d+)\.", lambda m: f"blocks.{int(m[1]) - 1}.{int(m[2]) // 2}."),
    (r"conv_end\.0\.", "out."),
)


@register(
    "ResCNN",
    paper=EncoderSpec("ResCNN", features=64, blocks=3, layers=6, channels=128),
    published_keys=_PUBLISHED_KEYS,
)
def rescnn(spec: EncoderSpec) -> Part:
    """Blocks of convolutions with a ReLU after each, and a skip from input to output."""
    blocks = (_block(f"blocks.{n}", spec) for n in range(spec.blocks))
    entry = Conv("entry", 1, spec.features, relu=True)
    return Skip(Chain((entry, *blocks, Conv("out", spec.features, spec.channels))))


def _block(name: str, spec: EncoderSpec) -> Part:
    features = spec.features
    layers = (Conv(f"{name}.{n}", features, features, relu=True) for n in range(spec.layers))
    return Skip(Chain(tuple(layers)))
