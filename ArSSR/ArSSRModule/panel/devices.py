"""Which processors the installed PyTorch can use."""

from ..signals import Signal


class Devices:
    """Knows them once the worker has loaded PyTorch.

    Attributes:
        names: device -> its name, empty where PyTorch cannot use it; empty while nothing is known.

    Signals:
        found(): ``names`` is filled.
    """

    def __init__(self, worker) -> None:
        self.found = Signal()
        self.names: dict[str, str] = {}
        worker.devicesFound.connect(self._onFound)

    def resolve(self, device: str) -> str:
        """The device that ``auto`` selects; the CPU while nothing is known."""
        if device != "auto":
            return device
        return next((d for d in ("cuda", "mps") if self.names.get(d)), "cpu")

    def _onFound(self, names: dict[str, str]) -> None:
        self.names = names
        self.found.emit()
