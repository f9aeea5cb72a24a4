"""``arssr upsample`` from file to file, as a user runs it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk
from in_process import Arssr
from running import LINEAR

from ArSSRLib.cli.main import main
from ArSSRLib.networks.model_file import read_network, save_model
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.volume import Volume


@pytest.mark.parametrize("scale", ["2", "2.5", "3.2", "1,1,2.3"])
def test_both_readers_open_the_result_and_agree(
    tmp_path: Path, cortex_path: Path, cortex: Volume, seeded_model_path: Path, scale: str,
    arssr: Arssr,
) -> None:  # fmt: skip
    output = tmp_path / "fine.nii.gz"
    call = ("upsample", cortex_path, "-o", output, "--scale", scale, "--model", seeded_model_path)
    assert arssr(*call).returncode == 0
    factors = [float(x) for x in scale.split(",")]
    target = cortex.grid.upsampled(factors[0] if len(factors) == 1 else tuple(factors))
    image, by_nibabel = sitk.ReadImage(str(output)), nib.load(output)
    assert image.GetSize() == target.size == by_nibabel.shape
    np.testing.assert_allclose(image.GetSpacing(), target.spacing, rtol=1e-6)
    np.testing.assert_allclose(image.GetOrigin(), target.origin, atol=1e-4)
    corner = np.asarray(target.size) - 1
    in_ras = by_nibabel.affine @ [*corner, 1]
    np.testing.assert_allclose(in_ras[:3] * [-1, -1, 1], target.index_to_world(corner), atol=1e-3)
    assert by_nibabel.get_data_dtype() == np.int16
    assert os.listdir(tmp_path) == ["fine.nii.gz"]


@pytest.mark.parametrize("method", ["cubic", "linear", "nearest"])
def test_target_spacing_and_other_formats(
    tmp_path: Path, cortex_path: Path, method: str, arssr: Arssr
) -> None:
    output = tmp_path / "fine.nrrd"
    call = ("upsample", cortex_path, "-o", output, "--spacing", "0.8,0.8,1", "--method", method)
    done = arssr(*call)
    assert done.returncode == 0
    assert str(output) in done.stdout
    image = sitk.ReadImage(str(output))
    assert image.GetSize() == (52, 48, 40)
    assert image.GetMetaData("ArSSR").startswith(method)


def test_a_region_is_a_part_of_the_whole(tmp_path: Path, cortex_path: Path, cortex: Volume) -> None:
    corners = cortex.grid.index_to_world([(10, 12, 4), (25, 30, 12)])
    region = [f"{x:.3f}" for x in corners.ravel()]
    base = ["upsample", str(cortex_path), "--scale", "2", "--method", "cubic", "--progress", "none"]
    assert main([*base, "-o", str(tmp_path / "whole.mha")]) == 0
    assert main([*base, "-o", str(tmp_path / "part.mha"), "--roi", *region]) == 0
    whole = sitk.ReadImage(str(tmp_path / "whole.mha"))
    part = sitk.ReadImage(str(tmp_path / "part.mha"))
    start = whole.TransformPhysicalPointToIndex(part.GetOrigin())
    expected = sitk.RegionOfInterest(whole, part.GetSize(), start)
    # One apart where rounding to an integer falls the other way.
    np.testing.assert_allclose(
        sitk.GetArrayFromImage(part), sitk.GetArrayFromImage(expected), atol=1
    )
    assert part.GetNumberOfPixels() < whole.GetNumberOfPixels() / 4


def test_json_progress_is_one_object_a_line_and_ends_with_the_output(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path, arssr: Arssr
) -> None:
    output = tmp_path / "größer.nii.gz"
    done = arssr(
        "upsample", cortex_path, "-o", output, "--scale", "1.5", "--model", seeded_model_path,
        "--progress", "json", "--threads", "1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(set(line) >= {"stage", "fraction", "seconds_left"} for line in lines)
    stages = [line["stage"] for line in lines]
    assert stages[0] == "reading"
    assert stages[-2:] == ["writing", "done"]
    assert {"encoding", "decoding"} <= set(stages)
    fractions = [line["fraction"] for line in lines]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert lines[-1]["output"] == str(output)


def test_a_warning_is_a_separate_json_line(two_places: Path, tmp_path: Path, arssr: Arssr) -> None:
    call = ("upsample", two_places, "-o", tmp_path / "out.nii", *LINEAR)
    done = arssr(*call, "--progress", "json")
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    warnings = [line for line in lines if "warning" in line]
    assert len(warnings) == 1
    assert "by up to 30.0 mm" in warnings[0]["warning"]
    assert "by up to 30.0 mm" in arssr(*call, "--force").stderr


@pytest.mark.parametrize(
    ("trained", "options", "words"),
    [
        ({}, [], ""),
        ({"scale_range": (1.0, 1.5)}, [], "not for 2×;"),
        ({"scale_range": (2.5, 4.0)}, [], "not for 2×;"),
        ({"scale_range": (2.5, 4.0)}, ["--method", "linear"], ""),
        ({"spacing_range_mm": (1.0, 1.5)}, [], "mm and voxels of 2 mm;"),
    ],
)
def test_what_a_model_was_not_trained_for_is_reported_once(
    trained: dict[str, tuple[float, float]], options: list[str], words: str, tmp_path: Path,
    cortex_path: Path, seeded_model_path: Path, arssr: Arssr,
) -> None:  # fmt: skip
    network, header = read_network(seeded_model_path)
    save_model(network, replace(header, **trained), tmp_path / "model.npz")  # type: ignore[arg-type]
    call = ("upsample", cortex_path, "-o", tmp_path / "fine.nii", "--scale", "1,1,2")
    done = arssr(*call, "--model", tmp_path / "model.npz", "--progress", "none", *options)
    assert done.returncode == 0
    assert done.stderr.count("\n") == bool(words)
    assert words in done.stderr


def test_an_existing_output_is_kept_without_force_and_replaced_with_it(
    tmp_path: Path, cortex_path: Path, arssr: Arssr
) -> None:
    output = tmp_path / "fine.nii.gz"
    output.write_bytes(b"precious")
    base = ("upsample", cortex_path, "-o", output, *LINEAR)
    refused = arssr(*base)
    assert refused.returncode == 2
    assert "--force" in refused.stderr
    assert output.read_bytes() == b"precious"
    assert arssr(*base, "--force").returncode == 0
    assert read_volume(output).grid.size == (96, 88, 40)


def test_one_volume_of_a_4d_file(tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(0, 99, (2, 5, 6, 7)).astype(np.int16)
    image = sitk.JoinSeries([sitk.GetImageFromArray(each) for each in data])
    sitk.WriteImage(image, str(tmp_path / "series.nii.gz"))
    arguments = ["upsample", str(tmp_path / "series.nii.gz"), "-o", str(tmp_path / "one.nii.gz")]
    assert main([*arguments, "--scale", "1", "--method", "nearest", "--volume", "1"]) == 0
    np.testing.assert_array_equal(read_volume(tmp_path / "one.nii.gz").array, data[1])


def test_a_log_names_each_stage_once(tmp_path: Path, cortex_path: Path, arssr: Arssr) -> None:
    """Encoding and decoding take turns: the default model computes every volume twice."""
    done = arssr("upsample", cortex_path, "-o", tmp_path / "fine.mha", "--scale", "2")
    assert done.returncode == 0
    stages = [line for line in done.stderr.splitlines() if not line.startswith("arssr")]
    assert stages == ["Reading", "Encoding", "Decoding", "Writing"]


@pytest.mark.parametrize("method", ["arssr", "cubic"])
def test_a_label_map_is_refused_with_the_remedy_unless_the_method_is_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], method: str
) -> None:
    values = np.zeros((6, 8, 10), np.int16)
    values[2:4, 2:6, 3:8] = 17
    image = nib.Nifti1Image(values.T, np.eye(4))
    image.header.set_intent("label")
    nib.save(image, tmp_path / "a_dseg.nii.gz")
    call = ["upsample", str(tmp_path / "a_dseg.nii.gz"), "-o", str(tmp_path / "out.nii.gz"),
            "--scale", "2", "--progress", "none", "--method"]  # fmt: skip
    assert main([*call, method]) == 2
    assert "label map" in capsys.readouterr().err
    assert main([*call, "nearest"]) == 0
    result = nib.load(tmp_path / "out.nii.gz")
    assert set(np.unique(result.dataobj)) == {0, 17}
    assert result.header.get_intent()[0] == "label"
