"""A case whose measuring ends the worker process it is in, as the kernel does without memory."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from ArSSRLib.evaluation.cases import Case
from ArSSRLib.evaluation.settings import Settings


class DeadlyCase(Case):
    """Ends every process that measures it, but never the one that runs the test."""

    def record(self, settings: Settings) -> Path:
        measuring = os.environ.get("ARSSR_TEST_PROCESS") != str(os.getpid())
        if measuring and self.volume == "brain_45_2mm" and self.method.slug == "linear":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().record(settings)
