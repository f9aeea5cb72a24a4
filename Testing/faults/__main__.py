"""Kills ``upsample``, ``train`` and ``evaluate`` at random moments and prints what was lost."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[n]) for n in (1, 2)]


def main() -> int:
    """Returns 0 when nothing was lost."""
    from hostile.models import small_model

    from faults.campaign import SIGNALS, Campaign
    from faults.commands import Evaluate, Train, Upsample

    parser = argparse.ArgumentParser(prog="python Testing/faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=5, help="of each command with each signal")
    parser.add_argument("--seed", type=int, default=0, help="decides the moments (default: 0)")
    parser.add_argument("--command", choices=("upsample", "train", "evaluate"), help="only this")
    options = parser.parse_args()
    rows, losses = [], 0
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        root = Path(folder)
        for command in (Upsample(small_model(root)), Train(), Evaluate()):
            if options.command not in (None, command.name):
                continue
            campaign = Campaign(command, root / command.name, options.seed)
            print(f"{command.name}: {campaign.seconds:.1f} s of processor time", flush=True)
            tally = campaign.run(options.kills)
            for loss in tally.losses:
                print(f"  LOST by {command.name}, {loss}", flush=True)
            losses += len(tally.losses)
            counts = [tally.kills[number.name] for number in SIGNALS]
            rows.append([command.name, *counts, tally.finished, len(tally.losses)])
    print(f"\n{'command':<10}" + "".join(f"{n.name:>9}" for n in SIGNALS) + "  finished   losses")
    for name, *numbers in rows:
        print(f"{name:<10}" + "".join(f"{n:>9}" for n in numbers[: len(SIGNALS)])
              + "".join(f"{n:>9}" for n in numbers[len(SIGNALS) :]))  # fmt: skip
    kills = sum(sum(row[1 : 1 + len(SIGNALS)]) for row in rows)
    print(f"\n{kills} kills, {losses} losses.")
    return int(losses > 0)


if __name__ == "__main__":
    sys.exit(main())
