"""Import of state dicts as published by the paper's authors.

Their keys are ``encoder.*``, ``decoder.stage_one.*`` and ``decoder.stage_two.*``; the weights are
plain tensors, so the file is read without unpickling code (``weights_only=True``).
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import InputError
from .encoders import encoder_kind, encoder_kinds
from .spec import paper_spec

if TYPE_CHECKING:
    from torch import Tensor

    from .arssr import ArSSR


def published_encoders() -> list[str]:
    """The encoders whose published weights can be imported; needs no torch."""
    return [name for name, kind in encoder_kinds().items() if kind.published_keys]


def check_there_is(path: str | os.PathLike[str]) -> None:
    """Raises InputError when there is no file to import."""
    if not os.path.isfile(path):
        raise InputError(f"There is no file {str(path)!r} to import; check its path.")


def import_published(path: str | os.PathLike[str], encoder: str) -> ArSSR:
    """Builds the paper's network and fills it with a published state dict.

    Args:
        path: the authors' file.
        encoder: one of :func:`published_encoders`.

    Returns:
        The network, in the paper's own convention (absolute coordinates, no residual).

    Raises:
        InputError: no such file, not a state dict, or weights that do not fit the encoder or are
            not finite.
    """
    from .arssr import ArSSR

    check_there_is(path)
    network = ArSSR(paper_spec(encoder))
    published = _read(path)
    weights = {_our_key(key, encoder): value for key, value in published.items()}
    expected = network.state_dict()
    wrong = [
        key
        for key, value in expected.items()
        if key not in weights or weights[key].shape != value.shape
    ]
    if wrong or len(published) != len(expected):
        first = wrong[0] if wrong else sorted(set(weights) - set(expected) or published)[0]
        raise InputError(
            f"The weights in {str(path)!r} do not fit the {encoder} encoder (first at {first}); "
            f"name the encoder they were trained with, one of {', '.join(published_encoders())}.",
            argument="encoder",
        )
    network.load_state_dict({key: _number(weights[key], key, path) for key in expected})
    return network.eval().requires_grad_(False)


def _read(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """The tensors of a state dict, read without running any code that the file contains."""
    import torch

    try:
        with warnings.catch_warnings():
            # A foreign pickle protocol is refused below; torch's own remark would only confuse.
            warnings.simplefilter("ignore")
            published = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:
        raise InputError(
            f"The file {str(path)!r} is not a plain PyTorch state dict; nothing of it was run; "
            "save it with torch.save(model.state_dict(), FILE)."
        ) from error
    if not isinstance(published, Mapping) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) and not value.is_nested
        for key, value in published.items()
    ):
        raise InputError(
            f"The file {str(path)!r} does not contain a state dict; save model.state_dict()."
        )
    return dict(published)


def _number(value: Tensor, key: str, path: str | os.PathLike[str]) -> Tensor:
    """A weight as float32.

    Raises:
        InputError: integers, complex, quantised, sparse, or a value that float32 cannot hold.
    """
    import torch

    plain = (
        value.layout == torch.strided
        and value.device.type == "cpu"
        and not value.is_quantized
        and value.is_floating_point()
    )
    if not plain:
        raise InputError(
            f"The weight {key} in {str(path)!r} has type {value.dtype}, layout {value.layout}; "
            "save plain floating-point weights."
        )
    number = value.detach().float().contiguous()
    if not bool(number.isfinite().all()):
        raise InputError(
            f"The weight {key} in {str(path)!r} contains NaN, infinity or values that float32 "
            "cannot hold; export the weights of another training step."
        )
    return number


def _our_key(key: str, encoder: str) -> str:
    """Our name of the authors' weight ``key``; itself where no rule fits."""
    key = key.removeprefix("module.")
    stage = re.fullmatch(r"decoder\.stage_(one|two)\.(\d+)\.(weight|bias)", key)
    if stage:
        half = "first" if stage[1] == "one" else "second"
        # Each of their linear layers is followed by a ReLU that counts as a layer.
        return f"decoder.{half}.{int(stage[2]) // 2}.{stage[3]}"
    if not key.startswith("encoder."):
        return key
    name = key.removeprefix("encoder.")
    for pattern, ours in encoder_kind(encoder).published_keys:
        renamed, matches = re.subn(f"^{pattern}", ours, name)
        if matches:
            return f"encoder.{renamed}"
    return key
