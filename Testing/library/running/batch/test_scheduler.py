"""What listens at the address of a cluster is a scheduler, or one sentence says that it is not."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from ArSSRLib.errors import EnvironmentFault
from ArSSRLib.running.batch import cluster
from ArSSRLib.running.batch.cluster import DaskCluster


@contextmanager
def _silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


class _Quiet(http.server.BaseHTTPRequestHandler):
    """Answers every request with an error, as the dashboard of a scheduler does."""

    def log_message(self, *_: object) -> None: ...


@contextmanager
def _web_port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("port", [_silent_port, _web_port])
def test_a_port_of_another_program_is_refused_and_not_waited_for(
    port: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_SECONDS_TO_ANSWER", 1)
    with port() as number, pytest.raises(EnvironmentFault) as raised:  # type: ignore[operator]
        DaskCluster([], f"tcp://127.0.0.1:{number}")
    assert f"No Dask scheduler answers at 'tcp://127.0.0.1:{number}'" in str(raised.value)
    assert "dashboard" in str(raised.value)
