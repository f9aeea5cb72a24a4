"""Model files, recipes and checkpoints that are damaged, foreign or malicious."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .craft import holding, made
from .entry import NETWORK, Entry, Machine, Maker

TRAP = "code_was_run"
_HEADER = "header.json"


class Trap:
    """An object whose unpickling makes a folder in the working folder."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (TRAP,))


def small_model(folder: Path) -> Path:
    """A sound model file."""
    from small_models import small_network

    from ArSSRLib.networks.model_file import ModelHeader, save_model

    network = small_network()
    save_model(network, ModelHeader(network.spec, "Small", "1"), folder / "model.npz")
    return folder / "model.npz"


def _edited(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Maker:
    """A model file after ``change(header, arrays)``."""

    def make(folder: Path) -> Path:
        from small_models import edit_model

        return edit_model(small_model(folder), change)

    return make


def _header(**entries: object) -> Maker:
    return _edited(lambda header, arrays: header.update(entries))


def _encoder(**entries: object) -> Maker:
    return _edited(lambda header, arrays: header["network"]["encoder"].update(entries))


def _decoder(**entries: object) -> Maker:
    return _edited(lambda header, arrays: header["network"]["decoder"].update(entries))


def _damaged(edit: Callable[[bytes], bytes]) -> Maker:
    """A model file after ``edit(its bytes)``."""

    def make(folder: Path) -> Path:
        path = small_model(folder)
        path.write_bytes(edit(path.read_bytes()))
        return path

    return make


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    flipped = bytes(byte ^ 0xFF for byte in data[middle : middle + 64])
    return data[:middle] + flipped + data[middle + 64 :]


def _zip_of_another_program(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights/layer.bin", b"\0" * 64)


def _torch_file(path: Path) -> None:
    import torch

    torch.save({"weight": torch.zeros(3)}, path)


def _torch_trap(path: Path) -> None:
    import torch

    torch.save(Trap(), path)


def _trap_as_header(path: Path) -> None:
    np.savez(path, **{_HEADER: np.array([Trap()], dtype=object)})


def _bomb(folder: Path) -> Path:
    """A weight that claims two terabytes in an array header of 128 bytes."""
    path = small_model(folder)
    claim = "{'descr': '<f4', 'fortran_order': False, 'shape': (800000, 800000), }"
    text = (claim + " " * (117 - len(claim)) + "\n").encode()
    array = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + b"\0" * 64
    with np.load(path) as archive:
        header = archive[_HEADER].tobytes()
        arrays = {key: archive[key] for key in archive.files if key != "encoder.entry.weight"}
    arrays[_HEADER] = np.frombuffer(header, dtype=np.uint8)
    np.savez(path, **arrays)
    with zipfile.ZipFile(path, "a") as archive_file:
        archive_file.writestr("encoder.entry.weight.npy", array)
    return path


def _long_header(path: Path) -> None:
    """An array whose own header is 100 MB of spaces, a few KB in the archive."""
    claim = b"{'descr': '|u1', 'fortran_order': False, 'shape': (4,)," + b" " * (100 << 20) + b"}"
    array = b"\x93NUMPY\x02\x00" + len(claim).to_bytes(4, "little") + claim
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{_HEADER}.npy", array)


def _baseline(path: Path) -> None:
    from ArSSRLib.networks.baseline_spec import BaselineSpec
    from ArSSRLib.networks.build import build_network
    from ArSSRLib.networks.model_file import ModelHeader, save_model

    spec = BaselineSpec("SRCNN3D")
    save_model(build_network(spec), ModelHeader(spec, "Baseline"), path)


def _weight(change: Callable[[np.ndarray], np.ndarray]) -> Maker:
    """A model file after a change of one weight."""
    name = "encoder.entry.weight"
    return _edited(lambda header, arrays: arrays.update({name: change(arrays[name])}))


def _published(value: complex) -> Maker:
    """The authors' state dict of a ResCNN, with one weight times ``value``."""

    def write(path: Path) -> None:
        import torch
        from published_state import published_rescnn

        weights = published_rescnn()
        weights["encoder.conv_end.0.weight"] = weights["encoder.conv_end.0.weight"] * value
        torch.save(weights, path)

    return made("a.pth", write)


def _bad_model(name: str, make: Maker, *words: str) -> Entry:
    given = ["CORTEX" if word == "INPUT" else word for word in NETWORK]
    return Entry(f"model: {name}", (*given, "--model", "INPUT"), words, make)


_MODELS = [
    _bad_model("no such file", lambda folder: folder / "nobody.npz", "nobody.npz", "default"),
    _bad_model("empty", holding("model.npz", b""), "not a readable ArSSR model"),
    _bad_model("letter", holding("model.npz", b"Dear model, " * 99), "not a readable ArSSR model"),
    _bad_model("half", _damaged(_half), "model.npz"),
    _bad_model("bytes flipped", _damaged(_flipped), "model.npz", "copy it again"),
    _bad_model("a folder", made("model.npz", Path.mkdir), "model.npz", "give a model file"),
    _bad_model("a pipe", made("model.npz", os.mkfifo), "model.npz", "give a model file"),
    _bad_model("an endless device", lambda folder: Path("/dev/zero"), "/dev/zero",
               "give a model file"),
    _bad_model("pickle", holding("model.npz", pickle.dumps(Trap())), "not a readable ArSSR model"),
    _bad_model("old pickle", holding("model.npz", b"cos\nmkdir\n(S'code_was_run'\ntR."),
               "not a readable ArSSR model"),
    _bad_model("pickle as the header", made("model.npz", _trap_as_header), "damaged"),
    _bad_model("pickle as a weight", _weight(lambda weight: np.array([Trap()], dtype=object)),
               "encoder.entry.weight"),
    _bad_model("torch file", made("model.pth", _torch_file), "not", "ArSSR model"),
    _bad_model("torch pickle", made("model.pth", _torch_trap), "not", "ArSSR model"),
    _bad_model("zip of another program", made("model.npz", _zip_of_another_program),
               "not an ArSSR model"),
    _bad_model("one numpy array", made("model.npy", lambda path: np.save(path, np.zeros(3))),
               "not a readable ArSSR model"),
    _bad_model("baseline network", made("model.npz", _baseline), "SRCNN3D",
               "choose an ArSSR model"),
    _bad_model("other format", _header(format="gguf"), "not an ArSSR model"),
    _bad_model("newer format", _header(format_version=99), "99", "update ArSSR"),
    _bad_model("no network", _edited(lambda h, a: h.pop("network")), "describe its network"),
    _bad_model("unknown encoder", _encoder(name="VGG"), "model.npz", "'VGG'", "RDN"),
    _bad_model("a billion channels", _encoder(features=10**9), "1000000000", "from 1 to 4096"),
    _bad_model("the largest network of all",
               _encoder(features=4096, blocks=4096, layers=4096, growth=4096), "at most 4096",
               "choose fewer blocks or layers"),
    _bad_model("too many weights", _encoder(features=4096, blocks=1024, layers=4), "weights",
               "choose fewer features"),
    _bad_model("channels in words", _encoder(features="many"), "'many'", "whole number"),
    _bad_model("an unknown entry", _decoder(magic=1), "decoder.magic"),
    _bad_model("another width", _encoder(features=12), "shape"),
    _bad_model("an odd skip", _decoder(skip=True, depth=1), "depth"),
    _bad_model("mirrored in words", _header(mirrored="yes"), "'yes'", "true or false"),
    _bad_model("a width of 400 digits", _decoder(width=10**400), "width", "from 1 to 4096"),
    _bad_model("an array header of 100 MB", made("model.npz", _long_header), "damaged",
               "choose a .npz model file"),
    _bad_model("a name of 300 letters", lambda folder: Path("n" * 300), "There is no model",
               "default"),
    _bad_model("scales of nan", _header(scale_range=[float("nan"), 4]), "scale_range",
               "number above 0"),
    _bad_model("weights of nan", _weight(lambda weight: np.full_like(weight, np.nan)), "not finite",
               "encoder.entry.weight"),
    _bad_model("a weight missing", _edited(lambda h, a: a.pop("encoder.entry.weight")),
               "encoder.entry.weight", "copy it again"),
    _bad_model("a weight of integers", _weight(lambda weight: weight.astype(np.int32)),
               "encoder.entry.weight"),
    _bad_model("a weight that claims terabytes", _bomb, "encoder.entry.weight"),
]  # fmt: skip


def _import(name: str, make: Maker, *words: str, encoder: str = "RDN") -> Entry:
    arguments = ("models", "import", "INPUT", "--encoder", encoder, "-o", "m.npz")
    return Entry(f"import: {name}", arguments, words, make)


_IMPORTS = [
    _import("no such file", lambda folder: folder / "nobody.pth", "nobody.pth", "check its path"),
    _import("empty", holding("a.pth", b""), "state dict", "torch.save"),
    _import("letter", holding("a.pth", b"Dear model, " * 99), "state dict", "torch.save"),
    _import("torch pickle that runs code", made("model.pth", _torch_trap), "nothing of it was run"),
    _import("pickle that runs code", holding("a.pkl", pickle.dumps(Trap())),
            "nothing of it was run"),
    _import("a weight of nan", _published(float("nan")), "contains NaN", encoder="ResCNN"),
    _import("a weight of infinity", _published(float("inf")), "infinity", encoder="ResCNN"),
    _import("a complex weight", _published(1j), "complex64", encoder="ResCNN"),
    _import("another network", made("model.pth", _torch_file), "do not fit", "--encoder"),
    _import("unknown encoder", made("model.pth", _torch_file), "'VGG'", "RDN", encoder="VGG"),
    Entry("import: to ONNX", ("models", "import", "INPUT", "--encoder", "RDN", "-o", "m.onnx"),
          ("m.onnx", ".npz"), made("model.pth", _torch_file)),
    Entry("describe nobody", ("models", "info", "nobody"), ("'nobody'", "default")),
]  # fmt: skip


def _recipe(name: str, text: bytes, *words: str) -> Entry:
    arguments = ("train", "--data", "CORTEX", "-o", "OUT", "--recipe", "INPUT")
    return Entry(f"recipe: {name}", arguments, words, holding("mine.toml", text))


_RECIPES = [
    _recipe("not TOML", b"steps: many\n", "mine.toml", "not readable TOML"),
    _recipe("not text", b"\xff\xfe\x00\x01", "mine.toml", "not readable TOML"),
    _recipe("unknown table", b"[magic]\nwand = 1\n", "mine.toml", "magic is unknown"),
    _recipe("a number where a table is", b"patches = 7\n", "patches", "7"),
    _recipe("a number where sources are", b"sources = 7\n", "sources", "7"),
    _recipe("a number where the network is", b"network = 7\n", "network", "7"),
    _recipe("scales in words", b"validate_scales = ['two']\n", "validate_scales", "two"),
    _recipe("a number where scales are", b"validate_scales = 2\n", "validate_scales", "2"),
    _recipe("steps of 400 digits", b"[optimiser]\nsteps = 1" + b"0" * 400, "mine.toml",
            "optimiser.steps", "whole number"),
    _recipe("a seed of 5,000 digits", b"seed = 1" + b"0" * 5000, "mine.toml", "TOML"),
    _recipe("no scales above 1", b"validate_scales = [0.0]\n", "validate_scales", "0"),
    _recipe("an unknown baseline", b"[network]\nbaseline = 'VGG'\n", "'VGG'", "SRCNN3D"),
    _recipe("an odd decoder", b"[network.decoder]\ndepth = 1\nskip = true\n", "depth"),
]  # fmt: skip


def _with_checkpoint(content: bytes | None) -> Maker:
    def make(folder: Path) -> Path:
        (folder / "run").mkdir()
        path = folder / "run" / "last.ckpt"
        if content is None:
            import torch

            torch.save({"step": Trap()}, path)
        else:
            path.write_bytes(content)
        return folder / "run"

    return make


_RESUMED = ("train", "--data", "CORTEX", "-o", "INPUT", "--recipe", "smoke", "--device", "cpu",
            "--workers", "0")  # fmt: skip


def _resume(name: str, content: bytes | None) -> Entry:
    return Entry(f"checkpoint: {name}", _RESUMED, ("last.ckpt", "remove it to start again"),
                 _with_checkpoint(content))  # fmt: skip


def _checkpoint_of_another_network(folder: Path) -> Path:
    import torch

    from ArSSRLib.training.state import TrainingState, save_state

    (folder / "run").mkdir()
    weights = {"encoder.entry.weight": torch.zeros(3)}
    save_state(TrainingState(7, 1.5, 0.25, weights, dict(weights)), folder / "run")
    return folder / "run"


def _checkpoint_without_rights(folder: Path) -> Path:
    run = _checkpoint_of_another_network(folder)
    (run / "last.ckpt").chmod(0)
    return run


_CHECKPOINTS = [
    Entry("checkpoint: of another network", _RESUMED,
          ("last.ckpt", "another network", "name another output folder"),
          _checkpoint_of_another_network),
    Entry("checkpoint: one that may not be read", _RESUMED, ("last.ckpt'", "permission denied"),
          _checkpoint_without_rights, code=1, machine=Machine.NO_RIGHTS),
    _resume("empty", b""),
    _resume("letter", b"Dear trainer, " * 50),
    _resume("pickle that runs code", pickle.dumps(Trap())),
    _resume("torch pickle that runs code", None),
]  # fmt: skip

ENTRIES = [*_MODELS, *_IMPORTS, *_RECIPES, *_CHECKPOINTS]
