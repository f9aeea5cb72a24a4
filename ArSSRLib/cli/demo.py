"""``arssr demo``: the main job on the bundled real brain, measured against the truth.

The bundled volume is the truth. A coarser scan of it is simulated, written, upsampled back by the
network and by cubic interpolation, and all are compared in figures and in one picture.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..running.interrupts import load_libraries
from ..running.output_files import make_folder
from .arguments import add_fast, add_network, add_progress, add_scale
from .compare import scale_text
from .outcome import EXIT_DONE
from .printers import printer_for, warnings_shown_by, within

if TYPE_CHECKING:
    from ..networks.model_file import Model
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
    add_scale(parser)
    parser.set_defaults(scale=2.0)
    add_network(parser)
    add_fast(parser)
    add_progress(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the demonstration; returns the exit code.

    Raises:
        InputError: unusable output folder, model or option.
        EnvironmentFault: the machine got in the way.
    """
    printer = printer_for(arguments.progress)
    load_libraries("SimpleITK", "torch", "matplotlib.figure")
    with warnings_shown_by(printer):
        from ..networks.catalogue import load_model
        from ..resampling.simulation import simulate_volume
        from ..sample import sample_path
        from ..upsampling.progress import Progress
        from . import files

        printer.report(Progress("reading", 0.0))
        model = load_model(arguments.model)
        truth = files.read(str(sample_path()))
        low = simulate_volume(truth, arguments.scale)
        folder = Path(arguments.output)
        make_folder(folder)
        report = within(printer.report, _SHARE_MADE, _SHARE_COMPUTED)
        evidence = _upsampled(low, truth, model, arguments, report)
        printer.report(Progress("writing", _SHARE_COMPUTED))
        result, picture = _write(evidence, folder)
        printer.done(str(result), _summary(evidence, result, picture))
    return EXIT_DONE


def _upsampled(
    low: Volume,
    truth: Volume,
    model: Model,
    arguments: argparse.Namespace,
    report: ProgressCallback,
) -> Evidence:
    """Both ways to bring ``low`` back to the grid of the truth, and what each scores."""
    from ..evaluation.metrics import psnr, ssim
    from ..pictures.evidence import Evidence
    from ..upsampling.run import upsample_volume

    cubic = upsample_volume(low, truth.grid, "cubic")
    arssr = upsample_volume(
        low,
        truth.grid,
        "arssr",
        model,
        arguments.device,
        progress=report,
        threads=arguments.threads,
        fast=arguments.fast,
    )
    scores = {
        name: (psnr.psnr(volume.array, truth.array), ssim.ssim(volume.array, truth.array))
        for name, volume in (("cubic", cubic), ("arssr", arssr))
    }
    return Evidence(low, cubic, arssr, truth, scores, scale_text(arguments.scale))


def _write(evidence: Evidence, folder: Path) -> tuple[Path, Path]:
    """Writes the volumes and the picture; returns the network's volume and the picture."""
    from ..pictures.evidence import draw_evidence
    from . import files

    volumes = {
        "low_resolution": evidence.low, "cubic": evidence.cubic, "arssr": evidence.arssr,
    }  # fmt: skip
    paths = {name: folder / f"brain_t1_{name}.nii.gz" for name in volumes}
    for name, volume in volumes.items():
        files.write(volume, str(paths[name]), overwrite=True)
    picture = folder / "comparison.png"
    draw_evidence(evidence).save(picture, overwrite=True)
    return paths["arssr"], picture


def _summary(evidence: Evidence, result: Path, picture: Path) -> str:
    lines = [f"Upsampled volume: {result.resolve()}", f"Picture:          {picture.resolve()}"]
    for name, title in (("cubic", "Cubic B-spline:"), ("arssr", "ArSSR:")):
        psnr, ssim = evidence.scores[name]
        lines.append(f"{title:<17} PSNR {psnr:.2f} dB, SSIM {ssim:.4f}")
    return "\n".join(lines)
