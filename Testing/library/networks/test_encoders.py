"""An encoder is one file that registers itself; everything else finds it by its name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from ArSSRLib.errors import InputError
from ArSSRLib.networks import encoders
from ArSSRLib.networks.arssr import ArSSR, initialise
from ArSSRLib.networks.encoder import Encoder
from ArSSRLib.networks.encoder_parts import Chain, Conv, Dense, FusedBlocks
from ArSSRLib.networks.encoders import EncoderSpec, encoder_kinds, encoder_structure
from ArSSRLib.networks.model_file import ModelHeader, read_model, save_model
from ArSSRLib.networks.published_weights import import_published, published_encoders
from ArSSRLib.networks.spec import DecoderSpec, NetworkSpec
from ArSSRLib.upsampling.engine import Engine
from ArSSRLib.upsampling.streaming.stream import encoder_stream
from ArSSRLib.volumes.intensity import Normalisation

TOY_FILE = r'''
"""A wide convolution, then a residual branch of a narrow one and a pointwise one."""

from ArSSRLib.networks.encoder_parts import Chain, Conv, Skip
from ArSSRLib.networks.encoders import EncoderSpec, register


@register(
    "Toy",
    paper=EncoderSpec("Toy", features=6, blocks=1, layers=1, channels=5),
    published_keys=[(r"first\.", "entry."), (r"branch(\d)\.", r"branch.\1.")],
)
def toy(spec):
    width = spec.features
    branch = Conv("branch.0", width, 3, relu=True), Conv("branch.1", 3, width, relu=True, side=1)
    return Chain((Conv("entry", 1, width), Skip(Chain(branch)), Conv("out", width, spec.channels)))
'''
SPEC = NetworkSpec(
    EncoderSpec("Toy", features=6, blocks=1, layers=1, channels=5),
    DecoderSpec(16, 4, False, False),
    "local",
    "trilinear",
)


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The file of a new encoder among the others."""
    (tmp_path / "toy_encoder.py").write_text(TOY_FILE, encoding="utf-8")
    monkeypatch.setattr(encoders, "_KINDS", encoder_kinds())
    monkeypatch.setattr(encoders, "__path__", [*encoders.__path__, str(tmp_path)])
    encoders._import_all.cache_clear()
    yield
    encoders._import_all.cache_clear()
    sys.modules.pop("ArSSRLib.networks.encoders.toy_encoder", None)


def _trained() -> ArSSR:
    """A network with the new encoder after a few steps."""
    torch.manual_seed(0)
    network = ArSSR(SPEC)
    initialise(network, "kaiming")
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    low, places = torch.rand(2, 1, 6, 6, 6), 2 * torch.rand(2, 50, 3) - 1
    target, cell = torch.rand(2, 50), torch.full((2, 3), 0.5)
    losses = []
    for _ in range(10):
        loss = (network(low, places, cell) - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    return network.eval()


@pytest.mark.usefixtures("toy", "single_precision")
def test_a_new_file_is_trained_saved_read_and_upsamples(tmp_path: Path) -> None:
    network = _trained()
    save_model(network, ModelHeader(SPEC), tmp_path / "toy.npz")
    model = read_model(tmp_path / "toy.npz")
    array, shape = torch.rand(20, 11, 12).numpy(), (30, 22, 29)
    line = Normalisation.of(array)
    low = torch.from_numpy(line.apply(array))[None, None]
    plain = line.restore(network.on_grid(low, shape).numpy())
    for plane_voxels in (None, 80):
        result = Engine(model=model, device="cpu", plane_voxels=plane_voxels).upsample(array, shape)
        np.testing.assert_allclose(result, plain, atol=1e-5)


@pytest.mark.usefixtures("toy")
def test_a_new_file_is_counted_without_building_it() -> None:
    built = sum(p.numel() for p in ArSSR(SPEC).parameters())
    assert NetworkSpec.from_dict(SPEC.to_dict()).parameters == built
    assert encoder_structure(SPEC.encoder).reach == 3


@pytest.mark.usefixtures("toy")
def test_published_weights_of_a_new_file_are_imported(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = ArSSR(NetworkSpec(SPEC.encoder, DecoderSpec()))
    published = {}
    for key, value in network.state_dict().items():
        theirs = key.replace("encoder.entry.", "encoder.first.").replace(".branch.", ".branch")
        half, number, *rest = theirs.removeprefix("decoder.").split(".")
        if key.startswith("decoder."):
            stage = {"first": "one", "second": "two"}[half]
            theirs = ".".join(["decoder", f"stage_{stage}", str(2 * int(number)), *rest])
        published[theirs] = value
    torch.save(published, tmp_path / "published.pkl")
    assert "Toy" in published_encoders()
    imported = import_published(tmp_path / "published.pkl", "Toy").state_dict()
    assert all(torch.equal(imported[key], value) for key, value in network.state_dict().items())


def test_an_unknown_encoder_is_refused_wherever_it_is_named() -> None:
    for refuse in (
        lambda: NetworkSpec.from_dict({"encoder": {"name": "Toy"}}),
        lambda: Encoder(EncoderSpec("Toy")),
        lambda: SPEC.parameters,
        lambda: import_published(__file__, "Toy"),
    ):
        with pytest.raises(InputError, match=r"'Toy' is unknown; choose one of .*SRResNet"):
            refuse()


def test_numbers_are_counted_without_torch() -> None:
    code = (
        "from ArSSRLib.networks.spec import paper_spec; import sys;"
        "from ArSSRLib.upsampling.plan import geometry_of, tiles_for;"
        "spec = paper_spec(); box = ((0, 80),) * 3;"
        "tiles_for(spec, geometry_of((40,) * 3, (80,) * 3, box, spec.encoder), box);"
        "print(spec.parameters, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["6283460", "False"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conv("even", 1, 1, side=2),
        lambda: Dense((Conv("plain", 1, 1),)),
        lambda: FusedBlocks((), Conv("wide", 1, 1)),
    ],
)
def test_parts_that_could_not_be_streamed_are_refused(make: object) -> None:
    with pytest.raises(ValueError):
        make()  # type: ignore[operator]


def test_a_pointwise_convolution_with_a_relu_streams() -> None:
    structure = Chain((Conv("a", 1, 4), Conv("b", 4, 4, relu=True, side=1)))
    encoder = Encoder(EncoderSpec("SRResNet", 4, 1, 1, 4, 4)).eval()
    encoder.structure = structure
    for conv in structure.convolutions():
        encoder._add(conv, False)
    volume = torch.rand(1, 1, 5, 6, 7)
    stream = encoder_stream(encoder, 0, torch.contiguous_format)
    with torch.inference_mode():
        pieces = [stream.push(volume), *stream.finish()]
        streamed = torch.cat([piece for piece in pieces if piece is not None], 2)
        torch.testing.assert_close(streamed, encoder(volume), rtol=1e-5, atol=1e-6)
