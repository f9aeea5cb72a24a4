"""The command line writes the expected error beside a result, or refuses in one sentence."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from in_process import Arssr

from ArSSRLib.cli.worker import do_request
from ArSSRLib.upsampling.expected_error import ErrorSummary
from ArSSRLib.volumes.files.reading import read_volume

SCALE = ("--scale", "1,1,2")


@pytest.fixture
def upsample(cortex_path: Path, error_model_path: Path, arssr: Arssr) -> Arssr:
    """Upsamples the real cut with a model that has a head for the expected error."""
    return partial(arssr, "upsample", cortex_path, *SCALE, "--model", error_model_path)


def test_the_expected_error_is_a_volume_on_the_grid_of_the_result(
    tmp_path: Path, upsample: Arssr
) -> None:
    plain, fine, errors = (tmp_path / name for name in ("plain.nii", "fine.nii", "errors.mha"))
    assert upsample("-o", plain).returncode == 0
    run = upsample("-o", fine, "--error-map", errors)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1].startswith("Expected error: median ")
    assert fine.read_bytes() == plain.read_bytes()
    result, error = read_volume(fine), read_volume(errors)
    assert error.grid.size == result.grid.size
    assert error.pixel_type == "float32"
    assert error.array.min() > 0.0


def test_programs_read_the_summary_in_the_last_line(tmp_path: Path, upsample: Arssr) -> None:
    run = upsample("-o", tmp_path / "fine.nii", "--expected-error", "--progress", "json")
    last = json.loads(run.stdout.splitlines()[-1])
    assert set(last["expected_error"]) == {"median", "share_above", "limit"}
    assert (tmp_path / "fine_error.nii").is_file()


def test_each_result_in_a_folder_has_its_expected_error(tmp_path: Path, upsample: Arssr) -> None:
    command = ("-o", tmp_path / "out", "--expected-error")
    assert upsample(*command).returncode == 0
    errors = list((tmp_path / "out").glob("*_error.nii.gz"))
    assert len(errors) == 1 and len(list((tmp_path / "out").iterdir())) == 2
    errors[0].unlink()
    assert "1 upsampled" in upsample(*command).stdout
    assert errors[0].is_file()
    assert "1 there already" in upsample(*command).stdout


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--error-map", "errors.nii", "--method", "cubic"], "leave --error-map out"),
        (["--expected-error", "--method", "linear"], "leave --expected-error out"),
        (["--error-map", "fine.nii"], "would both become"),
        (["--error-map", "missing/errors.nii"], "does not exist"),
        (["--error-map", "errors.txt"], "no supported ending"),
    ],
)
def test_what_cannot_be_written_is_refused_before_the_work(
    options: list[str], named: str, tmp_path: Path, upsample: Arssr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = upsample("-o", "fine.nii", *options)
    assert run.returncode == 2
    assert named in run.stderr
    assert not list(tmp_path.iterdir())


def test_a_model_without_a_head_is_refused(
    seeded_model_path: Path, tmp_path: Path, upsample: Arssr
) -> None:
    run = upsample("-o", tmp_path / "fine.nii", "--expected-error", "--model", seeded_model_path)
    assert run.returncode == 2
    assert "gives no expected error" in run.stderr


class _Link:
    def send(self, **entries: object) -> None:
        pass

    def ask_for_memory(self, needed: int) -> None:
        pass


def test_a_worker_sends_the_summary_when_the_job_ends(
    cortex_path: Path, error_model_path: Path, tmp_path: Path
) -> None:
    order: dict[str, Any] = {
        "source": str(cortex_path), "output": str(tmp_path / "fine.nii"),
        "error_map": str(tmp_path / "errors.nii"),
        "request": [*SCALE, "--model", str(error_model_path), "--expected-error"],
    }  # fmt: skip
    ended = do_request(order, _Link())  # type: ignore[arg-type]
    assert ended.code == 0, ended.error
    values = ended.measured["expected_error"]
    assert isinstance(values, dict)
    assert ErrorSummary(values["median"], values["share_above"]).sentence
    assert (tmp_path / "errors.nii").is_file()
    del order["error_map"]
    assert do_request(order, _Link()).argument == "error_map"  # type: ignore[arg-type]
