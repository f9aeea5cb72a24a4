"""Tasks that kill the process that measures them, as the kernel does, or never end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from ArSSRLib.evaluation.measuring.tasks import Task
from ArSSRLib.evaluation.settings import Settings
from ArSSRLib.running.leftovers import temporary_name


class DeadlyTask(Task):
    """Ends every process that measures it, but never the one that runs the test."""

    def record(self, settings: Settings) -> Path:
        measuring = os.environ.get("ARSSR_TEST_PROCESS") != str(os.getpid())
        if measuring and self.volume == "brain_45_2mm" and self.method.slug == "linear":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().record(settings)


class StuckTask(Task):
    """Never gets further than the first bytes of its result."""

    def record(self, settings: Settings) -> Path:
        path = super().record(settings)
        if os.environ.get("ARSSR_TEST_PROCESS") != str(os.getpid()):
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / temporary_name(".npz")).write_bytes(b"half a result")
            time.sleep(600)
        return path
