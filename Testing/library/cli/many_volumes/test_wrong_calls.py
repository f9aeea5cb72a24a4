"""A batch that cannot be is refused in one sentence before anything is made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from child_process import run_python
from in_process import Arssr
from running import LINEAR


def test_inputs_that_would_share_a_result_are_refused_before_anything_is_made(
    tmp_path: Path, inputs: list[Path], arssr: Arssr
) -> None:
    twin = inputs[0].with_name("a'b.nii")
    twin.write_bytes(b"")
    done = arssr("upsample", inputs[0], twin, "-o", f"{tmp_path}/out/", "--scale", "2")
    assert done.returncode == 2
    assert "would both become" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("last", "options", "words"),
    [
        ("no.where", [], "need an output folder"),
        ("taken/", [], "cannot be created (File exists)"),
        ("out/", ["--model", "no such"], "no model"),
        ("out/", ["--jobs", "0"], "whole number of at least 1"),
        ("out/", ["--scheduler", "nonsense://here"], "No Dask scheduler answers"),
        ("out/", ["--scheduler", "tcp://127.0.0.1:9"], "No Dask scheduler answers"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_leaves_nothing(
    last: str, options: list[str], words: str, tmp_path: Path, inputs: list[Path], arssr: Arssr
) -> None:
    (tmp_path / "taken").write_bytes(b"a file")
    before = sorted(os.listdir(tmp_path))
    done = arssr("upsample", *inputs, "-o", f"{tmp_path}/{last}", "--scale", "2", *options)
    assert done.returncode == (1 if "--scheduler" in options else 2)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(
    ("last", "reason"),
    [("new/" + 300 * "x", "File name too long"), ("/proc/foo", "No such file or directory")],
)
def test_a_folder_that_cannot_be_made_is_named_with_a_remedy(
    last: str, reason: str, tmp_path: Path, cortex_path: Path, arssr: Arssr
) -> None:
    done = arssr("upsample", cortex_path, "-o", f"{tmp_path / last}/", *LINEAR)
    assert done.returncode == 2
    assert done.stderr.endswith(f"cannot be created ({reason}); choose another.\n")
    assert done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("source", "output"), [("", "out/"), (None, "")])
def test_an_empty_name_is_not_the_current_folder(
    source: str | None, output: str, tmp_path: Path, cortex_path: Path,
    monkeypatch: pytest.MonkeyPatch, arssr: Arssr,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    second = cortex_path if source is None else source
    done = arssr("upsample", cortex_path, second, "-o", output, *LINEAR)
    assert done.returncode == 2
    which = "the output" if source is None else "an input"
    assert f"The name of {which} is empty" in done.stderr
    assert os.listdir(tmp_path) == []


def test_a_missing_device_is_reported_once(
    tmp_path: Path, inputs: list[Path], monkeypatch: pytest.MonkeyPatch, arssr: Arssr
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    done = arssr("upsample", *inputs, "-o", f"{tmp_path}/out/", "--scale", "2", "--device", "cuda")
    assert done.returncode == 2
    assert "device cuda is not available" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_jobs_need_a_folder(tmp_path: Path, cortex_path: Path, arssr: Arssr) -> None:
    done = arssr("upsample", cortex_path, "-o", tmp_path / "o.nii", *LINEAR, "--jobs", "2")
    assert done.returncode == 2
    assert "need an output folder" in done.stderr


def test_without_dask_the_option_scheduler_names_the_extra(
    tmp_path: Path, cortex_path: Path
) -> None:
    script = (
        "import sys; sys.modules['distributed'] = None; from ArSSRLib.cli.main import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    call = ("upsample", cortex_path, "-o", f"{tmp_path}/out/", "--scale", "2")
    done = run_python("-c", script, *call, "--scheduler", "tcp://127.0.0.1:8786")
    assert done.returncode == 1
    assert "pip install 'arssr[cluster]'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == []
