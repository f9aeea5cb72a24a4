"""Runs one hostile input and judges what happened."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from in_process import run_arssr

from .craft import CORTEX
from .entry import Entry, Machine
from .models import small_model
from .results import fault_of_result
from .rights import obey_modes

ROOT = Path(__file__).resolve().parents[2]
_SECONDS = 200
_HANGS = -1
_CANCELLED = 130
_DISK_BYTES = 40 * 1024
_NAMED = re.compile(r"/inputs/[\w.-]+\.\w+\b")
_IN_FULL_DISK = (
    'mount -t tmpfs -o size=40k none "$WORK" && cd "$WORK" && "$@"; code=$?; '
    'ls -A "$WORK" > "$LEFT"; exit $code'
)
_WITH_FULL_TEMPORARY = (
    'mount -t tmpfs -o size=40k none "$TMPDIR" && '
    'head -c 100k /dev/zero > "$TMPDIR/fill" 2> "$LEFT.head"; "$@"'
)
Snapshot = dict[str, str]


@dataclass(frozen=True)
class Outcome:
    """What the command did.

    Attributes:
        code: exit code.
        said: its standard error.
        left: names that are new in the working or the temporary folder.
        changed: names of inputs that are not what they were.
        trapped: whether code from a file was run.
        result: what is wrong with the result of ``arssr upsample``; empty when nothing is.
    """

    code: int
    said: str
    left: tuple[str, ...]
    changed: tuple[str, ...]
    trapped: bool
    result: str = ""


class Runner:
    """Runs entries, each in its own folder below ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, entry: Entry) -> Outcome:
        """Makes the input, runs the command and looks at what it left."""
        place = Path(tempfile.mkdtemp(dir=self.root))
        inputs, work, temporary = place / "inputs", place / "work", place / "temp"
        for folder in (inputs, work, temporary):
            folder.mkdir()
        try:
            source = entry.make(inputs) if entry.make else _copy(inputs)
            arguments = [self._filled(word, source, work) for word in entry.arguments]
            before = _contents(inputs)
            work.chmod(entry.mode)
            if entry.machine is Machine.SOUND:
                code, said = _in_process(arguments, work, temporary)
            else:
                code, said = _apart(entry, arguments, work, temporary)
            work.chmod(0o755)
            if code == _CANCELLED:
                raise KeyboardInterrupt
            left = sorted([*_contents(work), *_contents(temporary), *_left_on_disk(place)])
            # PyTorch makes the folder of its compiler's cache when it is first imported; so does
            # matplotlib one for its fonts, where it has no place at home.
            left = [name for name in left if not name.startswith(("torchinductor_", "matplotlib-"))]
            after = _contents(inputs)
            changed = tuple(k for k in {*before, *after} if before.get(k) != after.get(k))
            trapped = any("code_was_run" in name for name in (*left, *changed))
            made = [work / name for name in left if code == 0 and entry.arguments[0] == "upsample"]
            result = fault_of_result(entry, source, made[0]) if len(made) == 1 else ""
            return Outcome(code, said, tuple(left), changed, trapped, result)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    @functools.cached_property
    def _model(self) -> Path:
        return small_model(self.root)

    def _filled(self, word: str, source: Path, work: Path) -> str:
        if "INPUT" in word:
            return word.replace("INPUT", str(source))
        if word == "MODEL":
            return str(self._model)
        return {"OUT": str(work / "out.nii.gz"), "CORTEX": str(CORTEX)}.get(word, word)


def _copy(folder: Path) -> Path:
    return Path(shutil.copy(CORTEX, folder / "input.nii.gz"))


