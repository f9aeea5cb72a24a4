"""In which type of number the network computes: float32, or half precision where it is fast."""

from __future__ import annotations

import copy
import functools

import torch

from ...choices import PRECISIONS, Precision
from ...errors import InputError
from ...networks.encoder import Encoder

_TYPES: dict[Precision, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
_POSSIBLE = {
    "cpu": (torch.float32, torch.bfloat16),
    "cuda": (torch.float32, torch.bfloat16, torch.float16),
    "mps": (torch.float32,),
}


def choose_precision(name: str, device: torch.device) -> torch.dtype:
    """The type of number for a device.

    Args:
        name: ``auto`` takes float16 on CUDA, bfloat16 on CPUs that multiply it in hardware, and
            float32 elsewhere; ``float32``, ``bfloat16`` and ``float16`` force it.
        device: where the network computes.

    Raises:
        InputError: an unknown name, or a type that the device cannot compute with.
    """
    if name not in PRECISIONS:
        raise InputError(
            f"The precision {name!r} is unknown; choose one of {', '.join(PRECISIONS)}.",
            argument="precision",
        )
    if name == "auto":
        return _fastest(device)
    dtype = _TYPES[name]
    if dtype not in _POSSIBLE[device.type]:
        raise InputError(
            f"The precision {name} is not possible on {device.type}; choose auto or float32.",
            argument="precision",
        )
    return dtype


def precision_after_moving(wanted: torch.dtype, device: torch.device) -> torch.dtype:
    """The type to continue with on another device: float32, or what is fast there."""
    if wanted == torch.float32:
        return wanted
    return wanted if wanted in _POSSIBLE[device.type] else _fastest(device)


def in_precision(encoder: Encoder, dtype: torch.dtype) -> Encoder:
    """The encoder with its convolutions in ``dtype``; itself for float32.

    Convolutions of a single channel stay float32: half precision makes them slower, and what they
    return is the sum that residual connections add to.
    """
    if dtype == torch.float32:
        return encoder
    converted = copy.deepcopy(encoder)
    for conv in converted.structure.convolutions():
        if conv.inputs > 1:
            converted.layer(conv).to(dtype)
    return converted


def _fastest(device: torch.device) -> torch.dtype:
    if device.type == "cuda":
        return torch.float16
    return torch.bfloat16 if device.type == "cpu" and multiplies_bfloat16() else torch.float32


@functools.cache
def products_in_float32(dtype: torch.dtype, device_type: str) -> bool:
    """Whether products of ``dtype`` are to be computed in float32 and rounded to ``dtype``.

    oneDNN refuses bfloat16 on CPUs without AVX-512 or AVX-NE-CONVERT, and torch's own loops take
    eighty times as long as float32.
    """
    if device_type != "cpu" or dtype != torch.bfloat16:
        return False
    # Not part of torch's documented interface: without it float32 is safe.
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return not (torch.backends.mkldnn.is_available() and supported is not None and supported())


def multiplies_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 in hardware (AVX512-BF16, AMX), through oneDNN.

    Without the hardware torch imitates it, several times slower than float32.
    """
    # Not part of torch's documented interface: without it bfloat16 has to be asked for.
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return torch.backends.mkldnn.is_available() and supported is not None and bool(supported())
