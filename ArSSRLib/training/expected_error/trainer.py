"""Trains the head on the activations of a network whose weights do not change."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...errors import EnvironmentFault, InputError
from ...networks.expected_error import ExpectedErrorHead, constants_of, laplace_loss, local_detail
from ...networks.lookup import trilinear
from ...networks.model_file import Model, ModelHeader, save_model
from ...networks.spec import ExpectedErrorSpec, NetworkSpec
from ...upsampling.hardware.device import denormals_flushed, memory_format, place
from ..batches import Batch, batches
from ..log import say
from ..loss import half_precision
from ..optimiser import build_optimiser, learning_rate, move_average
from ..recipe import Recipe
from ..volumes import TrainingVolume
from .calibration import SimulatedScan, calibrated, fitted, simulated_scans
from .patches import HeadSampler
from .scan_noise import ScanNoise

BEST = "best.npz"
_SECONDS_BETWEEN_LINES = 10.0


@dataclass(frozen=True)
class HeadOptions:
    """What a machine decides, not the recipe.

    Attributes:
        device: where to compute.
        workers: processes that draw patches beside the trainer.
        precision: see :class:`ArSSRLib.training.trainer.TrainerOptions`.
    """

    device: torch.device
    workers: int = 1
    precision: str = "auto"


class HeadTrainer:
    """Trains the head of one model by one recipe.

    Attributes:
        model: with the head as it is trained so far.
    """

    def __init__(
        self,
        recipe: Recipe,
        model: Model,
        volumes: Sequence[TrainingVolume],
        options: HeadOptions,
    ) -> None:
        inputs = model.header.spec.last_hidden
        if not inputs:
            raise InputError(
                f"The decoder of the model {model.name} has no hidden layer, from which an "
                "expected error could be read; start from another model."
            )
        self.recipe, self.volumes, self.options = recipe, volumes, options
        torch.manual_seed(recipe.seed)
        self.spec = ExpectedErrorSpec(hidden=recipe.expected_error.hidden)
        self.head = ExpectedErrorHead(self.spec, inputs)
        self._continue_from(model)
        self.model = model
        self.average = {name: value.clone() for name, value in self.head.state_dict().items()}
        self.half = half_precision(options.precision, options.device)

    def _continue_from(self, model: Model) -> None:
        """Takes the weights of a head of the same size, else sets out from a likely error."""
        known, spec = model.expected_error, model.header.expected_error
        if known is not None and spec is not None and spec.hidden == self.spec.hidden:
            self.head.load_state_dict(known.state_dict())
            self.spec = spec
            return
        if not self.recipe.optimiser.steps:
            there, remedy = "no expected error", "1 or more steps"
            if spec is not None:
                there = f"an expected error with {spec.hidden} channels, not {self.spec.hidden}"
                remedy = f"expected_error.hidden={spec.hidden}"
            raise InputError(
                f"With 0 steps nothing is trained, but the model {model.name} has {there}; "
                f"use {remedy}."
            )
        torch.nn.init.constant_(self.head.last.bias, math.log(0.01))

    def run(self, validation: Sequence[TrainingVolume], folder: Path) -> Model:
        """Trains, calibrates and writes ``best.npz``.

        Args:
            validation: volumes that the intervals are fitted to; without any, the training volumes
                take their place, and the intervals are a little too narrow for other volumes.
            folder: of the file.

        Raises:
            EnvironmentFault: the loss is not finite, or the file cannot be written.
        """
        began = time.monotonic()
        noise = ScanNoise.of(self.volumes)
        if self.recipe.optimiser.steps:
            with denormals_flushed():
                self._train(noise)
        self.head.load_state_dict(self.average)
        self.head.eval().requires_grad_(False).cpu()
        place(self.model.network, torch.device("cpu"))
        trained = self._with_head(replace(self.spec, smoothing=0.0))
        scans = list(simulated_scans(trained, self.volumes, self.recipe, noise))
        if not scans:
            raise InputError(
                "The training volumes hold too little tissue to calibrate the expected error on."
            )
        held_out = []
        if validation:
            own = ScanNoise.of(validation)
            held_out = list(simulated_scans(trained, validation, self.recipe, own))
        smoothed = replace(self.spec, smoothing=self.recipe.expected_error.smoothing)
        # Errors are a little larger on volumes that did not train the network.
        spec = calibrated(fitted(smoothed, scans), held_out or scans)
        model = self._with_head(spec)
        on_training, on_held_out = _coverage(spec, scans), _coverage(spec, held_out)
        made = {
            "recipe": self.recipe.to_dict(),
            "volumes": len(self.volumes),
            "minutes": round((time.monotonic() - began) / 60.0, 2),
            "trained_on": on_training,
            "held_out": on_held_out,
        }
        header: Any = replace(model.header, provenance=self._provenance(made))
        save_model(model.network, header, folder / BEST, self.head)
        _say_coverage("the training volumes", on_training)
        _say_coverage("the validation volumes", on_held_out)
        return model

    def _provenance(self, made: dict[str, Any]) -> dict[str, Any]:
        """What the header says of the model, with this run."""
        before = self.model.header.provenance
        if not self.recipe.optimiser.steps:
            made = {**before.get("expected_error", {}), "calibrated": made}
        return {**before, "expected_error": made}

    def _train(self, noise: ScanNoise) -> None:
        recipe, device = self.recipe.optimiser, self.options.device
        network = self.model.network
        place(network, device)
        self.head.to(device)
        self.average = {name: value.to(device) for name, value in self.average.items()}
        sampler = HeadSampler(self.volumes, self.recipe, noise)
        optimiser = build_optimiser(recipe, self.head)
        numbers = range(recipe.steps * recipe.batch)
        began = said = time.monotonic()
        for step, batch in enumerate(batches(sampler, numbers, recipe.batch, self.options.workers)):
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(recipe, step)
            loss = self._loss(batch)
            if not math.isfinite(loss.item()):
                raise EnvironmentFault(
                    f"The loss became {loss.item()} at step {step + 1}; lower "
                    "optimiser.learning_rate and start again."
                )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            move_average(self.average, self.head, step, recipe.ema)
            if time.monotonic() - said > _SECONDS_BETWEEN_LINES or step + 1 == recipe.steps:
                said = time.monotonic()
                pace = (said - began) / (step + 1)
                say(
                    f"step {step + 1}/{recipe.steps}  loss {loss.item():.4f}  {pace:.2f} s per step"
                )

    def _loss(self, batch: Batch) -> Tensor:
        """The likelihood of the errors of one batch; only the head gets gradients."""
        device, network = self.options.device, self.model.network
        low, coordinates, cell, target, told, scan = (
            torch.from_numpy(part).to(device) for part in batch
        )
        low = low[:, None].contiguous(memory_format=memory_format(device))
        if not network.spec.encoder.noise_level:
            told = torch.zeros_like(told)
        with (
            torch.no_grad(),
            torch.autocast(device.type, self.half, enabled=self.half is not None),
        ):
            features = network.encoder(low, told)
            values, hidden = network.decode_with_hidden(features, low, coordinates, cell)
        error = (values.float() - target).abs()
        local = trilinear(local_detail(low), coordinates, network.spec.outside)
        expected = self.head(hidden.float(), constants_of(cell, told, scan), local)
        return laplace_loss(expected, error)

    def _with_head(self, spec: ExpectedErrorSpec) -> Model:
        header: ModelHeader[NetworkSpec] = replace(self.model.header, expected_error=spec)
        return replace(self.model, header=header, expected_error=self.head)


def _coverage(spec: ExpectedErrorSpec, scans: Sequence[SimulatedScan]) -> dict[str, float]:
    """Mean share of the voxels inside each interval, and its spread over the scans."""
    shares: dict[str, float] = {}
    for name, multiple in (("68", spec.interval_68), ("95", spec.interval_95)):
        values = np.array([scan.coverage(spec, multiple) for scan in scans])
        if values.size:
            shares[f"inside_{name}"] = round(float(values.mean()), 4)
            shares[f"lowest_{name}"] = round(float(values.min()), 4)
            shares[f"highest_{name}"] = round(float(values.max()), 4)
    return shares


def _say_coverage(where: str, shares: dict[str, float]) -> None:
    if shares:
        say(
            f"On {where} the 68 % interval holds the truth in {shares['inside_68']:.1%} of the "
            f"tissue voxels ({shares['lowest_68']:.0%} to {shares['highest_68']:.0%} by scan), "
            f"the 95 % interval in {shares['inside_95']:.1%}."
        )
