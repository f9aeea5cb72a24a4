"""The ArSSR network (paper §III-B, Fig. 2): encode an LR volume once, query it anywhere."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .decoder import Decoder
from .encoder import Encoder
from .lookup import TIE, trilinear, voxel_positions
from .spec import NetworkSpec


class ArSSR(nn.Module):
    """Encoder, trilinear feature lookup and decoder: one model for any scale.

    >>> from ArSSRLib.networks.spec import paper_spec
    >>> network = ArSSR(paper_spec("ResCNN"))
    >>> low = torch.zeros(1, 1, 4, 4, 4)
    >>> network(low, torch.zeros(1, 10, 3), torch.full((1, 3), 0.5)).shape
    torch.Size([1, 10])
    """

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = Encoder(spec.encoder)
        self.decoder = Decoder(spec.encoder.channels + spec.coordinate_channels, spec.decoder)
        if spec.residual != "none":
            self.start_as_interpolation()

    def start_as_interpolation(self) -> None:
        """Makes the network return 0, so that with a residual it can only improve on it."""
        for parameter in self.decoder.second[-1].parameters():
            nn.init.zeros_(parameter)

    def forward(
        self, low: Tensor, coordinates: Tensor, cell: Tensor, noise: Tensor | None = None
    ) -> Tensor:
        """Intensities at ``coordinates`` (paper Eq. 2).

        Args:
            low: LR volumes (N, 1, k, j, i), normalised intensities.
            coordinates: (N, K, 3), normalised to [-1, 1] over the LR volume, order (k, j, i).
            cell: (N, 3), size of a target voxel in LR voxels (1 / scale), order (k, j, i).
            noise: (N,), noise level of each LR volume (standard deviation, normalised); only a
                network that takes it makes use of it. None stands for 0.

        Returns:
            (N, K) normalised intensities.
        """
        return self.decode(self.encoder(low, noise), low, coordinates, cell)

    def decode(self, features: Tensor, low: Tensor, coordinates: Tensor, cell: Tensor) -> Tensor:
        """The same from a feature map (N, C, k, j, i) that the encoder made of ``low``."""
        return self.decode_with_hidden(features, low, coordinates, cell)[0]

    def decode_with_hidden(
        self, features: Tensor, low: Tensor, coordinates: Tensor, cell: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The same, and the activations (N, K, width) of the decoder's last hidden layer."""
        vectors = trilinear(features, coordinates, self.spec.outside)
        inputs = torch.cat([vectors, self.coordinate_inputs(low, coordinates, cell)], dim=-1)
        hidden = self.decoder.hidden(inputs)
        values = self.decoder.last(hidden)[..., 0]
        if self.spec.residual == "trilinear":
            values = values + trilinear(low, coordinates)[..., 0]
        return values, hidden

    @torch.inference_mode()
    def on_grid(self, low: Tensor, shape: tuple[int, int, int], chunk: int = 65536) -> Tensor:
        """The whole upsampled volume the plain way: encode once, decode in chunks of points.

        The upsampling engine gives the same numbers faster and in bounded memory; this is what it
        is checked against, and what validation during training uses on small volumes.

        Args:
            low: one LR volume (1, 1, k, j, i), normalised intensities.
            shape: target shape (k, j, i).
            chunk: points decoded at a time.

        Returns:
            (k, j, i) normalised intensities.
        """
        axes = [(2 * torch.arange(n, device=low.device) + 1.0) / n - 1.0 for n in shape]
        points = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).view(1, -1, 3)
        cell = torch.tensor([[n / m for n, m in zip(low.shape[2:], shape, strict=True)]])
        features = self.encoder(low)
        parts = [
            self.decode(features, low, part, cell.to(low)) for part in points.split(chunk, dim=1)
        ]
        return torch.cat(parts, dim=1).view(shape)

    def coordinate_inputs(self, low: Tensor, coordinates: Tensor, cell: Tensor) -> Tensor:
        """What the decoder reads beside the features, (N, K, 3 or 6); see ``NetworkSpec``."""
        if self.spec.coordinates == "absolute":
            return coordinates
        position = voxel_positions(coordinates, low.shape[2:])
        # The offset spans [-1, 1] between the faces of a voxel, like the absolute coordinate.
        offset = 2.0 * (position - (position + 0.5 + TIE).floor())
        return torch.cat([offset, cell[:, None].expand_as(offset)], dim=-1)


_BRANCH_SCALE = 0.1


@torch.no_grad()
def initialise(network: ArSSR, name: str) -> None:
    """Draws the weights from torch's global generator.

    Args:
        network: changed in place.
        name: ``torch`` keeps PyTorch's own draw, as the published code does; ``kaiming`` keeps
            the signal's size through the ReLUs (He 2015) and starts residual branches small, so
            that a deep network begins close to the identity.
    """
    if name == "kaiming":
        for module in network.modules():
            if isinstance(module, nn.Conv3d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for block in network.encoder.structure.residual_blocks():
            *_, last = block.convolutions()
            network.encoder.layer(last).weight.mul_(_BRANCH_SCALE)
    if network.spec.residual != "none":
        network.start_as_interpolation()
