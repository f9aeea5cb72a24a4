"""Environment variables that make no sense, locales without letters, streams that are closed."""

from __future__ import annotations

from collections.abc import Mapping

from .craft import holding, sound
from .entry import CUBIC, Entry, Machine

_BAR = CUBIC[:-2]
_JSON = (*_BAR, "--progress", "json")
_LETTERS = "Gehirn größe 脳.nii.gz"


def _under(name: str, environment: Mapping[str, str | None]) -> Entry:
    """The sound volume, upsampled in spite of these variables."""
    return Entry(f"environment: {name}", (*CUBIC, "--threads", "2"), (), None, 0, Machine.APART,
                 environment=environment)  # fmt: skip


def _without(name: str, closed: tuple[int, ...], arguments: tuple[str, ...]) -> Entry:
    return Entry(f"streams: {name}", arguments, (), None, 0, Machine.APART, closed=closed)


_VARIABLES = [
    _under("thread counts that are not numbers", {
        "OMP_NUM_THREADS": "abc", "MKL_NUM_THREADS": "-5", "OPENBLAS_NUM_THREADS": "x",
        "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "many"}),
    _under("a graphics card that is not there", {"CUDA_VISIBLE_DEVICES": "x,-7"}),
    _under("no home, no folder for temporary files", {"HOME": None, "TMPDIR": "/missing"}),
    _under("a home that is not there", {"HOME": "/missing", "XDG_CACHE_HOME": "/missing/cache"}),
    _under("no variables but nonsense", {"PATH": "", "LANG": "xx_YY", "LC_ALL": "nonsense"}),
    _under("a terminal of no width", {"COLUMNS": "abc", "LINES": "-1"}),
]  # fmt: skip

_NAMES = [
    Entry("a name with letters in the C locale", CUBIC, (), lambda folder: sound(
          folder, "a.nii.gz").rename(folder / _LETTERS), 0, Machine.APART,
          environment={"LC_ALL": "C", "LANG": None}),
    Entry("an unusable file named with letters in the C locale", CUBIC, ("again",),
          holding(_LETTERS, b"letter"), 2, Machine.APART,
          environment={"LC_ALL": "C", "LANG": None}),
    Entry("a name with letters where only ASCII is spoken", CUBIC, ("UTF-8", "rename"),
          holding(_LETTERS, b"letter"), 2, Machine.APART,
          environment={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
]  # fmt: skip

_STREAMS = [
    _without("stdin closed", (0,), CUBIC),
    _without("stdout closed", (1,), CUBIC),
    _without("stdout closed under JSON", (1,), _JSON),
    _without("stderr closed under a bar", (2,), _BAR),
    _without("all closed", (0, 1, 2), CUBIC),
    Entry("streams: stdout closed and a bad scale",
          ("upsample", "INPUT", "-o", "OUT", "--scale", "0"), ("'0'", "above 0"),
          machine=Machine.APART, closed=(0, 1)),
]  # fmt: skip

ENTRIES = [*_VARIABLES, *_NAMES, *_STREAMS]
