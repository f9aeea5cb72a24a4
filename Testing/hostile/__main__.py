"""Runs every hostile input through the command line and prints the table with its count."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[n]) for n in (1, 2)]


def main() -> int:
    """Returns 0 when every input was handled as the table says.

    Words after the command choose the rows whose topic or name holds one of them.
    """
    from hostile.runner import Runner, complaints
    from hostile.table import TOPICS, counted

    wanted = sys.argv[1:]
    tried = bad = 0
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        runner = Runner(Path(folder))
        for topic, entries in TOPICS.items():
            print(f"\n{topic}")
            for entry in entries:
                if wanted and not any(word in f"{topic}: {entry.name}" for word in wanted):
                    continue
                outcome = runner.run(entry)
                wrong = complaints(entry, outcome)
                tried += 1
                bad += bool(wrong)
                print(f"  {entry.name}: exit {outcome.code}")
                print(f"      {outcome.said.strip().replace(folder, '…')}")
                for complaint in wrong:
                    print(f"      WRONG: {complaint}")
                sys.stdout.flush()
    print(f"\n{counted()}; {tried} were tried, {bad} went wrong.")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
