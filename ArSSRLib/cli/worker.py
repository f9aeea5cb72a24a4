"""``arssr worker``: upsamples for another program, one volume after another, without restarting.

Batches and the Slicer module use it; :mod:`ArSSRLib.running.worker` describes the messages. A
request is a :class:`ArSSRLib.upsampling.file_job.FileJob` as a JSON object, or
``{"prepare": [OPTION, ...]}`` with options of ``arssr upsample``: the libraries and the model are
loaded, so that the next volume does not wait for them, and the devices that torch knows are sent as
``{"job": ID, "devices": {"cpu": NAME, "cuda": NAME, "mps": NAME}}``.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..errors import ArSSRError, Cancelled, InputError, NotEnoughMemory
from ..running.interrupts import was_interrupted
from ..running.memory import is_out_of_memory
from ..running.process_end import Ended
from ..running.worker import JobLink, serve
from ..upsampling.file_job import FileJob
from ..upsampling.hardware.warm_up import device_names, warm_up
from ..upsampling.request import Upsampling
from .outcome import EXIT_DONE, sentence_of
from .printers import NOTHING, JsonPrinter
from .upsample import run_job

_Read = TypeVar("_Read")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the options of ``arssr worker``."""
    parser.add_argument(
        "--idle", type=float, metavar="SECONDS", help="end after so long without a job"
    )


def run(arguments: argparse.Namespace) -> int:
    """Does the jobs that come on stdin; returns the exit code."""
    from .. import __version__

    return serve(do_request, __version__, arguments.idle)


def do_request(request: Mapping[str, Any], link: JobLink) -> Ended:
    """Upsamples one volume, or gets ready for the next.

    Raises:
        KeyboardInterrupt: the whole worker is to end.
    """
    try:
        if "prepare" in request:
            return _prepare(request, link)
        job = _understood(request, lambda: FileJob.from_dict(request))
        _limit_threads(job.request.threads)
        printer = _LinkPrinter(link)
        return Ended(run_job(job, printer, link.ask_for_memory), measured=printer.measured)
    except Cancelled:
        return Ended(Cancelled.exit_code, "Cancelled; nothing was written.")
    except Exception as error:
        if was_interrupted(error):
            raise KeyboardInterrupt from error
        if is_out_of_memory(error):
            shortage = error if isinstance(error, NotEnoughMemory) else NotEnoughMemory()
            return Ended(
                shortage.exit_code, f"{shortage.what}.", out_of_memory=True, reusable=False
            )
        code, sentence = sentence_of(error)
        known = isinstance(error, ArSSRError)
        return Ended(code, sentence, getattr(error, "argument", ""), reusable=known)


def _limit_threads(count: int | None) -> None:
    """Limits the CPU threads of libraries that are not imported yet: they read this once."""
    if count is not None:
        for name in ("OMP_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
            os.environ[name] = str(count)


def _prepare(request: Mapping[str, Any], link: JobLink) -> Ended:
    how = _understood(request, lambda: Upsampling.from_arguments(request["prepare"]))
    _limit_threads(how.threads)
    warm_up(how)
    link.send(devices=device_names())
    return Ended(EXIT_DONE)


def _understood(request: Mapping[str, Any], read: Callable[[], _Read]) -> _Read:
    """What ``read`` makes of a request."""
    try:
        return read()
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, SystemExit) as error:
        # With unknown options argparse leaves.
        raise InputError(f"The worker does not understand the request {dict(request)}.") from error


class _LinkPrinter(JsonPrinter):
    """Sends what a printer shows to the program that asked for the job.

    Attributes:
        measured: what the job has measured, once it is done.
    """

    def __init__(self, link: JobLink) -> None:
        self._link = link
        self.measured: Mapping[str, object] = {}

    def line(self, **entries: object) -> None:
        """One message."""
        self._link.send(**entries)

    def done(self, output: str, summary: str, measured: Mapping[str, object] = NOTHING) -> None:
        """Only notes it: the job's end follows, and what is done can no longer be cancelled."""
        self.measured = measured
