"""``arssr upsample`` of many volumes into a folder, as a user or a script runs it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import SimpleITK as sitk

from ArSSRLib.checkpoint import read_network, save_model
from ArSSRLib.cli.main import main
from ArSSRLib.volume import Volume, read_volume

ROOT = Path(__file__).resolve().parents[3]
Arssr = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def inputs(tmp_path: Path, cortex_path: Path) -> list[Path]:
    """Two sound volumes with awkward names and, between them, half of one."""
    folder = tmp_path / "in put"
    folder.mkdir()
    names = ["a'b.nii.gz", "broken.nii.gz", "größer.nii.gz"]
    for name in names:
        shutil.copy(cortex_path, folder / name)
    (folder / "broken.nii.gz").write_bytes(cortex_path.read_bytes()[:20000])
    return [folder / name for name in names]


def _identities(folder: Path) -> dict[str, tuple[int, int]]:
    return {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in sorted(folder.iterdir())}


def test_a_broken_input_is_reported_at_the_end_and_the_others_finish(
    tmp_path: Path, inputs: list[Path], cortex_path: Path, arssr: Arssr
) -> None:
    missing = inputs[0].with_name("missing.nrrd")
    out = tmp_path / "results"
    options = ["--scale", "1.5", "--method", "cubic"]
    done = arssr("upsample", missing, *inputs, f"{out}/", *options, "--jobs", "2")
    assert done.returncode == 2
    assert sorted(os.listdir(out)) == ["a'b_cubic_1.5x.nii.gz", "größer_cubic_1.5x.nii.gz"]
    assert done.stdout == f"{out}/: 2 upsampled, 2 failed\n"
    sentences = done.stderr.splitlines()[-2:]
    assert all(line.startswith("arssr: ") for line in sentences)
    assert "missing.nrrd" in sentences[0] or "missing.nrrd" in sentences[1]
    assert any("broken.nii.gz' is truncated" in line for line in sentences)
    alone = tmp_path / "alone.nii.gz"
    assert arssr("upsample", cortex_path, alone, *options, "--progress", "none").returncode == 0
    for name in os.listdir(out):
        # Other thread counts sum in another order: a value may round to the neighbouring integer.
        made, expected = read_volume(out / name).array, read_volume(alone).array
        np.testing.assert_allclose(made, expected, rtol=0, atol=1)


def test_a_rerun_computes_only_what_is_missing(
    tmp_path: Path, inputs: list[Path], cortex_path: Path, arssr: Arssr
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    command = ["upsample", *inputs, out, "--spacing", "0.5", "--method", "linear"]
    assert arssr(*command).returncode == 2
    before = _identities(out)
    assert list(before) == ["a'b_linear_0.5mm.nii.gz", "größer_linear_0.5mm.nii.gz"]
    (out / "größer_linear_0.5mm.nii.gz").unlink()
    shutil.copy(cortex_path, inputs[1])
    again = arssr(*command)
    assert again.returncode == 0, again.stderr
    assert again.stdout == f"{out}: 2 upsampled, 1 there already\n"
    after = _identities(out)
    assert after["a'b_linear_0.5mm.nii.gz"] == before["a'b_linear_0.5mm.nii.gz"]
    assert len(after) == 3
    assert arssr(*command, "--force").stdout == f"{out}: 3 upsampled\n"
    forced = _identities(out)
    assert all(forced[name] != after[name] for name in after)


def test_formats_that_keep_header_entries_are_kept_and_options_stand_anywhere(
    tmp_path: Path, cortex_path: Path
) -> None:
    image = sitk.ReadImage(str(cortex_path))
    for name in ("a.nrrd", "b.mha", "c.nii", "d.mhd"):
        sitk.WriteImage(image, str(tmp_path / name))
    names = [str(tmp_path / name) for name in ("a.nrrd", "b.mha", "c.nii", "d.mhd")]
    out = str(tmp_path / "made" / "here") + os.sep
    code = main(
        ["upsample", names[0], "--scale", "1,1,2.3", names[1], "--method", "nearest", *names[2:],
         "--progress", "none", out]
    )  # fmt: skip
    assert code == 0
    made = [f"{stem}_nearest_1x1x2.3x" for stem in "abcd"]
    endings = [".nrrd", ".mha", ".nii.gz", ".mha"]
    assert sorted(os.listdir(out)) == [a + b for a, b in zip(made, endings, strict=True)]
    for name in os.listdir(out):
        assert read_volume(Path(out) / name).grid.size == (48, 44, 46)


def _with(model: Path, path: Path, **changes: object) -> Path:
    """The same weights under another header."""
    network, header = read_network(model)
    save_model(network, replace(header, **changes), path)  # type: ignore[arg-type]
    return path


def test_a_result_of_other_options_is_another_file(
    tmp_path: Path, cortex_path: Path, cortex: Volume
) -> None:
    corners = cortex.grid.index_to_world([(10, 12, 4), (25, 30, 12)])
    region = ",".join(f"{x:.2f}" for x in corners.ravel())
    base = ["upsample", str(cortex_path), str(tmp_path), "--scale", "2", "--method", "cubic",
            "--progress", "none"]  # fmt: skip
    assert main([*base, "--roi", region]) == 0
    assert main(base) == 0
    part = f"cortex_t1_cubic_2x_roi_{'_'.join(f'{float(x):g}' for x in region.split(','))}.nii.gz"
    assert sorted(os.listdir(tmp_path)) == ["cortex_t1_cubic_2x.nii.gz", part]
    assert read_volume(tmp_path / "cortex_t1_cubic_2x.nii.gz").grid.size == (96, 88, 40)
    assert read_volume(tmp_path / part).grid.size < (96, 88, 40)


def test_a_result_of_another_model_or_of_one_pass_is_another_file(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    out = tmp_path / "out"
    base = ["upsample", str(cortex_path), f"{out}{os.sep}", "--scale", "1.5", "--progress", "none"]
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


def test_the_default_model_has_the_plain_name_and_its_newer_weights_are_told_of(
    tmp_path: Path, cortex_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source, result = tmp_path / "head.nii.gz", tmp_path / "head_arssr_2x.nii.gz"
    shutil.copy(cortex_path, source)
    result.write_bytes(b"a result of long ago")
    os.utime(source, (1, 1))
    os.utime(result, (2, 2))
    base = ["upsample", str(source), str(tmp_path), "--scale", "2", "--progress", "none"]
    assert main([*base, "--model", "default"]) == 0
    assert sorted(os.listdir(tmp_path)) == ["head.nii.gz", "head_arssr_2x.nii.gz"]
    assert "was kept although its input or model has a later date" in capfd.readouterr().err


def test_a_result_older_than_its_input_is_kept_and_told_of(
    tmp_path: Path, cortex_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "head.nii.gz", tmp_path / "out"
    shutil.copy(cortex_path, source)
    base = ["upsample", str(source), f"{out}{os.sep}", "--scale", "2", "--method", "linear",
            "--progress", "none"]  # fmt: skip
    assert main(base) == 0
    before = _identities(out)
    assert main(base) == 0
    assert capfd.readouterr().err == ""
    later = (out / "head_linear_2x.nii.gz").stat().st_mtime + 5
    os.utime(source, (later, later))
    assert main(base) == 0
    told = capfd.readouterr().err
    assert "head_linear_2x.nii.gz was kept although its input" in told
    assert "--force" in told
    assert _identities(out) == before


def test_one_input_goes_into_a_folder_too(tmp_path: Path, cortex_path: Path) -> None:
    arguments = ["upsample", str(cortex_path), str(tmp_path), "--scale", "2", "--method", "linear"]
    assert main([*arguments, "--progress", "none"]) == 0
    assert os.listdir(tmp_path) == ["cortex_t1_linear_2x.nii.gz"]


def test_json_lines_tell_of_the_whole_batch_and_of_each_volume(
    tmp_path: Path, inputs: list[Path], arssr: Arssr
) -> None:
    done = arssr(
        "upsample", *inputs, f"{tmp_path}/out/", "--scale", "2", "--method", "linear",
        "--progress", "json",
    )  # fmt: skip
    assert done.returncode == 2
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    reports = [line for line in lines if line.get("stage") == "upsampling"]
    fractions = [line["fraction"] for line in reports]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert reports[-1]["volumes_ended"] == reports[-1]["volumes"] == 3
    assert any(line["seconds_left"] for line in reports if 0 < line["fraction"] < 1)
    states = {line["volume"]: line["state"] for line in lines if "volume" in line}
    assert states == {str(p): "failed" if p.name.startswith("br") else "done" for p in inputs}
    assert "truncated" in next(line["error"] for line in lines if line.get("state") == "failed")
    last = lines[-1]
    assert (last["stage"], last["done"], last["kept"], last["failed"]) == ("done", 2, 0, 1)


@pytest.mark.parametrize("mode", ["bar", "none"])
def test_the_bar_counts_volumes_and_none_is_silent(
    mode: str, tmp_path: Path, inputs: list[Path], arssr: Arssr
) -> None:
    good = [inputs[0], inputs[2]]
    command = ["upsample", *good, f"{tmp_path}/out/", "--scale", "2", "--method", "linear"]
    done = arssr(*command, "--progress", mode)
    assert done.returncode == 0
    if mode == "none":
        assert done.stdout == done.stderr == ""
    else:
        assert done.stderr.splitlines() == [f"{n} of 2 finished" for n in range(3)]


def test_a_warning_names_its_volume(tmp_path: Path, arssr: Arssr) -> None:
    import nibabel as nib

    image = nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), np.eye(4))
    shifted = np.eye(4)
    shifted[0, 3] = 30.0
    image.set_sform(shifted, code=2)
    image.set_qform(np.eye(4), code=1)
    nib.save(image, tmp_path / "two_places.nii")
    done = arssr(
        "upsample", tmp_path / "two_places.nii", tmp_path, "--scale", "2", "--method", "linear",
        "--progress", "none",
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr.startswith("arssr: warning: ")
    assert "two_places.nii: " in done.stderr
    assert "30.0 mm apart" in done.stderr


def test_inputs_that_would_share_a_result_are_refused_before_anything_is_made(
    tmp_path: Path, inputs: list[Path], capfd: pytest.CaptureFixture[str]
) -> None:
    twin = tmp_path / "a'b.nii"
    twin.write_bytes(b"")
    out = str(tmp_path / "out") + os.sep
    assert main(["upsample", str(inputs[0]), str(twin), out, "--scale", "2"]) == 2
    told = capfd.readouterr().err
    assert "would both become" in told
    assert told.count("\n") == 1
    assert not Path(out).exists()


@pytest.mark.parametrize(
    ("last", "options", "words"),
    [
        ("nowhere", [], "need a folder as the last argument"),
        ("taken/", [], "not a folder"),
        ("out/", ["--model", "no such"], "no model"),
        ("out/", ["--jobs", "0"], "whole number from 1"),
        ("out/", ["--scheduler", "nonsense://here"], "No Dask scheduler answers"),
        ("out/", ["--scheduler", "tcp://127.0.0.1:9"], "No Dask scheduler answers"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_leaves_nothing(
    last: str, options: list[str], words: str, tmp_path: Path, inputs: list[Path], arssr: Arssr
) -> None:
    (tmp_path / "taken").write_bytes(b"a file")
    before = sorted(os.listdir(tmp_path))
    names = [str(path) for path in inputs]
    done = arssr("upsample", *names, f"{tmp_path}/{last}", "--scale", "2", *options)
    assert done.returncode == (1 if "--scheduler" in options else 2)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == before


def test_jobs_need_a_folder(
    tmp_path: Path, cortex_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["upsample", str(cortex_path), str(tmp_path / "o.nii"), "--scale", "2"]
    assert main([*arguments, "--jobs", "2"]) == 2
    assert "for many volumes" in capfd.readouterr().err


def test_without_dask_the_option_scheduler_names_the_extra(
    tmp_path: Path, cortex_path: Path
) -> None:
    script = (
        "import sys; sys.modules['distributed'] = None; from ArSSRLib.cli.main import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "upsample", cortex_path, f"{tmp_path}/out/", "--scale", "2",
         "--scheduler", "tcp://127.0.0.1:8786"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "pip install 'arssr[cluster]'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == []


class _Running:
    """A batch of the slow kind in a process of its own."""

    def __init__(self, sources: Sequence[Path], out: Path, model: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ArSSRLib", "upsample", *sources, f"{out}/", "--scale", "4",
             "--model", model, "--progress", "json", "--threads", "1", *options],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def wait_until_computing(self) -> list[psutil.Process]:
        """Its child processes, once one of them computes."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if json.loads(line).get("fraction", 0.0) > 0.02:
                return psutil.Process(self.process.pid).children()
        pytest.fail(f"The run ended before it computed: {self.process.communicate()}")

    def end(self) -> str:
        """What it said on stderr."""
        return self.process.communicate(timeout=200)[1]


