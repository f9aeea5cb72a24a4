"""Recipes: every number of a training run has a name, in one small TOML file.

``recipes/default.toml`` made the bundled default model, ``recipes/paper.toml`` the bundled paper
model; ``recipes/paper-published.toml`` is the paper's own schedule (§IV-A.3).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..errors import InputError, errors_naming
from ..fields import entry, from_mapping
from ..networks.baseline_spec import BaselineSpec
from ..networks.build import spec_from_dict
from ..networks.spec import NetworkSpec
from .recipe_rules import check_recipe

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

RECIPES = Path(__file__).parent / "recipes"
_LARGEST_SCALE = 16.0
_SHARE = {"least": 0, "most": 1}


@dataclass(frozen=True)
class PatchRecipe:
    """How training patches are drawn.

    Attributes:
        size: side of the LR patch, in LR voxels.
        margin: LR voxels along the patch's border in which no HR voxel is asked for: what the
            encoder sees there is cut off, as it never is inside a volume.
        coordinates: random HR voxels asked for in each patch (K of the paper's Eq. 3).
        scale_min, scale_max: bounds of the uniformly drawn scale.
        per_axis: share of patches with a scale drawn for each axis on its own; some axes of
            those keep their resolution.
        thick_slices: share of patches that are coarser along one axis alone.
        thickest: largest scale of that axis.
        same_grid: share of patches of scale 1: nothing but noise tells input and target apart.
        foreground: normalised intensity above which the patch's central voxel must lie.
        flip: whether axes are reversed at random.
        permute: whether axes are exchanged at random.
        gain: largest relative change of the intensities: a factor up to 1 + gain, or its inverse.
        gamma: the same for their exponent.
        gamma_share: share of patches that get a gamma.
        contrast_share: share of patches that get a random smooth intensity curve instead, rising,
            falling or both: other contrasts than those of the volumes.
        bias: logarithm of the largest change of the intensities across a patch by a bias field.
        noise: largest standard deviation of noise on the LR patch, normalised intensity; small
            ones are drawn more often. A network that takes the noise level is given it.
        noise_share: share of patches that get noise, Gaussian or Rician.
        correlated_share: share of those with noise that neighbouring voxels share.
        lesions: share of patches with added lesions, brighter or darker than the tissue.
        lesion_voxels: share of the HR voxels asked for in such a patch that are drawn from its
            lesions, which otherwise count little beside the tissue.
        stripped: share of patches of skull-stripped volumes whose brain is cut out after the coarse
            scan instead of before: the step at its rim is then as sharp as a voxel.
    """

    size: int = entry(14, least=4, most=256)
    margin: int = entry(0, least=0)
    coordinates: int = entry(3000, least=1, most=10**6)
    scale_min: float = entry(1.5, least=1, most=_LARGEST_SCALE)
    scale_max: float = entry(4.0, least=1, most=_LARGEST_SCALE)
    per_axis: float = entry(0.25, **_SHARE)
    thick_slices: float = entry(0.0, **_SHARE)
    thickest: float = entry(4.0, least=1, most=_LARGEST_SCALE)
    same_grid: float = entry(0.0, **_SHARE)
    foreground: float = 0.1
    flip: bool = True
    permute: bool = True
    gain: float = entry(0.1, least=0)
    gamma: float = entry(0.2, least=0)
    gamma_share: float = entry(0.25, **_SHARE)
    contrast_share: float = entry(0.0, **_SHARE)
    bias: float = entry(0.0, least=0, most=2)
    noise: float = entry(0.01, least=0)
    noise_share: float = entry(0.1, **_SHARE)
    correlated_share: float = entry(0.0, **_SHARE)
    lesions: float = entry(0.0, **_SHARE)
    lesion_voxels: float = entry(0.0, **_SHARE)
    stripped: float = entry(0.0, **_SHARE)


@dataclass(frozen=True)
class KernelRecipe:
    """Shares of the LR simulations (see ``ArSSRLib.resampling.blur``); they need not add up to 1.

    ``paper`` reproduces the paper's pipeline (§IV-A.1) and takes no per-axis scale.
    """

    cubic: float = entry(1.0, least=0)
    kspace: float = entry(1.0, least=0)
    gaussian: float = entry(0.0, least=0)
    box: float = entry(0.0, least=0)
    sinc: float = entry(0.0, least=0)
    paper: float = entry(0.0, least=0)


@dataclass(frozen=True)
class BlurRecipe:
    """How the LR simulations vary.

    Attributes:
        thinnest, thickest: bounds of the slice thickness, in LR voxels.
        window_share: share of truncated k-space with a filter or partial Fourier.
        zero_filled_share: share of truncated k-space whose LR grid is finer than what was acquired.
        smallest_band: smallest share of the LR grid's frequencies that those acquired.
        mixed: share of patches whose axes are blurred in different ways.
    """

    thinnest: float = entry(1.0, least=0.1, most=4)
    thickest: float = entry(1.0, least=0.1, most=4)
    window_share: float = entry(0.0, **_SHARE)
    zero_filled_share: float = entry(0.0, **_SHARE)
    smallest_band: float = entry(0.75, least=0.25, most=1)
    mixed: float = entry(0.0, **_SHARE)


@dataclass(frozen=True)
class OptimiserRecipe:
    """How the weights are fitted.

    Attributes:
        name: ``adam``, ``adamw``, or ``muon``: Muon for matrices and AdamW for the rest.
        learning_rate: the highest, reached after the warm-up.
        matrix_rate: the same for Muon: the spectral norm of a step before its momentum settles.
        weight_decay: AdamW's.
        batch: patches in a step, over all processes (N of the paper's Eq. 3).
        steps: steps in all. The head for the expected error can have 0: it keeps its weights and
            is only calibrated.
        schedule: ``cosine`` to zero; ``halve`` every ``halve_every`` steps; or ``hold``, constant
            and then linearly to zero over the last ``cooldown`` share of the steps.
        warmup: steps of linear warm-up.
        halve_every: steps, for ``halve``.
        cooldown: share of the steps, for ``hold``.
        loss: ``l1`` (paper Eq. 3), ``l2``, ``charbonnier``, or ``log_l2``: the mean logarithm of
            each patch's squared error, so that a decibel counts the same in every patch.
        clip: largest norm of the gradient; 0 for no clipping.
        ema: decay of the moving average of the weights, which is what is validated and shipped;
            0 for none.
    """

    name: Literal["adam", "adamw", "muon"] = "adamw"
    learning_rate: float = entry(1e-3, above=0)
    matrix_rate: float = entry(0.02, above=0)
    weight_decay: float = entry(1e-4, least=0)
    batch: int = entry(8, least=1, most=4096)
    steps: int = entry(10000, least=0, most=10**8)
    schedule: Literal["cosine", "halve", "hold"] = "cosine"
    warmup: int = entry(100, least=0)
    halve_every: int = entry(0, least=0)
    cooldown: float = entry(0.3, **_SHARE)
    loss: Literal["l1", "l2", "charbonnier", "log_l2"] = "l1"
    clip: float = entry(1.0, least=0)
    ema: float = entry(0.999, least=0, below=1)


@dataclass(frozen=True)
class ExpectedErrorRecipe:
    """How the head for the expected error is trained and calibrated.

    Attributes:
        hidden: width of its hidden layer.
        estimate_off: standard deviation of the logarithm by which the noise level that it is given
            differs from the true one, as estimates do.
        smoothing: standard deviation, in target voxels, of the Gaussian that averages its errors.
        reduction_share: share of patches whose network is told another multiple of the noise level,
            from 0 to 2.
        calibration_cases: simulated scans of the training volumes that the expected error is
            fitted to, and as many of the validation volumes for its intervals.
        calibration_crop: side of their HR crop, in voxels.
        calibration_scales: their scales, along all axes or along one.
        calibration_noise: standard deviations of their added noise, normalised intensity.
    """

    hidden: int = entry(32, least=1, most=1024)
    estimate_off: float = entry(0.15, least=0, most=2)
    reduction_share: float = entry(0.25, **_SHARE)
    smoothing: float = entry(1.0, above=0, most=2)
    calibration_cases: int = entry(66, least=1, most=10**4)
    calibration_crop: int = entry(64, least=8, most=1024)
    calibration_scales: tuple[float, ...] = entry(
        (1.5, 2.0, 3.0, 4.0), least=1, most=_LARGEST_SCALE
    )
    calibration_noise: tuple[float, ...] = entry((0.0, 0.0, 0.02, 0.05), **_SHARE)


@dataclass(frozen=True)
class SourceRecipe:
    """One source of volumes: file names that match ``pattern`` share ``weight`` when drawn from.

    Attributes:
        pattern: shell pattern of the file names.
        weight: relative frequency of being drawn.
        axes: file axes (of ``ijk``) that may become coarser: those that are truly as sharp as their
            voxels.
        zeros: largest share of a patch's voxels that may be exactly 0. Where a face was cut out of
            a head, a small share keeps patches away from the cut.
    """

    pattern: str = "*"
    weight: float = entry(1.0, above=0)
    axes: str = "ijk"
    zeros: float = entry(1.0, **_SHARE)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a training run computes, except the data.

    Attributes:
        title: one line that goes into the model file.
        seed: of the weights and of the data order.
        initialisation: of the weights, see ``ArSSRLib.networks.arssr.initialise``.
        trains: ``network``, or ``expected_error``: the head that gives the expected error, on a
            model that is not changed.
        expected_error: how the head is trained; see its class.
        network: what is trained.
        patches, kernels, blur, optimiser: see their classes.
        sources: weights of the volumes by file name; the first match counts.
        validate_every: steps between validations.
        validate_scales: scales of the validation.
        validate_crop: side of the central HR crop that is validated, in voxels.
        validate_noise: standard deviations of the noise that is added to the LR volumes of the
            validation, normalised intensity.
        checkpoint_minutes: time between checkpoints, in min.
        mirrored: whether the model file asks for the mean with a mirrored pass, see
            ``ArSSRLib.networks.model_file.ModelHeader``. Training and its validation use one pass.
    """

    title: str = "ArSSR"
    seed: int = entry(0, least=0, most=10**9)
    validate_every: int = entry(500, least=1)
    validate_scales: tuple[float, ...] = entry((2.0, 3.0, 4.0), least=1, most=_LARGEST_SCALE)
    validate_crop: int = entry(72, least=1, most=1024)
    validate_noise: tuple[float, ...] = entry((0.0,), **_SHARE)
    checkpoint_minutes: float = entry(3.0, least=0)
    initialisation: Literal["torch", "kaiming"] = "torch"
    mirrored: bool = False
    trains: Literal["network", "expected_error"] = "network"
    expected_error: ExpectedErrorRecipe = field(default_factory=ExpectedErrorRecipe)
    network: NetworkSpec | BaselineSpec = field(default_factory=NetworkSpec)
    patches: PatchRecipe = field(default_factory=PatchRecipe)
    kernels: KernelRecipe = field(default_factory=KernelRecipe)
    blur: BlurRecipe = field(default_factory=BlurRecipe)
    optimiser: OptimiserRecipe = field(default_factory=OptimiserRecipe)
    sources: tuple[SourceRecipe, ...] = (SourceRecipe(),)

    def to_dict(self) -> dict[str, Any]:
        """Plain nested dictionary, ready for JSON; only what matters to what is trained."""
        unused = ("network",) if self.trains == "expected_error" else ("trains", "expected_error")
        return {name: value for name, value in asdict(self).items() if name not in unused}

    def with_changes(self, changes: Mapping[str, str]) -> Recipe:
        """The recipe with entries replaced, as the command line's ``--set optimiser.steps=100``.

        Raises:
            InputError: an unknown entry or a value of the wrong type.
        """
        values = self.to_dict()
        for path, text in changes.items():
            _replace_entry(values, path, text)
        return recipe_from_dict(values)


def available_recipes() -> list[str]:
    """Names of the recipes that come with the library."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def load_recipe(name_or_path: str) -> Recipe:
    """Reads a recipe by its name (``default``, ``paper``, …) or from a TOML file.

    With ``based_on = "default"`` a file needs to hold only what differs from that recipe.

    Raises:
        InputError: no such recipe, not TOML, or an unknown or ill-typed entry, named.
    """
    path = RECIPES / f"{name_or_path}.toml"
    # Not pathlib's: it raises an OSError for names that no system allows.
    if not os.path.isfile(path):
        path = Path(name_or_path)
    if not os.path.isfile(path):
        raise InputError(
            f"There is no recipe {name_or_path!r}; use one of {available_recipes()} or a .toml "
            "file."
        )
    values = _values_in(path)
    with errors_naming(path.name):
        base = values.pop("based_on", None)
        if base is not None:
            if base not in available_recipes():
                raise InputError(
                    f"There is no recipe {base!r} to be based on; use one of {available_recipes()}."
                )
            values = _merged(_values_in(RECIPES / f"{base}.toml"), values)
        return recipe_from_dict(values)


def _values_in(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError, RecursionError) as error:
        raise InputError(
            f"The recipe {str(path)!r} is not readable TOML ({' '.join(str(error).split())}); "
            "correct it there."
        ) from error


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of both; where both have one that of ``changes``, entry by entry in tables."""
    merged = dict(base)
    for name, value in changes.items():
        table = merged.get(name)
        if isinstance(table, dict) and isinstance(value, dict):
            value = _merged(table, value)
        merged[name] = value
    return merged


def recipe_from_dict(values: Mapping[str, Any]) -> Recipe:
    """Checks and builds a recipe.

    Raises:
        InputError: an unknown or ill-typed entry, or a number out of range, named.
    """
    entries = dict(values)
    described = entries.pop("network", {})
    # A head is trained on the network of a model, not on one that the recipe describes.
    network = spec_from_dict({} if entries.get("trains") == "expected_error" else described)
    recipe = from_mapping(Recipe, entries, network=network)
    check_recipe(recipe)
    return recipe


def _replace_entry(values: dict[str, Any], path: str, text: str) -> None:
    *parents, last = path.split(".")
    table: Any = values
    for name in parents:
        table = table.get(name) if isinstance(table, dict) else None
    if not isinstance(table, dict) or last not in table:
        raise InputError(f"The recipe has no entry {path!r}; look into the recipe file.")
    if isinstance(table[last], str):
        table[last] = text
        return
    try:
        table[last] = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"The value {text!r} for {path} cannot be read; give a number, true or false, or a "
            "list of numbers in square brackets."
        ) from error
