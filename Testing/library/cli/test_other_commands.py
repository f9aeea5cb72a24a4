"""``simulate``, ``compare``, ``models`` and ``demo`` do what they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from in_process import Arssr
from published_state import published_rescnn

from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.networks.model_file import read_header, save_model
from ArSSRLib.volumes.files.reading import read_volume


def test_simulate_writes_a_coarser_volume_of_the_same_place(
    tmp_path: Path, cortex_path: Path, arssr: Arssr
) -> None:
    low = tmp_path / "low.nii.gz"
    call = ("simulate", cortex_path, "-o", low, "--scale", "2", "--kernel", "kspace")
    assert arssr(*call).returncode == 0
    fine, coarse = read_volume(cortex_path), read_volume(low)
    assert coarse.grid.size == (24, 22, 10)
    np.testing.assert_allclose(
        coarse.grid.index_to_world([-0.5] * 3), fine.grid.index_to_world([-0.5] * 3), atol=1e-3
    )


def test_simulate_takes_the_slice_profile_a_gap_and_noise(
    tmp_path: Path, cortex_path: Path, arssr: Arssr
) -> None:
    common = ["--scale", "1,1,3", "--kernel", "box"]
    given: dict[str, list[str]] = {
        "thick": [], "gaps": ["--gap", "0.4"], "thin": ["--slice-thickness", "0.6"],
        "noisy": ["--noise", "0.05", "--noise-kind", "rician"],
    }  # fmt: skip
    arrays = {}
    for name, options in given.items():
        low = tmp_path / f"{name}.nii.gz"
        assert arssr("simulate", cortex_path, "-o", low, *common, *options).returncode == 0
        arrays[name] = read_volume(low).array
    np.testing.assert_array_equal(arrays["gaps"], arrays["thin"])
    assert not np.array_equal(arrays["gaps"], arrays["thick"])
    assert np.abs(arrays["noisy"] - arrays["thick"]).max() > 0


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--kernel", "cubic", "--gap", "0.2"], "cubic has no slice thickness"),
        (["--kernel", "box", "--gap", "1.2"], "-0.2"),
        (["--kernel", "gaussian", "--window", "fermi"], "gaussian has no window"),
        (["--kernel", "kspace", "--acquired", "1.5"], "1.5"),
        (["--noise", "-1"], "-1"),
    ],
)
def test_simulate_refuses_what_no_scanner_makes(
    tmp_path: Path, cortex_path: Path, options: list[str], named: str, arssr: Arssr
) -> None:
    low = tmp_path / "low.nii.gz"
    done = arssr("simulate", cortex_path, "-o", low, "--scale", "2", *options)
    assert done.returncode == 2
    assert named in done.stderr
    assert not low.exists()


@pytest.mark.parametrize(
    ("suffix", "magic"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")]
)
def test_compare_draws_a_picture(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path, suffix: str, magic: bytes,
    arssr: Arssr,
) -> None:  # fmt: skip
    picture = tmp_path / f"picture{suffix}"
    call = ("compare", cortex_path, "--scale", "1,1,2", "-o", picture, "--model", seeded_model_path)
    assert arssr(*call).returncode == 0
    assert picture.read_bytes().startswith(magic)


def test_models_info_tells_the_network(seeded_model_path: Path, arssr: Arssr) -> None:
    done = arssr("models", "info", seeded_model_path)
    assert done.returncode == 0
    assert "SRResNet" in done.stdout
    assert "Seeded" in done.stdout


def test_models_lists_what_is_bundled(arssr: Arssr) -> None:
    done = arssr("models")
    assert done.returncode == 0
    assert done.stdout.startswith("default")


def test_models_import_takes_what_the_authors_publish(tmp_path: Path, arssr: Arssr) -> None:
    state = published_rescnn()
    torch.save(state, tmp_path / "published.pth")
    model = tmp_path / "published.npz"
    command = ("models", "import", tmp_path / "published.pth", "--encoder", "ResCNN")
    done = arssr(*command)
    assert done.returncode == 0
    assert str(model) in done.stdout
    network = load_model(model).network
    torch.testing.assert_close(network.encoder.entry.weight, state["encoder.conv_start.0.weight"])
    again = arssr(*command)
    assert again.returncode == 2
    assert "--force" in again.stderr


def test_demo_measures_and_names_its_files(
    tmp_path: Path, seeded_model_path: Path, arssr: Arssr
) -> None:
    folder = tmp_path / "made" / "demo"
    done = arssr("demo", "-o", folder, "--model", seeded_model_path, "--scale", "1,1,2")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == f"Upsampled volume: {folder / 'brain_t1_arssr.nii.gz'}"
    assert [line[:22] for line in lines[2:]] == ["Cubic B-spline:   PSNR", "ArSSR:            PSNR"]
    assert (folder / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert read_volume(folder / "brain_t1_arssr.nii.gz").grid.size == (161, 192, 74)
    assert sorted(p.name for p in folder.iterdir()) == [
        "brain_t1_arssr.nii.gz", "brain_t1_cubic.nii.gz", "brain_t1_low_resolution.nii.gz",
        "comparison.png",
    ]  # fmt: skip


def test_fast_leaves_the_mirrored_pass_of_the_demo_out(
    tmp_path: Path, seeded_model_path: Path, cortex_path: Path, arssr: Arssr,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("ArSSRLib.sample.sample_path", lambda: cortex_path)
    model = load_model(seeded_model_path)
    mirrored = tmp_path / "mirrored.npz"
    save_model(model.network, replace(read_header(seeded_model_path), mirrored=True), mirrored)
    results = {}
    for name, options in (("one pass", [seeded_model_path]), ("fast", [mirrored, "--fast"])):
        command = ("demo", "-o", tmp_path / name, "--scale", "1,1,2", "--model", *options)
        assert arssr(*command).returncode == 0
        results[name] = read_volume(tmp_path / name / "brain_t1_arssr.nii.gz").array
    np.testing.assert_array_equal(results["fast"], results["one pass"])
