"""Starts a process of each kind that lasts for ever, prints its number and lasts for ever itself.

python lasting.py fork|spawn|forkserver COUNT
"""

from __future__ import annotations

import multiprocessing
import sys
import time

from ArSSRLib.running.workers import end_with_parent


def last() -> None:
    """What each process does."""
    end_with_parent()
    end_with_parent()
    time.sleep(3600)


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    workers = [context.Process(target=last) for _ in range(int(sys.argv[2]))]
    for worker in workers:
        worker.start()
    print(*(worker.pid for worker in workers), flush=True)
    time.sleep(3600)