def _copies(folder: Path, source: Path, count: int) -> list[Path]:
    paths = [folder / f"head{number}.nii.gz" for number in range(count)]
    for path in paths:
        shutil.copy(source, path)
    return paths


def _name(number: int, model: Path) -> str:
    """What a copy becomes: results of a model file carry its name and contents in theirs."""
    digest = hashlib.sha256(model.read_bytes()).hexdigest()[:8]
    return f"head{number}_arssr-{model.stem}-{digest}_4x.nii.gz"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_batch_and_all_its_processes_and_leaves_nothing_half_written(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path, number: signal.Signals
) -> None:
    sources = _copies(tmp_path, cortex_path, 4)
    out = tmp_path / "out"
    running = _Running(sources, out, seeded_model_path, "--jobs", "2")
    children = running.wait_until_computing()
    running.process.send_signal(number)
    told = running.end()
    assert running.process.returncode == 130
    assert told.splitlines()[-1].startswith("arssr: Cancelled; results that are complete are kept")
    assert "Traceback" not in told
    assert children
    assert not any(child.is_running() for child in children)
    _assert_complete_volumes_only(out)


def _assert_complete_volumes_only(out: Path) -> None:
    for path in out.iterdir() if out.exists() else ():
        assert path.name.startswith("head")
        assert read_volume(path).grid.size == (192, 176, 80)


