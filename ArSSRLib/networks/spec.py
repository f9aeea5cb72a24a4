"""The typed description of a network: stored in every checkpoint, enough to build it again."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ..errors import InputError
from ..fields import entry, from_mapping
from .encoders import SIZES, encoder_kinds, encoder_structure
from .encoders import EncoderSpec as EncoderSpec

Coordinates = Literal["absolute", "local"]
Residual = Literal["none", "trilinear"]

_MOST_LAYERS = 4096
_MOST_PARAMETERS = 10**9


@dataclass(frozen=True)
class DecoderSpec:
    """The fully connected decoder (paper §III-D, Fig. 3).

    Attributes:
        width: width of the hidden layers.
        depth: fully connected layers in all; even when ``skip`` is on.
        skip: the paper's residual connection from the input to the output of layer depth/2.
        last_relu: the paper's ReLU after the last layer. It cannot return negative values, and
            under a residual over interpolation it dies.
    """

    width: int = entry(256, **SIZES)
    depth: int = entry(8, **SIZES)
    skip: bool = True
    last_relu: bool = True

    def widths(self, inputs: int) -> tuple[list[int], list[int]]:
        """Widths from layer to layer before and after the skip, for so many inputs."""
        half = self.depth // 2 if self.skip else 0
        first = [inputs, *[self.width] * (half - 1), inputs] if half else [inputs]
        return first, [inputs, *[self.width] * (self.depth - half - 1), 1]


@dataclass(frozen=True)
class ExpectedErrorSpec:
    """What gives the expected error beside each intensity: a small head on the decoder.

    Attributes:
        hidden: width of its hidden layer.
        interval_68, interval_95: half the width of the interval around an intensity that holds the
            truth in 68 % and in 95 % of the voxels, as a multiple of the expected error. Training
            measures them; the defaults are those of the Laplace distribution.
        smoothing: standard deviation, in target voxels, of the Gaussian that averages the head's
            errors; 0 where they are the expected errors themselves.
        factor, power, slope_power, axes_power, anisotropy_power, size_power: otherwise the expected
            error is ``factor`` · average ^ ``power`` · slope ^ ``slope_power`` · refined axes ^
            ``axes_power`` · anisotropy ^ ``anisotropy_power`` · voxel size in mm ^ ``size_power``,
            see :mod:`ArSSRLib.upsampling.refined_error`.
    """

    hidden: int = entry(32, **SIZES)
    interval_68: float = entry(1.1394, above=0, most=100)
    interval_95: float = entry(2.9957, above=0, most=100)
    smoothing: float = entry(0.0, least=0, most=2)
    factor: float = entry(1.0, above=0, most=1e3)
    power: float = entry(1.0, least=0, most=10)
    slope_power: float = entry(0.0, least=0, most=10)
    axes_power: float = entry(0.0, least=0, most=10)
    anisotropy_power: float = entry(0.0, least=0, most=10)
    size_power: float = entry(0.0, least=0, most=10)

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class NetworkSpec:
    """An ArSSR network.

    Attributes:
        encoder: see :class:`EncoderSpec`.
        decoder: see :class:`DecoderSpec`.
        coordinates: ``absolute``, the paper's coordinate in [-1, 1] over the whole input; or
            ``local``, the offset from the nearest LR voxel centre with the target voxel size,
            both in LR voxels, which makes the network shift-equivariant.
        residual: ``none``, or ``trilinear``: the network adds to the trilinear interpolation
            of its input.
    """

    encoder: EncoderSpec = field(default_factory=EncoderSpec)
    decoder: DecoderSpec = field(default_factory=DecoderSpec)
    coordinates: Coordinates = "absolute"
    residual: Residual = "none"

    @property
    def coordinate_channels(self) -> int:
        """Numbers the decoder reads beside the feature vector: (z, y, x), or offset and size."""
        return 3 if self.coordinates == "absolute" else 6

    @property
    def last_hidden(self) -> int:
        """Width of the decoder's last hidden layer; 0 where it has none."""
        depth, skip = self.decoder.depth, self.decoder.skip
        return self.decoder.width if depth - (depth // 2 if skip else 0) > 1 else 0

    @property
    def outside(self) -> str:
        """What the feature lookup takes beyond the outermost LR voxel centres.

        The published code lets features fade to zero there; that goes with its coordinates.
        """
        return "zeros" if self.coordinates == "absolute" else "border"

    @property
    def parameters(self) -> int:
        """Trainable parameters of the network."""
        return encoder_parameters(self.encoder) + decoder_parameters(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain nested dictionary, ready for JSON."""
        return asdict(self)

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> NetworkSpec:
        """Reads what :meth:`to_dict` wrote.

        Raises:
            InputError: an unknown or ill-typed entry, named in the message.
        """
        spec = from_mapping(NetworkSpec, values, "network")
        _check_size(spec)
        return spec


def paper_spec(encoder: str = "RDN") -> NetworkSpec:
    """The paper's network with one of its three encoders (§III-C, §III-D, Table V).

    Raises:
        InputError: an encoder that the paper does not have.
    """
    known = {name: kind.paper for name, kind in encoder_kinds().items() if kind.paper is not None}
    if encoder not in known:
        raise InputError(f"The encoder {encoder!r} is unknown; choose one of {list(known)}.")
    return NetworkSpec(known[encoder], DecoderSpec())


def encoder_parameters(spec: EncoderSpec) -> int:
    """Trainable parameters of an encoder, counted without building it (and without torch).

    Raises:
        InputError: an unknown encoder.
    """
    return encoder_structure(spec).parameters(spec.noise_level)


def decoder_parameters(spec: NetworkSpec) -> int:
    """Trainable parameters of the decoder, counted without building it."""
    halves = spec.decoder.widths(spec.encoder.channels + spec.coordinate_channels)
    return sum((a + 1) * b for widths in halves for a, b in itertools.pairwise(widths))


def _check_size(spec: NetworkSpec) -> None:
    """Refuses a network that no machine could build, before anything of it is built."""
    encoder, decoder = spec.encoder, spec.decoder
    if decoder.skip and decoder.depth % 2:
        raise InputError(
            f"The decoder entry depth is {decoder.depth}; with skip it must be an even number."
        )
    # The layers come first: counting the weights of millions of them would take minutes.
    layers = encoder.blocks * encoder.layers
    if layers > _MOST_LAYERS:
        raise InputError(
            f"The network specification asks for {layers} convolutions in blocks; at most "
            f"{_MOST_LAYERS} are possible: choose fewer blocks or layers."
        )
    if spec.parameters > _MOST_PARAMETERS:
        raise InputError(
            f"The network specification asks for {spec.parameters:,} weights; at most "
            f"{_MOST_PARAMETERS:,} are possible: choose fewer features, blocks or layers."
        )
