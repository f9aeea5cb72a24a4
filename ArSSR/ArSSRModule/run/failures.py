"""Why Slicer's own part of a run failed, in the user's words; the log gets the rest."""

import logging

from slicer.i18n import tr as _


def memoryText() -> str:
    return _(
        "Slicer does not have enough memory for this. Close other volumes and programs, choose a "
        "region (ROI) or a smaller scale, and try again."
    )


def fileText(folder) -> str:
    return _(
        "The files of the run could not be written to or read from “{folder}”; free disk space "
        "there, or choose another Temporary directory in Application Settings."
    ).format(folder=folder)


def unexpectedText(error: Exception) -> str:
    return _(
        "The run failed unexpectedly ({error}). Try again; if it fails again, report it with the "
        "application log, which has the details."
    ).format(error=str(error) or type(error).__name__)


def explain(error: Exception, otherwise: str = "") -> str:
    """One sentence for the user; the traceback goes to the application log.

    Args:
        otherwise: what to say when it is not about memory.
    """
    from ArSSRLib.running.memory import is_out_of_memory

    logging.error("ArSSR: %s", error, exc_info=error)
    if is_out_of_memory(error):
        return memoryText()
    return otherwise or unexpectedText(error)
