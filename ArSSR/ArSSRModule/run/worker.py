"""The child process that computes for one panel, and stays alive from one run to the next.

``ArSSRLib.running.worker`` describes the messages between this module and the process.
"""

import json
import logging

from slicer.i18n import tr as _

from .. import library
from ..signals import Signal
from .child_output import ProgressLine, explainEnd
from .process import BackgroundProcess

IDLE_SECONDS = 600.0
"""How long the process waits for an order before it ends and gives its memory back."""


class Order:
    """One job for the worker.

    Signals:
        progressed(ProgressLine)
        succeeded()
        failed(text): also after ``abort``.

    Attributes:
        findings: what the process measured of the result, by the names of ``arssr worker``.
    """

    def __init__(self, worker: "Worker", name: str, request: dict) -> None:
        self.progressed, self.succeeded, self.failed = Signal(), Signal(), Signal()
        self.name, self.request = name, request
        self.started = False
        self.findings: dict = {}
        self._worker = worker

    def withdraw(self) -> None:
        """Gives up the order; the process stays, and no signal follows."""
        self._disconnect()
        self._worker.withdraw(self)

    def abort(self) -> None:
        """Ends the process and with it the order; ``failed`` follows."""
        self._worker.abort()

    def stopNow(self) -> None:
        """Ends the process before returning; no signal follows."""
        self._disconnect()
        self._worker.stopNow()

    def _disconnect(self) -> None:
        for signal in (self.progressed, self.succeeded, self.failed):
            signal.disconnectAll()


class _Session:
    """One process and the orders that it has not finished, by their names."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        command = library.commandLine(["worker", "--idle", str(IDLE_SECONDS)])
        self.process = BackgroundProcess(command, takesInput=True)

    def send(self, order: Order) -> None:
        logging.info("ArSSR orders: %s", json.dumps(order.request))
        self.orders[order.name] = order
        self.process.errorLines = []  # those of earlier orders explain nothing about this one
        self.process.write(json.dumps({"job": order.name, "request": order.request}))


class Worker:
    """Starts its process when it is needed, and another one when that has ended.

    The process ends with Slicer, since its input is closed then, after ``IDLE_SECONDS`` without an
    order, and when an order is aborted.

    Signals:
        devicesFound({device: name}): a process has loaded PyTorch; the name is empty for a device
            that PyTorch cannot use.
    """

    def __init__(self) -> None:
        self.devicesFound = Signal()
        self._session: _Session | None = None
        self._ending: list[_Session] = []
        self._count = 0

    @property
    def processId(self) -> int:
        """Of the process; 0 where there is none."""
        return 0 if self._session is None else self._session.process.processId

    def prepare(self) -> None:
        """Starts the process, so that the next order finds libraries, model and threads ready.

        Does nothing when it is there. Why a process cannot start is reported by the next run.
        """
        try:
            self._startedSession()
        except (RuntimeError, OSError) as error:
            logging.warning("ArSSR could not start its child process: %s", error)

    def order(self, request: dict) -> Order:
        """Orders a job; jobs are done one after another.

        Args:
            request: as ``arssr worker`` takes it.

        Raises:
            RuntimeError, OSError: the process cannot be started.
        """
        order = self._newOrder(request)
        self._startedSession().send(order)
        return order

    def withdraw(self, order: Order) -> None:
        """Tells the process that an order is not wanted any more."""
        if self._session is not None and order.name in self._session.orders:
            self._session.process.write(json.dumps({"cancel": order.name}))

    def abort(self) -> None:
        """Asks the process to end now; its orders fail when it has ended."""
        if self._session is not None:
            self._ending.append(self._session)
            self._session.process.cancel()
            self._session = None

    def stopNow(self) -> None:
        """Ends the process before returning; nothing is emitted any more."""
        self.abort()
        for session in self._ending:
            session.process.stopNow()
        self._ending.clear()

    def _startedSession(self) -> _Session:
        if self._session is None:
            session = _Session()
            session.process.lineReceived.connect(lambda line: self._onLine(session, line))
            session.process.finished.connect(lambda code: self._onFinished(session, code))
            session.process.start()
            self._session = session
            session.send(self._newOrder({"prepare": []}))
        return self._session

    def _newOrder(self, request: dict) -> Order:
        self._count += 1
        return Order(self, str(self._count), request)

    def _onLine(self, session: _Session, line: str) -> None:
        try:
            message = json.loads(line)
            order = session.orders.get(str(message.get("job", "")))
        except (ValueError, AttributeError):
            logging.debug("ArSSR child: %s", line)
            return
        if order is None:
            return
        if "devices" in message:
            self.devicesFound.emit(message["devices"])
        elif "started" in message:
            order.started = True
        elif "ended" in message:
            del session.orders[order.name]
            _end(order, message)
        elif progress := ProgressLine.parse(line):
            order.progressed.emit(progress)

    def _onFinished(self, session: _Session, code: int) -> None:
        aborted = session is not self._session
        if aborted:
            self._ending.remove(session)
        else:
            self._session = None
        orders = list(session.orders.values())
        if code == 0 and not aborted and not any(order.started for order in orders):
            self._orderAgain(orders)
            return
        if orders and not aborted:
            lines = "\n".join(session.process.errorLines)
            logging.error("ArSSR child ended with %d:\n%s", code, lines)
        for order in orders:
            order.failed.emit(explainEnd(code, session.process.errorLines))

    def _orderAgain(self, orders: list[Order]) -> None:
        """Orders that came just when the process had ended for want of one."""
        for order in orders:
            try:
                self._startedSession().send(order)
            except (RuntimeError, OSError) as error:
                order.failed.emit(notStartedText(error))


def notStartedText(error: Exception) -> str:
    return _("The run could not be started: {error}").format(error=error)


def _end(order: Order, message: dict) -> None:
    reason = str(message.get("error", ""))
    order.findings = message.get("measured") or {}
    if message["ended"] == 0:
        order.succeeded.emit()
    elif message.get("out_of_memory"):
        remedy = _("Close other programs, choose a region (ROI) or a smaller scale, and try again.")
        order.failed.emit(f"{reason} {remedy}")
    else:
        order.failed.emit(reason)
