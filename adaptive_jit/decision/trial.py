"""The rules of a trial: which way looks better, and when that is certain enough.

Both arms are compared on log times, so one slow call in ten does not decide
alone; their plain means are a second condition, so that an arm which is
usually faster but sometimes stalls is not kept. Every constant was chosen by
simulating eleven kinds of workload; the figures are in
``tests/quality/test_decisions.py``.
"""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING

from adaptive_jit.numerics import adjusted_mean, estimate, log_evidence

if TYPE_CHECKING:
    from adaptive_jit.numerics import Estimate, LogTimes
    from adaptive_jit.settings import Settings

SLOW_CALL_SECONDS = 0.1
"""From here on one call is enough: waiting for a second would cost more than it teaches."""

CLEARLY_SLOWER = 1.25
"""A slow first parallel call worse than this times direct is not repeated at once."""

MOST_PARALLEL_CALLS = 64
"""Parallel calls after which a trial without a verdict ends as it looks."""

LOG_LATE_ODDS = math.log(6.0)
"""Log evidence with which a trial that ran that long is kept; with less it goes on in parallel."""

FEWEST_TO_KEEP = (3, 4)
"""Direct and parallel calls needed before parallel may be settled."""

LOG_OVERWHELMING = math.log(1000.0)
"""With a thousand times the evidence needed one direct call less will do: it would be spent
for certain, at the price of the whole speed-up."""

FEWEST_TO_REJECT = 3
"""Parallel calls needed before direct may be settled."""

MOST_DOUBLINGS = 6
"""Each failed trial doubles the evidence that the next one needs, at most this often."""

LOG_2 = math.log(2.0)

LEAST_HOPED = math.log(1.5)
"""A gain is taken for granted only from half of this (in log seconds) on.

If hardly anything is predicted, hardly any luck would do: it halves false
switches on times with outliers.
"""


class Standing(enum.Enum):
    """How a trial stands after a call."""

    OPEN = "nothing is clear yet"
    AHEAD = "parallel looks as fast as predicted"
    BEHIND = "parallel looks slower"
    KEEP = "parallel is faster"
    REJECT = "parallel is not faster"


class Judge:
    """Says how a trial stands, from the times of both arms alone.

    ``gain`` is the log speed-up that was predicted (a factor of 2 where
    nothing is known, at least 1.5).
    """

    __slots__ = ("_enough", "_margin", "gain")

    def __init__(self, settings: Settings, predicted_speedup: float | None) -> None:
        self.go_by(settings)
        self.expect(predicted_speedup)

    def go_by(self, settings: Settings) -> None:
        """Judge from now on by the thresholds of *settings*."""
        self._margin = math.log(settings.min_speedup)
        self._enough = math.log(settings.evidence)

    def expect(self, predicted_speedup: float | None) -> None:
        """Judge from now on against this prediction."""
        gain = math.log(predicted_speedup) if predicted_speedup else LOG_2
        self.gain = max(gain, LEAST_HOPED)

    def needed(self, failed: int) -> float:
        """Return the log evidence needed to keep parallel after *failed* trials."""
        return self._enough + LOG_2 * min(failed, MOST_DOUBLINGS)

    def evidence(self, measured: Estimate) -> float:
        """Return the log odds for the side of ``min_speedup`` that *measured* is on."""
        t = (measured.difference - self._margin) / measured.error
        return log_evidence(t, measured.freedom, measured.effective)

    def standing(
        self, direct: LogTimes, parallel: LogTimes, tried: int, failed: int
    ) -> tuple[Standing, Estimate]:
        """Return how the trial stands and the estimate behind it.

        *tried* counts this trial's parallel calls, *failed* the trials before
        it that ended in direct. Both arms need at least one observation.
        """
        measured = estimate(direct, parallel)
        gain = measured.difference
        faster_by_mean = parallel.raw < adjusted_mean(direct, parallel)
        if gain > self._margin:
            surplus = self.evidence(measured) - self.needed(failed)
            fewest = FEWEST_TO_KEEP[0] - (surplus >= LOG_OVERWHELMING)
            enough = direct.n >= fewest and parallel.n >= FEWEST_TO_KEEP[1]
            if enough and faster_by_mean and surplus >= 0.0:
                return Standing.KEEP, measured
        elif parallel.n >= FEWEST_TO_REJECT and self.evidence(measured) >= self._enough:
            return Standing.REJECT, measured
        ahead = gain >= 0.5 * self.gain and gain >= measured.error
        if tried >= MOST_PARALLEL_CALLS:
            if not ahead or (direct.n >= FEWEST_TO_KEEP[0] and not faster_by_mean):
                return Standing.REJECT, measured
            if faster_by_mean and self.evidence(measured) >= LOG_LATE_ODDS:
                return Standing.KEEP, measured
        if ahead:
            return Standing.AHEAD, measured
        return Standing.BEHIND if gain < -measured.error else Standing.OPEN, measured
