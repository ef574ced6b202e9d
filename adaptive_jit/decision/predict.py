"""What running ahead would save, computed from one profiled invocation.

predicted speed-up = direct wall / (schedule with W workers and the window
                     + operations that run ahead · dispatch + join + start-up share)

The schedule plays the recorded calls in program order (``adaptive_jit.graph``).
Records of long loops are cut off, with the true number of calls known: then
the recorded part stands for the whole, and both own code and operations are
scaled by the share of the operations' time that was recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from adaptive_jit.graph import Mode, Schedule, Step, schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from adaptive_jit.records.operations import Operation


class TraceCall(NamedTuple):
    """One recorded call: which operation, in which iteration of its loops, when, how long.

    ``path`` has the iteration number of each enclosing loop, outermost first;
    ``start`` is seconds since any fixed moment.
    """

    operation: int
    path: tuple[int, ...]
    start: float
    wall: float


@dataclass(frozen=True, slots=True)
class Trace:
    """One profiled invocation: its calls in program order and its wall time in seconds.

    ``counts`` maps an operation to its true number of calls where more were
    made than recorded.
    """

    calls: tuple[TraceCall, ...]
    wall: float
    counts: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.wall < 0.0 or any(call.wall < 0.0 for call in self.calls):
            raise ValueError("seconds must not be negative")


@dataclass(frozen=True, slots=True)
class Plan:
    """Which operations may run ahead and which nothing passes; all others run in their turn.

    An operation that is in neither set is crossed: later ones may begin before it.
    """

    operations: Sequence[Operation]
    ahead: frozenset[int]
    barriers: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if self.ahead & self.barriers:
            raise ValueError(f"ahead and a barrier: {sorted(self.ahead & self.barriers)}")


@dataclass(frozen=True, slots=True)
class Costs:
    """What running ahead costs here: seconds per dispatch, to join, and of start-up to charge.

    ``startup_seconds`` is the share of the one-off cost that this invocation bears.
    """

    workers: int = 64
    window: int = 64
    dispatch_seconds: float = 10e-6
    join_seconds: float = 0.0
    startup_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.workers < 1 or self.window < 1:
            raise ValueError("at least one worker and a window of one are needed")


@dataclass(frozen=True, slots=True)
class Prediction:
    """Seconds: ``work`` as it ran, ``span`` with unlimited workers at no cost, ``wall`` predicted.

    ``ahead`` is the number of operations per invocation that would run ahead.
    """

    work: float
    span: float
    wall: float
    speedup: float
    ahead: float


class Saving(NamedTuple):
    """Seconds per invocation saved if *operation* were allowed to begin early."""

    operation: int
    seconds: float


def predict(trace: Trace, plan: Plan, costs: Costs | None = None) -> Prediction:
    """Return what *plan* would make of the invocation recorded in *trace*."""
    costs = costs or Costs()
    layout = _Layout(trace, plan)
    limited = layout.play(costs.workers, costs.window)
    unlimited = len(trace.calls) + 1
    factor = layout.factor
    ahead = sum(step.mode is Mode.AHEAD for step in layout.steps) * factor
    overhead = ahead * costs.dispatch_seconds
    if ahead:
        overhead += costs.join_seconds + costs.startup_seconds
    wall = limited.makespan * factor + overhead
    return Prediction(
        work=trace.wall,
        span=layout.play(unlimited, unlimited).makespan * factor,
        wall=wall,
        speedup=trace.wall / wall if wall > 0.0 else 1.0,
        ahead=ahead,
    )


def saving_if(trace: Trace, plan: Plan, operation: int, costs: Costs | None = None) -> float:
    """Return the seconds per invocation saved if *operation* too were allowed to begin early."""
    return saving_together(trace, plan, {operation}, costs)


def saving_together(
    trace: Trace, plan: Plan, operations: AbstractSet[int], costs: Costs | None = None
) -> float:
    """Return the seconds per invocation saved if all of *operations* might begin early.

    It may be more than the sum of what each would save: neither of two unknown
    calls overlaps with anything while the other is one.
    """
    allowed = replace(plan, ahead=plan.ahead | operations, barriers=plan.barriers - operations)
    return max(predict(trace, plan, costs).wall - predict(trace, allowed, costs).wall, 0.0)


def savings(trace: Trace, plan: Plan, costs: Costs | None = None) -> tuple[Saving, ...]:
    """Return the operations not yet allowed to begin early that would save time, largest first."""
    seen = {call.operation for call in trace.calls} - plan.ahead
    now = predict(trace, plan, costs).wall
    found = []
    for index in sorted(seen):
        allowed = replace(plan, ahead=plan.ahead | {index}, barriers=plan.barriers - {index})
        found.append(Saving(index, max(now - predict(trace, allowed, costs).wall, 0.0)))
    return tuple(sorted((s for s in found if s.seconds > 0.0), key=lambda s: -s.seconds))


class _Layout:
    """A trace as steps for ``schedule``, and by what factor they stand for the whole."""

    def __init__(self, trace: Trace, plan: Plan) -> None:
        finder = _Instances({operation.index: operation for operation in plan.operations})
        gaps, self.factor = _own_code(trace)
        # Code before the first operation is in the last gap too: nothing overlaps with either.
        self.tail = gaps[-1]
        self.steps: list[Step] = []
        for position, call in enumerate(trace.calls):
            mode = _mode(call.operation, plan)
            self.steps.append(Step(gaps[position], call.wall, mode, finder.needs(call)))
            finder.add(call, position)

    def play(self, workers: int, window: int) -> Schedule:
        return schedule(self.steps, workers=workers, window=window, tail=self.tail)


def _mode(operation: int, plan: Plan) -> Mode:
    if operation in plan.ahead:
        return Mode.AHEAD
    return Mode.BARRIER if operation in plan.barriers else Mode.IN_ORDER


def _own_code(trace: Trace) -> tuple[list[float], float]:
    """Return own code before each call and at the end, and by what to multiply everything.

    Where records were cut off, a gap may also hold calls that are not in the
    trace. Own code is what remains of the wall time after their mean time; the
    recorded part gets its share of that, and each gap at most as much as makes
    up this share: the largest gaps are the ones that hold calls.
    """
    gaps, previous = [], trace.calls[0].start if trace.calls else 0.0
    for call in trace.calls:
        gaps.append(max(call.start - previous, 0.0))
        previous = max(previous, call.start + call.wall)
    recorded = sum(call.wall for call in trace.calls)
    outside = max(trace.wall - recorded, 0.0)
    gaps.append(max(outside - sum(gaps), 0.0))
    unrecorded = min(_unrecorded_seconds(trace), outside)
    if unrecorded <= 0.0 or recorded <= 0.0:
        return gaps, 1.0
    factor = (recorded + unrecorded) / recorded
    level = _level(gaps, (outside - unrecorded) / factor)
    return [min(gap, level) for gap in gaps], factor


def _unrecorded_seconds(trace: Trace) -> float:
    """Return the time of the calls that were counted but not recorded, from their site's mean."""
    walls: dict[int, list[float]] = {}
    for call in trace.calls:
        walls.setdefault(call.operation, []).append(call.wall)
    return sum(
        max(trace.counts.get(index, 0) - len(times), 0) * sum(times) / len(times)
        for index, times in walls.items()
    )


