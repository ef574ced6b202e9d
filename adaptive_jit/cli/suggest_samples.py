"""Seconds spent in functions that cannot be profiled, by looking at all threads now and then.

A function with nothing that could overlap keeps its own code, so nothing in it
tells how long it takes. A thread looks every 10 ms at what all others run, and
counts the watched functions that are somewhere on their stacks.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType, FunctionType

INTERVAL = 0.01
"""Seconds between two looks: a hundredth of a second is seen once on average."""

DEPTH = 200
"""Frames of a stack that are looked at, from the innermost on."""


class Samples:
    """Looks at threads until it is told to end."""

    def __init__(self) -> None:
        self._watched: dict[int, FunctionType] = {}
        self._seconds: dict[int, float] = {}
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, function: FunctionType) -> None:
        """Count the time that is spent in *function*."""
        self._watched[id(function.__code__)] = function

    def begin(self) -> None:
        """Look from now on."""
        self._thread = threading.Thread(target=self._run, name="adaptive_jit-suggest", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._ending.set()
        if self._thread is not None and self._thread.is_alive():
            self._thread.join(1.0)

    def found(self) -> tuple[tuple[FunctionType, float], ...]:
        """The watched functions that were seen, with about how many seconds of all threads."""
        return tuple((self._watched[code], seconds) for code, seconds in self._seconds.items())

    def _run(self) -> None:
        before = time.perf_counter()
        own = threading.get_ident()
        while not self._ending.wait(INTERVAL):
            now = time.perf_counter()
            if self._watched:
                self.look(
                    [frame for thread, frame in sys._current_frames().items() if thread != own],
                    now - before,
                )
            before = now

    def look(self, frames: list[FrameType], seconds: float) -> None:
        """Count *seconds* for each watched function on the stacks that end in *frames*."""
        for innermost in frames:
            frame: FrameType | None = innermost
            seen = set()
            for _ in range(DEPTH):
                if frame is None:
                    break
                seen.add(id(frame.f_code))
                frame = frame.f_back
            for code in seen & self._watched.keys():
                self._seconds[code] = self._seconds.get(code, 0.0) + seconds
