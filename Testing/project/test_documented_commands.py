"""The commands, options and Python examples of the documentation are real."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
import shutil
from pathlib import Path

import pytest
from repository import ROOT, repository_files

from ArSSRLib.cli.main import COMMANDS, SentenceParser
from ArSSRLib.volumes.files import formats  # noqa: F401 (registers the formats)
from ArSSRLib.volumes.files.file_format import readable_suffixes, writable_suffixes

PAGES = [page for page in repository_files("*.md") if page.name != "CHANGELOG.md"]
OPTIONS_OF_OTHERS = {
    "--requeue", "--signal", "--gpus-per-node", "--shutdown-timeout", "--max-restarts",
    "--nproc-per-node", "--help", "--version", "--fix",
}  # fmt: skip
"""Options of SLURM, torchrun and others that the text mentions."""


def parser_of(command: str) -> SentenceParser:
    parser = SentenceParser(prog=f"arssr {command}", allow_abbrev=False)
    importlib.import_module(f"ArSSRLib.cli.{command}").add_arguments(parser)
    return parser


def fenced(page: Path, language: str) -> list[str]:
    """The code blocks of a page in this language ("" for none)."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)


def documented_commands() -> list[tuple[str, str]]:
    """Page and command line of every ``arssr`` command in a code block."""
    found = []
    for page in PAGES:
        for block in fenced(page, "") + fenced(page, "bash"):
            for line in re.sub(r"\\\n\s*", " ", block).splitlines():
                if match := re.match(r"(?:srun |\.venv/bin/)?arssr (?!COMMAND)(.*)", line):
                    found.append((page.relative_to(ROOT).as_posix(), match[1]))
    return found


@pytest.mark.parametrize(("page", "line"), documented_commands())
def test_a_documented_command_is_understood(page: str, line: str) -> None:
    command, *words = shlex.split(line)
    assert command in COMMANDS, f"{page}: there is no command {command}"
    parser_of(command).parse_args(words)


def _options(parser: argparse.ArgumentParser) -> set[str]:
    names = set()
    for action in parser._actions:
        names |= set(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            names |= {name for sub in action.choices.values() for name in _options(sub)}
    return names


def test_every_option_in_the_text_exists() -> None:
    known = OPTIONS_OF_OTHERS.union(*(_options(parser_of(name)) for name in COMMANDS))
    unknown = {
        f"{page.relative_to(ROOT)}: {option}"
        for page in PAGES
        if page.parts[len(ROOT.parts)] in ("README.md", "docs", "ArSSRLib")
        for span in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", page.read_text(encoding="utf-8"))
        if span.startswith(("--", "arssr "))
        for option in re.findall(r"(?<!\S)--[a-z][\w-]+", span)
        if option not in known
    }
    assert unknown == set()


def test_the_commands_are_all_documented() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for name, command in COMMANDS.items():
        assert command.hidden or f"| `{name}` |" in text


def test_the_file_formats_are_all_documented() -> None:
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    for suffix in (*readable_suffixes(), *writable_suffixes()):
        assert f"`{suffix}`" in text


@pytest.mark.parametrize("name", ["README.md", "docs/python.md", "docs/coordinate-systems.md"])
def test_the_python_examples_of_a_page_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import SimpleITK as sitk

    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "Testing" / "data" / "cortex_t1.nii.gz", "head.nii.gz")
    names = {"image": sitk.ReadImage("head.nii.gz")}
    blocks = fenced(ROOT / name, "python")
    assert blocks
    for block in blocks:
        exec(compile(block, name, "exec"), names)
