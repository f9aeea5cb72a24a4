"""The encoders: one file each, which registers itself. Needs no torch.

A file in this folder defines a function that turns an :class:`EncoderSpec` into parts, under
``@register(NAME)``; nothing else has to know of it. See ``ArSSRLib.networks.encoder_parts``.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...errors import InputError
from ...fields import entry
from ..encoder_parts import Part

SIZES = {"least": 1, "most": 4096}
"""Limits of the numbers in a network's specification."""
PublishedKeys = Sequence[tuple[str, str | Callable[[re.Match[str]], str]]]


@dataclass(frozen=True)
class EncoderSpec:
    """A convolutional encoder without upscaling layer (paper §III-C, §IV-F).

    Attributes:
        name: the name under which it is registered: ``RDN``, ``ResCNN``, ``SRResNet``, …
        features: channels inside the encoder.
        blocks: residual (dense) blocks.
        layers: convolutions in a block; the paper's RDN has 3, its ResCNN 6, its SRResNet 2.
        growth: channels each layer of a residual dense block adds (RDN only).
        channels: channels of the feature map it returns.
        long_skip: whether the first convolution's output is added before the last one (SRResNet
            only). The original SRResNet has it, the paper's encoder does not; RDN always has it.
        noise_level: whether the noise level of the input is an input too, see
            ``ArSSRLib.networks.noise_level``.
    """

    name: str = "RDN"
    features: int = entry(64, **SIZES)
    blocks: int = entry(8, **SIZES)
    layers: int = entry(3, **SIZES)
    growth: int = entry(64, **SIZES)
    channels: int = entry(128, **SIZES)
    long_skip: bool = False
    noise_level: bool = False


@dataclass(frozen=True)
class EncoderKind:
    """What a file of this folder registers.

    Attributes:
        structure: the encoder of a specification as parts.
        paper: the specification that the paper used; None for an encoder that it does not have.
        published_keys: how the authors' state dict names its weights: patterns that match the
            start of a name behind ``encoder.``, and our start instead of it, as in ``re.sub``.
    """

    structure: Callable[[EncoderSpec], Part]
    paper: EncoderSpec | None
    published_keys: PublishedKeys


_KINDS: dict[str, EncoderKind] = {}


def register(
    name: str, *, paper: EncoderSpec | None = None, published_keys: PublishedKeys = ()
) -> Callable[[Callable[[EncoderSpec], Part]], Callable[[EncoderSpec], Part]]:
    """Decorator of a function that describes an encoder; see :class:`EncoderKind`."""

    def add(structure: Callable[[EncoderSpec], Part]) -> Callable[[EncoderSpec], Part]:
        _KINDS[name] = EncoderKind(structure, paper, published_keys)
        return structure

    return add


def encoder_kinds() -> dict[str, EncoderKind]:
    """All registered encoders by name."""
    _import_all()
    return dict(_KINDS)


def encoder_kind(name: str) -> EncoderKind:
    """The encoder with this name.

    Raises:
        InputError: an unknown name.
    """
    kinds = encoder_kinds()
    if name not in kinds:
        raise InputError(
            f"The encoder {name!r} is unknown; choose one of {', '.join(kinds)}, or update ArSSR "
            "if a newer version has it."
        )
    return kinds[name]


def encoder_structure(spec: EncoderSpec) -> Part:
    """The encoder that ``spec`` describes, as parts.

    Raises:
        InputError: an unknown name.
    """
    return encoder_kind(spec.name).structure(spec)


@functools.cache
def _import_all() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
