"""Residual dense network (Zhang 2018) in 3-D: the paper's encoder (§III-C)."""

from __future__ import annotations

from ..encoder_parts import Chain, Conv, Dense, FusedBlocks, Part, Skip
from . import EncoderSpec, register

_PUBLISHED_KEYS = (
    (r"sfe1\.", "shallow."),
    (r"sfe2\.", "entry."),
    (r"rdbs\.(\d+)\.layers\.(\d+)\.conv\.", r"blocks.\1.layers.\2."),
    (r"rdbs\.(\d+)\.lff\.", r"blocks.\1.fuse."),
    (r"gff\.0\.", "fuse."),
    (r"gff\.1\.", "smooth."),
    (r"output\.", "out."),
)


@register(
    "RDN",
    paper=EncoderSpec("RDN", features=64, blocks=8, layers=3, growth=64, channels=128),
    published_keys=_PUBLISHED_KEYS,
)
def rdn(spec: EncoderSpec) -> Part:
    """Dense blocks, all their results fused, and a skip from the first convolution."""
    features = spec.features
    blocks = tuple(_block(f"blocks.{n}", spec) for n in range(spec.blocks))
    fuse = Conv("fuse", features * spec.blocks, features, side=1)
    body = Chain(
        (
            Conv("entry", features, features),
            FusedBlocks(blocks, fuse),
            Conv("smooth", features, features),
        )
    )
    return Chain((Conv("shallow", 1, features), Skip(body), Conv("out", features, spec.channels)))


def _block(name: str, spec: EncoderSpec) -> Part:
    """Each layer sees all earlier ones; a 1×1×1 convolution fuses them."""
    widths = [spec.features + spec.growth * n for n in range(spec.layers + 1)]
    layers = tuple(
        Conv(f"{name}.layers.{n}", widths[n], spec.growth, relu=True) for n in range(spec.layers)
    )
    return Skip(Chain((Dense(layers), Conv(f"{name}.fuse", widths[-1], spec.features, side=1))))
