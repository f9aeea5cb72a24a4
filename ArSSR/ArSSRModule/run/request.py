"""What one run computes, as arguments of the library's command line."""

from dataclasses import dataclass
from pathlib import Path

from ..scene.results import resultName


@dataclass(frozen=True)
class Request:
    """One volume to make.

    Attributes:
        method: ``arssr`` or ``cubic``.
        scaleArguments: ``("--scale", "2.5")`` or ``("--spacing", "0.5,0.5,1.25")``.
        scaleText: how the user said it, for names: ``2.5x``, ``1.25 mm``, ``isotropic``.
        model: name or file of the network.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        roi: x0, y0, z0, x1, y1, z1 in LPS mm, or None for the whole volume.
        fast: compute once instead of taking the mean with the mirrored volume.
    """

    method: str
    scaleArguments: tuple[str, ...]
    scaleText: str
    model: str
    device: str
    roi: tuple[float, ...] | None = None
    fast: bool = False

    def arguments(self, source: Path, target: Path) -> list[str]:
        """Arguments after ``python -m ArSSRLib``."""
        arguments = ["upsample", str(source), "-o", str(target), *self.scaleArguments]
        arguments += ["--method", self.method, "--progress", "json"]
        if self.method == "arssr":
            arguments += ["--model", self.model, "--device", self.device]
            arguments += ["--fast"] if self.fast else []
        if self.roi is not None:
            arguments += ["--roi", *(f"{x:.6f}" for x in self.roi)]
        return arguments

    def nameFor(self, inputName: str) -> str:
        return resultName(inputName, self.method, self.scaleText)
