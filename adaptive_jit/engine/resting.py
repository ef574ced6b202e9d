"""Lets a function that was forced to run ahead rest while nothing in it can.

Forcing skips profile and trial, and with them what would have shown that all
operations are parsing, arithmetic or unknown. Such a function only pays for
looking ahead: up to 100 times its own cost where it does a microsecond of
work (reports, other-suites). After `MOST_IN_VAIN` invocations in a row in which
no operation was handed to another thread its own code is put back, until time
brings it back, after 1 s, then 2 s, up to 64 s.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from adaptive_jit.engine.rearm import ALARMS

if TYPE_CHECKING:
    from adaptive_jit.engine.controller import Controller

MOST_IN_VAIN = 32
SECOND_LOOK = 4
"""Invocations after a rest within which a hand-over must happen."""
FIRST_REST, LONGEST_REST = 1.0, 64.0


class Rest:
    """When one forced function rests."""

    __slots__ = ("seconds", "under_way")

    def __init__(self) -> None:
        self.seconds = FIRST_REST
        self.under_way = False

    def wanted(self, controller: Controller) -> bool:
        """Whether this invocation runs the function's own statements."""
        if self.under_way:
            return True
        if controller.state.vain < MOST_IN_VAIN:
            if not controller.state.vain:
                self.seconds = FIRST_REST
            return False
        self._begin(controller)
        return True

    def _begin(self, controller: Controller) -> None:
        self.under_way = True
        controller.restore()
        reference = weakref.ref(controller)

        def due() -> None:
            resting = reference()
            if resting is not None:
                self._end(resting)

        ALARMS.after(self.seconds, due)
        self.seconds = min(2 * self.seconds, LONGEST_REST)

    def _end(self, controller: Controller) -> None:
        controller.state.vain = MOST_IN_VAIN - SECOND_LOOK
        self.under_way = False
        controller.arm()
