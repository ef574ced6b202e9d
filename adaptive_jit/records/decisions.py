"""What the decision stage is told and what it answers."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Arm(enum.StrEnum):
    """The two ways to run one invocation."""

    DIRECT = "direct"
    PARALLEL = "parallel"


class Phase(enum.StrEnum):
    """Where a function is in its life."""

    LEFT_ALONE = "left alone"
    COLD = "cold"
    PROFILING = "profiling"
    TRIAL = "trial"
    PARALLEL = "settled parallel"
    DIRECT = "settled direct"
    FORCED = "forced"


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of phase: when (seconds since the function was decorated), from, to and why."""

    at_seconds: float
    call: int
    before: Phase
    after: Phase
    reason: str


@dataclass(frozen=True, slots=True)
class DecisionSummary:
    """The numbers behind the present phase.

    Speed-ups are ratios (direct over parallel; 1 means no difference).
    ``evidence`` is the Bayes factor reached, ``evidence_needed`` its
    threshold. ``regret_seconds`` is what the ``slower_calls`` observed calls
    that ran the slower way took more than the others, by the present means.
    ``None`` where nothing has been measured.
    """

    phase: Phase
    predicted_speedup: float | None
    measured_speedup: float | None
    low: float | None
    high: float | None
    direct_calls: int
    parallel_calls: int
    direct_seconds: float | None
    parallel_seconds: float | None
    evidence: float | None
    evidence_needed: float
    transitions: tuple[Transition, ...] = ()
    p_inputs: tuple[float, float, float, float] | None = None
    """Mean and standard deviation of log seconds, direct then parallel; for familiar tests."""
    slower_calls: int = 0
    regret_seconds: float | None = None
