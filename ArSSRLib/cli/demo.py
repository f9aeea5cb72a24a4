"""``arssr demo``: the main job on the bundled real brain, measured against the truth.

The bundled volume is the truth. A coarser scan of it is simulated, written, upsampled back by the
network and by cubic interpolation, and all are compared in figures and in one picture.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..output_folder import make_output_folder
from .arguments import add_network, add_progress, add_scale
from .compare import scale_text
from .outcome import EXIT_DONE
from .printers import printer_for, warnings_shown_by, within

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
    add_progress(parser)


def run(arguments: argparse.Namespace) -> int:
    """Runs the demonstration; returns the exit code.

    Raises:
        InputError: unusable output folder, model or option.
        EnvironmentFault: the machine got in the way.
    """
    printer = printer_for(arguments.progress)
    with warnings_shown_by(printer):
        from ..catalogue import load_model
        from ..evaluation.metrics import psnr, ssim
        from ..pictures.evidence import Evidence, draw_evidence
        from ..sample import sample_path
        from ..simulation import simulate_volume
        from ..upsampling.progress import Progress
        from ..upsampling.run import upsample_volume
        from . import files

        printer.report(Progress("reading", 0.0))
        model = load_model(arguments.model)
        truth = files.read(str(sample_path()))
        low = simulate_volume(truth, arguments.scale)
        folder = Path(arguments.output)
        make_output_folder(folder, remedy="choose another with -o")
        cubic = upsample_volume(low, truth.grid, "cubic")
        arssr = upsample_volume(
            low,
            truth.grid,
            "arssr",
            model,
            arguments.device,
            progress=within(printer.report, _SHARE_MADE, _SHARE_COMPUTED),
            threads=arguments.threads,
        )
        printer.report(Progress("writing", _SHARE_COMPUTED))
        names = {"low_resolution": low, "cubic": cubic, "arssr": arssr}
        paths = {name: folder / f"brain_t1_{name}.nii.gz" for name in names}
        for name, volume in names.items():
            files.write(volume, str(paths[name]), overwrite=True)
        scores = {
            name: (psnr.psnr(v.array, truth.array), ssim.ssim(v.array, truth.array))
            for name, v in (("cubic", cubic), ("arssr", arssr))
        }
        picture = folder / "comparison.png"
        evidence = Evidence(low, cubic, arssr, truth, scores, scale_text(arguments.scale))
        draw_evidence(evidence).save(picture, overwrite=True)
        lines = [
            f"Upsampled volume: {paths['arssr'].resolve()}",
            f"Picture:          {picture.resolve()}",
            *(
                f"{title:<17} PSNR {scores[name][0]:.2f} dB, SSIM {scores[name][1]:.4f}"
                for name, title in (("cubic", "Cubic B-spline:"), ("arssr", "ArSSR:"))
            ),
        ]
        printer.done(str(paths["arssr"]), "\n".join(lines))
    return EXIT_DONE
