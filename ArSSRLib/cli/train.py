"""``arssr train``: train a network on your own scans."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import Cancelled, EnvironmentFault, InputError
from ..running.interrupts import load_libraries, was_interrupted
from ..running.json_files import write_json
from ..running.output_files import folders_kept_if_used
from ..training.recipe import Recipe, SourceRecipe, available_recipes, load_recipe
from ..upsampling.options import add_options, share, whole_number
from ..upsampling.request import Upsampling
from .arguments import MOST_PROCESSES
from .outcome import EXIT_DONE

if TYPE_CHECKING:
    from ..training.parallel import Team
    from ..training.state import TrainingState
    from ..training.volumes import VolumeSet

_HELD_OUT = 0.1
_NOTHING_HELD_OUT = (
    "Nothing is held out to validate on, so there will be no best.npz; use last.npz."
)
_LOST_WORKER = "DataLoader worker"
"""How PyTorch's message begins when one of its processes has died."""
_LOST_PEER = (
    "closed by peer", "reset by peer", "Broken pipe", "gloo/transport", "monitoredBarrier", "NCCL",
)  # fmt: skip
"""What is in PyTorch's message when a process that trains together with this one has died."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the options of ``arssr train``."""
    parser.add_argument(
        "--data", nargs="+", metavar="PATH", help="folders, volumes or lists (.txt) to train on"
    )
    parser.add_argument(
        "--validation", nargs="*", default=[], metavar="PATH", help="the same, to validate on"
    )
    parser.add_argument(
        "--hold-out",
        type=share,
        default=_HELD_OUT,
        metavar="SHARE",
        help="without --validation: share of the volumes that is held out to validate on, chosen "
        f"by their names; 0 for none (default: {_HELD_OUT:g}, at least one of several volumes)",
    )
    parser.add_argument(
        "--recipe",
        default="default",
        metavar="NAME|FILE",
        help=f"a .toml file or one of: {', '.join(available_recipes())} (default: default)",
    )
    parser.add_argument(
        "--from",
        dest="start",
        metavar="MODEL",
        help="start from the weights of this model: a bundled name, for example default, or a file",
    )
    parser.add_argument("-o", "--output", required=True, metavar="FOLDER", help="the run's folder")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="ENTRY=VALUE",
        help="change one entry of the recipe, for example optimiser.steps=2000",
    )
    add_options(parser, Upsampling, ("device", "threads"))
    parser.add_argument(
        "--workers",
        type=whole_number(0, MOST_PROCESSES),
        default=1,
        metavar="N",
        help="processes that draw patches (default: 1)",
    )
    parser.add_argument(
        "--precision",
        choices=("auto", "float32", "mixed"),
        default="auto",
        help="mixed: float16 on CUDA, bfloat16 on a CPU that has it in hardware, about twice as "
        "fast; auto: mixed on CUDA alone (default: auto)",
    )
    parser.add_argument("--compile", action="store_true", help="try torch.compile")
    parser.add_argument(
        "--until-step", type=whole_number(1), metavar="N", help="stop after step N; resumable"
    )


def run(arguments: argparse.Namespace) -> int:
    """Trains, resuming where the output folder holds a checkpoint; returns the exit code.

    Raises:
        InputError: unusable recipe, data or option.
        EnvironmentFault: the disk is full or the loss is not finite.
    """
    recipe = load_recipe(arguments.recipe).with_changes(_changes(arguments.set))
    if not arguments.data:
        raise InputError("No training data is named; give --data FOLDER.")
    folder = Path(arguments.output)
    try:
        with folders_kept_if_used([folder]):
            return _train(arguments, recipe, folder)
    except (KeyboardInterrupt, RuntimeError) as error:
        if was_interrupted(error):
            raise Cancelled(_ended_at_once(folder)) from None
        if _LOST_WORKER in str(error):
            raise EnvironmentFault(
                "A data-loading worker was killed, probably for lack of memory. Run the same "
                "command to resume, or use --workers 0."
            ) from error
        if "WORLD_SIZE" in os.environ and any(words in str(error) for words in _LOST_PEER):
            raise EnvironmentFault(
                "Another process of this run has ended, so this one stops too. Run the same "
                "command to resume from the last checkpoint."
            ) from error
        raise


