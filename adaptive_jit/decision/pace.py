"""How often a function is called and how busy it keeps its caller, as far as was seen."""

from __future__ import annotations

RARER = 4.0
"""Most by which one wait may understate how rarely a function is called (1 in 50 at random)."""


class Pace:
    """Two figures that are needed where nothing is observed.

    ``spacing`` is seconds from one call to the next, ``occupancy`` the share
    of time that the function runs (0 to 1): what it has run in a silence is
    the silence times its occupancy.
    """

    __slots__ = ("known", "occupancy", "spacing")

    def __init__(self) -> None:
        self.spacing = 0.0
        self.occupancy = 1.0
        self.known = False

    def seen(self, elapsed: float, running: float, calls: int) -> None:
        """Learn from the first stretch of *calls* observed calls, *running* seconds together."""
        if self.known:
            return
        self.known = True
        self.spacing = elapsed / calls
        self.occupancy = min(1.0, running / elapsed) if elapsed > 0.0 else 1.0

    def waited(self, between: float, wall: float) -> None:
        """Learn from one wait: *between* seconds up to the end of a call of *wall* seconds.

        What was known before counts half, unless the function is now called
        so rarely that it would count too much.
        """
        between = max(between, wall)
        self.spacing = max(0.5 * self.spacing, between)
        busy = wall / between if between > 0.0 else 1.0
        self.occupancy = min(0.5 * (self.occupancy + busy), RARER * busy)
