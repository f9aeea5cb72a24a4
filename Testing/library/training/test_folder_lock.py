"""Two runs never train in one folder at once."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from smoke_run import train

from ArSSRLib.errors import InputError
from ArSSRLib.training.folder_lock import alone_in


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such locks")
def test_a_second_run_in_a_folder_is_refused_and_touches_nothing(
    tmp_path: Path,
) -> None:
    sets = ("optimiser.steps=2", "patches.size=6", "patches.coordinates=50")
    (tmp_path / "metrics.csv").write_text("the other run's")
    with alone_in(tmp_path):
        refused = train(tmp_path, sets=sets)
        assert refused.returncode == 2
        assert "Another run is training in" in refused.stderr
        assert os.listdir(tmp_path) == ["metrics.csv"]
        assert (tmp_path / "metrics.csv").read_text() == "the other run's"
    assert train(tmp_path, sets=sets).returncode == 0
    assert (tmp_path / "last.ckpt").exists()


def _draw(started: Event) -> None:
    started.set()
    time.sleep(60)


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot fork")
def test_processes_that_draw_patches_do_not_keep_a_folder_from_the_next_run(
    tmp_path: Path,
) -> None:
    with alone_in(tmp_path):
        with pytest.raises(InputError, match="Another run"), alone_in(tmp_path):
            pass
        fork = multiprocessing.get_context("fork")
        started = fork.Event()
        child = fork.Process(target=_draw, args=(started,))
        child.start()
        assert started.wait(60)
    try:
        with alone_in(tmp_path):
            assert child.is_alive()
    finally:
        # Not SIGTERM: like the process it was forked from it may be deaf to that.
        child.kill()
        child.join()
