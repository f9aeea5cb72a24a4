"""Networks by their specification: ArSSR and the paper's baselines, for training and use alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .baseline_spec import BaselineSpec
from .spec import NetworkSpec

if TYPE_CHECKING:
    from .arssr import ArSSR
    from .baselines import Baseline


def spec_from_dict(values: Mapping[str, Any]) -> NetworkSpec | BaselineSpec:
    """The specification that a recipe or a model file holds.

    Raises:
        InputError: an unknown or ill-typed entry, named in the message.
    """
    if isinstance(values, Mapping) and "baseline" in values:
        return BaselineSpec.from_dict(values)
    return NetworkSpec.from_dict(values)


def build_network(spec: NetworkSpec | BaselineSpec) -> ArSSR | Baseline:
    """The network of a specification, with fresh weights.

    Raises:
        InputError: an unknown encoder.
    """
    if isinstance(spec, NetworkSpec):
        from .arssr import ArSSR

        return ArSSR(spec)
    from .baselines import Baseline

    return Baseline(spec)
