"""The parts of an encoder and what follows from them without building it; needs no torch.

An encoder is described once, as a tree of these parts (one file each in ``networks/encoders``).
Three things read the tree: this module counts weights, reach and memory; ``networks.encoder`` is
the network; ``upsampling.streaming.stream`` is the same network as a stream of planes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

NOISE_TERMS = 3
"""Powers of the noise level in a bias that depends on it; see ``ArSSRLib.networks.noise_level``."""


class Part:
    """A part of an encoder. It keeps the size of the volume."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """What it is made of, in the order in which weights are drawn and stored."""
        return ()

    @property
    def input_channels(self) -> int:
        """Channels that enter."""
        return self.parts[0].input_channels

    @property
    def reach(self) -> int:
        """Voxels away that an input voxel can still change a result."""
        return sum(part.reach for part in self.parts)

    @property
    def widest(self) -> int:
        """Largest number of channels that enter a convolution of the part's stream."""
        return max(part.widest for part in self.parts)

    @property
    def waiting_channels(self) -> int:
        """Channels that wait inside the part's stream for each voxel of a plane."""
        return sum(part.waiting_channels for part in self.parts)

    def convolutions(self) -> Iterator[Conv]:
        """All convolutions, in the order in which weights are drawn and stored."""
        return itertools.chain.from_iterable(part.convolutions() for part in self.parts)

    def residual_blocks(self) -> Iterator[Skip]:
        """The skips that contain no other skip, in order."""
        return itertools.chain.from_iterable(part.residual_blocks() for part in self.parts)

    def parameters(self, noise_level: bool = False) -> int:
        """Weights and biases; with ``noise_level`` also the biases that depend on it."""
        terms = NOISE_TERMS if noise_level else 0
        return sum(
            conv.outputs * (conv.inputs * conv.side**3 + 1 + terms) for conv in self.convolutions()
        )


@dataclass(frozen=True)
class Conv(Part):
    """A convolution with zero padding, and optionally a ReLU after it.

    Attributes:
        name: of its weights, as in a state dict: ``blocks.0.1`` for ``blocks.0.1.weight``.
        inputs: channels that enter.
        outputs: channels that leave.
        relu: whether a ReLU follows.
        side: of the kernel in voxels, 3 or 1.
    """

    name: str
    inputs: int
    outputs: int
    relu: bool = False
    side: int = 3

    def __post_init__(self) -> None:
        if self.side not in (1, 3):
            raise ValueError(f"The kernel of {self.name} has side {self.side}; use 1 or 3.")

    @property
    def reach(self) -> int:
        return self.side // 2

    @property
    def input_channels(self) -> int:
        return self.inputs

    @property
    def widest(self) -> int:
        return self.inputs

    @property
    def waiting_channels(self) -> int:
        # Two planes wait for the next; a single channel is too little to count.
        return 2 * self.inputs if self.side == 3 and self.inputs > 1 else 0

    def convolutions(self) -> Iterator[Conv]:
        yield self


@dataclass(frozen=True)
class Chain(Part):
    """Parts one after another."""

    stages: tuple[Part, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.stages


@dataclass(frozen=True)
class Skip(Part):
    """A residual connection: what enters is added to what leaves ``body``."""

    body: Part

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.body,)

    @property
    def waiting_channels(self) -> int:
        entered = self.input_channels * self.reach if self.input_channels > 1 else 0
        return self.body.waiting_channels + entered

    def residual_blocks(self) -> Iterator[Skip]:
        inside = list(self.body.residual_blocks())
        return iter(inside or (self,))


@dataclass(frozen=True)
class Dense(Part):
    """Layers of which each sees all earlier ones; what enters and all results leave together.

    Attributes:
        layers: each takes the channels of the one before and its result.
    """

    layers: tuple[Conv, ...]

    def __post_init__(self) -> None:
        if not all(layer.side == 3 and layer.relu for layer in self.layers):
            raise ValueError("The layers of a Dense part have 3×3×3 kernels and a ReLU.")

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.layers


@dataclass(frozen=True)
class FusedBlocks(Part):
    """Blocks one after another whose results are all fused by one 1×1×1 convolution.

    Attributes:
        blocks: each takes what the one before returns.
        fuse: takes the results of all of them.
    """

    blocks: tuple[Part, ...]
    fuse: Conv

    def __post_init__(self) -> None:
        if self.fuse.side != 1 or self.fuse.relu:
            raise ValueError("FusedBlocks are fused by a 1×1×1 convolution without a ReLU.")

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*self.blocks, self.fuse)

    @property
    def widest(self) -> int:
        # The stream fuses the blocks one by one.
        return max(block.widest for block in self.blocks)

    @property
    def waiting_channels(self) -> int:
        # The running sum of the blocks before waits for each block.
        return sum(
            block.waiting_channels + self.fuse.outputs * block.reach for block in self.blocks
        )
