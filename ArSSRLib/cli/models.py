"""``arssr models``: list the bundled networks, describe one, import published weights."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EnvironmentFault, InputError
from ..networks.published_weights import published_encoders
from ..running.output_files import check_output_place, refuse_input_as_output
from ..running.printable import printable
from .arguments import add_force
from .outcome import EXIT_DONE

if TYPE_CHECKING:
    from ..networks.model_file import AnyModelHeader


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the actions of ``arssr models``."""
    parser.set_defaults(action="list")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="the bundled models (the default)", allow_abbrev=False)
    info = actions.add_parser(
        "info", help="everything a model file says about itself", allow_abbrev=False
    )
    info.add_argument("model", metavar="NAME|FILE", help="bundled name or model file")
    imported = actions.add_parser(
        "import",
        help="turn a state dict published by the paper's authors into a model file",
        allow_abbrev=False,
    )
    imported.add_argument("file", metavar="FILE", help="the state dict (.pth, .pt, .pkl)")
    imported.add_argument(
        "--encoder",
        required=True,
        choices=published_encoders(),
        help="the encoder it was trained with",
    )
    imported.add_argument(
        "-o", "--output", metavar="MODEL", help=".npz to write (default: beside FILE)"
    )
    add_force(imported)


def run(arguments: argparse.Namespace) -> int:
    """Lists, describes or imports; returns the exit code.

    Raises:
        InputError: no such model, or a file that cannot be imported.
        EnvironmentFault: the machine got in the way.
    """
    match arguments.action:
        case "info":
            _describe(arguments.model)
        case "import":
            _import(arguments)
        case _:
            _list()
    return EXIT_DONE


def _list() -> None:
    from ..networks.catalogue import bundled_models

    models = bundled_models()
    if not models:
        raise EnvironmentFault("No models are bundled with this installation; install it again.")
    for model in models:
        print(printable(f"{model.name:<12} {model.title}"))
        print(f"{'':<12} {_ranges(model.header)}")


def _describe(name: str) -> None:
    from ..networks.catalogue import model_path
    from ..networks.model_file import read_header

    path = model_path(name)
    header = read_header(path)
    print(printable(f"{name}: {header.title}"))
    print(printable(f"version {header.version}, {_ranges(header)}"))
    if header.mirrored:
        print("results are the mean with a pass through the mirrored volume (--fast leaves it out)")
    print(f"file {path}")
    print(json.dumps({"network": header.spec.to_dict(), "provenance": dict(header.provenance)},
                     indent=2))  # fmt: skip


def _ranges(header: AnyModelHeader) -> str:
    scales, spacing = header.scale_range, header.spacing_range_mm
    return (
        f"{header.spec.parameters:,} parameters, trained for scales {scales[0]:g} to "
        f"{scales[1]:g} and voxels of {spacing[0]:.3g} to {spacing[1]:.3g} mm"
    )


def _import(arguments: argparse.Namespace) -> None:
    from ..networks.model_file import ModelHeader, save_model
    from ..networks.published_weights import check_there_is, import_published

    check_there_is(arguments.file)
    output = Path(arguments.output or Path(arguments.file).with_suffix(".npz"))
    if output.suffix.lower() != ".npz":
        raise InputError(f"The model {str(output)!r} must end in .npz; rename it.")
    refuse_input_as_output(arguments.file, str(output))
    check_output_place(output, arguments.force)
    network = import_published(arguments.file, arguments.encoder)
    header = ModelHeader(
        network.spec,
        title=f"Imported {arguments.encoder} weights of {Path(arguments.file).name}",
        version="imported",
        provenance={"imported_from": Path(arguments.file).name, "encoder": arguments.encoder},
    )
    save_model(network, header, output)
    print(f"{output}: {arguments.encoder} weights imported; use them with --model {output}")
