"""Model files: what is written is read back, atomically, and nothing foreign gets in."""

from __future__ import annotations

import pickle
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_models import edit_model, small_network, small_spec

from ArSSRLib.errors import InputError
from ArSSRLib.networks.model_file import ModelHeader, read_header, read_model, save_model

SPEC = small_spec()
HEADER = ModelHeader(SPEC, "A test", "7", (1.0, 3.5), (0.5, 4.0), {"hours": 0.1}, mirrored=True)


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    save_model(small_network(), HEADER, tmp_path / "model.npz")
    return tmp_path / "model.npz"


def test_a_model_survives_its_file(model_file: Path) -> None:
    original = small_network().state_dict()
    model = read_model(model_file)
    assert model.header == HEADER
    assert all(torch.equal(original[k], v) for k, v in model.network.state_dict().items())
    assert not any(p.requires_grad for p in model.network.parameters())


def test_only_the_model_file_is_left_in_the_folder(model_file: Path) -> None:
    assert [path.name for path in model_file.parent.iterdir()] == ["model.npz"]


def test_a_failed_write_keeps_the_old_file(
    model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = model_file.read_bytes()

    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(RuntimeError, match="No space left"):
        save_model(small_network(), ModelHeader(SPEC), model_file)
    assert model_file.read_bytes() == before
    assert [path.name for path in model_file.parent.iterdir()] == ["model.npz"]


def test_every_truncation_is_refused_in_one_sentence(model_file: Path) -> None:
    whole = model_file.read_bytes()
    for length in range(0, len(whole) - 1, max(1, len(whole) // 40)):
        model_file.write_bytes(whole[:length])
        with pytest.raises(InputError) as caught:
            read_model(model_file)
        assert "\n" not in str(caught.value)


def test_flipped_bytes_are_refused_or_harmless(model_file: Path) -> None:
    whole = model_file.read_bytes()
    rng = np.random.default_rng(1)
    for place in rng.integers(0, len(whole), size=60):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        model_file.write_bytes(bytes(damaged))
        try:
            read_model(model_file)
        except InputError as error:
            assert "\n" not in str(error)


def test_a_pickle_that_would_run_code_does_not(tmp_path: Path) -> None:
    trap = tmp_path / "ran"

    class Payload:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (trap,))

    plain = tmp_path / "payload.npz"
    plain.write_bytes(pickle.dumps(Payload()))
    inside = tmp_path / "inside.npz"
    np.savez(inside, **{"header.json": np.array([Payload()], dtype=object)})
    for path in (plain, inside):
        with pytest.raises(InputError):
            read_model(path)
    assert not trap.exists()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format": "other"}, "not an ArSSR model"),
        ({"format_version": 99}, "update ArSSR"),
        ({"scale_range": [0, 4]}, r"scale_range\[0\] is 0; use a number above 0"),
        ({"scale_range": 3}, "scale_range is 3; use a list of 2"),
        ({"spacing_range_mm": [1, float("nan")]}, "spacing_range_mm"),
        ({"title": 3}, "title is 3; use text"),
        ({"mirrored": "yes"}, "mirrored is 'yes'; use true or false"),
        ({"network": {"name": "VGG"}}, "'VGG' is unknown"),
        ({"network": {"features": 10**400}}, "features is 10000"),
        ({"network": {"features": "many"}}, "features"),
        ({"network": {"features": 12}}, "needs shape"),
    ],
)
def test_a_header_that_lies_is_refused(
    model_file: Path, change: dict[str, Any], named: str
) -> None:
    def lie(header: dict[str, Any], weights: object) -> None:
        encoder = {**header["network"]["encoder"], **change.get("network", {})}
        header.update({**change, "network": {**header["network"], "encoder": encoder}})

    edit_model(model_file, lie)
    with pytest.raises(InputError, match=named):
        read_model(model_file)


def test_titles_are_one_line_of_plain_text(tmp_path: Path) -> None:
    title = "A\x1b[31m <b>title</b>\nin \u202ered \x9b" + "x" * 1000
    save_model(small_network(), ModelHeader(SPEC, title, "\x07 1"), tmp_path / "model.npz")
    header = read_header(tmp_path / "model.npz")
    for text in (header.title, header.version):
        assert text.isprintable() and "<" not in text and ">" not in text and len(text) <= 300
    assert header.title.startswith("A [31m \u2039b\u203atitle")


def _array(claim: str, version: int = 1) -> bytes:
    """An array without data, whose header is ``claim``."""
    digits = 2 if version == 1 else 4
    text = claim.encode()
    return b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(digits, "little") + text


def _archive(path: Path, header: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json.npy", header)
    return path


def _peak_of(path: Path) -> int:
    """Bytes of memory that Python asks for while a file is refused."""
    tracemalloc.start()
    with pytest.raises(InputError):
        read_header(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_headers_of_many_megabytes_are_refused_before_memory_is_asked_for(tmp_path: Path) -> None:
    long = "{'descr': '|u1', 'fortran_order': False, 'shape': (4,)," + " " * (40 << 20) + "}"
    one_array = tmp_path / "array.npz"
    one_array.write_bytes(_array(long, version=2))
    names = tmp_path / "names.npz"
    with zipfile.ZipFile(names, "w") as archive:
        for n in range(100):
            archive.writestr(f"{n}" + "x" * 60_000, b"")
    huge = "{'descr': '|u1', 'fortran_order': False, 'shape': (800000000,), }"
    for path in (
        one_array,
        names,
        _archive(tmp_path / "long.npz", _array(long, version=2)),
        _archive(tmp_path / "huge.npz", _array(huge)),
    ):
        assert _peak_of(path) < 1 << 20


def test_lack_of_memory_is_not_taken_for_damage(
    model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*args: object, **kwargs: object) -> None:
        raise MemoryError

    monkeypatch.setattr(np.lib.format, "read_array", none_left)
    with pytest.raises(MemoryError):
        read_model(model_file)


def test_weights_that_are_not_finite_are_refused(model_file: Path) -> None:
    edit_model(model_file, lambda header, weights: weights["encoder.entry.weight"].fill(np.nan))
    with pytest.raises(InputError, match="not finite"):
        read_model(model_file)


def test_another_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(InputError, match="not an ArSSR model"):
        read_header(path)
