"""SRResNet (Ledig 2017) without batch normalisation and upscaling (paper §IV-F)."""

from __future__ import annotations

from ..encoder_parts import Chain, Conv, Part, Skip
from . import EncoderSpec, register

_PUBLISHED_KEYS = (
    (r"features\.0\.0\.", "entry."),
    (r"features\.19\.0\.", "smooth."),
    (r"features\.20\.0\.", "out."),
    (r"features\.(\d+)\.m\.([01])\.0\.", lambda m: f"blocks.{int(m[1]) - 1}.{m[2]}."),
)


@register(
    "SRResNet",
    paper=EncoderSpec("SRResNet", features=64, blocks=18, layers=2, channels=128),
    published_keys=_PUBLISHED_KEYS,
)
def srresnet(spec: EncoderSpec) -> Part:
    """Residual blocks with ReLUs between their convolutions; optionally a skip over all blocks."""
    features = spec.features
    blocks = (_block(f"blocks.{n}", spec) for n in range(spec.blocks))
    body: Part = Chain((*blocks, Conv("smooth", features, features)))
    if spec.long_skip:
        body = Skip(body)
    return Chain((Conv("entry", 1, features), body, Conv("out", features, spec.channels)))


def _block(name: str, spec: EncoderSpec) -> Part:
    features, last = spec.features, spec.layers - 1
    layers = (Conv(f"{name}.{n}", features, features, relu=n < last) for n in range(spec.layers))
    return Skip(Chain(tuple(layers)))
