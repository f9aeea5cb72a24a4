"""Whatever a user gets wrong: exit code 2, one sentence that helps, nothing left behind."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.cli.main import main

Maker = Callable[[Path], Path]
VALUES = np.random.default_rng(0).integers(0, 900, (9, 10, 11)).astype(np.int16)
FILES: dict[str, tuple[Maker, str]] = {}


def bad_file(words: str) -> Callable[[Maker], Maker]:
    """Registers a maker of an unusable input with words that the message must hold."""

    def register(maker: Maker) -> Maker:
        FILES[maker.__name__] = (maker, words)
        return maker

    return register


def _sound(folder: Path, name: str) -> Path:
    image = sitk.GetImageFromArray(VALUES)
    sitk.WriteImage(image, str(folder / name))
    return folder / name


def _patched(path: Path, form: str, offset: int, *values: float) -> Path:
    data = bytearray(path.read_bytes())
    struct.pack_into(form, data, offset, *values)
    path.write_bytes(data)
    return path


def _nifti(path: Path, data: np.ndarray, affine: np.ndarray | None = None) -> Path:
    nib.save(nib.Nifti1Image(data, np.eye(4) if affine is None else affine), path)
    return path


def _edited(path: Path, old: str, new: str) -> Path:
    path.write_text(path.read_text().replace(old, new))
    return path


@bad_file("There is no file")
def missing(folder: Path) -> Path:
    return folder / "missing.nii.gz"


@bad_file("no DICOM series")
def empty_folder(folder: Path) -> Path:
    (folder / "series").mkdir()
    return folder / "series"


for suffix in (".nii", ".nii.gz", ".nrrd", ".mha"):

    def _empty(folder: Path, suffix: str = suffix) -> Path:
        (folder / f"a{suffix}").write_bytes(b"")
        return folder / f"a{suffix}"

    def _foreign(folder: Path, suffix: str = suffix) -> Path:
        (folder / f"a{suffix}").write_bytes(b"This is a letter, not a picture. " * 40)
        return folder / f"a{suffix}"

    def _truncated(folder: Path, suffix: str = suffix) -> Path:
        path = _sound(folder, f"a{suffix}")
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        return path

    FILES[f"empty{suffix}"] = (_empty, "copy it again")
    FILES[f"foreign{suffix}"] = (_foreign, "a")
    FILES[f"truncated{suffix}"] = (_truncated, "truncated")


@bad_file("truncated")
def compressed_nrrd_cut_short(folder: Path) -> Path:
    image = sitk.GetImageFromArray(np.tile(VALUES, (4, 4, 4)))
    sitk.WriteImage(image, str(folder / "a.nrrd"), useCompression=True)
    data = (folder / "a.nrrd").read_bytes()
    (folder / "a.nrrd").write_bytes(data[: len(data) // 2])
    return folder / "a.nrrd"


@bad_file("truncated")
def compressed_mha_cut_short(folder: Path) -> Path:
    image = sitk.GetImageFromArray(np.tile(VALUES, (4, 4, 4)))
    sitk.WriteImage(image, str(folder / "a.mha"), useCompression=True)
    data = (folder / "a.mha").read_bytes()
    (folder / "a.mha").write_bytes(data[: len(data) // 2])
    return folder / "a.mha"


@bad_file("cannot be read")
def header_without_its_data(folder: Path) -> Path:
    path = _sound(folder, "a.mhd")
    (folder / "a.raw").unlink()
    return path


@bad_file("supported ending")
def a_jpeg(folder: Path) -> Path:
    (folder / "a.jpg").write_bytes(b"\xff\xd8\xff")
    return folder / "a.jpg"


@bad_file("supported ending")
def no_ending(folder: Path) -> Path:
    (folder / "volume").write_bytes(b"1")
    return folder / "volume"


@bad_file("truncated")
def a_size_a_thousand_times_too_large(folder: Path) -> Path:
    return _patched(_sound(folder, "a.nii"), "<h", 42, 11000)


@bad_file("voxels between 1 and")
def a_size_beyond_all_bounds(folder: Path) -> Path:
    return _edited_header(folder, "DimSize = 11 10 9", "DimSize = 1100000 10 9")


def _edited_header(folder: Path, old: str, new: str) -> Path:
    _sound(folder, "a.mhd")
    return _edited(folder / "a.mhd", old, new)


@bad_file("spacing")
def zero_spacing(folder: Path) -> Path:
    return _edited_header(folder, "ElementSpacing = 1 1 1", "ElementSpacing = 0 1 1")


@bad_file("spacing")
def negative_spacing(folder: Path) -> Path:
    return _patched(_sound(folder, "a.nii"), "<f", 80, -1.0)


@bad_file("orthonormal")
def singular_direction(folder: Path) -> Path:
    return _edited_header(folder, "TransformMatrix = 1 0 0 0 1 0", "TransformMatrix = 0 0 0 0 1 0")


@bad_file("orthonormal")
def skewed_direction(folder: Path) -> Path:
    return _edited_header(folder, "TransformMatrix = 1 0 0", "TransformMatrix = 1 0.3 0")


@bad_file("sheared")
def sheared_affine(folder: Path) -> Path:
    affine = np.eye(4)
    affine[0, 1] = 0.4
    image = nib.Nifti1Image(VALUES.T, None)
    image.set_sform(affine, code=1)
    image.set_qform(None, code=0)
    nib.save(image, folder / "a.nii")
    return folder / "a.nii"


@bad_file("not finite")
def affine_of_nan(folder: Path) -> Path:
    return _patched(_sound(folder, "a.nii"), "<4f", 280, *[float("nan")] * 4)


@bad_file("give a 3-D volume")
def two_dimensions(folder: Path) -> Path:
    sitk.WriteImage(sitk.GetImageFromArray(VALUES[0]), str(folder / "a.nrrd"))
    return folder / "a.nrrd"


@bad_file("--volume INDEX, 0 to 2")
def four_dimensions(folder: Path) -> Path:
    return _nifti(folder / "a.nii.gz", np.zeros((4, 5, 6, 3), np.float32))


@bad_file("5 dimensions")
def five_dimensions(folder: Path) -> Path:
    return _nifti(folder / "a.nii.gz", np.zeros((4, 5, 6, 2, 3), np.float32))


@bad_file("colour or vector")
def rgb(folder: Path) -> Path:
    return _nifti(folder / "a.nii", np.zeros((4, 5, 6), [("R", "u1"), ("G", "u1"), ("B", "u1")]))


@bad_file("colour or vector")
def displacement_field(folder: Path) -> Path:
    sitk.WriteImage(sitk.Image([4, 5, 6], sitk.sitkVectorFloat32, 3), str(folder / "a.mha"))
    return folder / "a.mha"


@bad_file("complex")
def complex_values(folder: Path) -> Path:
    return _nifti(folder / "a.nii", np.zeros((4, 5, 6), np.complex64))


@bad_file("1 voxels that are NaN or infinite")
def one_nan(folder: Path) -> Path:
    data = VALUES.astype(np.float32)
    data[1, 2, 3] = np.nan
    return _nifti(folder / "a.nii", data)


@bad_file("NaN or infinite")
def infinite_values(folder: Path) -> Path:
    return _nifti(folder / "a.nii.gz", np.full((4, 5, 6), np.inf, np.float32))


def _refusal(capfd: pytest.CaptureFixture[str], code: int) -> str:
    captured = capfd.readouterr()
    assert code == 2, captured.err
    assert captured.err.startswith("arssr: "), captured.err
    assert captured.err.count("\n") == 1, captured.err
    assert "Traceback" not in captured.err
    return captured.err


@pytest.mark.parametrize("name", sorted(FILES))
def test_an_unusable_input_is_refused(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    maker, words = FILES[name]
    source = maker(tmp_path)
    before = sorted(os.listdir(tmp_path))
    arguments = ["upsample", str(source), str(tmp_path / "out.nii.gz"), "--scale", "2"]
    told = _refusal(capfd, main([*arguments, "--method", "cubic", "--progress", "none"]))
    assert words in told
    assert sorted(os.listdir(tmp_path)) == before


OPTIONS = {
    "scale zero": (["--scale", "0"], "above 0"),
    "scale minus one": (["--scale", "-1"], "above 0"),
    "scale one half": (["--scale", "0.5"], "coarser than the input"),
    "scale of a thousand": (["--scale", "1000"], "at most 16384"),
    "scale of three hundred": (["--scale", "300"], "GB"),
    "scale without end": (["--scale", "1e9"], "at most 16384"),
    "scale nan": (["--scale", "nan"], "finite"),
    "scale infinite": (["--scale", "inf"], "finite"),
    "scale with a letter": (["--scale", "2,x"], "2,x"),
    "two scales": (["--scale", "2,3"], "1 or 3"),
    "scale and spacing": (["--scale", "2", "--spacing", "1"], "not allowed with"),
    "neither scale nor spacing": ([], "--scale"),
    "spacing coarser than the input": (["--spacing", "3"], "coarser than the input"),
    "spacing zero": (["--spacing", "0"], "above 0"),
    "spacing negative": (["--spacing", "-1,1,1"], "above 0"),
    "region of five numbers": (["--scale", "2", "--roi", "1,2,3,4,5"], "6 finite numbers"),
    "region outside": (["--scale", "2", "--roi", "900,900,900,910,910,910"], "outside"),
    "region negative and outside": (["--scale", "2", "--roi", "-900,0,0,-800,1,1"], "outside"),
    "region without extent": (["--scale", "2", "--roi", "1,1,1,1,2,2"], "no extent"),
    "volume of a 3-D file": (["--scale", "2", "--volume", "4"], "leave --volume out"),
    "negative volume": (["--scale", "2", "--volume", "-1"], "whole number"),
    "no threads": (["--scale", "2", "--threads", "0"], "whole number"),
    "unknown method": (["--scale", "2", "--method", "magic"], "magic"),
    "unknown device": (["--scale", "2", "--device", "tpu"], "tpu"),
    "unknown progress": (["--scale", "2", "--progress", "loud"], "loud"),
    "unknown option": (["--scale", "2", "--sharper"], "--sharper"),
}


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_an_unusable_option_is_refused(
    name: str, tmp_path: Path, cortex_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    options, words = OPTIONS[name]
    method = [] if "--method" in options else ["--method", "cubic"]
    progress = [] if "--progress" in options else ["--progress", "none"]
    arguments = ["upsample", str(cortex_path), str(tmp_path / "out.nii.gz"), *options]
    told = _refusal(capfd, main([*arguments, *method, *progress]))
    assert words in told
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("missing/out.nii.gz", "does not exist"),
        ("out.jpg", "supported ending"),
        ("out", "supported ending"),
        ("out.mhd", "supported ending"),
        ("input.nii.gz", "the input itself"),
        ("link.nii.gz", "the input itself"),
        ("taken.nii.gz", "--force"),
        ("folder.nii.gz", "is a folder"),
    ],
)
def test_an_unusable_output_is_refused(
    output: str, words: str, tmp_path: Path, cortex_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "input.nii.gz"
    source.write_bytes(cortex_path.read_bytes())
    (tmp_path / "link.nii.gz").symlink_to(source)
    (tmp_path / "taken.nii.gz").write_bytes(b"precious")
    (tmp_path / "folder.nii.gz").mkdir()
    before = sorted(os.listdir(tmp_path))
    arguments = ["upsample", str(source), str(tmp_path / output), "--scale", "2"]
    if output in ("input.nii.gz", "link.nii.gz", "folder.nii.gz"):
        arguments.append("--force")
    assert words in _refusal(capfd, main([*arguments, "--method", "cubic"]))
    assert sorted(os.listdir(tmp_path)) == before
    assert source.read_bytes() == cortex_path.read_bytes()


MODELS = {
    "no such model": (None, "no model"),
    "an empty file": (b"", "model"),
    "a letter": (b"Dear model, " * 99, "model"),
    "a pickle that would run code": (
        b"cos\nsystem\n(S'touch pickle_was_run'\ntR.",
        "model",
    ),
    "half a model": ("half", "model"),
}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_an_unusable_model_is_refused(
    name: str,
    tmp_path: Path,
    cortex_path: Path,
    seeded_model_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    content, words = MODELS[name]
    model = tmp_path / "model.npz"
    if content == "half":
        data = seeded_model_path.read_bytes()
        model.write_bytes(data[: len(data) // 2])
    elif isinstance(content, bytes):
        model.write_bytes(content)
    before = os.listdir(tmp_path)
    arguments = ["upsample", str(cortex_path), str(tmp_path / "out.nii.gz"), "--scale", "2"]
    told = _refusal(capfd, main([*arguments, "--model", str(model), "--progress", "none"]))
    assert words in told
    assert os.listdir(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "INPUT", "--scale", "2", "-o", "picture.bmp"], "supported ending"),
        (["compare", "INPUT", "--scale", "2", "-o", "missing/picture.png"], "does not exist"),
        (["compare", "INPUT", "--scale", "0.5", "-o", "picture.png"], "coarser"),
        (["simulate", "INPUT", "low.nii.gz", "--scale", "0.5"], "at least 1"),
        (["simulate", "INPUT", "low.nii.gz", "--scale", "2", "--kernel", "box"], "box"),
        (["simulate", "INPUT", "low.txt", "--scale", "2"], "supported ending"),
        (["models", "info", "nobody"], "nobody"),
        (["models", "import", "nothing.pth", "--encoder", "RDN"], "nothing.pth"),
        (["models", "import", "INPUT", "--encoder", "RDN", "-o", "m.npz"], "state dict"),
        (["models", "import", "INPUT", "--encoder", "RDN", "-o", "m.onnx"], ".npz"),
        (["models", "import", "INPUT", "--encoder", "VGG"], "VGG"),
        (["demo", "-o", "INPUT"], "cannot be made"),
        (["demo", "--scale", "0.5", "--model", "MODEL", "-o", "demo"], "at least 1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_the_other_commands_refuse_as_clearly(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    cortex_path: Path,
    seeded_model_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    stand_ins = {"INPUT": str(cortex_path), "MODEL": str(seeded_model_path)}
    given = [stand_ins.get(word, word) for word in arguments]
    if given[0] == "compare":
        given += ["--model", str(seeded_model_path), "--progress", "none"]
    if given[0] == "demo":
        given += ["--progress", "none"]
    assert words in _refusal(capfd, main(given))
    assert [name for name in os.listdir(tmp_path) if name != "demo"] == []
