"""Decides for each invocation of one function whether to run it directly or ahead.

No random numbers: a choice is a function of what was observed and of the
clock. ``choose`` and ``observe`` may be called in any interleaving.

Concurrency. Neither ever waits: a signal handler or finaliser may re-enter in
the middle of an update, where a lock would deadlock. ``choose`` and the entry
of ``observe`` are runs of attribute reads and writes without a call or a
backward jump. CPython 3.11-3.13 with its lock switches threads and runs
signal handlers only at calls, function entries and backward jumps (where the
evaluation breaker is looked at), so these runs are atomic, and no exception
raised by a signal handler can leave ``_busy`` set. An ``observe`` that finds
another one at work drops its observation and counts it in ``dropped``. On an
interpreter without that guarantee two updates may overlap; the worst result
is a wrongly weighted observation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from adaptive_jit.decision.budget import REARM_SECONDS
from adaptive_jit.decision.machine import Machine
from adaptive_jit.decision.reconsider import decide_by
from adaptive_jit.decision.summary import State, measure, summarise
from adaptive_jit.records.decisions import Arm, DecisionSummary, Phase

if TYPE_CHECKING:
    from adaptive_jit.clock import Clock
    from adaptive_jit.settings import Settings

MOST_FAILURES = 32
"""Kinds of failure that are remembered of direct calls; more cannot be told apart any longer."""


class Decider:
    """The decision about one function, or one class of its arguments.

    *predicted_speedup* is the ratio that the cost model promises (``None``:
    nothing is known), *startup_seconds* the one-off cost of running ahead for
    the first time. Without a *clock*, time is the sum of the observed times,
    so that a decider can be driven by a list of numbers.
    """

    __slots__ = ("_busy", "_failures", "_machine", "_settings", "dropped")

    def __init__(
        self,
        settings: Settings,
        predicted_speedup: float | None = None,
        startup_seconds: float = 0.002,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._machine = Machine(settings, predicted_speedup, startup_seconds, clock)
        self._busy = False
        self._failures: set[str] = set()
        self.dropped = 0

    def choose(self) -> Arm:
        """Return how to run the next invocation."""
        machine = self._machine
        once = machine.once
        if once is not None:
            machine.once = None
            return once
        return machine.usual

    def observe(self, arm: Arm, wall_seconds: float, size: float = 1.0) -> None:
        """Take in that an invocation run as *arm* took *wall_seconds*.

        *size* (positive) says how much there was to do, in any unit.
        """
        if self._busy:
            self.dropped += 1
            return
        self._busy = True
        try:
            machine = self._machine
            if machine.skip and arm is machine.usual:
                machine.skip -= 1
            else:
                machine.record(arm, wall_seconds, math.log(size) if size > 0.0 else 0.0)
            if machine.doubt is not None:
                machine.take_doubt()
        finally:
            self._busy = False

    @property
    def phase(self) -> Phase:
        """Where the function is in its life."""
        return self._machine.phase

    @property
    def direct_seconds(self) -> float:
        """Seconds of a direct call, as far as is known; 0 before the first."""
        return self._machine.direct.raw

    @property
    def trial_loss_seconds(self) -> float:
        """Seconds lost so far to calls that were made only to learn."""
        return self._machine.budget.lost

    def alarm(self, reason: str) -> None:
        """Doubt parallel: something went wrong that only running ahead can have caused.

        Settled parallel is tried again from nothing; a trial ends in direct.
        """
        self._machine.doubt = reason
        if self._busy:
            return  # the observation at work, or the next one, takes it
        self._busy = True
        try:
            self._machine.take_doubt()
        finally:
            self._busy = False

    def observe_failure(self, arm: Arm, kind: str) -> None:
        """Take in that an invocation run as *arm* ended in a failure of *kind*.

        A failure says nothing about time. One of a kind that direct calls have
        shown too is the program's own; any other (an exception, a refusal, a
        time-out) may come from running ahead and is an alarm.
        """
        if arm is Arm.DIRECT:
            if len(self._failures) < MOST_FAILURES:
                self._failures.add(kind)
        elif kind not in self._failures:
            self.alarm(f"{kind} that was never seen in direct calls")

    def override(self, settings: Settings) -> None:
        """Decide by *settings* from now on.

        A trial goes on with the new thresholds. What was settled by the old
        ones is weighed again if a threshold of the decision has changed: below
        a raised ``min_speedup`` parallel ends, and direct is tried (again)
        where a lowered ``min_speedup`` or ``min_predicted_speedup`` now asks
        for it. Dropped, to be asked for again, while an observation is at work.
        """
        old = self._settings
        if settings is old or self._busy:
            return
        self._busy = True
        try:
            self._settings = settings
            decide_by(self._machine, old, settings)
        finally:
            self._busy = False

    def revise_prediction(self, predicted_speedup: float | None) -> None:
        """Replace the prediction; what has been settled stays until it is probed."""
        self._machine.predicted = predicted_speedup
        self._machine.judge.expect(predicted_speedup)

    def expect_startup(self, seconds: float) -> None:
        """Take *seconds* for the one-off cost of running ahead for the first time."""
        self._machine._startup = seconds

    def next_probe_seconds(self) -> float | None:
        """Return how long after settling direct to look again, ``None`` in other phases.

        The distance doubles with each probe that finds nothing, and is never
        so short that probes would take more than ``probe_budget`` of the
        function's running time.
        """
        machine = self._machine
        share = self._settings.probe_budget * machine.pace.occupancy
        if machine.phase is not Phase.DIRECT or share <= 0.0:
            return None
        owed = machine.loss() + REARM_SECONDS - machine.budget.credit
        return machine.backoff.seconds(machine.pace.spacing, owed, share)

    def probe_begins(self) -> None:
        """Look again: the engine has re-armed a function that was settled direct.

        The first call is direct, since the times from before are old; if it
        shows that the budget allows a parallel one, that follows. A function
        that was never tried because of its prediction is profiled anew.
        """
        machine = self._machine
        if machine.phase is Phase.DIRECT and not self._busy:
            self._busy = True
            try:
                machine.rearmed_at = machine.now()
                machine.begin_probe()
            finally:
                self._busy = False

    def summary(self) -> DecisionSummary:
        """Return the numbers behind the present phase."""
        machine = self._machine
        direct, parallel = machine.direct.copy(), machine.parallel.copy()
        measured = measure(direct, parallel)
        state = State(
            machine.phase, machine.predicted, direct, parallel,
            machine.judge.needed(machine.failed), machine.history.all(),
            (machine.ran[Arm.DIRECT], machine.ran[Arm.PARALLEL]),
        )  # fmt: skip
        return summarise(state, machine.judge.evidence(measured) if measured else None)
