"""``arssr bids``: a small real dataset in, a dataset that the official validator accepts out."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import psutil
import pytest
import SimpleITK as sitk

from ArSSRLib import __version__
from ArSSRLib.checkpoint import read_network, save_model
from ArSSRLib.cli.main import main
from ArSSRLib.volume import read_volume

ROOT = Path(__file__).resolve().parents[3]
Arssr = Callable[..., "subprocess.CompletedProcess[str]"]

PLAIN = "sub-01/anat/sub-01_T1w.nii.gz"
NAMED = "sub-02/ses-a/anat/sub-02_ses-a_acq-mprage_run-1_T1w.nii.gz"
SESSION_B = "sub-02/ses-b/anat/sub-02_ses-b_T1w.nii"
RESULTS = [
    "sub-01/anat/sub-01_res-2x_desc-linear_T1w",
    "sub-02/ses-a/anat/sub-02_ses-a_acq-mprage_run-1_res-2x_desc-linear_T1w",
    "sub-02/ses-b/anat/sub-02_ses-b_res-2x_desc-linear_T1w",
]
LINEAR = ["participant", "--scale", "2", "--method", "linear", "--progress", "none"]


@pytest.fixture
def dataset(tmp_path: Path, cortex_path: Path) -> Path:
    """Two participants, one of them with sessions, and things that must be left alone."""
    root = tmp_path / "data set"
    for relative in (PLAIN, NAMED):
        (root / relative).parent.mkdir(parents=True)
        shutil.copy(cortex_path, root / relative)
    (root / SESSION_B).parent.mkdir(parents=True)
    sitk.WriteImage(sitk.ReadImage(str(cortex_path)), str(root / SESSION_B))
    shutil.copy(cortex_path, root / PLAIN.replace("T1w", "T2w"))
    shutil.copy(cortex_path, root / PLAIN.replace("T1w", "part-phase_T1w"))
    _write(root / "dataset_description.json", {"Name": "Small", "BIDSVersion": "1.8.0"})
    _write(root / "T1w.json", {"SkullStripped": True, "EchoTime": 0.003, "SliceThickness": 2.0})
    _write((root / NAMED).with_name("sub-02_ses-a_T1w.json"), {"EchoTime": 0.004})
    (root / "README").write_text("Cuts of a real brain, for tests of a BIDS App.\n" * 5)
    return root


def _write(path: Path, values: object) -> None:
    path.write_text(json.dumps(values))


def _read(path: Path) -> dict[str, object]:
    values: dict[str, object] = json.loads(path.read_text())
    return values


def _files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def _identities(folder: Path) -> dict[str, tuple[int, int]]:
    stats = {name: (folder / name).stat() for name in _files(folder)}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in stats.items()}


def _expected(results: list[str]) -> list[str]:
    volumes = [f"{result}{suffix}" for result in results for suffix in (".json", ".nii.gz")]
    return sorted(["README.md", "dataset_description.json", *volumes])


def test_the_official_validator_accepts_the_derivative_dataset(dataset: Path) -> None:
    out = dataset / "derivatives" / "arssr"
    arguments = ["bids", str(dataset), str(out), "participant", "--scale", "1,1,2.5"]
    options = ["--method", "linear", "cubic", "--jobs", "2", "--progress", "none"]
    assert main([*arguments, *options]) == 0
    assert len(_files(out)) == 2 + 2 * 2 * 3
    validator = Path(sys.executable).with_name("bids-validator-deno")
    told = subprocess.run(
        [validator, "--format", "json", out], capture_output=True, text=True, check=False
    )
    issues = json.loads(told.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []
    assert told.returncode == 0
    assert sorted(json.loads(told.stdout)["summary"]["subjects"]) == ["01", "02"]


def test_names_keep_the_source_entities_and_sidecars_tell_how_it_was_made(
    dataset: Path, seeded_model_path: Path
) -> None:
    out = dataset.parent / "out"
    arguments = ["bids", str(dataset), str(out), "participant", "--spacing", "0.8,0.8,1"]
    options = ["--model", str(seeded_model_path), "--participant-label", "sub-02"]
    assert main([*arguments, *options, "--session-label", "a", "--progress", "none"]) == 0
    stem = "sub-02_ses-a_acq-mprage_run-1_res-0p8x0p8x1mm_desc-arssr_T1w"
    folder = out / "sub-02" / "ses-a" / "anat"
    assert sorted(os.listdir(folder)) == [f"{stem}.json", f"{stem}.nii.gz"]
    sidecar, described = _read(folder / f"{stem}.json"), _read(out / "dataset_description.json")
    links = described["DatasetLinks"]
    assert isinstance(links, dict)
    assert sidecar["Sources"] == [f"bids:raw:{NAMED}"]
    assert (out / unquote(links["raw"])).resolve() == dataset.resolve()
    assert sidecar["SkullStripped"] is True
    assert sidecar["EchoTime"] == 0.004
    assert "SliceThickness" not in sidecar
    made = sidecar["Upsampling"]
    assert isinstance(made, dict)
    digest = hashlib.sha256(seeded_model_path.read_bytes()).hexdigest()
    assert made["Model"] == {"Name": "seeded.npz", "Version": "1", "SHA256": digest}
    assert made["Software"] == {"Name": "arssr", "Version": __version__}
    result = sitk.ReadImage(str(folder / f"{stem}.nii.gz"))
    np.testing.assert_allclose(made["VoxelSize"], result.GetSpacing(), rtol=1e-6)
    voxel = " × ".join(f"{step:.4g}" for step in result.GetSpacing())
    assert f"Voxels of {voxel} mm" in str(sidecar["Resolution"])
    assert described["DatasetType"] == "derivative"
    assert described["GeneratedBy"][0]["Name"] == "arssr"  # type: ignore[index]
    assert "can invent detail" in (out / "README.md").read_text()


def test_a_broken_volume_costs_itself_only_and_a_rerun_does_what_is_missing(
    dataset: Path, cortex_path: Path, arssr: Arssr
) -> None:
    out = dataset.parent / "out"
    (dataset / NAMED).write_bytes(cortex_path.read_bytes()[:20000])
    first = arssr("bids", dataset, out, *LINEAR, "--jobs", "2")
    assert first.returncode == 2
    assert [line for line in first.stderr.splitlines() if "warning" not in line] == [
        f"arssr: The file {str(dataset / NAMED)!r} is truncated or damaged; copy it again from "
        "its source."
    ]
    assert _files(out) == _expected([RESULTS[0], RESULTS[2]])
    assert not (out / "sub-02" / "ses-a").exists()
    before = _identities(out)
    shutil.copy(cortex_path, dataset / NAMED)
    (out / f"{RESULTS[2]}.json").unlink()  # as when a run is killed between the two files
    again = arssr("bids", dataset, out, *LINEAR)
    assert again.returncode == 0
    after = _identities(out)
    assert sorted(after) == _expected(RESULTS)
    kept = {name for name in before if after.get(name) == before[name]}
    assert kept == {*_expected([RESULTS[0]])}
    assert arssr("bids", dataset, out, *LINEAR).returncode == 0
    assert _identities(out) == after


def test_results_of_another_model_are_kept_and_told_of(
    dataset: Path, seeded_model_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = dataset.parent / "out"
    arguments = ["bids", str(dataset), str(out), "participant", "--scale", "1", "--progress",
                 "none", "--participant-label", "01", "--model"]  # fmt: skip
    assert main([*arguments, str(seeded_model_path)]) == 0
    before = _identities(out)
    capfd.readouterr()
    assert main([*arguments, "default"]) == 2
    assert "of another model" in capfd.readouterr().err
    assert _identities(out) == before


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_result_of_another_number_of_passes_is_told_of(
    mirrored: bool, dataset: Path, seeded_model_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model, out = dataset.parent / "model.npz", dataset.parent / "out"
    network, header = read_network(seeded_model_path)
    save_model(network, replace(header, mirrored=mirrored), model)
    arguments = ["bids", str(dataset), str(out), "participant", "--scale", "1.5", "--progress",
                 "none", "--participant-label", "01", "--model", str(model)]  # fmt: skip
    assert main(arguments) == 0
    made = _read(out / "sub-01/anat/sub-01_res-1p5x_desc-arssr_T1w.json")["Upsampling"]
    assert made["Passes"] == (2 if mirrored else 1)  # type: ignore[index]
    before = _identities(out)
    capfd.readouterr()
    assert main([*arguments, "--fast"]) == (2 if mirrored else 0)
    assert ("--fast" in capfd.readouterr().err) == mirrored
    assert main(arguments) == 0
    assert _identities(out) == before


def test_there_is_no_group_stage_and_that_is_no_error(
    dataset: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = dataset.parent / "out"
    assert main(["bids", str(dataset), str(out), "group"]) == 0
    told = capfd.readouterr()
    assert "no group stage" in told.out
    assert told.out.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(("said", "expected"), [(None, None), ("no", False), ("yes", True)])
def test_unknown_about_the_skull_is_left_out_unless_the_user_says_it(
    said: str | None, expected: bool | None, dataset: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (dataset / "T1w.json").unlink()
    out = dataset.parent / "out"
    option = ["--skull-stripped", said] if said else []
    only = ["--participant-label", "01"]
    assert main(["bids", str(dataset), str(out), *LINEAR, *only, *option]) == 0
    assert ("--skull-stripped yes or no" in capfd.readouterr().err) == (said is None)
    assert _read(out / f"{RESULTS[0]}.json").get("SkullStripped") is expected


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ("no description", [], "no BIDS dataset"),
        ("no volumes", [], "holds no anat"),
        ("broken description", [], "not readable JSON"),
        ("", ["--participant-label", "99"], "no participant '99'; the dataset has: 01, 02"),
        ("", ["--session-label", "z"], "no session 'z'; the sessions are: a, b"),
        ("", ["--model", "no such", "--method", "arssr"], "no model"),
        ("out is the dataset", [], "the dataset itself"),
        ("out of others", [], "holds another dataset"),
        ("twins", [], "would both become"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_leaves_nothing(
    change: str, options: list[str], words: str, dataset: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = dataset if change == "out is the dataset" else dataset.parent / "out"
    if change == "no description":
        (dataset / "dataset_description.json").unlink()
    elif change == "no volumes":
        for folder in dataset.glob("sub-*"):
            shutil.rmtree(folder)
    elif change == "broken description":
        (dataset / "dataset_description.json").write_text("{")
    elif change == "out of others":
        out.mkdir()
        _write(out / "dataset_description.json", {"Name": "x", "GeneratedBy": [{"Name": "other"}]})
    elif change == "twins":
        shutil.copy(dataset / SESSION_B, dataset / PLAIN.removesuffix(".gz"))
    before = _files(dataset.parent)
    assert main(["bids", str(dataset), str(out), *LINEAR, *options]) == 2
    told = capfd.readouterr().err
    assert words in told
    assert told.count("\n") == 1
    assert _files(dataset.parent) == before


def test_what_is_left_out_is_said(dataset: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (dataset / "sub-03" / "anat").mkdir(parents=True)
    shutil.copy(dataset / PLAIN, dataset / "sub-01" / "anat" / "sub-01_new scan_T1w.nii.gz")
    (dataset / "sub-01" / "anat" / "sub-01_T1w.json").write_text("{")
    out = dataset.parent / "out"
    assert main(["bids", str(dataset), str(out), *LINEAR]) == 0
    told = capfd.readouterr().err.splitlines()
    for words in ("sub-03 has no T1w", "does not follow BIDS", "no intensities", "left aside"):
        assert sum(words in line for line in told) == 1
    assert _files(out) == _expected(RESULTS)


def _started(dataset: Path, out: Path, model: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ArSSRLib", "bids", dataset, out, "participant", "--scale", "4",
         "--model", model, "--progress", "json", "--threads", "1", *options],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _wait_until_computing(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("fraction", 0.0) > 0.02:
            return
    pytest.fail(f"The run ended before it computed: {process.communicate()}")


def _assert_complete_results_only(out: Path) -> None:
    for name in _files(out):
        assert name in ("README.md", "dataset_description.json") or "/anat/sub-" in name
        if name.endswith(".nii.gz"):
            assert read_volume(out / name).grid.size == (192, 176, 80)


def test_sigterm_leaves_nothing_half_written_and_the_next_run_goes_on(
    dataset: Path, seeded_model_path: Path
) -> None:
    out = dataset.parent / "out"
    process = _started(dataset, out, seeded_model_path, "--jobs", "2")
    _wait_until_computing(process)
    children = psutil.Process(process.pid).children()
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=200)
    assert process.returncode == 130
    assert told.splitlines()[-1].startswith("arssr: Cancelled; results that are complete are kept")
    assert not any(child.is_running() for child in children)
    _assert_complete_results_only(out)
    again = _started(dataset, out, seeded_model_path)
    # One warning, unless the volumes that it is about were complete already.
    assert again.communicate(timeout=600)[1].count("warning") <= 1
    assert again.returncode == 0
    assert len(_files(out)) == 2 + 2 * 3
    _assert_complete_results_only(out)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Dask scheduler with two workers, all processes of their own."""
    from distributed import Client

    folder = tmp_path_factory.mktemp("dask")
    file = folder / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    scheduler = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port",
         "0", "--no-dashboard", "--scheduler-file", file],
        cwd=ROOT, **quiet,
    )  # fmt: skip
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", file,
             "--nthreads", "1", "--no-dashboard", "--local-directory", folder],
            cwd=ROOT, **quiet,
        )
        for _ in range(2)
    ]  # fmt: skip
    try:
        with Client(scheduler_file=str(file), timeout=300, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=300)
            address = client.scheduler.address
        yield address
    finally:
        for process in [*workers, scheduler]:
            process.terminate()
        for process in [*workers, scheduler]:
            process.wait(60)


