"""A signal for plain Python objects, so that a process or a job need not know the panel."""

from collections.abc import Callable
from typing import Any


class Signal:
    """Calls the connected functions, in the order in which they were connected.

    >>> heard = []
    >>> finished = Signal()
    >>> finished.connect(heard.append)
    >>> finished.emit(3)
    >>> heard
    [3]
    """

    def __init__(self) -> None:
        self._functions: list[Callable[..., None]] = []

    def connect(self, function: Callable[..., None]) -> None:
        self._functions.append(function)

    def disconnectAll(self) -> None:
        self._functions.clear()

    def emit(self, *arguments: Any) -> None:
        for function in list(self._functions):
            function(*arguments)
