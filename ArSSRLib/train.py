"""``python -m ArSSRLib.train``: the same program as ``arssr train``, also under ``torchrun``."""

from __future__ import annotations

import sys

from .cli.main import main

if __name__ == "__main__":
    sys.argv.insert(1, "train")
    sys.exit(main())
