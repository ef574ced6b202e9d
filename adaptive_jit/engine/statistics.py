"""Builds the records that reports show from what a controller knows."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from types import CodeType
from typing import TYPE_CHECKING, Any

from adaptive_jit.engine.advice import advice_of, line_for
from adaptive_jit.engine.controller import FORCED, Controller, name_of
from adaptive_jit.engine.plan import in_order, unused
from adaptive_jit.engine.resting import MOST_IN_VAIN
from adaptive_jit.records import (
    DecisionSummary,
    EffectKind,
    FunctionStats,
    Operation,
    OperationStats,
    Overhead,
    Phase,
    RegionBlock,
    RegionStats,
    RunAheadCounts,
    Source,
    WithinCalls,
)
from adaptive_jit.settings import current

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adaptive_jit.runtime import Site

STAYS = "stays in the calling thread"
"""Why an operation that may not change threads is in order; its effect tells what it uses."""

IN_VAIN = "could run ahead, but that does not pay"
"""Why an operation of a function that is settled direct is in order, where it waits."""


def statistics_of(controller: Controller) -> FunctionStats:
    """Everything known about the function of *controller*."""
    settings = current(controller.arguments)
    forced = settings.strategy in FORCED and controller.forced_calls > 0
    summary = controller.decider.summary()
    if _only_rearmed(summary):
        # Looking again begins with the next call; until then it is what it was.
        summary = replace(summary, phase=Phase.DIRECT, transitions=summary.transitions[:-1])
    phase = Phase.FORCED if forced else summary.phase
    operations = tuple(
        _operation(controller, operation, forced=forced)
        for operation in controller.analysis.operations
    )
    code = controller.original
    return FunctionStats(
        name=controller.name,
        file=code.co_filename,
        line=code.co_firstlineno,
        phase=phase,
        reason=_rests(controller)
        if forced and controller.rest.under_way
        else _reason(summary, forced=forced, strategy=settings.strategy),
        calls=controller.calls,
        decision=summary,
        operations=operations,
        regions=tuple(_regions(controller)),
        advice=advice_of(controller),
        overhead=Overhead(
            analysis_seconds=controller.analysis_seconds,
            profiling_seconds=controller.profiling_seconds,
            bookkeeping_seconds=controller.bookkeeping_seconds,
            trial_loss_seconds=controller.sizes.lost_seconds,
        ),
        counts=counts_in(controller.state.sites),
        source_hash=_source_hash(code),
        within_calls=WithinCalls(controller.openings, controller.closings, controller.saved_within),
    )


def statistics_left_alone(target: Any, reason: str) -> FunctionStats:
    """The record of something that is not touched."""
    code = getattr(target, "__code__", None)
    summary = DecisionSummary(
        Phase.LEFT_ALONE, None, None, None, None, 0, 0, None, None, None, current().evidence
    )
    return FunctionStats(
        name=name_of(target),
        file=code.co_filename if isinstance(code, CodeType) else "",
        line=code.co_firstlineno if isinstance(code, CodeType) else 1,
        phase=Phase.LEFT_ALONE,
        reason=reason,
        calls=0,
        decision=summary,
        operations=(),
        regions=(),
        advice=(),
        overhead=Overhead(),
        counts=RunAheadCounts(),
        source_hash=_source_hash(code) if isinstance(code, CodeType) else "",
    )


def _only_rearmed(summary: DecisionSummary) -> bool:
    """Whether a settled direct function was re-armed and has not been called since."""
    if len(summary.transitions) < 2 or summary.phase is not Phase.PROFILING:
        return False
    settled, rearmed = summary.transitions[-2:]
    return settled.after is Phase.DIRECT and rearmed.call == settled.call


def _reason(summary: DecisionSummary, *, forced: bool, strategy: str) -> str:
    if forced:
        return f"strategy={strategy!r} was asked for"
    return summary.transitions[-1].reason if summary.transitions else "not called yet"


def _rests(controller: Controller) -> str:
    return (
        f"strategy={current(controller.arguments).strategy!r} was asked for, but it rests: "
        f"nothing could be handed to a thread in {MOST_IN_VAIN} calls in a row"
    )


def _operation(controller: Controller, operation: Operation, *, forced: bool) -> OperationStats:
    site = controller.state.sites[operation.index]
    profile = controller.profiler.profiles[operation.index]
    planned = controller.planned
    effect = site.effect
    invocations = controller.profiler.invocations or 1
    if forced:
        early = not site.in_order and not site.discarded
    else:
        early = site.early and operation.index in planned.reasons
    early = early and effect is not None and (effect.may_start_early or operation.asserted)
    why = planned.reasons.get(operation.index, "not judged yet")
    if forced:
        why = "forced" if early else _in_order(site)
    elif not early and effect is not None and effect.caller_thread:
        why = STAYS
    phase = controller.decider.phase
    if early and not forced and phase not in (Phase.TRIAL, Phase.PARALLEL):
        early = False  # what was planned is not what runs
        why = _in_vain(controller, operation) if phase is Phase.DIRECT else why
    write, see = ("", "") if early else line_for(site, controller.state.sites, why)
    return OperationStats(
        index=operation.index,
        line=operation.line,
        text=operation.text,
        callee=site.callee,
        effect=effect.kind if effect else EffectKind.UNKNOWN,
        effect_source=effect.source if effect else Source.NONE,
        effect_reason=effect.reason if effect else "not called yet",
        resource=effect.resource if effect else None,
        profiled_calls=profile.n,
        calls_per_invocation=controller.profiler.calls.get(operation.index, 0) / invocations,
        wall_seconds=profile.mean_wall if profile.n else 0.0,
        cpu_seconds=profile.mean_cpu if profile.n else 0.0,
        classification=planned.classes.get(operation.index),
        strategy="thread" if early else "direct",
        why=why,
        counts=_counts(site),
        write=write,
        see=see,
        observed="" if site.seen is None else str(site.seen),
    )


def _in_vain(controller: Controller, operation: Operation) -> str:
    """Why running ahead does not pay: a change in its loop that no later round may pass."""
    analysis = controller.analysis
    for other in analysis.operations:
        words = analysis.changes.get(other.index)
        together = other.region == operation.region and set(other.loops) & set(operation.loops)
        effect = controller.state.sites[other.index].effect
        if words and together and effect is not None and effect.kind > EffectKind.UNORDERED:
            return f"could run ahead, but line {other.line} {words}"
    return IN_VAIN


def _in_order(site: Site) -> str:
    """Why an operation of a function that is forced to run ahead does not."""
    effect = site.effect
    if effect is None:
        return "not called yet"
    if effect.caller_thread:
        return STAYS
    if site.in_order:
        return "was once started in vain"
    if site.discarded:
        return unused(effect)
    return in_order(effect)


def _counts(site: Site) -> RunAheadCounts:
    return RunAheadCounts(
        site.started, site.taken, site.waited, site.helped, site.dropped, site.after_exception,
        site.refused,
    )  # fmt: skip


def counts_in(sites: Iterable[Site]) -> RunAheadCounts:
    """The counts of all operations of *sites*, without what costs less than a hand-over."""
    heavy = [_counts(site) for site in sites if not site.light]
    names = (field.name for field in fields(RunAheadCounts))
    return RunAheadCounts(*(sum(getattr(counts, name) for counts in heavy) for name in names))


def _regions(controller: Controller) -> list[RegionStats]:
    stops = controller.state.stops
    return [
        RegionStats(
            region.index,
            region.first_line,
            region.last_line,
            region.operations,
            region.blocked_by,
            (RegionBlock(region.first_line, stops[region.index]),) if region.index in stops else (),
        )
        for region in controller.analysis.records
    ]


def _source_hash(code: CodeType) -> str:
    parts = (code.co_code, repr(code.co_names), repr([c for c in code.co_consts if c is not code]))
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part if isinstance(part, bytes) else _stable(part).encode())
    return digest.hexdigest()


def _stable(text: str) -> str:
    """Without the addresses that ``repr`` of nested code objects contains."""
    import re

    return re.sub(r" at 0x[0-9a-f]+", "", text)
