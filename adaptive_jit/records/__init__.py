"""Frozen records that pass between the stages; each checks itself when it is made."""

from adaptive_jit.records.decisions import Arm, DecisionSummary, Phase, Transition
from adaptive_jit.records.effects import Effect, EffectKind, Source, Watch, commute
from adaptive_jit.records.operations import Operation, Region, RegionBlock
from adaptive_jit.records.profiles import (
    Classification,
    OperationSample,
    Reading,
    ThreadState,
    Verdict,
)
from adaptive_jit.records.statistics import (
    Advice,
    FunctionStats,
    OperationStats,
    Overhead,
    RegionStats,
    RunAheadCounts,
    WithinCalls,
)

__all__ = [
    "Advice",
    "Arm",
    "Classification",
    "DecisionSummary",
    "Effect",
    "EffectKind",
    "FunctionStats",
    "Operation",
    "OperationSample",
    "OperationStats",
    "Overhead",
    "Phase",
    "Reading",
    "Region",
    "RegionBlock",
    "RegionStats",
    "RunAheadCounts",
    "Source",
    "ThreadState",
    "Transition",
    "Verdict",
    "Watch",
    "WithinCalls",
    "commute",
]
