"""When the window opens within an invocation that began in order, and when it closes again.

The rounds of a loop, and the repetitions of a region, are observations of one
another: after two of them (one if it took long) enough may be known to run
the rest ahead. At every round since then the pace is compared; if it is
slower, the window closes for the remainder of the invocation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from adaptive_jit.runtime.observe import Operations

OCCASIONS: Final = frozenset({1, 2, 4, 8, 16, 32, 64})
"""Rounds before which opening is considered: each look costs about as much as an operation."""

LONG_SECONDS: Final = 0.1
"""One round that takes this long is enough (design: as for invocations)."""

LEAST_SAVING: Final = 0.002
"""Seconds still to go, below which opening cannot repay its own cost of about a millisecond."""

SLOWER: Final = 1.05
"""Mean seconds of a round over those before the opening, above which the window closes."""

SLACK: Final = 1.0
"""Rounds in order that the pace may be behind: the first result takes as long as in order."""

Consider = Callable[["Operations", float, tuple[int, ...] | None, int | None], bool]
"""Asked with what was recorded, the seconds it took, the path of the last complete round and the
number of rounds to come (``None``: unknown); whether to open."""


STAY: Final = 0
OPEN: Final = 1
CLOSE: Final = 2


class _Rounds:
    """One loop under way, or a region that comes again: its rounds in order, then ahead.

    ``mean`` is the seconds of a round in order; ``ahead`` the number of the
    first round since ``opened``, the moment of the opening; ``until`` the end
    of the last one; ``operations`` how many there are in a round.
    """

    __slots__ = (
        "ahead",
        "began",
        "count",
        "mean",
        "opened",
        "operations",
        "paused",
        "total",
        "until",
    )

    def __init__(self, began: float, total: int | None, paused: float, mean: float = 0.0) -> None:
        self.paused = paused
        self.began = self.opened = self.until = began
        self.total = total
        self.mean = mean
        self.count = self.ahead = 0
        self.operations = 1.0

    def seconds(self, now: float, paused: float) -> float:
        """Seconds of the rounds, without the library's own *paused* of the invocation."""
        return now - self.began - (paused - self.paused)

    def open(self, now: float, paused: float, operations: int) -> None:
        """From this round on operations run ahead; so many have been run so far."""
        self.operations = max(operations / self.count, 1.0)
        self.mean = self.seconds(now, paused) / self.count
        self.opened, self.ahead = now, self.count

    def is_slower(self, now: float, waiting: int) -> bool:
        """Whether less has been done since the opening than would have been in order.

        Of what was done the results that wait for their turn are a part: a
        single slow operation holds up the program, not the others.
        """
        rounds = self.count - self.ahead + waiting / self.operations
        seconds = now - self.opened
        return seconds > SLOWER * self.mean * rounds and seconds > self.mean * (rounds + SLACK)

    def saved(self) -> float:
        """Seconds less than the rounds since the opening would have taken in order."""
        return self.mean * (self.count + 1 - self.ahead) - (self.until - self.opened)


class Opening:
    """The gate of one invocation. ``saved`` is in seconds, estimated from the rounds in order.

    ``pace`` is the time of the rounds ahead over that of as many in order.
    """

    __slots__ = ("_began", "_consider", "_loops", "_measured", "_regions", "_seconds", "_waiting",
                 "is_open", "is_over", "pace", "saved")  # fmt: skip

    def __init__(
        self, consider: Consider, seconds: Callable[[], float], waiting: Callable[[], int]
    ) -> None:
        self._consider = consider
        self._waiting = waiting
        self._seconds = seconds
        self._began = seconds()
        self._loops: dict[int, _Rounds] = {}
        self._regions: dict[int, _Rounds] = {}
        self._measured: _Rounds | None = None
        self.is_open = self.is_over = False
        self.saved = 0.0
        self.pace = 1.0

    def region_begins(self, region: int, found: Operations) -> int:
        """Whether to open before this region, or to close; a region in a loop comes again."""
        rounds = self._regions.get(region)
        if rounds is None:
            self._regions[region] = _Rounds(self._seconds(), None, found.paused)
            return STAY
        rounds.count += 1
        return self._look(rounds, None, found)

    def knows(self, loop: int) -> bool:
        """Whether *loop* is watched."""
        return loop in self._loops

    def loop_begins(self, loop: int, total: int | None, found: Operations) -> None:
        """A loop is about to draw its first item of *total* (``None``: unknown)."""
        before = self._loops.get(loop)
        now = self._seconds()
        rounds = self._loops[loop] = _Rounds(
            now, total, found.paused, before.mean if before else 0.0
        )
        if before is not None and before is self._measured:
            before.until = now
            self.saved += before.saved()
            self._measured = rounds

    def round_begins(self, loop: int, path: tuple[int, ...], found: Operations) -> int:
        """Whether to open before the round at *path* of *loop*, or to close."""
        rounds = self._loops[loop]
        rounds.count = path[-1]
        return self._look(rounds, (*path[:-1], path[-1] - 1), found)

    def _look(self, rounds: _Rounds, last: tuple[int, ...] | None, found: Operations) -> int:
        if self.is_open:
            if rounds is not self._measured or not rounds.is_slower(
                self._seconds(), self._waiting()
            ):
                return STAY
            self.region_ends()
            rounds.count -= 1  # the round that is about to begin
            self.ends()
            self.is_open, self.is_over = False, True
            return CLOSE
        if self.is_over or rounds.count not in OCCASIONS:
            return STAY
        now = self._seconds()
        mean = rounds.seconds(now, found.paused) / rounds.count
        left = None if rounds.total is None else rounds.total - rounds.count
        if rounds.count == 1 and mean < LONG_SECONDS:
            return STAY
        if mean * (rounds.count if left is None else left) < LEAST_SAVING:
            return STAY
        if not self._consider(found, now - self._began, last, left):
            return STAY
        self.is_open, self._measured = True, rounds
        rounds.open(self._seconds(), found.paused, sum(found.counts.values()))
        return OPEN

    def region_ends(self) -> None:
        """A region has ended; what it measured may be over."""
        if self._measured is not None:
            self._measured.until = self._seconds()

    def ends(self) -> None:
        """The invocation, or what is measured, has ended."""
        measured, self._measured = self._measured, None
        if measured is not None:
            saved = measured.saved()
            self.saved += saved
            in_order = measured.until - measured.opened + saved
            if in_order > 0.0:
                self.pace = (measured.until - measured.opened) / in_order
