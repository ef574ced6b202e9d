"""What looking again may cost: a bucket of seconds that running time fills.

A share of all running time (``trial_budget``, ``probe_budget``) may be lost
to calls that are made only to learn. The bucket is bounded, so that a long
quiet life does not pay for a long bad trial.
"""

from __future__ import annotations

import math

FIRST_BACKOFF_CALLS = 16
"""Direct calls before the first probe of a function that was settled direct."""

LAST_BACKOFF_CALLS = 88
"""The most, after doubling; enough to notice a recovery within 200 calls in nine of ten runs."""

LAST_BACKOFF_HOPELESS = 4096
"""The same where the prediction alone said no: structure changes less than latency does."""

LONGEST_BACKOFF_SECONDS = 600.0
"""The most that doubling alone may postpone a probe of a rarely called function."""

REARM_SECONDS = 1e-3
"""Charged for each re-arming: two swaps of code, after which CPython specialises it anew."""

BUCKET_CALLS = 4.0
"""How many direct calls' worth of seconds the bucket holds at least."""


GRANT_CALLS = 1.0
"""Direct calls' worth of credit that the first trial of a function of short calls starts with.

One unlucky first parallel call would otherwise keep it direct for long. Long
calls get none: there the grant itself would be felt.
"""

PROBE_GAIN = math.log(1.1)
"""A probe must be this much faster than direct usually is to open a trial."""

RETRY_CALLS = 8
"""Direct calls after which a parallel call that was handed out but never seen is repeated."""

MOST_SLOWER = math.log(1000.0)
"""A parallel call is never taken to be slower than this many times direct, in log seconds."""

BOUGHT_AHEAD = 0.125
"""Share of its cost that must be there for a direct call while parallel looks faster.

The rest is owed. Waiting for all of it leaves a lucky start, in which direct
met an outlier, unchecked for hundreds of calls.
"""

DIRECT_PROBES = (256, 4096)
"""Settled parallel calls before the first direct probe, and the most after doubling."""

BOOKKEEPING_SECONDS = 2e-4
"""Calls shorter than this are recorded one in k: bookkeeping (2 µs) stays below 1 %."""

MOST_SKIPPED = 63
"""The most calls that go unrecorded after one that was."""


def calls_to_skip(seconds: float) -> int:
    """Return how many calls of *seconds* may go unrecorded after one that was recorded."""
    return min(math.ceil(BOOKKEEPING_SECONDS / seconds) - 1, MOST_SKIPPED)


class Budget:
    """Seconds that may be lost to learning, filled by running time."""

    __slots__ = ("credit", "grant", "lost", "size", "surprise")

    def __init__(self) -> None:
        self.credit = 0.0
        self.grant = 0.0
        self.size = 0.0
        self.lost = 0.0
        self.surprise = 0.0

    def earn(self, seconds: float) -> None:
        """Add *seconds*, up to the bucket's size."""
        credit = self.credit + seconds
        self.credit = min(credit, self.size)

    def resize(self, direct_seconds: float, loss: float) -> None:
        """Hold a few direct calls' worth, and always enough for the next *loss*."""
        self.size = max(BUCKET_CALLS * direct_seconds, 2.0 * loss)

    def granted(self, loss: float) -> bool:
        """Whether a parallel call that loses *loss* is affordable, the grant included.

        The grant is taken for good as soon as it is needed.
        """
        if loss > self.credit and self.grant > 0.0:
            self.credit += self.grant
            self.grant = 0.0
        return self.credit > loss

    def spend(self, seconds: float) -> None:
        """Take what a call cost more than the usual way; a gain (negative) costs nothing."""
        if seconds > 0.0:
            self.credit -= seconds
            self.lost += seconds

    def spend_on_probe(self, seconds: float, expected: float) -> None:
        """Take what a probe cost; *expected* at most, unless the one before cost more as well.

        A single call that met an outlier would be paid off for hundreds of calls.
        """
        self.credit -= max(min(seconds, max(expected, self.surprise)), 0.0)
        self.lost += max(seconds, 0.0)
        self.surprise = seconds


class Backoff:
    """How many direct calls, or how much time, to let pass before the next probe."""

    __slots__ = ("calls",)

    def __init__(self) -> None:
        self.calls = FIRST_BACKOFF_CALLS

    def reset(self) -> None:
        """Begin with short distances again."""
        self.calls = FIRST_BACKOFF_CALLS

    def grow(self, *, hopeless: bool) -> None:
        """Double the distance after a probe that found nothing."""
        most = LAST_BACKOFF_HOPELESS if hopeless else LAST_BACKOFF_CALLS
        self.calls = min(2 * self.calls, most)

    def seconds(self, spacing: float, owed: float, share: float) -> float:
        """Return how long to wait.

        *spacing* is the time from one call to the next, *owed* the seconds
        that the probe may cost beyond what has been saved up, and *share* the
        part of the clock's time that may be spent on it.
        """
        wanted = min(self.calls * spacing, LONGEST_BACKOFF_SECONDS)
        return max(wanted, owed / share)
