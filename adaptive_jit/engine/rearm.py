"""Looks again, after a while, at functions that were settled direct.

A settled direct function runs its own code and is not observed; only time
brings it back. One parked thread serves all functions; it ends when nothing
is due, and is joined before a fork.
"""

from __future__ import annotations

import heapq
import itertools
import os
import threading
import time
from typing import TYPE_CHECKING

from adaptive_jit.interrupts import Starting

if TYPE_CHECKING:
    from collections.abc import Callable

_JOIN_SECONDS = 1.0


class Alarms:
    """Calls functions at their time, in one daemon thread."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False

    def after(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call *callback* in *seconds*."""
        item = (self._seconds() + seconds, next(self._order), callback)
        with self._condition:
            heapq.heappush(self._due, item)
            if self._thread is None:
                starting = Starting()

                def run() -> None:
                    starting.began()
                    self._run()

                self._thread = threading.Thread(target=run, name="adaptive-jit-rearm", daemon=True)
                with starting:
                    self._thread.start()
            else:
                self._condition.notify()

    def _run(self) -> None:
        while (callback := self._next()) is not None:
            callback()

    def _next(self) -> Callable[[], None] | None:
        with self._condition:
            while self._due and not self._stopping:
                left = self._due[0][0] - self._seconds()
                if left <= 0:
                    return heapq.heappop(self._due)[2]
                self._condition.wait(left)
            self._thread = None
            return None

    def pause(self) -> None:
        """End the thread, keeping what is due: before a fork."""
        with self._condition:
            thread = self._thread
            self._stopping = True
            self._condition.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_JOIN_SECONDS)

    def resume(self) -> None:
        """Go on, in the parent and in the child of a fork."""
        self._condition = threading.Condition()
        self._stopping = False
        self._thread = None
        if self._due:
            _, _, callback = heapq.heappop(self._due)
            self.after(0.0, callback)


ALARMS = Alarms()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=ALARMS.pause, after_in_parent=ALARMS.resume, after_in_child=ALARMS.resume
    )
