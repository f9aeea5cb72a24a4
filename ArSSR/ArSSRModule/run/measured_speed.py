"""How long runs take on this computer, remembered from run to run."""

import json
import statistics

import slicer

SETTING, PREVIEW = "ArSSR/Slowness/", "-preview"
RUNS_KEPT = 5
OVERHEAD_SECONDS = 1.0
"""Of a run besides computing: reading, writing, and putting the result into the scene."""
SHORTEST_SECONDS = 2.0
"""Of the estimate, from which a run is long enough to measure."""


def slowness(device: str) -> float | None:
    """Seconds of computing on this computer for one of the library's estimate.

    The median of the last runs on the device, so that a run beside other programs counts little;
    None before the first one.
    """
    runs = _runs(device)
    return statistics.median(runs) if runs else None


def expectedSeconds(device: str, estimate: float) -> float:
    """Time of a run whose computing the library estimates to take so long."""
    return OVERHEAD_SECONDS + estimate * (slowness(device) or 1.0)


def remember(device: str, estimate: float, seconds: float) -> None:
    """Notes a run; one that is too short to measure is passed over.

    Args:
        device: cpu, cuda or mps.
        estimate: of the library, for computing alone.
        seconds: that the run took.
    """
    if estimate >= SHORTEST_SECONDS and seconds > OVERHEAD_SECONDS:
        _note(device, (seconds - OVERHEAD_SECONDS) / estimate)


def previewSlowness(device: str) -> float:
    """The same for previews, whose overhead counts too; before the first, that of runs, or 1."""
    runs = _runs(device + PREVIEW)
    return statistics.median(runs) if runs else slowness(device) or 1.0


def rememberPreview(device: str, estimate: float, seconds: float) -> None:
    """Notes a preview, from the order to the picture."""
    _note(device + PREVIEW, seconds / estimate)


def _note(name: str, ratio: float) -> None:
    runs = [*_runs(name), ratio][-RUNS_KEPT:]
    slicer.app.userSettings().setValue(SETTING + name, json.dumps(runs))


def _runs(name: str) -> list[float]:
    try:
        runs = json.loads(str(slicer.app.userSettings().value(SETTING + name, "[]")))
        return [float(run) for run in runs if float(run) > 0.0]
    except (ValueError, TypeError):
        return []