def _children_on_workers(address: str) -> list[psutil.Process]:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        workers = client.run(os.getpid).values()
    children = [child for pid in workers for child in psutil.Process(pid).children()]
    return [child for child in children if any("one_volume" in word for word in child.cmdline())]


def test_a_dask_cluster_of_two_workers_upsamples_a_dataset(
    cluster: str, dataset: Path, cortex_path: Path, arssr: Arssr
) -> None:
    from distributed import Client

    (dataset / NAMED).write_bytes(cortex_path.read_bytes()[:20000])
    out = dataset.parent / "out"
    command = ["bids", dataset, out, *LINEAR, "--scheduler", cluster, "--progress", "json"]
    done = arssr(*command)
    assert done.returncode == 2
    assert "is truncated or damaged" in done.stderr.splitlines()[-1]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [lines[-1][key] for key in ("done", "kept", "failed")] == [2, 0, 1]
    fractions = [line["fraction"] for line in lines if line.get("stage") == "upsampling"]
    assert fractions == sorted(fractions)
    assert any(fraction not in (0.0, 1.0) for fraction in fractions)

    def batches() -> int:
        from ArSSRLib.batch import cluster

        return len(cluster._children_of)

    with Client(cluster, set_as_default=False) as client:
        assert list(client.run(batches).values()) == [1, 1]
    assert _files(out) == _expected([RESULTS[0], RESULTS[2]])
    shutil.copy(cortex_path, dataset / NAMED)
    again = arssr(*command)
    assert again.returncode == 0
    last = json.loads(again.stdout.splitlines()[-1])
    assert [last[key] for key in ("done", "kept", "failed")] == [1, 2, 0]
    here = dataset.parent / "here"
    assert arssr("bids", dataset, here, *LINEAR).returncode == 0
    assert _files(here) == _files(out)
    for name in _files(out):
        if name.endswith(".nii.gz"):
            np.testing.assert_array_equal(
                read_volume(out / name).array, read_volume(here / name).array
            )


def test_cancelled_on_a_cluster_it_ends_the_work_there_too(
    cluster: str, dataset: Path, seeded_model_path: Path
) -> None:
    out = dataset.parent / "out"
    process = _started(dataset, out, seeded_model_path, "--scheduler", cluster)
    _wait_until_computing(process)
    children = _children_on_workers(cluster)
    assert children
    process.send_signal(signal.SIGTERM)
    told = process.communicate(timeout=200)[1]
    assert process.returncode == 130
    assert "Traceback" not in told
    assert psutil.wait_procs(children, timeout=120)[1] == []
    _assert_complete_results_only(out)


def test_a_worker_that_is_killed_costs_no_volume(
    cluster: str, dataset: Path, seeded_model_path: Path
) -> None:
    out = dataset.parent / "out"
    process = _started(dataset, out, seeded_model_path, "--scheduler", cluster)
    _wait_until_computing(process)
    _children_on_workers(cluster)[0].parent().kill()
    told = process.communicate(timeout=300)[1]
    assert process.returncode == 0, told
    assert len([name for name in _files(out) if name.endswith(".nii.gz")]) == 3
    _assert_complete_results_only(out)
