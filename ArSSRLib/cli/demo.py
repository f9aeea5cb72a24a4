"""``arssr demo``: upsamples the bundled brain and compares the results with the original.

A coarser scan of the bundled volume is simulated and upsampled by the network and by cubic
interpolation; both are compared with the original in figures and in one picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
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
        from ..evaluation.metrics import psnr, ssim
        from ..pictures.evidence import draw_evidence
        from ..resampling.simulation import simulate_volume
        from ..sample import sample_path
        from ..upsampling.run import upsample_volume
        from ..volumes.files.reading import read_volume

        printer.report(Progress("reading", 0.0))
        truth = read_volume(sample_path())
        low = simulate_volume(truth, arguments.scale)
        folder = Path(arguments.output)
        make_folder(folder)
        report = share_of(printer.report, _SHARE_MADE, _SHARE_COMPUTED)
        results = {
            "cubic": upsample_volume(low, Upsampling(method="cubic"), target=truth.grid),
            "arssr": upsample_volume(low, request, target=truth.grid, progress=report),
        }
        scores = {
            name: (psnr.psnr(result.array, truth.array), ssim.ssim(result.array, truth.array))
            for name, result in results.items()
        }
        printer.report(Progress("writing", _SHARE_COMPUTED))
        paths = _write({"low_resolution": low, **results}, folder)
        picture = folder / "comparison.png"
        title = request.resolution.title
        draw_evidence(low, results, truth, scores, title).save(picture, overwrite=True)
        lines = [
            f"Upsampled volume: {paths['arssr'].resolve()}",
            f"Picture:          {picture.resolve()}",
            "Cubic B-spline:   PSNR {:.2f} dB, SSIM {:.4f}".format(*scores["cubic"]),
            "ArSSR:            PSNR {:.2f} dB, SSIM {:.4f}".format(*scores["arssr"]),
        ]
        printer.done(str(paths["arssr"]), "\n".join(lines))
    return EXIT_DONE


def _write(volumes: Mapping[str, Volume], folder: Path) -> dict[str, Path]:
    """Writes volumes under their names; returns their files."""
    from ..volumes.files.writing import write_volume

    paths = {name: folder / f"brain_t1_{name}.nii.gz" for name in volumes}
    for name, volume in volumes.items():
        with native_stderr_silenced():
            write_volume(volume, paths[name], overwrite=True)
    return paths
