"""From what was measured to which operations run ahead, and what that would save."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adaptive_jit.classify import OperationProfile, classify
from adaptive_jit.decision import (
    Costs,
    Plan,
    Prediction,
    Saving,
    Trace,
    TraceCall,
    predict,
    savings,
)
from adaptive_jit.profiling import difference
from adaptive_jit.records import Classification, EffectKind, Operation, commute

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptive_jit.records import Effect
    from adaptive_jit.runtime import Site
    from adaptive_jit.runtime.observe import Operations
    from adaptive_jit.settings import Settings


@dataclass(slots=True)
class Planned:
    """The plan of one function as it stands after its profiled calls."""

    classes: dict[int, Classification] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    prediction: Prediction | None = None
    basis: tuple[Trace, Plan, Costs] | None = None
    known_savings: tuple[Saving, ...] | None = None

    @property
    def savings(self) -> tuple[Saving, ...]:
        """What each operation would save: a prediction for each, made when it is asked for."""
        if self.known_savings is None:
            self.known_savings = savings(*self.basis) if self.basis is not None else ()
        return self.known_savings

    @savings.setter
    def savings(self, found: tuple[Saving, ...]) -> None:
        self.known_savings = found


class Profiler:
    """Collects profiled invocations of one function."""

    __slots__ = ("calls", "invocations", "profiles", "trace")

    def __init__(self, sites: Sequence[Site]) -> None:
        self.profiles = [OperationProfile() for _ in sites]
        for profile, site in zip(self.profiles, sites, strict=True):
            profile.states = site.states
        self.calls: dict[int, int] = {}
        self.invocations = 0
        self.trace: Trace | None = None

    def add(self, found: Operations, wall: float) -> None:
        """Take in one invocation of *wall* seconds."""
        self.invocations += 1
        calls = []
        for index, path, start, stop in found.records:
            sample = difference(start, stop)
            self.profiles[index].add(sample)
            calls.append(TraceCall(index, path, found.moment(start), sample.wall))
        for index, count in found.counts.items():
            self.calls[index] = self.calls.get(index, 0) + count
        calls.sort(key=lambda call: call.start)
        self.trace = Trace(tuple(calls), max(wall, 1e-9), dict(found.counts))


def make_plan(
    profiler: Profiler,
    sites: Sequence[Site],
    operations: Sequence[Operation],
    settings: Settings,
    dispatch_seconds: float,
) -> Planned:
    """Judge every operation, say which run ahead, and predict what that gives."""
    planned = Planned()
    ahead: set[int] = set()
    for operation in operations:
        profile = profiler.profiles[operation.index]
        if profile.n:
            planned.classes[operation.index] = classify(profile, settings)
    feeding = _feeding(operations, planned.classes)
    for operation in operations:
        site = sites[operation.index]
        feeds = operation.index in feeding
        early, why = _runs_ahead(site, operation, planned.classes.get(operation.index), feeds=feeds)
        site.early = early
        planned.reasons[operation.index] = why
        if early:
            ahead.add(operation.index)
    barriers = {
        operation.index
        for operation in operations
        if operation.index not in ahead and _stops(sites[operation.index], sites, ahead)
    }
    if profiler.trace is not None:
        costs = Costs(settings.max_workers, settings.window, dispatch_seconds)
        plan = Plan(operations, frozenset(ahead), frozenset(barriers))
        trace = _only(profiler.trace, operations)
        planned.basis = (trace, plan, costs)
        planned.prediction = predict(trace, plan, costs)
    return planned


def _stops(site: Site, sites: Sequence[Site], ahead: set[int]) -> bool:
    """Whether an operation that runs in its turn is passed by none of those that run ahead."""
    effect = site.effect
    if effect is None or site.always_crossed:
        return False
    if effect.kind is not EffectKind.WRITES:
        return True
    others = (sites[index].effect for index in ahead)
    return not all(other is not None and commute(effect, other) for other in others)


def _only(trace: Trace, operations: Sequence[Operation]) -> Trace:
    known = {operation.index for operation in operations}
    counts = {index: count for index, count in trace.counts.items() if index in known}
    return Trace(tuple(c for c in trace.calls if c.operation in known), trace.wall, counts)


def _feeding(operations: Sequence[Operation], classes: dict[int, Classification]) -> set[int]:
    """Operations whose results an operation that waits needs, directly or not."""
    waiting = {index for index, judged in classes.items() if judged.verdict.is_io}
    found: set[int] = set()
    before = -1
    while len(found) != before:
        before = len(found)
        for operation in operations:
            if operation.index in waiting or operation.index in found:
                found.update(operation.depends_on, operation.carried)
    return found


def in_order(effect: Effect) -> str:
    """Why an operation of this effect may not start before its turn."""
    if effect.reason:
        return effect.reason
    if effect.kind is EffectKind.WRITES:
        return f"it writes {effect.resource or 'something'}, which keeps its turn"
    return "not known to be harmless"


def unused(effect: Effect) -> str:
    """Why an operation whose result is thrown away stays in order; a write would do so anyway."""
    if effect.kind is EffectKind.WRITES:
        return in_order(effect)
    return "its result is not used: it is there for its effect"


def _runs_ahead(
    site: Site, operation: Operation, judged: Classification | None, *, feeds: bool
) -> tuple[bool, str]:
    """Whether an operation may start before its turn, and why (not)."""
    effect = site.effect
    if effect is None or judged is None:
        return False, "not called while profiled"
    if site.in_order:
        return False, "was once started in vain"
    if site.discarded and effect.kind > EffectKind.PURE:
        return False, unused(effect)
    if not (effect.may_start_early or operation.asserted):
        return False, in_order(effect)
    if judged.verdict.is_io:
        return True, "waits; may run ahead"
    if effect.kind is EffectKind.PURE and feeds:
        return True, "pure; prepares another operation"
    return False, judged.verdict.value
