"""The description of a baseline network, as a recipe and a model file hold it; needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from ..errors import InputError
from ..fields import from_mapping

BaselineName = Literal["SRCNN3D", "DCSRN", "ResCNN"]
BASELINES: tuple[BaselineName, ...] = get_args(BaselineName)

_PARAMETERS: dict[BaselineName, int] = {"SRCNN3D": 52801, "DCSRN": 223729, "ResCNN": 1995329}


@dataclass(frozen=True)
class BaselineSpec:
    """A baseline network; its sizes are those of its paper and have no knobs.

    Attributes:
        baseline: ``SRCNN3D`` (Pham 2017), ``DCSRN`` (Chen 2018) or ``ResCNN`` (Du 2019).
    """

    baseline: BaselineName

    def __post_init__(self) -> None:
        if self.baseline not in BASELINES:
            raise InputError(
                f"The baseline {self.baseline!r} is unknown; choose one of {list(BASELINES)}."
            )

    @property
    def parameters(self) -> int:
        """Trainable parameters of the network."""
        return _PARAMETERS[self.baseline]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, ready for JSON."""
        return asdict(self)

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> BaselineSpec:
        """Reads what :meth:`to_dict` wrote.

        Raises:
            InputError: an unknown baseline or entry.
        """
        return from_mapping(BaselineSpec, values, "network")
