"""Finds out, in a child process, which processors the installed torch can use."""

import json
import logging

from .. import library
from ..run import torch_setup
from ..run.process import BackgroundProcess
from ..signals import Signal

PROBE = """
import json, torch
cuda = torch.cuda.is_available()
print(json.dumps({
    "cuda": torch.cuda.get_device_name(0) if cuda else "",
    "mps": "Apple GPU" if torch.backends.mps.is_available() else "",
    "cpu": f"CPU, {torch.get_num_threads()} threads",
}))
"""


class DeviceProbe:
    """Runs once, in a child process, since importing torch takes seconds.

    Signals:
        found(): ``names`` is filled: device -> its name, empty where torch cannot use it.
    """

    def __init__(self) -> None:
        self.found = Signal()
        self.names: dict[str, str] = {}
        self._process: BackgroundProcess | None = None

    def start(self) -> None:
        """Does nothing while torch is missing, or when the answer is known or being computed."""
        if self.names or self._process is not None or not torch_setup.installedVersion():
            return
        try:
            process = BackgroundProcess([library.pythonExecutable(), "-c", PROBE])
            process.lineReceived.connect(self._onLine)
            process.finished.connect(self._onFinished)
            process.start()
        except (RuntimeError, OSError) as error:  # a run will fail likewise, with a message
            logging.warning("ArSSR could not ask for the devices: %s", error)
            return
        self._process = process

    def stopNow(self) -> None:
        self.found.disconnectAll()
        if self._process is not None:
            self._process.stopNow()

    def resolve(self, device: str) -> str:
        """The device that ``auto`` selects; the CPU while nothing is known."""
        if device != "auto":
            return device
        return next((d for d in ("cuda", "mps") if self.names.get(d)), "cpu")

    def _onLine(self, line: str) -> None:
        try:
            self.names = {str(k): str(v) for k, v in json.loads(line).items()}
        except (ValueError, AttributeError):
            return

    def _onFinished(self, code: int) -> None:
        self._process = None
        if self.names:
            self.found.emit()