def _train(arguments: argparse.Namespace, recipe: Recipe, folder: Path) -> int:
    # Patches are drawn by small products in separate processes: a threaded BLAS there only
    # takes the trainer's cores. It reads this when numpy is first imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    load_libraries("SimpleITK", "torch")
    import torch

    from ..networks.catalogue import load_model
    from ..training.folder_lock import alone_in
    from ..training.log import say
    from ..training.parallel import joined_team
    from ..training.stopping import stop_requests
    from ..training.trainer import Trainer, TrainerOptions
    from ..training.validation import validation_cases
    from ..upsampling.hardware.device import choose_device

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    if recipe.trains == "expected_error":
        return _train_head(arguments, recipe, folder)
    with ExitStack() as stack:
        team = stack.enter_context(joined_team(choose_device(arguments.device)))
        if team.leads:
            stack.enter_context(alone_in(folder))
        data, held_out = _volumes(arguments, recipe, team)
        cases = validation_cases(held_out.volumes, recipe)
        team.wait()
        options = TrainerOptions(
            arguments.workers,
            arguments.compile,
            arguments.precision,
            arguments.until_step,
            load_model(arguments.start) if arguments.start else None,
        )
        trainer = Trainer(recipe, data.volumes, cases, folder, team, options)
        if team.leads:
            _write_settings(folder, recipe, data, held_out)
            _say_at_start(data, held_out, len(cases))
            if not arguments.validation:
                names = ", ".join(volume.name for volume in held_out.volumes)
                say(f"Held out to validate on: {names}" if names else _NOTHING_HELD_OUT)
        with stop_requests(team) as stop:
            state = trainer.run(stop)
        if trainer.stopped and team.leads:
            raise Cancelled(
                f"Stopped after step {state.step} of {recipe.optimiser.steps}; the checkpoint is "
                f"in {folder}. Run the same command to resume."
            )
        if team.leads:
            _say_at_end(state, folder, data, held_out)
        return Cancelled.exit_code if trainer.stopped else EXIT_DONE


def _train_head(arguments: argparse.Namespace, recipe: Recipe, folder: Path) -> int:
    """Trains the head of a model that stays as it is; returns the exit code."""
    from ..networks.catalogue import load_model
    from ..training.expected_error.trainer import BEST, HeadOptions, HeadTrainer
    from ..training.folder_lock import alone_in
    from ..training.log import say
    from ..training.parallel import joined_team
    from ..upsampling.hardware.device import choose_device

    if not arguments.start:
        raise InputError(
            f"The recipe {arguments.recipe} adds an expected error to an existing model; name "
            "that model with --from."
        )
    with ExitStack() as stack:
        team = stack.enter_context(joined_team(choose_device(arguments.device)))
        if team.size > 1:
            raise InputError(
                "The expected error is trained by one process; start the command without torchrun."
            )
        stack.enter_context(alone_in(folder))
        model = load_model(arguments.start)
        data, held_out = _volumes(arguments, recipe, team)
        options = HeadOptions(team.device, arguments.workers, arguments.precision)
        trainer = HeadTrainer(recipe, model, data.volumes, options)
        _write_settings(folder, recipe, data, held_out)
        _say_at_start(data, held_out, len(held_out.volumes))
        trainer.run(held_out.volumes, folder)
        say(f"Done: {folder / BEST} is {model.name} with an expected error.")
    return EXIT_DONE


def _volumes(
    arguments: argparse.Namespace, recipe: Recipe, team: Team
) -> tuple[VolumeSet, VolumeSet]:
    """The volumes to train on, and those to validate on, which the leading process alone reads."""
    from ..training.volumes import VolumeSet, load_volumes
    from ..volumes.files.search import find_files

    if recipe.optimiser.batch % team.size:
        raise InputError(
            f"The batch of {recipe.optimiser.batch} patches cannot be shared by {team.size} "
            "processes; set optimiser.batch to a multiple."
        )
    side = recipe.patches.size
    data, held_out = load_volumes(find_files(arguments.data), side, recipe.sources), VolumeSet()
    if not arguments.validation:
        data, split_off = data.split(arguments.hold_out)
        held_out = split_off if team.leads else held_out
    elif team.leads:
        held_out = load_volumes(find_files(arguments.validation), side, [SourceRecipe()])
    return data, held_out


def _ended_at_once(folder: Path) -> str:
    if any(folder.glob("*.ckpt")):
        return f"Stopped. Run the same command to resume from the last checkpoint in {folder}."
    return "Stopped before the first checkpoint. Run the same command to start again."


def _say_at_start(data: VolumeSet, held_out: VolumeSet, cases: int) -> None:
    from ..training.log import say

    for what, of in (("", data), ("of the validation ", held_out)):
        for sentence in of.left_out:
            say(f"Left out {what}{sentence}")
    say(f"Training on {len(data.volumes)} volumes, validating on {cases} cases.")


def _say_at_end(state: TrainingState, folder: Path, data: VolumeSet, held_out: VolumeSet) -> None:
    from ..training.log import say

    say(f"Done: {state.step} steps in {state.seconds / 3600.0:.2f} h; weights in {folder}.")
    for what, of in (("volumes", data), ("validation volumes", held_out)):
        if of.left_out:
            say(f"{len(of.left_out)} {what} were left out: " + "; ".join(of.left_out))


def _changes(entries: Sequence[str]) -> dict[str, str]:
    changes = {}
    for entry in entries:
        name, separator, value = entry.partition("=")
        if not separator:
            raise InputError(f"--set {entry!r} lacks a value; write ENTRY=VALUE.")
        changes[name] = value
    return changes


def _write_settings(folder: Path, recipe: Recipe, data: VolumeSet, held_out: VolumeSet) -> None:
    settings = {"recipe": recipe.to_dict(), **data.to_dict(), "validation": held_out.to_dict()}
    write_json(folder / "settings.json", settings, indent=1)
