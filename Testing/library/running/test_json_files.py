"""A JSON file is read only if it holds one proper object, and written in one step."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.running.json_files import read_json_object, write_json


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"EchoTime": 0.003, "Name": "Größe"})
    assert read_json_object(path) == {"EchoTime": 0.003, "Name": "Größe"}


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "3", '{"a": NaN}', '{"a": -Infinity}', "[" * 100_000]
)
def test_what_is_not_one_json_object_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match="JSON"):
        read_json_object(path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(InputError, match="JSON"):
        read_json_object(tmp_path / "pipe.json")


def test_infinity_is_never_written(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"value": 1.0})
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"value": float("inf")})
    assert read_json_object(path) == {"value": 1.0}