def _level(amounts: Iterable[float], total: float) -> float:
    """Return the height at which the amounts, cut off there, add up to *total*."""
    ordered = sorted(amounts)
    below = 0.0
    for position, amount in enumerate(ordered):
        left = len(ordered) - position
        if below + amount * left >= total:
            return (total - below) / left
        below += amount
    return ordered[-1]


class _Instances:
    """Finds the recorded calls whose results a call needs."""

    def __init__(self, operations: Mapping[int, Operation]) -> None:
        self._operations = operations
        self._by_prefix: dict[tuple[int, int, tuple[int, ...]], list[int]] = {}
        self._last: dict[int, int] = {}
        self._rounds: dict[tuple[int, int], tuple[tuple[int, ...], int | None, int | None]] = {}
        """Of each operation and depth of loops: the round, its last call, that of the rounds before."""
        self._depths = {index: _shared_depths(operations, index) for index in operations}

    def add(self, call: TraceCall, position: int) -> None:
        """Remember that *call* is step number *position*."""
        self._last[call.operation] = position
        for depth in range(1, len(call.path) + 1):
            level, prefix = (call.operation, depth), call.path[:depth]
            known, last, earlier = self._rounds.get(level, (prefix, None, None))
            self._rounds[level] = prefix, position, earlier if known == prefix else last
        for depth in self._depths.get(call.operation, ()):
            key = (call.operation, depth, call.path[:depth])
            self._by_prefix.setdefault(key, []).append(position)

    def needs(self, call: TraceCall) -> tuple[int, ...]:
        """Return the positions of the steps that *call* waits for.

        A result of the same iteration of all loops that both are in; if the
        other operation is in further loops, all its calls there (an
        aggregate). Of an operation whose result is carried over, the last call
        in an earlier round.
        """
        operation = self._operations.get(call.operation)
        if operation is None:
            return ()
        found: set[int] = set()
        for other in operation.depends_on:
            depth = _shared(self._operations, operation.index, other)
            found.update(self._by_prefix.get((other, depth, call.path[:depth]), ()))
        found.update(_present(self._carried(call, other) for other in operation.carried))
        return tuple(sorted(found))

    def _carried(self, call: TraceCall, other: int) -> int | None:
        depth = _shared(self._operations, call.operation, other)
        if not depth:
            return self._last.get(other)
        prefix, last, earlier = self._rounds.get((other, depth), (None, None, None))
        return earlier if prefix == call.path[:depth] else last


def _present(positions: Iterable[int | None]) -> Iterable[int]:
    return (position for position in positions if position is not None)


def _shared(operations: Mapping[int, Operation], one: int, other: int) -> int:
    """Return how many loops, from the outside, two operations are both in."""
    if one not in operations or other not in operations:
        return 0
    depth = 0
    for mine, theirs in zip(operations[one].loops, operations[other].loops, strict=False):
        if mine != theirs:
            break
        depth += 1
    return depth


def _shared_depths(operations: Mapping[int, Operation], index: int) -> tuple[int, ...]:
    """Return the depths at which calls of operation *index* will be looked up."""
    dependants = (o.index for o in operations.values() if index in o.depends_on)
    return tuple(sorted({_shared(operations, index, dependant) for dependant in dependants}))
