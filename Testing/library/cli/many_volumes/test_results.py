"""Which file a volume becomes in the folder of results, in which format."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import SimpleITK as sitk
from in_process import Arssr
from running import LINEAR

from ArSSRLib.networks.model_file import read_network, save_model
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.volume import Volume


def _with(model: Path, path: Path, **changes: object) -> Path:
    """The same weights under another header."""
    network, header = read_network(model)
    save_model(network, replace(header, **changes), path)  # type: ignore[arg-type]
    return path


def test_formats_that_keep_header_entries_are_kept(
    tmp_path: Path, cortex_path: Path, arssr: Arssr
) -> None:
    image = sitk.ReadImage(str(cortex_path))
    for name in ("a.nrrd", "b.mha", "c.nii", "d.mhd"):
        sitk.WriteImage(image, str(tmp_path / name))
    names = [tmp_path / name for name in ("a.nrrd", "b.mha", "c.nii", "d.mhd")]
    out = f"{tmp_path}/made/here/"
    done = arssr("upsample", *names, "-o", out, "--scale", "1,1,2.3", "--method", "nearest")
    assert done.returncode == 0
    made = [f"{stem}_nearest_1x1x2.3x" for stem in "abcd"]
    endings = [".nrrd", ".mha", ".nii.gz", ".mha"]
    assert sorted(os.listdir(out)) == [a + b for a, b in zip(made, endings, strict=True)]
    for name in os.listdir(out):
        assert read_volume(Path(out) / name).grid.size == (48, 44, 46)


def test_one_input_goes_into_a_folder_too(tmp_path: Path, cortex_path: Path, arssr: Arssr) -> None:
    assert arssr("upsample", cortex_path, "-o", tmp_path, *LINEAR).returncode == 0
    assert os.listdir(tmp_path) == ["cortex_t1_linear_2x.nii.gz"]


def test_an_input_that_is_given_twice_is_one(
    tmp_path: Path, cortex_path: Path, arssr: Arssr
) -> None:
    again = cortex_path.parent / "." / ".." / cortex_path.parent.name / cortex_path.name
    names = (cortex_path, cortex_path, again)
    done = arssr("upsample", *names, "-o", f"{tmp_path}/", *LINEAR[:4])
    assert done.returncode == 0
    assert "1 upsampled" in done.stdout
    assert os.listdir(tmp_path) == ["cortex_t1_linear_2x.nii.gz"]


def test_a_folder_with_the_name_of_a_result_is_not_a_result(
    tmp_path: Path, cortex_path: Path, arssr: Arssr
) -> None:
    (tmp_path / "cortex_t1_linear_2x.nii.gz").mkdir()
    done = arssr("upsample", cortex_path, "-o", tmp_path, *LINEAR)
    assert done.returncode == 2
    assert "is a folder; give a file name" in done.stderr


def test_a_result_of_other_options_is_another_file(
    tmp_path: Path, cortex_path: Path, cortex: Volume, arssr: Arssr
) -> None:
    corners = cortex.grid.index_to_world([(10, 12, 4), (25, 30, 12)])
    region = [f"{x:.2f}" for x in corners.ravel()]
    base = ("upsample", cortex_path, "-o", tmp_path, "--scale", "2", "--method", "cubic")
    assert arssr(*base, "--roi", *region).returncode == 0
    assert arssr(*base).returncode == 0
    part = f"cortex_t1_cubic_2x_roi_{'_'.join(f'{float(x):g}' for x in region)}.nii.gz"
    assert sorted(os.listdir(tmp_path)) == ["cortex_t1_cubic_2x.nii.gz", part]
    assert read_volume(tmp_path / "cortex_t1_cubic_2x.nii.gz").grid.size == (96, 88, 40)
    assert read_volume(tmp_path / part).grid.size < (96, 88, 40)


def test_a_result_of_another_model_or_of_one_pass_is_another_file(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path, arssr: Arssr
) -> None:
    out, source = tmp_path / "out", tmp_path / "cortex_t1.nii.gz"
    sitk.WriteImage(sitk.ReadImage(str(cortex_path))[:12, :12, :12], str(source))
    base = ("upsample", source, "-o", f"{out}/", "--scale", "1.5")
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
        assert arssr(*base, "--model", model, *options).returncode == 0
        digest = hashlib.sha256(model.read_bytes()).hexdigest()[:8]
        fast = "-fast" if changes.get("mirrored") and options else ""
        names.append(f"cortex_t1_arssr-best-{digest}{fast}_1.5x.nii.gz")
    assert sorted(os.listdir(out)) == sorted(set(names))
    assert len(set(names)) == 4


def test_the_default_model_has_the_plain_name_and_its_newer_weights_are_reported(
    tmp_path: Path, cortex_path: Path, arssr: Arssr
) -> None:
    source, result = tmp_path / "head.nii.gz", tmp_path / "head_arssr_2x.nii.gz"
    shutil.copy(cortex_path, source)
    shutil.copy(cortex_path, result)
    os.utime(source, (1, 1))
    os.utime(result, (2, 2))
    done = arssr("upsample", source, "-o", tmp_path, "--scale", "2", "--model", "default")
    assert done.returncode == 0
    assert sorted(os.listdir(tmp_path)) == ["head.nii.gz", "head_arssr_2x.nii.gz"]
    assert "is older than its input or model but was kept" in done.stderr
