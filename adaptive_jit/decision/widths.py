"""How many operations one host, connection or model takes at a time, learnt as they end.

A stretch of operations at one width shows its rate: with the width always
used up, ``rate = width / mean seconds`` (Little 1961). The width doubles while
that raises the rate; where it does not, fewer are tried, then half-way steps,
and the best is kept: a server that queues gains nothing from more and one
that thrashes loses, so the same comparison ends near the best fixed width of
both. A refusal halves the width at once and leaves a ceiling, below which it
comes back in half-way steps after a wait that doubles each time.

Pure: no clock, no threads; the same observations lead to the same widths.
"""

from __future__ import annotations

import math
from typing import Final

FIRST: Final = 8
"""Operations at a time to begin with."""

FEWEST: Final = 12
"""Operations of a stretch before its rate is looked at."""

MOST_STRETCH: Final = 6
"""A comparison is decided as it looks after so many times the fewest."""

WORTHWHILE: Final = math.log(1.04)
"""More at a time must raise the (log) rate by this to be kept."""

CHEAPER: Final = math.log(0.985)
"""Fewer at a time may lower it by this: they are kinder to the server and to others."""

CERTAIN: Final = 1.3
"""Standard errors from the margin at which a comparison ends early (10 % error)."""

SPREAD: Final = 0.1
"""Relative deviation of one operation's time that is assumed at least."""

RATIOS: Final = (2.0, 1.5, 1.25)
"""Steps of the search, one after the other."""

WAIT: Final = 16
"""Stretches of rest before the search goes on."""

LONGEST_WAIT: Final = 128
"""The most that rest grows to, by doubling."""

CHANGED: Final = math.log(1.5)
"""Change of the (log) mean time at rest after which everything is measured anew."""

CLEARLY: Final = 5.0
"""Standard errors that such a change must have, for rest lasts through hundreds of stretches."""


