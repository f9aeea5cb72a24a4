"""The program finds its commands, helps at once and never shows a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from child_process import environment, run_python

from ArSSRLib import __version__
from ArSSRLib.cli.main import COMMANDS, main

HEAVY = ("torch", "scipy", "matplotlib", "skimage", "numpy", "SimpleITK")


def _imported_by(arguments: list[str]) -> set[str]:
    script = (
        "import sys\nfrom ArSSRLib.cli.main import main\n"
        f"code = main({arguments!r})\n"
        f"print('IMPORTED', code, *[m for m in {HEAVY!r} if m in sys.modules])"
    )
    done = run_python("-c", script)
    words = done.stdout.splitlines()[-1].split()
    assert words[:2] == ["IMPORTED", "0"], done.stdout + done.stderr
    return set(words[2:])


def test_help_imports_nothing_heavy() -> None:
    assert _imported_by(["--help"]) == set()


@pytest.mark.parametrize("command", ["upsample", "bids", "compare", "simulate", "models", "demo"])
def test_the_help_of_a_command_imports_nothing_heavy(command: str) -> None:
    assert _imported_by([command, "--help"]) == set()


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_the_help_of_the_other_commands_imports_no_torch(command: str) -> None:
    assert "torch" not in _imported_by([command, "--help"])


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"arssr {command}" in capsys.readouterr().out


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"arssr {__version__}"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["enhance"],
        ["upsample"],
        ["upsample", "a", "-o", "b.nii"],
        ["upsample", "a", "-o", "b.nii", "--scal", "2"],
    ],
)
def test_a_wrong_call_is_explained_in_one_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith("arssr: ")
    assert told.count("\n") == 1
    assert "--help" in told


def test_behind_dashes_a_file_may_be_called_anything(tmp_path: Path, cortex_path: Path) -> None:
    shutil.copy(cortex_path, tmp_path / "-in.nii.gz")
    options = ("--scale", "2", "--method", "linear", "--output=--out.nii")
    done = run_python("-m", "ArSSRLib", "upsample", *options, "--", "-in.nii.gz", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "--out.nii").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps the folder one works in")
def test_a_current_folder_that_is_gone_is_named(tmp_path: Path, cortex_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    program = (
        f"import os, sys; os.chdir({str(gone)!r}); os.rmdir({str(gone)!r})\n"
        "from ArSSRLib.cli.main import main; sys.exit(main())"
    )
    done = run_python("-c", program, "upsample", cortex_path, "-o", "out.nii", "--scale", "2")
    assert done.returncode == 1
    assert "The current directory no longer exists" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_console_script_is_the_same_program() -> None:
    program = Path(sys.executable).with_name("arssr")
    if not program.exists():
        pytest.fail("The console script arssr is not installed beside Python; install the project.")
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"arssr {__version__}"


def test_a_terminal_without_the_letters_of_a_name_is_not_an_error(tmp_path: Path) -> None:
    call = (
        "-m",
        "ArSSRLib",
        "upsample",
        tmp_path / "größer頭.nii",
        "-o",
        "out.nii",
        "--scale",
        "2",
    )
    done = run_python(*call, env=environment(PYTHONIOENCODING="ascii:strict"))
    assert done.returncode == 2
    assert "\\u982d.nii" in done.stderr


def test_a_reader_that_goes_away_causes_no_traceback(seeded_model_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = run_python("-m", "ArSSRLib", "models", "info", seeded_model_path, stdout=write_end)
    os.close(write_end)
    assert done.stderr == ""
    assert done.returncode == 130


def test_a_home_that_cannot_be_written_is_not_worth_a_warning() -> None:
    script = "from ArSSRLib.cli.main import main; main(['--version']); import matplotlib"
    variables = ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
    given = environment(HOME="/proc").items()
    done = run_python("-c", script, env={n: value for n, value in given if n not in variables})
    assert (done.returncode, done.stderr) == (0, "")
