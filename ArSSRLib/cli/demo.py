"""``arssr demo``: upsamples the bundled brain and compares the results with the original.

A coarser scan of the bundled volume is simulated and upsampled by the network and by cubic
interpolation; both are compared with the original in figures and in one picture.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..running.interrupts import load_libraries
from ..running.native_stderr import native_stderr_silenced
from ..running.output_files import make_folder
from ..upsampling.options import add_options
from ..upsampling.progress import Progress, share_of
from ..upsampling.request import Upsampling
from .arguments import OF_THE_NETWORK, add_progress
from .outcome import EXIT_DONE
from .printers import printer_for, warnings_shown_by

if TYPE_CHECKING:
    from ..pictures.evidence import Evidence
    from ..upsampling.progress import ProgressCallback
    from ..volumes.volume import Volume

_SHARE_MADE = 0.08
_SHARE_COMPUTED = 0.85


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the options of ``arssr demo``."""
    parser.add_argument(
        "-o",
        "--output",
        default="demo-output",
        metavar="FOLDER",
        help="where to write; made if missing, earlier results are replaced (default: demo-output)",
    )
    add_options(parser, Upsampling, ("scale", *OF_THE_NETWORK), required=False)
    parser.set_defaults(scale=2.0)
    add_progress(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the demonstration; returns the exit code.

    Raises:
        InputError: unusable output folder, model or option.
        EnvironmentFault: the machine got in the way.
    """
    printer = printer_for(arguments.progress)
    request = Upsampling.from_namespace(arguments)
    load_libraries("SimpleITK", "torch", "matplotlib.figure")
    with warnings_shown_by(printer):
        from ..resampling.simulation import simulate_volume
        from ..sample import sample_path
        from ..volumes.files.reading import read_volume

        printer.report(Progress("reading", 0.0))
        truth = read_volume(sample_path())
        low = simulate_volume(truth, arguments.scale)
        folder = Path(arguments.output)
        make_folder(folder)
        report = share_of(printer.report, _SHARE_MADE, _SHARE_COMPUTED)
        evidence = _upsampled(low, truth, request, report)
        printer.report(Progress("writing", _SHARE_COMPUTED))
        result, picture = _write(evidence, folder)
        printer.done(str(result), _summary(evidence, result, picture))
    return EXIT_DONE


def _upsampled(
    low: Volume, truth: Volume, request: Upsampling, report: ProgressCallback | None
) -> Evidence:
    """Both upsampled versions of ``low`` on the grid of the truth, and what each scores."""
    from ..evaluation.metrics import psnr, ssim
    from ..pictures.evidence import Evidence
    from ..upsampling.run import upsample_volume

    cubic = upsample_volume(low, Upsampling(method="cubic"), target=truth.grid)
    arssr = upsample_volume(low, request, target=truth.grid, progress=report)
    scores = {
        name: (psnr.psnr(volume.array, truth.array), ssim.ssim(volume.array, truth.array))
        for name, volume in (("cubic", cubic), ("arssr", arssr))
    }
    return Evidence(low, cubic, arssr, truth, scores, request.resolution.title)


def _write(evidence: Evidence, folder: Path) -> tuple[Path, Path]:
    """Writes the volumes and the picture; returns the network's volume and the picture."""
    from ..pictures.evidence import draw_evidence
    from ..volumes.files.writing import write_volume

    volumes = {
        "low_resolution": evidence.low, "cubic": evidence.cubic, "arssr": evidence.arssr,
    }  # fmt: skip
    paths = {name: folder / f"brain_t1_{name}.nii.gz" for name in volumes}
    for name, volume in volumes.items():
        with native_stderr_silenced():
            write_volume(volume, paths[name], overwrite=True)
    picture = folder / "comparison.png"
    draw_evidence(evidence).save(picture, overwrite=True)
    return paths["arssr"], picture


def _summary(evidence: Evidence, result: Path, picture: Path) -> str:
    lines = [f"Upsampled volume: {result.resolve()}", f"Picture:          {picture.resolve()}"]
    for name, title in (("cubic", "Cubic B-spline:"), ("arssr", "ArSSR:")):
        psnr, ssim = evidence.scores[name]
        lines.append(f"{title:<17} PSNR {psnr:.2f} dB, SSIM {ssim:.4f}")
    return "\n".join(lines)
