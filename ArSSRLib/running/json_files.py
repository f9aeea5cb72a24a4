"""JSON objects in files, read strictly and written in one step, and in lines of messages."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError
from .output_files import replacing


def read_json_object(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The object in a JSON file.

    Raises:
        InputError: there is no such regular file, it is not JSON (NaN and infinities, which only
            Python reads, are not), or it holds something else than an object.
    """
    name = repr(str(path))
    try:
        if not Path(path).is_file():  # Reading a pipe would block.
            raise FileNotFoundError(name)
        text = Path(path).read_text(encoding="utf-8-sig")
        values = json.loads(text, parse_constant=_refuse_constant)
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"The file {name} is not readable JSON; repair it.") from error
    if not isinstance(values, dict):
        raise InputError(f"The file {name} must hold a JSON object; repair it.")
    return values


def write_json(path: str | os.PathLike[str], values: Mapping[str, Any], *, indent: int = 2) -> None:
    """Writes an object; an existing file is replaced in one step.

    Raises:
        ValueError: a value is NaN or infinite, which JSON does not have.
        InputError, EnvironmentFault: the file cannot be written.
    """
    text = json.dumps(values, indent=indent, allow_nan=False) + "\n"
    with replacing(path, overwrite=True) as temporary:
        temporary.write_text(text, encoding="utf-8")


def object_in(line: str) -> dict[str, Any]:
    """The object that a line of messages holds; an empty one if it holds anything else."""
    try:
        values = json.loads(line)
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def _refuse_constant(text: str) -> None:
    raise ValueError(text)
