"""An encoder as a stream of planes gives the feature map it gives at once."""

from __future__ import annotations

import pytest
import torch

from ArSSRLib.networks.encoder import Encoder
from ArSSRLib.networks.spec import EncoderSpec
from ArSSRLib.upsampling.streaming.stream import encoder_stream

SPECS = [
    EncoderSpec("SRResNet", 8, 3, 2, 8, 12),
    EncoderSpec("SRResNet", 8, 2, 3, 8, 12, long_skip=True),
    EncoderSpec("ResCNN", 8, 2, 3, 8, 12),
    EncoderSpec("RDN", 8, 3, 2, 6, 12),
]
EACH_SPEC = pytest.mark.parametrize(
    "spec", SPECS, ids=lambda spec: spec.name + "skip" * spec.long_skip
)


@torch.inference_mode()
def _assert_streams(
    encoder: Encoder, volume: torch.Tensor, axis: int, layout: torch.memory_format, chunk: int = 30
) -> None:
    """Chunks of so many planes, one after the other, give what the whole volume gives."""
    stream = encoder_stream(encoder, axis, layout)
    pieces = [stream.push(part) for part in volume.split(chunk, axis + 2)]
    pieces.extend(stream.finish())
    streamed = torch.cat([piece for piece in pieces if piece is not None], axis + 2)
    torch.testing.assert_close(streamed, encoder(volume), rtol=1e-5, atol=1e-6)


@EACH_SPEC
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("chunk", [1, 2, 5, 30])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last_3d])
def test_the_stream_gives_the_feature_map_of_the_whole(
    spec: EncoderSpec, axis: int, chunk: int, layout: torch.memory_format
) -> None:
    torch.manual_seed(3)
    encoder = Encoder(spec).eval()
    volume = torch.rand(1, 1, 11, 13, 12)
    _assert_streams(encoder, volume, axis, layout, chunk)


@EACH_SPEC
@pytest.mark.parametrize("planes", [1, 2])
def test_volumes_thinner_than_the_reach_stream_too(spec: EncoderSpec, planes: int) -> None:
    encoder = Encoder(spec).eval()
    volume = torch.rand(1, 1, planes, 5, 6)
    _assert_streams(encoder, volume, 0, torch.contiguous_format)


def test_on_a_cpu_every_convolution_is_done_by_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    # An undocumented function: this test fails once a new torch no longer has it.
    by_onednn, calls = torch.mkldnn_convolution, []

    def counted(*arguments: object) -> torch.Tensor:
        calls.append(arguments)
        return by_onednn(*arguments)

    monkeypatch.setattr(torch, "mkldnn_convolution", counted)
    encoder = Encoder(SPECS[1]).eval()
    stream = encoder_stream(encoder, 0, torch.channels_last_3d)
    with torch.inference_mode():
        stream.push(torch.rand(1, 1, 20, 5, 6))
    assert len(calls) == len(list(encoder.structure.convolutions()))


@EACH_SPEC
def test_the_stream_does_without_what_torch_does_not_document(
    spec: EncoderSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(torch, "mkldnn_convolution")
    encoder = Encoder(spec).eval()
    volume = torch.rand(1, 1, 6, 7, 8)
    _assert_streams(encoder, volume, 1, torch.channels_last_3d)
