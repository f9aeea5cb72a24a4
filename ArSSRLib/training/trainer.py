"""The training loop (paper §III-B, Eq. 3): resumable to the step, on one process or many."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from ..errors import EnvironmentFault, InputError
from ..networks.arssr import ArSSR, initialise
from ..networks.baselines import Baseline
from ..networks.build import build_network
from ..networks.model_file import AnyModelHeader, Model, ModelHeader, save_model
from ..networks.spec import NetworkSpec
from ..running.interrupts import no_longer_cancellable
from ..upsampling.hardware.device import denormals_flushed, memory_format, place
from .batches import Batch, batches
from .log import RunLog, mean_gains, say
from .loss import half_precision, loss_of
from .optimiser import build_optimiser, learning_rate, load_moments, move_average
from .parallel import Team
from .patches import PatchSampler
from .recipe import Recipe
from .start import origin_of, prepare_units_on, start_from
from .state import LAST, TrainingState, load_state, save_state
from .stopping import StopRequest
from .validation import Case, Score, cases_digest, middle_slices, score
from .volumes import TrainingVolume

BEST = "best.npz"
FINAL = "last.npz"
_STEPS_BETWEEN_ROWS = 10
_ROWS_OF_A_DEAD_NETWORK = 10
"""After so many rows of the log in which all gradients are 0, a network counts as dead."""


@dataclass(frozen=True)
class TrainerOptions:
    """What a machine decides, not the recipe.

    Attributes:
        workers: processes that draw patches beside the trainer; 0 draws in the trainer.
        compile: whether ``torch.compile`` is tried.
        precision: ``mixed`` computes products in float16 on CUDA and in bfloat16 elsewhere, where
            the hardware multiplies it, and keeps weights and sums in float32; ``float32`` computes
            all in float32; ``auto`` is ``mixed`` on CUDA alone.
        until_step: stop (resumably) after this many finished steps in all; None for the recipe's.
        start: model whose weights a new run begins with; None for random ones.
    """

    workers: int = 1
    compile: bool = False
    precision: str = "auto"
    until_step: int | None = None
    start: Model | None = None


class Trainer:
    """Trains one network by one recipe in one folder.

    Attributes:
        state: how far training has come.
        stopped: whether it was asked to stop before the last step and its validation were done.
    """

    def __init__(
        self,
        recipe: Recipe,
        volumes: Sequence[TrainingVolume],
        cases: Sequence[Case],
        folder: Path,
        team: Team,
        options: TrainerOptions,
    ) -> None:
        self.recipe, self.volumes, self.cases = recipe, volumes, cases
        self.folder, self.team, self.options = folder, team, options
        torch.manual_seed(recipe.seed)
        self.network = build_network(recipe.network)
        if isinstance(self.network, ArSSR):
            initialise(self.network, recipe.initialisation)
        if options.start is not None and not (folder / LAST).is_file():
            self._start_from(options.start)
        place(self.network, team.device)
        self.average = {k: v.clone() for k, v in self.network.state_dict().items()}
        self.optimiser = build_optimiser(recipe.optimiser, self.network)
        self.half = half_precision(options.precision, team.device)
        self.scaler = torch.amp.GradScaler(team.device.type, enabled=self.half == torch.float16)
        self.state = TrainingState(
            recipe=recipe.to_dict(),
            validated=cases_digest(cases),
            origin=origin_of(options.start) if options.start is not None else {},
        )
        self._resume()
        self.log = (
            RunLog(folder, self.state.step, self.state.validation_due) if team.leads else None
        )
        network = recipe.network
        self._takes_noise = isinstance(network, NetworkSpec) and network.encoder.noise_level
        self.stopped = False
        self._rows_without_gradient = 0

    def _start_from(self, model: Model) -> None:
        """Takes over the model's weights, except those of units that never respond."""
        start_from(self.network, model)
        if isinstance(self.network, ArSSR):
            count = prepare_units_on(self.network.encoder, PatchSampler(self.volumes, self.recipe))
            if count and self.team.leads:
                say(f"{count} units of {model.name} never respond; they start with new weights.")

    def run(self, stop: StopRequest | None = None) -> TrainingState:
        """Trains up to the recipe's last step.

        Args:
            stop: once any process is asked, all finish the same step and the leading one writes a
                checkpoint.

        Raises:
            EnvironmentFault: the loss is no longer finite, or a file cannot be written; the last
                good checkpoint stays.
            InputError: nothing changes the network any more.
        """
        steps = min(self.recipe.optimiser.steps, self.options.until_step or math.inf)
        with denormals_flushed():
            self._train(int(steps), stop or StopRequest())
        if self.log is not None:
            self.log.close()
        return self.state

    def _train(self, steps: int, stop: StopRequest) -> None:
        model = self._wrapped()
        began, saved = time.monotonic(), time.monotonic()
        before, first = self.state.seconds, self.state.step
        asked = self.state.validation_due and self._validate_together(stop)
        for batch in iter(()) if asked else self._batches(steps):
            loss, norm, asked = self._step(model, batch, stop)
            self.state.step += 1
            self.state.seconds = before + time.monotonic() - began
            step = self.state.step
            if step % _STEPS_BETWEEN_ROWS == 0 or step == steps:
                self._report(loss, norm, (time.monotonic() - began) / (step - first))
                self._refuse_dead_network(norm)
            if step % self.recipe.validate_every == 0 or step == steps:
                self.state.validation_due = bool(self.cases)
                asked = asked or self._validate_together(stop)
            if asked:
                break
            if time.monotonic() - saved > 60.0 * self.recipe.checkpoint_minutes:
                self._save()
                saved = time.monotonic()
        self.stopped = self.state.step < steps or self.state.validation_due
        if self.stopped and self.team.size > 1:
            # The others end now, on which the launcher tells this process to end too.
            no_longer_cancellable()
        self._save()

    def _wrapped(self) -> nn.Module:
        model: nn.Module = self.network
        if self.options.compile:
            model = torch.compile(model)  # type: ignore[assignment]
        if self.team.size > 1:
            index = self.team.device.index
            model = DistributedDataParallel(model, device_ids=None if index is None else [index])
        return model

    def _batches(self, steps: int) -> Iterator[Batch]:
        """The batches still to do: sample numbers follow from the step, so nothing is repeated."""
        size = self.recipe.optimiser.batch
        # The processes take turns, and each has as many samples of a batch as the others.
        first, end = self.state.step * size + self.team.rank, steps * size
        numbers = range(first, max(first, end), self.team.size)
        sampler = PatchSampler(self.volumes, self.recipe)
        return batches(sampler, numbers, size // self.team.size, self.options.workers)

    def _step(self, model: nn.Module, batch: Batch, stop: StopRequest) -> tuple[float, float, bool]:
        """One optimiser step; returns loss, gradient norm and whether it is to be the last.

        The processes exchange the loss anyway: with it goes whether one of them was asked to stop,
        so that all leave after the same step and none waits for another.
        """
        recipe = self.recipe.optimiser
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(recipe, self.state.step)
        low, coordinates, cell, target, noise = (
            torch.from_numpy(part).to(self.team.device) for part in batch
        )
        known = [noise] if self._takes_noise else []
        low = low[:, None].contiguous(memory_format=memory_format(self.team.device))
        with torch.autocast(self.team.device.type, self.half, enabled=self.half is not None):
            values = model(low, coordinates, cell, *known)
        loss = loss_of(recipe.loss, values.float(), target)
        shared, asked = self.team.means([loss.item(), float(stop.made)])
        if not math.isfinite(shared):
            raise EnvironmentFault(
                f"The loss became {shared} at step {self.state.step + 1}; the last good checkpoint "
                f"in {str(self.folder)!r} is kept. Lower optimiser.learning_rate and resume."
            )
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(self.optimiser)
        limit = recipe.clip if recipe.clip > 0 else math.inf
        norm = float(nn.utils.clip_grad_norm_(self.network.parameters(), limit))
        self.scaler.step(self.optimiser)
        self.scaler.update()
        move_average(self.average, self.network, self.state.step, self.recipe.optimiser.ema)
        return shared, norm, asked > 0.0

    def _refuse_dead_network(self, norm: float) -> None:
        """Refuses initial weights with which all ReLUs of a layer are 0, and stay so.

        Raises:
            InputError: the gradients have been 0 for too long.
        """
        self._rows_without_gradient = 0 if norm else self._rows_without_gradient + 1
        if self._rows_without_gradient < _ROWS_OF_A_DEAD_NETWORK:
            return
        network = self.recipe.network
        last = isinstance(network, NetworkSpec) and network.decoder.last_relu
        raise InputError(
            f"All gradients were 0 up to step {self.state.step}: the network cannot learn. Use "
            f"another output folder and another seed than {self.recipe.seed}"
            + (", or with network.decoder.last_relu=false." if last else ".")
        )

    def _report(self, loss: float, norm: float, seconds_a_step: float) -> None:
        if self.log is None:
            return
        step, rate = self.state.step, self.optimiser.param_groups[0]["lr"]
        self.log.step(step, self.state.seconds, loss, rate, norm)
        self.log.line(step, self.recipe.optimiser.steps, loss, seconds_a_step)

    def _validate_together(self, stop: StopRequest) -> bool:
        """The leader validates while the others wait; returns whether any was asked to stop."""
        if self.log is None or not self.cases:
            self.state.validation_due = False
        else:
            self._validate(self.log, stop)
        self.team.wait()
        return self.team.any(stop.made)

    def _validate(self, log: RunLog, stop: StopRequest) -> None:
        """Scores the averaged weights; the best so far are written as a model file.

        Asked to stop, it leaves the validation to the next session: it may take longer than
        whoever asked is willing to wait.
        """
        network = self._averaged_network()
        scores: list[Score] = []
        for case in self.cases:
            if stop.made:
                return
            scores += score(network, [case], self.team.device)
        self.state.validation_due = False
        log.validation(self.state.step, scores)
        gains = mean_gains(scores)
        say(
            f"step {self.state.step}: gain over cubic "
            + ", ".join(f"{gain:+.2f} dB at {case}" for case, gain in gains.items())
        )
        case = self.cases[0]
        name = f"{case.volume} at {case.scale:g}x: cubic, network, truth"
        log.picture(self.state.step, name, middle_slices(network, case, self.team.device))
        mean = sum(gains.values()) / len(gains)
        if mean > self.state.best:
            self.state.best = mean
            save_model(network, self._header(scores), self.folder / BEST)

    def _averaged_network(self) -> ArSSR | Baseline:
        network = build_network(self.recipe.network)
        network.load_state_dict(self.average)
        place(network, self.team.device)
        return network.eval()

    def _header(self, scores: Sequence[Score]) -> AnyModelHeader:
        patches = self.recipe.patches
        spacings = [s for v in self.volumes for s in v.spacing]
        return ModelHeader(
            self.recipe.network,
            title=self.recipe.title,
            version=f"step {self.state.step}",
            scale_range=(patches.scale_min, patches.scale_max),
            spacing_range_mm=(min(spacings), max(spacings) * patches.scale_max),
            provenance={
                "recipe": self.recipe.to_dict(),
                "history": self.state.history,
                "steps": self.state.step,
                "hours": round(self.state.seconds / 3600.0, 3),
                "processes": self.team.size,
                "hardware": f"{self.team.device.type}, {platform.machine()}",
                "torch": torch.__version__,
                "volumes": len(self.volumes),
                "validation_gain_db": {k: round(v, 3) for k, v in mean_gains(scores).items()},
                "started_from": self.state.origin,
            },
            mirrored=self.recipe.mirrored,
        )

    def _save(self) -> None:
        if not self.team.leads:
            return
        self.state.weights = self.network.state_dict()
        self.state.average = self.average
        self.state.optimiser = self.optimiser.state_dict()
        self.state.scaler = self.scaler.state_dict()
        save_state(self.state, self.folder)
        save_model(self._averaged_network(), self._header([]), self.folder / FINAL)

    def _resume(self) -> None:
        """Resumes from the folder's checkpoint, if there is one, and reports what has changed."""
        state = load_state(self.folder)
        if state is None:
            return
        cases_changed = state.measure_on(cases_digest(self.cases))
        changed = state.go_on_with(self.recipe)
        try:
            self.network.load_state_dict(state.weights)
            self.average = {k: v.to(self.team.device) for k, v in state.average.items()}
            self._averaged_network()
            # The moments of one optimiser mean nothing to another, which begins with none.
            if "optimiser.name" not in changed:
                load_moments(self.optimiser, state.optimiser)
            self.scaler.load_state_dict(state.scaler)
        except (RuntimeError, ValueError, TypeError, LookupError, AttributeError) as error:
            raise InputError(
                f"The checkpoint {str(self.folder / LAST)!r} belongs to another network or "
                "optimiser than the recipe's; name another output folder, or remove it to start "
                "again."
            ) from error
        self.state = state
        if not self.team.leads:
            return
        say(f"Resumed at step {state.step} after {state.seconds / 3600.0:.2f} h.")
        if changed:
            shown = ", ".join(f"{name}: {old} -> {new}" for name, (old, new) in changed.items())
            say(f"Resumed with changed {shown}")
        if cases_changed:
            say("The validation set changed; the best weights are selected again.")
