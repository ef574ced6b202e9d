"""Records made by hand, for renderers: the numbers are chosen to be seen, not measured."""

from __future__ import annotations

from dataclasses import replace

from adaptive_jit.records import (
    Advice,
    Classification,
    DecisionSummary,
    EffectKind,
    FunctionStats,
    OperationStats,
    Overhead,
    Phase,
    RegionBlock,
    RegionStats,
    RunAheadCounts,
    Source,
    Transition,
    Verdict,
)

UNMEASURED = DecisionSummary(
    phase=Phase.COLD,
    predicted_speedup=None,
    measured_speedup=None,
    low=None,
    high=None,
    direct_calls=0,
    parallel_calls=0,
    direct_seconds=None,
    parallel_seconds=None,
    evidence=None,
    evidence_needed=20.0,
)

GAINED = replace(
    UNMEASURED,
    phase=Phase.PARALLEL,
    predicted_speedup=3.1,
    measured_speedup=2.9,
    low=2.7,
    high=3.1,
    direct_calls=6,
    parallel_calls=14,
    direct_seconds=3.02,
    parallel_seconds=1.04,
    evidence=412.3,
    transitions=(
        Transition(0.0, 1, Phase.COLD, Phase.PROFILING, "first call"),
        Transition(6.1, 3, Phase.PROFILING, Phase.TRIAL, "predicted 3.1x"),
        Transition(14.0, 9, Phase.TRIAL, Phase.PARALLEL, "evidence 412 to 1"),
    ),
    p_inputs=(1.1, 0.05, 0.04, 0.06),
)


def operation(index, line, text, callee, **changes):
    """One HTTP read that runs ahead, unless *changes* say otherwise."""
    standard = OperationStats(
        index=index,
        line=line,
        text=text,
        callee=callee,
        effect=EffectKind.READS,
        effect_source=Source.CATALOGUE,
        effect_reason="GET",
        resource="http",
        profiled_calls=3,
        calls_per_invocation=1.0,
        wall_seconds=0.812,
        cpu_seconds=0.0031,
        classification=Classification(
            Verdict.WAITS, 0.004, 0.0, 0.02, 3, "ratio below 0.3", (("S", 0.98), ("R", 0.02))
        ),
        strategy="thread",
        why="waits outside and depends on nothing before it",
    )
    return replace(standard, **changes)


ANSWER = FunctionStats(
    name="app.answer",
    file="/home/ada/app.py",
    line=12,
    phase=Phase.PARALLEL,
    reason="",
    calls=22,
    decision=GAINED,
    operations=(
        operation(
            0, 14, "search(question)", "app.search",
            effect_source=Source.DECLARED, effect_reason="", resource=None,
        ),
        operation(1, 15, "requests.get(HISTORY)", "requests.get", wall_seconds=1.21),
        operation(
            2, 16, "client.chat.completions.create(model='small', messages=[prompt(question)])",
            "openai.Completions.create", effect=EffectKind.UNORDERED, effect_reason="model call",
            wall_seconds=0.998, cpu_seconds=0.0121,
        ),
        operation(
            3, 17, "merge(documents, history)", "app.merge", effect=EffectKind.UNKNOWN,
            effect_source=Source.NONE, effect_reason="calls numpy.linalg.svd", resource=None,
            wall_seconds=41.5e-6, cpu_seconds=41.2e-6, strategy="direct",
            classification=Classification(Verdict.TOO_SMALL, 1.0, 0.9, 1.0, 3, "below 50 µs"),
            why="an unknown call is a barrier",
        ),
    ),
    regions=(
        RegionStats(0, 14, 17, (0, 1, 2, 3), RegionBlock(17, "merge: unknown effect")),
    ),
    advice=(
        Advice(17, "pure(merge)", "no write was seen in 3 calls", 0.31),
    ),
    overhead=Overhead(0.0031, 0.00012, 0.00042, 0.2),
    counts=RunAheadCounts(started=42, taken=41, waited=12, helped=3, dropped=1, after_exception=1),
)  # fmt: skip

CPU_LOOP = replace(
    ANSWER,
    name="app.crunch",
    line=40,
    phase=Phase.DIRECT,
    reason="nothing to gain, because its operations compute and hold the GIL",
    calls=310,
    decision=replace(UNMEASURED, phase=Phase.DIRECT, predicted_speedup=1.0),
    operations=(),
    regions=(),
    advice=(),
    overhead=Overhead(),
    counts=RunAheadCounts(),
)

REVERTED = replace(
    CPU_LOOP,
    name="app.limited",
    line=60,
    reason="slower in parallel",
    calls=64,
    decision=replace(
        GAINED,
        phase=Phase.DIRECT,
        measured_speedup=0.625,
        low=0.55,
        high=0.71,
        direct_seconds=0.25,
        parallel_seconds=0.4,
        direct_calls=5,
        parallel_calls=4,
        p_inputs=None,
        transitions=(
            *GAINED.transitions[:2],
            Transition(9.5, 12, Phase.TRIAL, Phase.DIRECT, "parallel is slower"),
        ),
    ),
)
