"""``python -m adaptive_jit``: the command line."""

from __future__ import annotations

import sys

from adaptive_jit.cli import main

if __name__ == "__main__":
    sys.exit(main())
