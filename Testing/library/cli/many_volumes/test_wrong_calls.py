"""A batch that cannot be is refused in one sentence before anything is made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from running import Arssr

from ArSSRLib.cli.main import main

ROOT = Path(__file__).resolve().parents[4]


def test_inputs_that_would_share_a_result_are_refused_before_anything_is_made(
    tmp_path: Path, inputs: list[Path], capfd: pytest.CaptureFixture[str]
) -> None:
    twin = inputs[0].with_name("a'b.nii")
    twin.write_bytes(b"")
    out = str(tmp_path / "out") + os.sep
    assert main(["upsample", str(inputs[0]), str(twin), "-o", out, "--scale", "2"]) == 2
    told = capfd.readouterr().err
    assert "would both become" in told
    assert told.count("\n") == 1
    assert not Path(out).exists()


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
    names = [str(path) for path in inputs]
    done = arssr("upsample", *names, "-o", f"{tmp_path}/{last}", "--scale", "2", *options)
    assert done.returncode == (1 if "--scheduler" in options else 2)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(
    ("last", "reason"),
    [("new/" + 300 * "x", "File name too long"), ("/proc/foo", "No such file or directory")],
)
def test_a_folder_that_cannot_be_made_is_named_with_a_remedy(
    last: str, reason: str, tmp_path: Path, cortex_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = f"{tmp_path / last}{os.sep}"
    arguments = ["upsample", str(cortex_path), "-o", out, "--scale", "2", "--method", "linear"]
    assert main(arguments) == 2
    told = capfd.readouterr().err
    assert told.endswith(f"cannot be created ({reason}); choose another.\n")
    assert told.count("\n") == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("source", "output"), [("", "out/"), (None, "")])
def test_an_empty_name_is_not_the_current_folder(
    source: str | None, output: str, tmp_path: Path, cortex_path: Path,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    inputs = [str(cortex_path), source if source is not None else str(cortex_path)]
    assert main(["upsample", *inputs, "-o", output, "--scale", "2", "--method", "linear"]) == 2
    which = "the output" if source is None else "an input"
    assert f"The name of {which} is empty" in capfd.readouterr().err
    assert os.listdir(tmp_path) == []


def test_a_missing_device_is_reported_once(
    tmp_path: Path, inputs: list[Path], monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    out = f"{tmp_path / 'out'}{os.sep}"
    names = [str(path) for path in inputs]
    assert main(["upsample", *names, "-o", out, "--scale", "2", "--device", "cuda"]) == 2
    told = capfd.readouterr().err
    assert "device cuda is not available" in told
    assert told.count("\n") == 1
    assert not Path(out).exists()


def test_jobs_need_a_folder(
    tmp_path: Path, cortex_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["upsample", str(cortex_path), "-o", str(tmp_path / "o.nii"), "--scale", "2"]
    assert main([*arguments, "--jobs", "2"]) == 2
    assert "need an output folder" in capfd.readouterr().err


def test_without_dask_the_option_scheduler_names_the_extra(
    tmp_path: Path, cortex_path: Path
) -> None:
    script = (
        "import sys; sys.modules['distributed'] = None; from ArSSRLib.cli.main import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "upsample", cortex_path, "-o", f"{tmp_path}/out/",
         "--scale", "2", "--scheduler", "tcp://127.0.0.1:8786"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "pip install 'arssr[cluster]'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == []
