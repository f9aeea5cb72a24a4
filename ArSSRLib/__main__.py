"""``python -m ArSSRLib``: the same program as ``arssr``."""

import sys

from .cli.main import main

if __name__ == "__main__":
    sys.exit(main())
