"""What a decision looks like from outside: its past and its numbers, as records."""

from __future__ import annotations

import math
from typing import NamedTuple

from adaptive_jit.numerics import Estimate, LogTimes, estimate, speedup_interval
from adaptive_jit.records.decisions import DecisionSummary, Phase, Transition

FIRST_TRANSITIONS = 8
"""How many of the oldest transitions are always kept."""

LAST_TRANSITIONS = 56
"""How many of the newest are kept beside them; a process may run for months."""


class History:
    """The transitions of one function, bounded: the first few and the last."""

    __slots__ = ("_first", "_last")

    def __init__(self) -> None:
        self._first: tuple[Transition, ...] = ()
        self._last: tuple[Transition, ...] = ()

    def add(self, transition: Transition) -> None:
        """Remember *transition*."""
        if len(self._first) < FIRST_TRANSITIONS:
            self._first += (transition,)
        else:
            self._last = (*self._last, transition)[-LAST_TRANSITIONS:]

    def all(self) -> tuple[Transition, ...]:
        """Return what is remembered, oldest first."""
        return self._first + self._last


class State(NamedTuple):
    """A decider's state at one moment, for ``summarise``."""

    phase: Phase
    predicted_speedup: float | None
    direct: LogTimes
    parallel: LogTimes
    log_evidence_needed: float
    transitions: tuple[Transition, ...]
    ran: tuple[int, int]


def summarise(state: State, log_evidence: float | None) -> DecisionSummary:
    """Return the public record of *state*; *log_evidence* is for the arm that looks better."""
    direct, parallel = state.direct, state.parallel
    measured = measure(direct, parallel)
    low, high = speedup_interval(direct, parallel) if measured else (None, None)
    return DecisionSummary(
        phase=state.phase,
        predicted_speedup=state.predicted_speedup,
        measured_speedup=math.exp(measured.difference) if measured else None,
        low=low,
        high=high,
        direct_calls=direct.calls,
        parallel_calls=parallel.calls,
        direct_seconds=direct.raw if direct.n else None,
        parallel_seconds=parallel.raw if parallel.n else None,
        evidence=None if log_evidence is None else math.exp(min(log_evidence, 700.0)),
        evidence_needed=math.exp(state.log_evidence_needed),
        transitions=state.transitions,
        slower_calls=slower_calls(state, measured),
        regret_seconds=regret_seconds(state, measured),
        p_inputs=(direct.y, direct.deviation, parallel.y, parallel.deviation) if measured else None,
    )


def measure(direct: LogTimes, parallel: LogTimes) -> Estimate | None:
    """Return the estimate of direct against parallel, ``None`` where one has no calls."""
    return estimate(direct, parallel) if direct.n and parallel.n else None


def slower_calls(state: State, measured: Estimate | None) -> int:
    """Return how many observed calls ran the way that is slower by plain mean; 0 if unknown."""
    if measured is None:
        return 0
    return state.ran[state.direct.raw < state.parallel.raw]


def regret_seconds(state: State, measured: Estimate | None) -> float | None:
    """Return what those calls took more than the others, by the present means."""
    if measured is None:
        return None
    return slower_calls(state, measured) * abs(state.direct.raw - state.parallel.raw)
