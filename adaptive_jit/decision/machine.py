"""The phases of one function and what each does with an observation.

::

    cold -> profiling -> trial -> settled parallel
                 |         |  ^         | drift, alarm, slower by mean
                 v         v  +---------+
               settled direct --probe--> trial

``usual`` is the arm of the next invocations, ``once`` the arm of the next one
only. Nothing here knows of threads; ``Decider`` lets one observation in at a
time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from adaptive_jit.decision.budget import (
    BOUGHT_AHEAD,
    DIRECT_PROBES,
    FIRST_BACKOFF_CALLS,
    GRANT_CALLS,
    MOST_SLOWER,
    PROBE_GAIN,
    RETRY_CALLS,
    Backoff,
    Budget,
    calls_to_skip,
)
from adaptive_jit.decision.drift import (
    DOUBTED_WEIGHT,
    PROBED_WEIGHT,
    STALE_WEIGHT,
    DirectWatch,
    MeanGuard,
    ParallelWatch,
)
from adaptive_jit.decision.pace import Pace
from adaptive_jit.decision.summary import History
from adaptive_jit.decision.trial import (
    CLEARLY_SLOWER,
    SLOW_CALL_SECONDS,
    Judge,
    Standing,
)
from adaptive_jit.numerics import LogTimes, adjusted_mean, estimate
from adaptive_jit.records.decisions import Arm, Phase, Transition

if TYPE_CHECKING:
    from adaptive_jit.clock import Clock
    from adaptive_jit.settings import Settings

KEEP = 0.98
"""Weight that earlier calls retain at each new one once settled: a memory of 50 calls."""

_PARALLEL = Arm.PARALLEL
_DIRECT = Arm.DIRECT


class Machine:
    """The state of one decision; see the module for its phases.

    ``doubt`` is the reason of an alarm that has not been taken in yet,
    ``skip`` how many usual calls need no recording.
    """

    __slots__ = (
        "_before", "_clock", "_direct_watch", "_first_seconds", "_fresh", "_gated", "_guard", "_probe_after",
        "_probe_at", "_probing", "_saved", "_seconds", "_settings", "_settled_at",
        "_settled_calls", "_skipped", "_started", "_startup", "_tried", "_unseen", "_watch",
        "backoff", "budget", "calls", "direct", "doubt", "failed", "history", "judge", "once",
        "pace", "parallel", "phase", "predicted", "ran", "rearmed_at", "skip", "usual",
    )  # fmt: skip

    def __init__(
        self, settings: Settings, predicted: float | None, startup: float, clock: Clock | None
    ) -> None:
        self._settings, self._startup, self._clock = settings, startup, clock
        self.predicted = predicted
        self.judge = Judge(settings, predicted)
        self.direct, self.parallel = LogTimes(), LogTimes()
        self._watch, self._direct_watch = ParallelWatch(), DirectWatch()
        self._guard, self.pace = MeanGuard(), Pace()
        self.budget, self.backoff, self.history = Budget(), Backoff(), History()
        self.phase = Phase.COLD
        self.usual: Arm = _DIRECT
        self.once: Arm | None = None
        self.doubt: str | None = None
        self._gated = self._probing = self._fresh = False
        self.calls = self.failed = self.skip = self._skipped = 0
        self._tried = self._unseen = self._settled_calls = self._probe_at = 0
        self._probe_after = DIRECT_PROBES[0]
        self._seconds = self._settled_at = self._saved = 0.0
        self._first_seconds: float | None = None
        self.rearmed_at: float | None = None
        self._started = clock.seconds() if clock else 0.0
        self._before = self.direct
        self.ran = {_DIRECT: 0, _PARALLEL: 0}

    def record(self, arm: Arm, wall: float, log_size: float) -> None:
        """Take in one invocation."""
        if self._first_seconds is None:
            self._first_seconds = self.now() - wall
        repeated = 1 + self._skipped if arm is self.usual else 1
        self.calls += repeated
        self._seconds += wall * repeated
        self.ran[arm] += repeated
        phase = self.phase
        if phase is Phase.PARALLEL:
            self.budget.earn(self._settings.probe_budget * wall * repeated)
            step = self._in_parallel
        elif phase is Phase.TRIAL:
            self.budget.earn(self._settings.trial_budget * wall)
            step = self._in_probe if self._probing else self._in_trial
        elif phase is Phase.DIRECT:
            step = self._in_direct
        else:
            step = self._in_profiling
        step(arm, wall, log_size)

    def _add(self, arm: Arm, wall: float, log_size: float, keep: float = 1.0) -> float:
        """Record one timing; the first of each arm is cold and goes when there is a second."""
        times = self.parallel if arm is _PARALLEL else self.direct
        if times.calls == 1:
            times.clear()
        return times.add(wall, log_size, keep)

    # ------------------------------------------------------------------ profiling

    def _in_profiling(self, arm: Arm, wall: float, log_size: float) -> None:
        self._add(arm, wall, log_size)
        if self.phase is Phase.COLD:
            self._move(Phase.PROFILING, "first call")
        self._tried += 1
        self._saved += wall * (1.0 - 1.0 / self.predicted if self.predicted else 0.5)
        if self._tried < self._settings.profile_calls and wall < SLOW_CALL_SECONDS:
            return
        promised = self.predicted
        if promised is not None and promised < self._settings.min_predicted_speedup:
            hopeless = promised < 0.5 * (1.0 + self._settings.min_speedup)
            if self._gated:
                self.backoff.grow(hopeless=hopeless)
            self._settle_direct(f"predicted speed-up only {promised:.2f}", gated=hopeless)
        elif self._saved >= self._startup:
            # Ski rental: start-up is paid once waiting has cost as much.
            self._begin_trial("profiled")
            if wall < SLOW_CALL_SECONDS:
                self.budget.grant = GRANT_CALLS * wall

    # ------------------------------------------------------------------ trial

    def _begin_trial(self, reason: str) -> None:
        self._move(Phase.TRIAL, reason)
        self._tried = self._unseen = self.skip = self._skipped = 0
        self._probing = self._gated = False
        self.usual, self.once = _DIRECT, _PARALLEL

    def _in_trial(self, arm: Arm, wall: float, log_size: float) -> None:
        usual = self.usual
        self._tried += arm is _PARALLEL
        self._add(arm, wall, log_size)
        if self.direct.n and self.parallel.n:
            if arm is not usual:
                extra = self._extra()
                self.budget.spend(extra if arm is _PARALLEL else -extra)
            self._judged(arm)
        else:
            self._wait_for_parallel()

    def _wait_for_parallel(self) -> None:
        """Repeat a parallel call whose end was never seen (it raised, or was dropped)."""
        self._unseen += 1
        if self._unseen % RETRY_CALLS == 0:
            self.once = _PARALLEL

    def _judged(self, arm: Arm) -> None:
        standing, measured = self.judge.standing(
            self.direct, self.parallel, self._tried, self.failed
        )
        self._watch.tune(measured)
        if standing is Standing.KEEP:
            self._settle_parallel(f"measured speed-up {math.exp(measured.difference):.2f}")
        elif standing is Standing.REJECT:
            self.failed += 1
            self._settle_direct(f"measured speed-up only {math.exp(measured.difference):.2f}")
        else:
            self._plan(standing, arm)

    def _plan(self, standing: Standing, arm: Arm) -> None:
        """Choose the next arms: the one that looks better, the other as far as the budget goes."""
        direct, parallel, budget = self.direct, self.parallel, self.budget
        loss = self._extra()
        budget.resize(direct.raw, abs(loss))
        self.once = None
        if standing is Standing.AHEAD:
            self.usual = _PARALLEL
            affordable = budget.credit > -loss * BOUGHT_AHEAD
            if arm is _PARALLEL and direct.n <= parallel.n and affordable:
                self.once = _DIRECT
            return
        self.usual = _DIRECT
        cheap = direct.raw < SLOW_CALL_SECONDS
        if parallel.calls == 1 and (cheap or parallel.raw <= CLEARLY_SLOWER * direct.raw):
            self.once = _PARALLEL
        elif standing is Standing.OPEN or budget.granted(loss):
            if arm is _DIRECT:
                self.once = _PARALLEL
        elif loss - budget.credit > self._settings.trial_budget * FIRST_BACKOFF_CALLS * direct.raw:
            # A probe is due before the trial could go on.
            self._settle_direct(f"looks {parallel.raw / direct.raw:.2f} times slower")

    # ------------------------------------------------------------------ probe

    def begin_probe(self) -> None:
        """Look again at a function that was settled direct."""
        if self._gated:
            self._move(Phase.PROFILING, "looking again")
            self._tried, self._saved = 0, self._startup
            return
        self.phase = Phase.TRIAL  # told in the history only if it finds something
        self._probing = True
        self._tried = self._unseen = 0
        # The times are old, or lag behind a drift: the first call is direct.
        self._fresh = False
        self._before = self.direct.copy()
        self.usual, self.once = _DIRECT, None

    def _in_probe(self, arm: Arm, wall: float, log_size: float) -> None:
        """Go on with a probe: allow its parallel call, then say what it showed."""
        if arm is _PARALLEL:
            self._probed(wall, log_size)
        elif self._fresh:
            self._add(arm, wall, log_size)
            self._wait_for_parallel()
        else:
            self._fresh = True
            self.direct.weigh(STALE_WEIGHT)
            self._add(arm, wall, log_size)
            if self.rearmed_at is not None:
                self._account_for_silence(self.rearmed_at, wall)
            if self.budget.credit < self.loss():
                self._settle_direct("too few calls to look again")
            else:
                self.once = _PARALLEL

    def _probed(self, wall: float, log_size: float) -> None:
        self.budget.spend_on_probe(wall - self.direct.raw, self.loss())
        fresh = LogTimes()
        fresh.add(wall, log_size)
        slope = self._watch.slope  # one call cannot tell it
        faster = self.direct.y - fresh.y - slope * (self.direct.x - log_size)
        if faster < PROBE_GAIN:
            self._add(_PARALLEL, wall, log_size, KEEP)
            self.backoff.grow(hopeless=False)
            self._settle_direct("probe found nothing")
            return
        self.parallel.clear()
        self.parallel.add(wall, log_size)
        self.direct = self._before  # the pair that opens a trial was picked for being far apart
        self.direct.weigh(DOUBTED_WEIGHT)
        self.phase = Phase.DIRECT
        self._begin_trial(f"a probe was {math.exp(faster):.2f} times faster")
        self._tried = 1
        self._judged(_PARALLEL)

    def _account_for_silence(self, rearmed_at: float, wall: float) -> None:
        """Credit the running time since settling, in which nothing was observed."""
        now = self.now()
        self.rearmed_at = None
        self.pace.waited(now - rearmed_at, wall)
        running = (now - self._settled_at) * self.pace.occupancy
        self.budget.resize(self.direct.raw, self.loss())
        self.budget.earn(self._settings.probe_budget * running)

    # ------------------------------------------------------------------ settled parallel

    def _settle_parallel(self, reason: str) -> None:
        self._move(Phase.PARALLEL, reason)
        self.backoff.reset()
        self.usual, self.once = _PARALLEL, None
        self._settled_calls = 0
        self._guard = MeanGuard()
        self._probe_at = self._probe_after
        self._watch.total = 0.0
        self._tune()

    def _tune(self) -> None:
        """Refresh what the watch and the sampling of cheap calls go by."""
        self._watch.tune(estimate(self.direct, self.parallel))
        self.budget.resize(self.direct.raw, -self._extra())
        self._skipped = calls_to_skip(self.parallel.raw)

    def _in_parallel(self, arm: Arm, wall: float, log_size: float) -> None:
        if arm is _DIRECT:
            self._direct_seen(wall, log_size)
            return
        parallel, watch = self.parallel, self._watch
        mean, mean_size = parallel.y, parallel.x
        y = parallel.add(wall, log_size, KEEP)
        if watch.step(y - mean - watch.slope * (log_size - mean_size)):
            self._reopen("calls became slower")
            return
        self.skip = self._skipped
        self._settled_calls = calls = self._settled_calls + 1
        if self._guard.add(wall):
            self._tune()
            mean = adjusted_mean(self.direct, parallel)
            if self._guard.slower_than(mean, self.direct.raw_variance_of_mean):
                self._settle_direct("slower by plain mean")
                return
        if calls >= self._probe_at and self.budget.credit > -self._extra():
            self._probe_after = min(2 * self._probe_after, DIRECT_PROBES[1])
            self._probe_at = calls + self._probe_after
            self.once = _DIRECT

    def _direct_seen(self, wall: float, log_size: float) -> None:
        """Take in a direct call while settled parallel: a probe, or a late one of the trial."""
        direct, parallel, slope = self.direct, self.parallel, self._watch.slope
        y = self._add(_DIRECT, wall, log_size, KEEP)
        self.budget.spend(-self._extra())
        if y - slope * (log_size - parallel.x) < parallel.y:
            direct.weigh(DOUBTED_WEIGHT)
            parallel.weigh(PROBED_WEIGHT)
            self._begin_trial("a direct call was faster")
            self._judged(_DIRECT)

    def _reopen(self, reason: str) -> None:
        """Try again from nothing.

        Not even the call that raised an alarm counts: it was picked for being slow.
        """
        self.parallel.clear()
        self.direct.weigh(DOUBTED_WEIGHT)
        self._begin_trial(reason)

    def take_doubt(self) -> None:
        """Act on an alarm: from settled parallel to a new trial, from a trial to direct."""
        reason, self.doubt = self.doubt, None
        if reason is None:
            return
        if self.phase is Phase.PARALLEL:
            self._reopen(reason)
        elif self.phase is Phase.TRIAL:
            if self._probing:
                self.backoff.grow(hopeless=False)
            else:
                self.failed += 1
            self._settle_direct(reason)

    # ------------------------------------------------------------------ settled direct

    def _settle_direct(self, reason: str, *, gated: bool = False) -> None:
        if self._probing:
            self.phase = Phase.DIRECT
        else:
            self._move(Phase.DIRECT, reason)
        self._gated, self._probing = gated, False
        self.usual, self.once = _DIRECT, None
        self.skip = self._skipped = self._settled_calls = 0
        self._direct_watch.reset()
        self._settled_at = now = self.now()
        self.budget.resize(self.direct.raw, self.loss())
        if self._first_seconds is not None:
            self.pace.seen(now - self._first_seconds, self._seconds, self.calls)

    def _in_direct(self, arm: Arm, wall: float, log_size: float) -> None:
        """Take in a call while settled direct: a late one, or the caller observes everything."""
        if arm is _PARALLEL or self._gated:
            return
        self.direct.add(wall, log_size, KEEP)
        self.budget.earn(self._settings.probe_budget * wall)
        self._settled_calls += 1
        if self._direct_watch.step(wall * math.exp(-self._watch.slope * log_size)):
            self.backoff.reset()  # which makes a probe due
            self._direct_watch.reset()
        if self._settled_calls >= self.backoff.calls and self.budget.credit > self.loss():
            self.begin_probe()

    def _extra(self) -> float:
        """Return the seconds that a parallel call takes more than a direct one of its size."""
        return self.parallel.raw - adjusted_mean(self.direct, self.parallel)

    def loss(self) -> float:
        """Return the seconds that a probe is expected to lose."""
        direct, parallel = self.direct, self.parallel
        if self._gated or not parallel.n or not direct.n:
            return 0.0
        # By log times: in the mean of few parallel calls one outlier is all.
        slower = parallel.y - direct.y - self._watch.slope * (parallel.x - direct.x)
        return direct.raw * max(math.expm1(min(slower, MOST_SLOWER)), 0.0)

    def now(self) -> float:
        """Return seconds since the decider was made."""
        return self._clock.seconds() - self._started if self._clock else self._seconds

    def _move(self, phase: Phase, reason: str) -> None:
        self.history.add(Transition(self.now(), self.calls, self.phase, phase, reason))
        self.phase = phase
