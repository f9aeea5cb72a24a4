"""Which file a volume becomes in the folder of results, in which format."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import SimpleITK as sitk

from ArSSRLib.cli.main import main
from ArSSRLib.networks.model_file import read_network, save_model
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.volume import Volume


def _with(model: Path, path: Path, **changes: object) -> Path:
    """The same weights under another header."""
    network, header = read_network(model)
    save_model(network, replace(header, **changes), path)  # type: ignore[arg-type]
    return path


def test_formats_that_keep_header_entries_are_kept(tmp_path: Path, cortex_path: Path) -> None:
    image = sitk.ReadImage(str(cortex_path))
    for name in ("a.nrrd", "b.mha", "c.nii", "d.mhd"):
        sitk.WriteImage(image, str(tmp_path / name))
    names = [str(tmp_path / name) for name in ("a.nrrd", "b.mha", "c.nii", "d.mhd")]
    out = str(tmp_path / "made" / "here") + os.sep
    code = main(
        ["upsample", *names, "--scale", "1,1,2.3", "--method", "nearest", "--progress", "none",
         "-o", out]
    )  # fmt: skip
    assert code == 0
    made = [f"{stem}_nearest_1x1x2.3x" for stem in "abcd"]
    endings = [".nrrd", ".mha", ".nii.gz", ".mha"]
    assert sorted(os.listdir(out)) == [a + b for a, b in zip(made, endings, strict=True)]
    for name in os.listdir(out):
        assert read_volume(Path(out) / name).grid.size == (48, 44, 46)


def test_one_input_goes_into_a_folder_too(tmp_path: Path, cortex_path: Path) -> None:
    arguments = [
        "upsample",
        str(cortex_path),
        "-o",
        str(tmp_path),
        "--scale",
        "2",
        "--method",
        "linear",
    ]
    assert main([*arguments, "--progress", "none"]) == 0
    assert os.listdir(tmp_path) == ["cortex_t1_linear_2x.nii.gz"]


def test_an_input_that_is_given_twice_is_one(
    tmp_path: Path, cortex_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    again = cortex_path.parent / "." / ".." / cortex_path.parent.name / cortex_path.name
    names = [str(cortex_path), str(cortex_path), str(again)]
    arguments = [
        "upsample",
        *names,
        "-o",
        f"{tmp_path}{os.sep}",
        "--scale",
        "2",
        "--method",
        "linear",
    ]
    assert main(arguments) == 0
    assert "1 upsampled" in capfd.readouterr().out
    assert os.listdir(tmp_path) == ["cortex_t1_linear_2x.nii.gz"]


def test_a_folder_with_the_name_of_a_result_is_not_a_result(
    tmp_path: Path, cortex_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cortex_t1_linear_2x.nii.gz").mkdir()
    arguments = [
        "upsample",
        str(cortex_path),
        "-o",
        str(tmp_path),
        "--scale",
        "2",
        "--method",
        "linear",
    ]
    assert main([*arguments, "--progress", "none"]) == 2
    assert "is a folder; give a file name" in capfd.readouterr().err


def test_a_result_of_other_options_is_another_file(
    tmp_path: Path, cortex_path: Path, cortex: Volume
) -> None:
    corners = cortex.grid.index_to_world([(10, 12, 4), (25, 30, 12)])
    region = [f"{x:.2f}" for x in corners.ravel()]
    base = ["upsample", str(cortex_path), "-o", str(tmp_path), "--scale", "2", "--method", "cubic",
            "--progress", "none"]  # fmt: skip
    assert main([*base, "--roi", *region]) == 0
    assert main(base) == 0
    part = f"cortex_t1_cubic_2x_roi_{'_'.join(f'{float(x):g}' for x in region)}.nii.gz"
    assert sorted(os.listdir(tmp_path)) == ["cortex_t1_cubic_2x.nii.gz", part]
    assert read_volume(tmp_path / "cortex_t1_cubic_2x.nii.gz").grid.size == (96, 88, 40)
    assert read_volume(tmp_path / part).grid.size < (96, 88, 40)


def test_a_result_of_another_model_or_of_one_pass_is_another_file(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    out, source = tmp_path / "out", tmp_path / "cortex_t1.nii.gz"
    sitk.WriteImage(sitk.ReadImage(str(cortex_path))[:12, :12, :12], str(source))
    base = ["upsample", str(source), "-o", f"{out}{os.sep}", "--scale", "1.5", "--progress", "none"]
    model = tmp_path / "best.npz"
    names = []
    for changes, options in (
        ({"version": "step 1"}, []),
        ({"version": "step 2"}, []),
        ({"version": "step 2"}, ["--fast"]),  # which changes nothing without a mirrored pass
        ({"mirrored": True}, []),
        ({"mirrored": True}, ["--fast"]),
    ):
        _with(seeded_model_path, model, **changes)
        assert main([*base, "--model", str(model), *options]) == 0
        digest = hashlib.sha256(model.read_bytes()).hexdigest()[:8]
        fast = "-fast" if changes.get("mirrored") and options else ""
        names.append(f"cortex_t1_arssr-best-{digest}{fast}_1.5x.nii.gz")
    assert sorted(os.listdir(out)) == sorted(set(names))
    assert len(set(names)) == 4


def test_the_default_model_has_the_plain_name_and_its_newer_weights_are_reported(
    tmp_path: Path, cortex_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source, result = tmp_path / "head.nii.gz", tmp_path / "head_arssr_2x.nii.gz"
    shutil.copy(cortex_path, source)
    shutil.copy(cortex_path, result)
    os.utime(source, (1, 1))
    os.utime(result, (2, 2))
    base = ["upsample", str(source), "-o", str(tmp_path), "--scale", "2", "--progress", "none"]
    assert main([*base, "--model", "default"]) == 0
    assert sorted(os.listdir(tmp_path)) == ["head.nii.gz", "head_arssr_2x.nii.gz"]
    assert "is older than its input or model but was kept" in capfd.readouterr().err