def _goes_on(process: psutil.Process) -> bool:
    """Nobody may be there to collect what an orphan leaves, so a zombie counts as ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait_until_gone(processes: Sequence[psutil.Process]) -> None:
    patience = time.monotonic() + 120.0
    while any(map(_goes_on, processes)):
        assert time.monotonic() < patience, "A process goes on although its batch was killed."
        time.sleep(0.2)


def test_a_batch_that_is_killed_leaves_no_process_and_the_next_run_does_the_rest(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    sources = _copies(tmp_path, cortex_path, 3)
    out = tmp_path / "out"
    running = _Running(sources, out, seeded_model_path, "--jobs", "2")
    children = running.wait_until_computing()
    running.process.kill()
    running.end()
    _wait_until_gone(children)
    _assert_complete_volumes_only(out)
    again = _Running(sources, out, seeded_model_path)
    assert again.end() == ""
    assert again.process.returncode == 0
    assert sorted(os.listdir(out)) == [_name(n, seeded_model_path) for n in range(3)]
    _assert_complete_volumes_only(out)


def test_a_process_that_the_system_kills_costs_its_volume_only(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    sources = _copies(tmp_path, cortex_path, 3)
    out = tmp_path / "out"
    running = _Running(sources, out, seeded_model_path)
    running.wait_until_computing()[0].kill()
    told = running.end()
    assert running.process.returncode == 1
    assert told.count("\n") == 1
    lost = re.search(r"head(\d)\.nii\.gz: Its process ended by signal 9, most likely", told)
    assert lost is not None, told
    made = [_name(n, seeded_model_path) for n in range(3) if n != int(lost[1])]
    # The signal may come after the volume was put in place, whole, and before the process ended.
    assert set(made) <= set(os.listdir(out))
    _assert_complete_volumes_only(out)


def test_a_second_batch_beside_the_first_does_not_disturb_it(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    first = _Running(_copies(tmp_path, cortex_path, 1), tmp_path / "out", seeded_model_path)
    first.wait_until_computing()
    other = tmp_path / "other.nii.gz"
    shutil.copy(cortex_path, other)
    arguments = ["upsample", str(other), str(tmp_path / "out"), "--scale", "2"]
    assert main([*arguments, "--method", "linear", "--progress", "none"]) == 0
    assert first.end() == ""
    assert first.process.returncode == 0
    names = [_name(0, seeded_model_path), "other_linear_2x.nii.gz"]
    assert sorted(os.listdir(tmp_path / "out")) == names
