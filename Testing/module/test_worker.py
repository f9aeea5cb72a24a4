"""The process that computes: it stays from run to run, and ends when nobody needs it."""

from __future__ import annotations

import pytest
from process_ends import outlasting


@pytest.fixture(scope="module")
def worker(started):
    """One for all tests, since each start of its process takes seconds."""
    from ArSSRModule.run.worker import Worker

    made = Worker()
    yield made
    made.stopNow()


@pytest.fixture
def order(worker, wait, tmp_path):
    """Interpolates a small volume; returns what the order reported at its end."""
    from ArSSRLib.sample import sample_path

    def give(*options):
        request = {
            "source": str(sample_path()),
            "output": str(tmp_path / "out.nrrd"),
            "request": [*(options or ("--scale", "1.1", "--method", "nearest"))],
            "force": True,
        }
        ends = []
        made = worker.order(request)
        made.succeeded.connect(lambda: ends.append("done"))
        made.failed.connect(ends.append)
        wait(lambda: ends)
        return ends[0]

    return give


def test_it_names_the_devices_once_it_is_ready(worker, wait):
    found = []
    worker.devicesFound.connect(found.append)
    worker.prepare()
    worker.prepare()
    wait(lambda: found)
    assert "CPU" in found[0]["cpu"]
    assert len(found) == 1


def test_one_process_does_all_orders_also_after_a_bad_one(worker, order):
    assert order() == "done"
    process = worker.processId
    assert "scale 0.5" in order("--scale", "0.5", "--method", "cubic")
    assert order() == "done"
    assert worker.processId == process


def test_a_withdrawn_order_reports_nothing_and_the_process_stays(worker, order):
    assert order() == "done"
    first = worker.processId
    ends = []
    withdrawn = worker.order({"prepare": []})
    withdrawn.succeeded.connect(lambda: ends.append("done"))
    withdrawn.withdraw()
    assert order() == "done"
    assert ends == []
    assert worker.processId == first


def test_an_aborted_order_fails_and_another_process_does_the_next(worker, order, wait):
    assert order() == "done"
    first = worker.processId
    ends = []
    aborted = worker.order({"prepare": []})
    aborted.failed.connect(ends.append)
    aborted.abort()
    assert order() == "done"
    wait(lambda: ends)
    assert worker.processId != first


def test_it_ends_with_slicer(worker, order, children):
    assert order() == "done"
    group = worker.processId
    ours = [p for p in children() if group in (p.pid, p.ppid())]
    assert len(ours) == 2, "a launcher and the Python that it started"
    worker._session.process._process.stdin.close()  # as the system does when Slicer has died
    assert outlasting(ours, seconds=60.0) == []


def test_without_orders_it_ends_and_the_next_order_starts_another(worker, order, wait, monkeypatch):
    from ArSSRModule.run import worker as module

    worker.stopNow()
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.1)
    worker.prepare()
    wait(lambda: worker._session is None)
    worker.prepare()
    wait(lambda: not worker._session.process.running)
    monkeypatch.undo()
    assert order() == "done"  # it came when nobody had noticed the end yet


def test_a_lack_of_memory_comes_with_a_remedy(started):
    from ArSSRModule.run import worker as module

    ends = []
    order = module.Order(None, "1", {})
    order.failed.connect(ends.append)
    module._end(order, {"ended": 1, "error": "There is not enough memory.", "out_of_memory": True})
    assert "smaller scale" in ends[0]
