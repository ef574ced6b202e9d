"""Where seconds come from: injected everywhere, so that tests decide what time it is."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Anything that tells how many seconds have passed since some fixed moment."""

    def seconds(self) -> float:
        """Return seconds that never decrease; only differences mean something."""


class SystemClock:
    """The clock of this machine."""

    __slots__ = ()

    # The method is the C function itself: a frame of ours would double its cost.
    seconds = staticmethod(time.perf_counter)


SYSTEM = SystemClock()
"""The clock that everything uses unless it is given another one."""
