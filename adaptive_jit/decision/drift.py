"""Noticing that the times of a settled function are no longer what they were.

Cumulative sums (Page, Biometrika 41, 1954) of log times in units of their
standard deviation. Each step is clipped, so that one outlier cannot raise an
alarm alone. Against the alternatives on the same series (Page-Hinkley, ADWIN,
EWMA): three calls from a 3x gain to a 2.5x loss instead of nine, at 0.8 false
alarms in 10,000 calls.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from adaptive_jit.numerics import SMALLEST_SECONDS, LogTimes

if TYPE_CHECKING:
    from adaptive_jit.numerics import Estimate

ALARM = 6.0
"""Accumulated standard deviations at which parallel is doubted."""

CLIP = 3.0
"""The most that one call can add, in standard deviations."""

SMALLEST_REFERENCE = 0.5
"""The shift that is ignored, in standard deviations, where direct is very near."""

DIRECT_ALARM = 8.0
"""The same as ``ALARM`` for direct calls, in either direction."""

DIRECT_REFERENCE = 0.75
"""The shift of direct calls that is ignored, in standard deviations.

Half of one as usual, and the error of a mean of sixteen.
"""

LEARNT_CALLS = 16
"""Direct calls that the watch over direct calls takes for normal."""

SMALLEST_DEVIATION = 0.05
"""Direct calls are never taken for steadier than this, in log seconds."""

DOUBTED_WEIGHT = 2.0
"""What direct calls from before a drift count for afterwards."""

STALE_WEIGHT = 0.5
"""What direct calls from before a probe count for beside the fresh one."""

PROBED_WEIGHT = 16.0
"""What parallel calls count for after one direct call was faster than they usually are."""

GUARD_CALLS = 16
"""Settled parallel calls before the plain means are compared for the first time."""

GUARD_Z = 1.0
"""Standard errors by which parallel may be slower by plain mean.

Stalls make the standard error itself large: with 1.64 (one-sided 5 %) an arm
that stalls and takes twice as long is kept in 4 to 7 % of simulated runs, with
1.0 in none; steady workloads decide the same with both.
"""


class ParallelWatch:
    """Accumulates how far parallel calls drift towards the direct time."""

    __slots__ = ("_reference", "_scale", "slope", "total")

    def __init__(self) -> None:
        self.total = 0.0
        self._scale = 1.0
        self._reference = SMALLEST_REFERENCE
        self.slope = 0.0

    def tune(self, measured: Estimate) -> None:
        """Expect calls as in *measured*, the estimate of direct against parallel.

        The reference is half-way to direct: the shift that is most worth
        noticing is the one that eats the gain.
        """
        self._scale = 1.0 / measured.deviation
        self._reference = max(0.5 * measured.difference * self._scale, SMALLEST_REFERENCE)
        self.slope = measured.slope or self.slope

    def step(self, residual: float) -> bool:
        """Take one call in, *residual* log seconds above the mean; ``True`` is an alarm."""
        step = residual * self._scale - self._reference
        total = self.total + min(step, CLIP)
        self.total = max(total, 0.0)
        return total > ALARM


class DirectWatch:
    """Accumulates how far direct calls drift, up or down, from what the first of them were.

    Mean and deviation come from the first ``LEARNT_CALLS`` and then stay: a
    forgetting mean would follow the drift and its deviation would swallow it.
    """

    __slots__ = ("_down", "_learnt", "_up")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start again from nothing."""
        self._up = self._down = 0.0
        self._learnt = LogTimes()

    def step(self, seconds: float) -> bool:
        """Take one call in, *seconds* at size 1; ``True`` is an alarm."""
        learnt = self._learnt
        if learnt.calls < LEARNT_CALLS:
            learnt.add(seconds, 0.0)
            return False
        residual = math.log(max(seconds, SMALLEST_SECONDS)) - learnt.y
        step = max(-CLIP, min(residual / max(learnt.deviation, SMALLEST_DEVIATION), CLIP))
        self._up = max(0.0, self._up + step - DIRECT_REFERENCE)
        self._down = max(0.0, self._down - step - DIRECT_REFERENCE)
        return self._up > DIRECT_ALARM or self._down > DIRECT_ALARM


class MeanGuard:
    """Compares plain means after 16, 32, 64, ... settled calls.

    Over all of them: log times hide rare long stalls, and a forgetting
    average forgets them.
    """

    __slots__ = ("_calls", "_next", "_squares", "_sum")

    def __init__(self) -> None:
        self._calls = 0
        self._next = GUARD_CALLS
        self._sum = self._squares = 0.0

    def add(self, wall: float) -> bool:
        """Take one call in; ``True`` when it is time to compare."""
        self._calls += 1
        self._sum += wall
        self._squares += wall * wall
        if self._calls < self._next:
            return False
        self._next *= 2
        return True

    def slower_than(self, mean: float, variance_of_mean: float) -> bool:
        """Whether these calls took longer than *mean* (known with *variance_of_mean*)."""
        own = self._sum / self._calls
        variance = max(self._squares / self._calls - own * own, 0.0) / self._calls
        return own - mean > GUARD_Z * math.sqrt(variance + variance_of_mean)
