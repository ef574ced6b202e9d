"""Goes on with a decision where another process left it: as a prior, not as a verdict.

Settled parallel becomes a trial that begins in parallel, against direct times
that weigh one call: the first call of the new process is evidence already, two
or three bad ones revert it, and so does one direct call that is faster. Settled direct stays
direct until it is time to look again. An unfinished trial goes on with its
evidence, so that a script that calls its pipeline once a day decides as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adaptive_jit.decision.budget import FIRST_BACKOFF_CALLS
from adaptive_jit.numerics import LogTimes
from adaptive_jit.records.decisions import Arm, Phase
from adaptive_jit.records.memory import DecisionMemory, FunctionMemory, Series

if TYPE_CHECKING:
    from adaptive_jit.decision.decider import Decider
    from adaptive_jit.decision.machine import Machine

PARALLEL_WEIGHT: Final = 1.0
"""What direct times weigh beside a decision for parallel: one fresh direct call says as much."""

TRIAL_WEIGHT: Final = 4.0
"""What either arm of an unfinished trial may weigh: as many calls as are needed to settle it."""

MOST_UNCHECKED: Final = FIRST_BACKOFF_CALLS
"""Runs that may go by a decision for direct without a look at it; short ones never get to it."""

FIELDS: Final = ("calls", "n", "raw", "rr", "x", "xx", "xy", "y", "yy")


def series_of(times: LogTimes) -> Series:
    """The times as a record."""
    return Series(**{name: getattr(times, name) for name in FIELDS})


def times_of(series: Series, weight: float) -> LogTimes:
    """The record as times that weigh at most *weight* observations."""
    times = LogTimes()
    for name in FIELDS:
        setattr(times, name, getattr(series, name))
    times.weigh(weight)
    return times


def standing_of(decider: Decider) -> DecisionMemory:
    """Where *decider* stands now."""
    machine = decider._machine
    return DecisionMemory(
        phase=Phase.DIRECT if machine._probing else machine.phase,
        predicted=machine.predicted,
        failed=machine.failed,
        gated=machine._gated,
        backoff_calls=machine.backoff.calls,
        spacing=machine.pace.spacing,
        occupancy=machine.pace.occupancy,
        credit=machine.budget.credit,
    )


def resume(decider: Decider, memory: FunctionMemory) -> bool:
    """Go on from *memory*; ``False`` if *decider* has begun by itself or nothing was decided."""
    machine = decider._machine
    if machine.phase is not Phase.COLD or decider._busy:
        return False
    decider._busy = True
    try:
        return _resume(machine, memory)
    finally:
        decider._busy = False


def _resume(machine: Machine, memory: FunctionMemory) -> bool:
    known = memory.decision
    machine.failed = known.failed
    if not memory.direct.n:
        return False
    if known.phase is Phase.DIRECT and known.unchecked < MOST_UNCHECKED:
        _direct(machine, memory)
    elif known.phase is Phase.PARALLEL:
        _parallel(machine, memory)
    elif known.phase is Phase.TRIAL:
        _trial(machine, memory)
    else:
        return False
    machine.budget.resize(machine.direct.raw, machine.loss())
    machine.budget.credit = min(known.credit, machine.budget.size)
    return True


def _expect(machine: Machine, known: DecisionMemory) -> None:
    machine.predicted = known.predicted
    machine.judge.expect(known.predicted)


def _parallel(machine: Machine, memory: FunctionMemory) -> None:
    _expect(machine, memory.decision)
    machine.direct = times_of(memory.direct, PARALLEL_WEIGHT)
    machine._begin_trial("an earlier run found it faster")


def _trial(machine: Machine, memory: FunctionMemory) -> None:
    _expect(machine, memory.decision)
    machine.direct = times_of(memory.direct, TRIAL_WEIGHT)
    machine.parallel = times_of(memory.parallel, TRIAL_WEIGHT)
    machine._begin_trial("an earlier run began to try it")
    if machine.parallel.n:
        machine._judged(Arm.DIRECT)


def _direct(machine: Machine, memory: FunctionMemory) -> None:
    known = memory.decision
    _expect(machine, known)
    machine.direct = times_of(memory.direct, MOST_UNCHECKED)
    machine.parallel = times_of(memory.parallel, MOST_UNCHECKED)
    machine.backoff.calls = max(known.backoff_calls, FIRST_BACKOFF_CALLS)
    pace = machine.pace
    if known.spacing > 0.0:
        pace.known, pace.spacing, pace.occupancy = True, known.spacing, known.occupancy
    machine._settle_direct("an earlier run found it not faster", gated=known.gated)
