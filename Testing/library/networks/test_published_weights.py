"""State dicts with the published keys, run in the published way, give the same numbers.

The reference forward pass below is written out from the paper and the published key names with
functional operations, independently of ``ArSSRLib.networks``.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from published_state import Weights, add_conv, published_rescnn, with_decoder
from torch import Tensor

from ArSSRLib.errors import InputError
from ArSSRLib.networks.published_weights import import_published


def _run(weights: Weights, key: str, x: Tensor) -> Tensor:
    weight = weights[f"{key}.weight"]
    return F.conv3d(x, weight, weights[f"{key}.bias"], padding=weight.shape[-1] // 2)


def _published_rdn() -> Weights:
    weights: Weights = {}
    add_conv(weights, "encoder.sfe1", 1, 64)
    add_conv(weights, "encoder.sfe2", 64, 64)
    for block in range(8):
        for layer in range(3):
            add_conv(weights, f"encoder.rdbs.{block}.layers.{layer}.conv", 64 * (layer + 1), 64)
        add_conv(weights, f"encoder.rdbs.{block}.lff", 256, 64, 1)
    add_conv(weights, "encoder.gff.0", 512, 64, 1)
    add_conv(weights, "encoder.gff.1", 64, 64)
    add_conv(weights, "encoder.output", 64, 128)
    return with_decoder(weights)


def _encode_rdn(w: Weights, image: Tensor) -> Tensor:
    shallow = _run(w, "encoder.sfe1", image)
    x = _run(w, "encoder.sfe2", shallow)
    blocks = []
    for block in range(8):
        known = x
        for layer in range(3):
            new = F.relu(_run(w, f"encoder.rdbs.{block}.layers.{layer}.conv", known))
            known = torch.cat([known, new], dim=1)
        x = x + _run(w, f"encoder.rdbs.{block}.lff", known)
        blocks.append(x)
    fused = _run(w, "encoder.gff.1", _run(w, "encoder.gff.0", torch.cat(blocks, dim=1)))
    return _run(w, "encoder.output", fused + shallow)


def _encode_rescnn(w: Weights, image: Tensor) -> Tensor:
    x = F.relu(_run(w, "encoder.conv_start.0", image))
    for block in (1, 2, 3):
        inner = x
        for layer in range(0, 12, 2):
            inner = F.relu(_run(w, f"encoder.block{block}.{layer}", inner))
        x = inner + x
    return image + _run(w, "encoder.conv_end.0", x)


def _published_srresnet() -> Weights:
    weights: Weights = {}
    add_conv(weights, "encoder.features.0.0", 1, 64)
    for block in range(1, 19):
        add_conv(weights, f"encoder.features.{block}.m.0.0", 64, 64)
        add_conv(weights, f"encoder.features.{block}.m.1.0", 64, 64)
    add_conv(weights, "encoder.features.19.0", 64, 64)
    add_conv(weights, "encoder.features.20.0", 64, 128)
    return with_decoder(weights)


def _encode_srresnet(w: Weights, image: Tensor) -> Tensor:
    x = _run(w, "encoder.features.0.0", image)
    for block in range(1, 19):
        inner = F.relu(_run(w, f"encoder.features.{block}.m.0.0", x))
        x = x + _run(w, f"encoder.features.{block}.m.1.0", inner)
    return _run(w, "encoder.features.20.0", _run(w, "encoder.features.19.0", x))


def _stage(w: Weights, name: str, x: Tensor) -> Tensor:
    for n in range(0, 8, 2):
        key = f"decoder.stage_{name}.{n}"
        x = F.relu(F.linear(x, w[f"{key}.weight"], w[f"{key}.bias"]))
    return x


def _decode(w: Weights, x: Tensor) -> Tensor:
    return _stage(w, "two", _stage(w, "one", x) + x)


def _published_forward(features: Tensor, weights: Weights, shape: tuple[int, int, int]) -> Tensor:
    """Trilinear lookup over voxel centres, coordinates in [-1, 1], then the decoder."""
    axes = [-1 + (2 * torch.arange(n) + 1) / n for n in shape]
    points = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(1, -1, 3)
    grid = points.flip(-1)[:, None, None]
    vectors = F.grid_sample(features, grid, align_corners=False)[0, :, 0, 0].T
    return _decode(weights, torch.cat([vectors, points[0]], dim=1)).view(shape)


CASES = {
    "RDN": (_published_rdn, _encode_rdn),
    "ResCNN": (published_rescnn, _encode_rescnn),
    "SRResNet": (_published_srresnet, _encode_srresnet),
}


@pytest.mark.parametrize("encoder", CASES)
def test_an_imported_model_reproduces_the_published_forward_pass(
    encoder: str, tmp_path: Path
) -> None:
    torch.manual_seed(6)
    make, encode = CASES[encoder]
    weights = make()
    torch.save(weights, tmp_path / "published.pkl")
    network = import_published(tmp_path / "published.pkl", encoder)
    low, shape = torch.rand(1, 1, 6, 7, 8), (15, 14, 21)
    expected = _published_forward(encode(weights, low), weights, shape)
    assert float(expected.max()) > 0
    result = network.on_grid(low, shape)
    assert float((result - expected).abs().max()) < 1e-5 * max(1.0, float(expected.max()))


def test_the_wrong_encoder_is_named(tmp_path: Path) -> None:
    torch.save(published_rescnn(), tmp_path / "published.pkl")
    with pytest.raises(InputError, match="the encoder they were trained with"):
        import_published(tmp_path / "published.pkl", "RDN")


def test_a_pickle_that_would_run_code_does_not(tmp_path: Path) -> None:
    trap = tmp_path / "ran"

    class Payload:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (trap,))

    with (tmp_path / "raw.pkl").open("wb") as stream:
        pickle.dump(Payload(), stream)
    torch.save({"encoder.x": Payload()}, tmp_path / "wrapped.pkl")
    for name in ("raw.pkl", "wrapped.pkl"):
        with pytest.raises(InputError, match="nothing of it was run"):
            import_published(tmp_path / name, "RDN")
    assert not trap.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.fill_(float("nan")), "NaN"),
        (lambda w: w.fill_(float("inf")), "infinity"),
        (lambda w: w.double().fill_(1e300), "float32"),
        (lambda w: w.to(torch.complex64), "complex64"),
        (lambda w: w.to(torch.int32), "int32"),
        (lambda w: w.to_sparse(), "sparse"),
        (lambda w: w[:1], "do not fit"),
    ],
)
def test_weights_that_are_not_finite_real_numbers_are_refused(
    change: Callable[[Tensor], Tensor], message: str, tmp_path: Path
) -> None:
    weights = published_rescnn()
    weights["encoder.block2.4.weight"] = change(weights["encoder.block2.4.weight"])
    torch.save(weights, tmp_path / "published.pkl")
    with pytest.raises(InputError, match=message) as caught:
        import_published(tmp_path / "published.pkl", "ResCNN")
    assert "blocks.1.2.weight" in str(caught.value)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floating_types_are_imported(kind: torch.dtype, tmp_path: Path) -> None:
    weights = published_rescnn()
    torch.save({key: value.to(kind) for key, value in weights.items()}, tmp_path / "a.pkl")
    imported = import_published(tmp_path / "a.pkl", "ResCNN").state_dict()
    assert all(value.dtype == torch.float32 for value in imported.values())
    expected = weights["encoder.conv_end.0.bias"].to(kind).float()
    assert torch.equal(imported["encoder.out.bias"], expected)


def test_a_weight_that_is_there_under_two_names_is_refused(tmp_path: Path) -> None:
    weights = published_rescnn()
    weights["module.encoder.conv_end.0.bias"] = weights["encoder.conv_end.0.bias"] + 1
    torch.save(weights, tmp_path / "a.pkl")
    with pytest.raises(InputError, match="do not fit"):
        import_published(tmp_path / "a.pkl", "ResCNN")


def _odd_pickles() -> list[bytes]:
    """Pickles that are cut, nested, of other protocols, with opcodes out of place."""
    sound = pickle.dumps({"encoder.x": [1.5, "a", (2, None)]}, protocol=2)
    cut = [sound[:n] for n in range(1, len(sound), 3)]
    swapped = [sound[:n] + bytes([op]) + sound[n + 1 :] for n in (2, 9, 17) for op in b"0RbcqQsuX}"]
    return [*cut, *swapped, *(pickle.dumps(3, protocol=n) for n in range(6)), b"]" * 9999 + b"."]


def test_odd_pickles_end_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "odd.pkl"
    for content in _odd_pickles():
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            import_published(path, "RDN")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x04K\x01."])
def test_a_file_without_a_state_dict_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file.pkl").write_bytes(content)
    with pytest.raises(InputError):
        import_published(tmp_path / "file.pkl", "RDN")
