"""How far an entry has come; anything from DONE on is finished."""

from __future__ import annotations

from typing import Final

WAITING: Final = 0
HELD: Final = 1
QUEUED: Final = 2
RUNNING: Final = 3
DONE: Final = 4
RAISED: Final = 5
DEAD: Final = 6