def complaints(entry: Entry, outcome: Outcome) -> list[str]:
    """What is wrong with an outcome; empty when it is as it should be."""
    found = []
    if outcome.code != entry.code:
        found.append(f"exit code {outcome.code} instead of {entry.code}")
    lines = outcome.said.splitlines()
    if entry.code:
        lines = [line for line in lines if not line.startswith("arssr: warning: ")]
    if entry.code and (len(lines) != 1 or not lines[0].startswith("arssr: ")):
        found.append("standard error is not one line that begins with 'arssr: '")
    if entry.code and not outcome.said.rstrip().endswith((".", "'")):
        found.append("the sentence has no end")
    if not entry.code and (len(lines) > 1 or (lines and "warning" not in lines[0])):
        found.append("standard error holds more than one warning")
    if any(line.count(each) > 1 for line in lines for each in set(_NAMED.findall(line))):
        found.append("a sentence names its file twice")
    if "Traceback" in outcome.said or "should not" in outcome.said:
        found.append("a traceback")
    found += [f"the words {words!r} are missing" for words in entry.words
              if words not in outcome.said]  # fmt: skip
    if entry.leaves and outcome.left != entry.leaves:
        found.append(f"left {', '.join(outcome.left)}, not {', '.join(entry.leaves)}")
    if entry.code and outcome.left and not entry.leaves:
        found.append(f"left behind: {', '.join(outcome.left)}")
    if not entry.code and len(outcome.left) != 1 and not entry.leaves:
        found.append(f"left {', '.join(outcome.left) or 'nothing'}, not one output")
    if outcome.result:
        found.append(outcome.result)
    if outcome.changed:
        found.append(f"inputs changed: {', '.join(outcome.changed)}")
    if outcome.trapped:
        found.append("code from a file was run")
    return found


def _in_process(arguments: list[str], work: Path, temporary: Path) -> tuple[int, str]:
    before = tempfile.tempdir
    tempfile.tempdir = str(temporary)
    try:
        done = run_arssr(*arguments, folder=work)
        return done.returncode, done.stderr
    finally:
        tempfile.tempdir = before


def _apart(entry: Entry, arguments: list[str], work: Path, temporary: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "ArSSRLib", *arguments]
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary), "WORK": str(work),
        "LEFT": str(work.parent / "left"), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    for name, value in entry.environment.items():
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    full = entry.machine is Machine.FULL_DISK
    script = {Machine.FULL_DISK: _IN_FULL_DISK, Machine.FULL_TEMPORARY: _WITH_FULL_TEMPORARY}
    if entry.machine in script and _may_mount():
        command = [*_mounting(), "sh", "-c", script[entry.machine], "sh", *command]
    spoil = functools.partial(_spoil, entry, full and not _may_mount())
    try:
        done = subprocess.run(
            command, cwd=work, env=environment, capture_output=True, timeout=_SECONDS,
            stdin=subprocess.DEVNULL, preexec_fn=spoil,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return _HANGS, "the command does not end"
    return done.returncode, done.stderr.decode("utf-8", "backslashreplace")


def _spoil(entry: Entry, small_files: bool) -> None:
    """What is done to the process before the command begins."""
    for number in entry.closed:
        os.close(number)
    if entry.machine is Machine.LITTLE_MEMORY:
        limit = entry.megabytes << 20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if small_files:
        resource.setrlimit(resource.RLIMIT_FSIZE, (_DISK_BYTES, _DISK_BYTES))
    if entry.machine is Machine.NO_RIGHTS and os.geteuid() == 0:
        obey_modes()


def _mounting() -> list[str]:
    """The words before a command that may mount file systems unseen by others."""
    return ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]


@functools.lru_cache
def _may_mount() -> bool:
    try:
        tried = [*_mounting(), "mount", "-t", "tmpfs", "none", "/mnt"]
        return subprocess.run(tried, capture_output=True).returncode == 0
    except OSError:
        return False


def _contents(folder: Path) -> Snapshot:
    """Every name below ``folder`` with what it holds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"link to {os.readlink(path)}"
        elif path.is_file() and not os.access(path, os.R_OK):
            found[name] = "a file that may not be read"
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[name] = "folder or special file"
    return found


def _left_on_disk(place: Path) -> list[str]:
    listing = place / "left"
    return listing.read_text().split() if listing.exists() else []
