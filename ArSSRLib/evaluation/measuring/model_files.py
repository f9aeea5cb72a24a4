"""The networks of the compared methods: their files, checked, and what their headers hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import InputError
from ...networks.baseline_spec import BaselineSpec
from ...networks.catalogue import model_path
from ...networks.model_file import AnyModelHeader, read_header
from .file_versions import cached_by_file
from .methods import RUN_WEIGHTS, EvaluatedMethod


def model_files(
    methods: Sequence[EvaluatedMethod], scales: Sequence[float], baselines: Path | None
) -> Iterator[tuple[EvaluatedMethod, float, Path]]:
    """Every network that takes part, as method, scale and file; missing ones are skipped."""
    for method in methods:
        for scale in scales:
            try:
                path = model_file(method, scale, baselines)
            except InputError:
                continue
            if path is not None:
                yield method, scale, path


def model_file(method: EvaluatedMethod, scale: float, baselines: Path | None) -> Path | None:
    """The model file of a method at a scale; None where the method has no weights.

    A baseline has one network per scale: ``<baselines>/srcnn3d-2/best.npz`` (a training run's
    folder; ``last.npz`` if it was not validated) or ``<baselines>/srcnn3d-2.npz``, and so on.

    Raises:
        InputError: the method's network for this scale is not there.
    """
    if method.kind == "arssr":
        return model_path(method.model or "default")
    if method.kind != "baseline":
        return None
    if baselines is None:
        raise InputError(
            f"{method.title} has no bundled weights; train it ('arssr train --recipe "
            f"{method.text}') and name the folder of its weights.",
            argument="baselines",
        )
    stem = f"{method.text}-{scale:g}"
    for candidate in (*(f"{stem}/{name}" for name in RUN_WEIGHTS), f"{stem}.npz"):
        if (baselines / candidate).is_file():
            return baselines / candidate
    raise InputError(
        f"There is no {method.title} for {scale:g}x in {baselines}; train one there as {stem}/."
    )


def check_network(method: EvaluatedMethod, scale: float, baselines: Path | None) -> None:
    """Checks that a baseline's file holds the right network, trained for the right scale.

    Raises:
        InputError: it does not, is damaged, or is not there.
    """
    path = model_file(method, scale, baselines)
    if method.kind != "baseline" or path is None:
        return
    header = _header(path)
    found = header.spec.baseline if isinstance(header.spec, BaselineSpec) else "an ArSSR network"
    if found != method.title:
        raise InputError(
            f"The file {path} holds {found} and not {method.title}; put the network that was "
            "trained with that recipe there."
        )
    # A baseline is trained for one scale, the largest in its header.
    trained = header.scale_range[1]
    if abs(trained - scale) > 1e-6:
        raise InputError(
            f"The file {path} holds a network for {trained:g}x and not for {scale:g}x; put the "
            "one that was trained for this scale there."
        )


def parameters(method: EvaluatedMethod, scale: float, baselines: Path | None) -> int | None:
    """Number of trained parameters of a method at a scale; None if it has no (readable) network."""
    try:
        path = model_file(method, scale, baselines)
        return None if path is None else _header(path).spec.parameters
    except InputError:
        return None


def has_one_pass_only(method: EvaluatedMethod) -> bool:
    """Whether ``fast`` makes no difference to a method: its model has no mirrored pass anyway.

    Raises:
        InputError: the model is missing or damaged.
    """
    return method.kind == "arssr" and not _header(model_path(method.model or "default")).mirrored


@cached_by_file(16)
def _header(path: Path) -> AnyModelHeader:
    return read_header(path)
