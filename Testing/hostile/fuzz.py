"""Damages headers of every readable format at random and reads the files, in child processes.

``python -m Testing.hostile.fuzz COUNT [KIND ...]`` prints how many files of each kind were read and
refused, and each one that ended a process, took too long or raised another error.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import SimpleITK as sitk

from .craft import made
from .entry import Maker
from .series import edited_series, slice_file

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 20
"""That reading one small file may take, on a machine that does other things too."""
_MOST_GROWTH_BYTES = 1 << 30
_TOKENS = (
    b"-1", b"0", b"1e999", b"nan", b"-inf", b"99999999999999999999", b"4294967296", b"65536",
    b"%n%s", b"LIST", b"/dev/zero", b"/dev/stdin", b"pipe", b".", b"", b"\f", b"\r", b"\n\n",
    b"\n", b":", b"=", b":=", b"#", b"\x00", b"\xff\xfe", b"(", b")", b"(1,0,0)", b"none",
    b"True", b"gzip", b"raw", b"bzip2", b"ascii", b"MET_DOUBLE", b"double", b"big", b"A" * 400,
    b"A" * 1100, b"1 " * 4000, b"9" * 400,
)  # fmt: skip
_NUMBERS = (b"\x00", b"\x01", b"\x7f", b"\x80", b"\xff")
_VALUES = np.arange(6 * 5 * 4, dtype=np.int16).reshape(4, 5, 6)


@dataclass
class Outcome:
    """What became of the files of one kind.

    Attributes:
        counts: files by ``read``, ``refused`` and the name of what went wrong.
        wrong: one sentence for each file that was neither read nor refused properly.
    """

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def _by_simpleitk(name: str, compressed: bool = False) -> Maker:
    image = sitk.GetImageFromArray(_VALUES)
    image.SetSpacing((1.0, 1.5, 2.5))
    return made(name, lambda path: sitk.WriteImage(image, str(path), useCompression=compressed))


def _by_nibabel(name: str, kind: Callable[..., object]) -> Maker:
    image = kind(_VALUES.T.astype(np.float32), np.diag([-1.0, -1.5, 2.5, 1.0]))
    return made(name, lambda path: nib.save(image, path))


def _dicom(syntax: str = "") -> Maker:
    """One slice of a series of three; the file itself is damaged, its folder is read."""

    def shrink(k: int, data: pydicom.Dataset) -> None:
        small = data.pixel_array[:8, :6].copy()
        data.Rows, data.Columns = small.shape
        data.PixelData = small.tobytes()
        if syntax:
            data.compress(syntax, generate_instance_uid=False)

    def make(folder: Path) -> Path:
        edited_series(shrink, slices=3)(folder)
        return slice_file(folder, 1)

    return make


KINDS: dict[str, Maker] = {
    "NIfTI": _by_simpleitk("a.nii"),
    "NIfTI, compressed": _by_simpleitk("a.nii.gz", True),
    "NIfTI-2": _by_nibabel("a.nii", nib.Nifti2Image),
    "NIfTI pair": _by_nibabel("a.hdr", nib.Nifti1Pair),
    "NRRD": _by_simpleitk("a.nrrd"),
    "NRRD, compressed": _by_simpleitk("a.nrrd", True),
    "NRRD, detached": _by_simpleitk("a.nhdr"),
    "MetaImage": _by_simpleitk("a.mha"),
    "MetaImage, compressed": _by_simpleitk("a.mha", True),
    "MetaImage, detached": _by_simpleitk("a.mhd"),
    "FreeSurfer": _by_nibabel("a.mgh", nib.MGHImage),
    "FreeSurfer, compressed": _by_nibabel("a.mgz", nib.MGHImage),
    "DICOM": _dicom(),
    "DICOM, run-length": _dicom("1.2.840.10008.1.2.5"),
}
GZIP_MAGIC = b"\x1f\x8b"
_HEADER_BYTES = 420
"""Where damage matters most; a tenth of it goes anywhere in the file."""
_DICOM_HEADER_BYTES = 1200


def damaged(data: bytes, rng: random.Random, header: int) -> bytes:
    """A file with one to six random edits, most of them in its header.

    Half of the compressed files are damaged before they are compressed.
    """
    if data.startswith(GZIP_MAGIC) and rng.random() < 0.5:
        return gzip.compress(damaged(gzip.decompress(data), rng, header), 1)
    content = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        end = len(content) if rng.random() < 0.1 else min(header, len(content))
        at = rng.randrange(max(1, end))
        if content[:1].isalpha() and rng.random() < 0.5:
            # Text: a whole value of a line.
            start = max(content.rfind(b" ", 0, at), content.rfind(b"\n", 0, at)) + 1
            stop = content.find(b"\n", at)
            content[start : stop if stop > 0 else at + 1] = rng.choice(_TOKENS)
        elif rng.random() < 0.5:
            count = rng.choice((1, 2, 4, 8))
            content[at : at + count] = b"".join(rng.choice(_NUMBERS) for _ in range(count))
        elif rng.random() < 0.5:
            content[at:at] = rng.choice(_TOKENS)
        else:
            del content[at : at + rng.randint(1, 40)]
    return bytes(content)


def fuzz(kind: str, count: int, seed: int = 0) -> Outcome:
    """Reads ``count`` damaged files of a kind; a child that dies is replaced by another."""
    outcome = Outcome()
    done = 0
    while done < count:
        child = subprocess.run(
            [sys.executable, "-m", "Testing.hostile.fuzz", "--child", kind, str(done), str(count),
             str(seed)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )  # fmt: skip
        lines = [json.loads(line) for line in child.stdout.splitlines()]
        for number, result, message in lines:
            outcome.counts[result] += 1
            if result not in ("read", "refused"):
                outcome.wrong.append(f"{kind}, file {number}: {message}")
        done += len(lines)
        if child.returncode:
            name = signal.Signals(-child.returncode).name if child.returncode < 0 else "exit"
            what = "hang" if name == "SIGALRM" else f"death ({name} {child.returncode})"
            outcome.counts[what] += 1
            outcome.wrong.append(f"{kind}, file {done}: {what} {child.stderr[-300:]}")
            done += 1
    return outcome


def _child(kind: str, begin: int, end: int, seed: int) -> None:
    """Reads files ``begin`` to ``end``; prints a line of JSON for each."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        path = KINDS[kind](Path(name))
        data = path.read_bytes()
        header = _DICOM_HEADER_BYTES if "DICOM" in kind else _HEADER_BYTES
        target = path.parent if "DICOM" in kind else path
        if path.suffix in (".nhdr", ".mhd"):
            os.mkfifo(path.with_name("pipe"))  # nobody writes to it, and a header may name it
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for number in range(begin, end):
            path.write_bytes(damaged(data, random.Random(f"{kind} {seed} {number}"), header))
            signal.alarm(SECONDS)
            result, message = _read(target)
            signal.alarm(0)
            grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
            if grown > _MOST_GROWTH_BYTES:
                result, message = "memory", f"{grown >> 20} MiB"
                before += grown // 1024
            print(json.dumps([number, result, message]), flush=True)


def _read(path: Path) -> tuple[str, str]:
    from ArSSRLib.errors import EnvironmentFault, InputError
    from ArSSRLib.volumes.files.reading import read_volume

    try:
        volume = read_volume(path)
    except (InputError, EnvironmentFault) as refusal:
        message = str(refusal)
        one_line = len(message.splitlines()) == 1
        return ("refused", "") if one_line else ("several lines", message)
    except Exception as error:
        return "other error", f"{type(error).__name__}: {error}"
    if not np.isfinite(volume.array).all():
        return "not finite", ""
    return "read", ""


def main() -> int:
    """Returns 0 where every file was read or refused in a sentence."""
    if sys.argv[1:2] == ["--child"]:
        kind, begin, end, seed = sys.argv[2:]
        import logging

        logging.disable(logging.WARNING)
        _child(kind, int(begin), int(end), int(seed))
        return 0
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    wrong = 0
    for kind in sys.argv[2:] or KINDS:
        outcome = fuzz(kind, count)
        print(f"{kind}: {dict(outcome.counts)}", flush=True)
        for sentence in outcome.wrong[:10]:
            print(f"    {sentence}")
        wrong += len(outcome.wrong)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