class _Stretch:
    """Operations at one width: their number, mean seconds and spread (Welford 1962)."""

    __slots__ = ("cold", "mean", "n", "squares", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self.cold = width
        self.n = 0
        self.mean = self.squares = 0.0

    def add(self, seconds: float) -> None:
        self.n += 1
        delta = seconds - self.mean
        self.mean += delta / self.n
        self.squares += delta * (seconds - self.mean)

    @property
    def log_rate(self) -> float:
        return math.log(self.width / max(self.mean, 1e-9))

    @property
    def error(self) -> float:
        """The standard error of the log rate."""
        deviation = math.sqrt(self.squares / (self.n - 1)) if self.n > 1 else 0.0
        return max(deviation / max(self.mean, 1e-9), SPREAD) / math.sqrt(self.n)

    def differs_from(self, other: _Stretch) -> bool:
        """Whether operations take another time than in *other*, at the same width."""
        change = abs(self.log_rate - other.log_rate)
        return change > max(CHANGED, CLEARLY * math.hypot(self.error, other.error))


class Width:
    """The width of one resource. ``now`` is the present one, ``ceiling`` one that was refused.

    ``epoch`` changes with the width: what began in another one says nothing
    about this. *most* is the limit of the settings.
    """

    __slots__ = (
        "_base", "_down", "_failed", "_good", "_most", "_patience", "_ratio", "_rest", "_rising", "_stretch",
        "ceiling", "epoch", "now",
    )  # fmt: skip

    def __init__(self, most: int, now: int = FIRST, ceiling: int | None = None) -> None:
        if most < 1:
            raise ValueError(f"there must be room for one operation, not {most!r}")
        self._most = most
        self.now = max(1, min(now, most))
        self.ceiling = ceiling
        self.epoch = 0
        self._base: _Stretch | None = None
        self._stretch = _Stretch(self.now)
        self._ratio = 0
        self._down = False
        self._failed = 0
        self._good = 0
        self._rest = 0
        self._rising = True
        self._patience = WAIT

    def ended(self, epoch: int, seconds: float) -> None:
        """Take in an operation that took *seconds* and used up the width of *epoch* as it began."""
        if epoch != self.epoch:
            return
        stretch = self._stretch
        if stretch.cold and not self._rising:
            # The first ones met fewer of their kind than this width brings.
            stretch.cold -= 1
            return
        stretch.add(seconds)
        if stretch.n < FEWEST:
            return
        if self._rest:
            self._at_rest(stretch)
        elif self._base is None:
            self._base = stretch
            self._next()
        else:
            self._compare(self._base, stretch)

    def refused(self, epoch: int | None = None) -> None:
        """Take in that the resource said "too many" to one that began in *epoch* (now)."""
        if epoch is not None and epoch != self.epoch:
            return  # one of the same crowd, or one from before
        self.ceiling, self._rising = self.now, False
        base = self._base
        if base is not None and base.width < self.now:
            self._go(base.width)  # an attempt
        else:
            good, self._good, self._base = self._good, 0, None
            if good == self.now:
                self._patience = WAIT  # it was well there for long: soon back
            self._go(good if 0 < good < self.now else max(1, self.now // 2))
        self._begin_rest()

    def _compare(self, base: _Stretch, tried: _Stretch) -> None:
        margin = CHEAPER if tried.width < base.width else WORTHWHILE
        gain = tried.log_rate - base.log_rate - margin
        error = math.hypot(base.error, tried.error)
        if self._rising:
            # The first ascent is not held up: what it overshoots, the way down finds.
            gain += CERTAIN * error
        elif abs(gain) < CERTAIN * error and tried.n < MOST_STRETCH * FEWEST:
            return
        if gain > 0.0:
            self._base, self._failed = tried, 0
        else:
            self._failed += 1
            self._down = not self._down
        self._next()

    def _next(self) -> None:
        """Try the next width of the search; rest at the best one if there is none."""
        base = self._base
        assert base is not None
        if self._rising:
            higher = self._step(base.width)
            if self._failed or higher == base.width:
                # What was hurried is measured anew, and then fewer are tried.
                self._rising, self._base, self._failed, self._down = False, None, 1, True
                higher = base.width
            self._go(higher)
            return
        while True:
            if self._failed >= 2:
                self._failed, self._down = 0, False
                self._ratio += 1
            if self._ratio >= len(RATIOS):
                self._go(base.width)
                self._begin_rest()
                return
            width = self._step(base.width)
            if width != base.width:
                self._go(width)
                return
            self._failed += 1
            self._down = not self._down

    def _step(self, width: int) -> int:
        ratio = RATIOS[self._ratio]
        if self._down:
            return max(1, math.ceil(width / ratio)) if width > 1 else width
        higher = min(max(int(width * ratio), width + 1), self._most)
        if self.ceiling is not None and higher >= self.ceiling:
            higher = max((width + self.ceiling) // 2, width)
        return higher

    def _begin_rest(self) -> None:
        self._rest = self._patience
        self._patience = min(2 * self._patience, LONGEST_WAIT)

    def _at_rest(self, stretch: _Stretch) -> None:
        """One more stretch at rest: has the time changed, and is it time to search again?"""
        base = self._base
        changed = base is not None and stretch.differs_from(base)
        self._rest -= 1
        if changed:
            self._rest, self._patience, self.ceiling, self._good = 0, WAIT, None, 0
        elif self._rest:
            # The newest stretch is what a later attempt is compared with.
            self._base, self._stretch = stretch, _Stretch(self.now)
            return
        elif self.ceiling is not None and self.ceiling <= self.now + 1:
            self.ceiling = 2 * self.now  # it may have moved
        if not changed:
            self._good = self.now  # a whole rest without a refusal
        self._base = stretch
        self._ratio = 0 if changed else 1
        self._failed, self._down = 0, False
        self._next()

    def _go(self, width: int) -> None:
        self.now = width
        self.epoch += 1
        self._stretch = _Stretch(width)
