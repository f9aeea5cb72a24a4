"""Hostile inputs: everything a user, a disk or an attacker can get wrong, in one table.

python Testing/hostile                   runs them all and prints the table with its count
python -m Testing.hostile.fuzz COUNT     reads files with randomly damaged headers
python -m Testing.hostile.invariants COUNT
                                         checks on random grids what must not change a result
"""

import sys
from pathlib import Path

# Helpers that several folders of tests share are in the folder above.
_TESTING = str(Path(__file__).resolve().parents[1])
if _TESTING not in sys.path:
    sys.path.insert(0, _TESTING)
