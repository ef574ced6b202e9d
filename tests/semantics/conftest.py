"""Make the programs and the world importable as the ordinary modules that they are."""

from __future__ import annotations

import sys
from pathlib import Path

for _path in (Path(__file__).parent.parent, Path(__file__).parent):
    if str(_path) not in sys.path:
        sys.path.insert(0, str(_path))
