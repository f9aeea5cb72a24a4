"""A batch waits for the workers of a cluster and says so; those that die on a volume are named."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from ArSSRLib.running.batch import cluster
from ArSSRLib.running.batch.cluster import warn_without_workers


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([2, 1, 2], []),
        ([0, 0, 2], ["yet"]),
        ([1, 0, 1], []),
        ([1, 0, 0, 0, 1, 0, 0], ["any more", "any more"]),
        ([0, 2, 0, 0], ["yet", "any more"]),
        ([1, OSError("the scheduler is gone")], []),
    ],
)
def test_a_cluster_that_stays_without_workers_is_warned_of_once(
    counts: list[int | Exception], words: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    ended, left = threading.Event(), iter(counts)

    def count() -> int:
        now = next(left, None)
        if now is None:
            ended.set()
            return 1
        if isinstance(now, Exception):
            raise now
        return now

    warn_without_workers(count, ended, seconds=0.0)
    said = [f"The cluster has no workers {each}; start some" for each in words]
    assert len(caplog.messages) == len(said)
    assert all(text.startswith(start) for text, start in zip(caplog.messages, said, strict=True))


def test_a_volume_whose_workers_were_all_killed_most_likely_lacked_memory() -> None:
    distributed = pytest.importorskip("distributed")
    error = distributed.scheduler.KilledWorker("key", SimpleNamespace(address="tcp://a"), 3)
    future = SimpleNamespace(
        status="error", client=SimpleNamespace(status="running"), exception=lambda: error
    )
    posted = []
    cluster._post_end(7, lambda number, end: posted.append((number, end)), future)  # type: ignore[arg-type]
    ((number, end),) = posted
    assert (number, end.code, end.out_of_memory) == (7, 1, True)
    assert end.error == "The processes of the cluster that worked on it were killed."
