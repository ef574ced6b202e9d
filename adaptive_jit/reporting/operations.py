"""The grid of operations: what each one costs, what it waits for, and where it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptive_jit.records import Classification, EffectKind, OperationStats, Source, Verdict
from adaptive_jit.reporting import which_line, words
from adaptive_jit.reporting.document import (
    Align,
    Block,
    Column,
    Grid,
    Inline,
    Row,
    Span,
    Tone,
    dim,
    spaced,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECT = "direct"
NOTICED = 0.001
"""Seconds; what an operation that takes less could gain is not worth a line."""

_STATES = {"R": "running", "S": "sleeping", "D": "waiting for the disk"}
"""The states of threads as the Linux kernel abbreviates them (proc(5))."""

_COLUMNS = (
    Column("line", Align.RIGHT, lead=True),
    Column("operation", lead=True, flexible=True),
    Column(words.TIMES, Align.RIGHT, label="times per call"),
    Column("wall", Align.UNIT, label="wall"),
    Column("CPU", Align.UNIT, label="CPU"),
    Column("CPU/wall", Align.RIGHT, label="CPU/wall"),
    Column("verdict"),
    Column("runs"),
)


def operations_grid(
    operations: tuple[OperationStats, ...], *, evidence: bool = True
) -> Iterator[Block]:
    """Yield one row for each operation, in the order of the source.

    *evidence* adds a line with what each verdict rests on.
    """
    if operations:
        yield Grid(_COLUMNS, tuple(_row(operation, evidence) for operation in operations))


def _row(operation: OperationStats, evidence: bool) -> Row:
    profiled = operation.profiled_calls > 0
    found = operation.classification
    cells = (
        Span(str(operation.line), Tone.DIM),
        Span(words.one_line(operation.text), Tone.CODE),
        Span(_repeats(operation), Tone.DIM),
        Span(words.seconds(operation.wall_seconds) if profiled else ""),
        Span(words.seconds(operation.cpu_seconds) if profiled else ""),
        Span(f"{found.ratio:.2f}" if found and profiled else ""),
        Span(str(found.verdict) if found else "", _verdict_tone(found)),
        _where(operation),
    )
    details = (_what(operation), _line(operation), _evidence(operation) if evidence else ())
    return Row(cells, tuple(filter(None, details)))


def _repeats(operation: OperationStats) -> str:
    """How often per invocation, where that is not once."""
    times = operation.calls_per_invocation
    return "" if times in (0.0, 1.0) else words.significant(times)


def _verdict_tone(found: Classification | None) -> Tone:
    if found is None:
        return Tone.PLAIN
    if found.verdict in (Verdict.TOO_SMALL, Verdict.UNDECIDED):
        return Tone.DIM
    return Tone.GOOD if found.verdict.is_io else Tone.CAUTION


def _where(operation: OperationStats) -> Span:
    if operation.strategy in ("", DIRECT):
        return Span("in order", Tone.DIM)
    return Span(f"ahead, {operation.strategy}", Tone.GOOD)


def _what(operation: OperationStats) -> Inline:
    """Return the callee, its effect and why that is believed, then why it runs where it runs."""
    if operation.effect is EffectKind.UNKNOWN and not (
        operation.callee or operation.profiled_calls
    ):
        return dim("not called yet")
    why = words.one_line(operation.why)
    found = operation.classification
    if why in (words.one_line(operation.effect_reason), str(found.verdict) if found else ""):
        why = ""  # said already, in the row or as the ground of its effect
    return spaced((
        dim(_callee(operation)),
        (Span(_effect(operation), _effect_tone(operation.effect)),),
        dim(why),
        dim(f"observed: {operation.observed}" if operation.observed else ""),
    ))  # fmt: skip


def _line(operation: OperationStats) -> Inline:
    """Return what to write where an operation that takes its time stays in order."""
    if not operation.write or (operation.profiled_calls and operation.wall_seconds < NOTICED):
        return ()
    return (
        Span(f"{which_line.verb(operation.write)} ", Tone.DIM),
        Span(words.one_line(operation.write)),
        Span(f"  ({which_line.PAGE}#{operation.see})" if operation.see else "", Tone.DIM),
    )


def _callee(operation: OperationStats) -> str:
    """Return the callee's full name, unless the operation's text begins with just that."""
    callee = words.one_line(operation.callee)
    return "" if words.one_line(operation.text).startswith(f"{callee}(") else callee


def _effect(operation: OperationStats) -> str:
    kind = operation.effect.name.lower()
    if operation.effect is EffectKind.UNKNOWN:
        kind = "unknown effect"
    elif operation.resource:
        kind = f"{kind} {words.one_line(operation.resource)}"
    known = (
        operation.effect_source is not Source.NONE and operation.effect is not EffectKind.UNKNOWN
    )
    source = str(operation.effect_source) if known else ""
    reason = words.one_line(operation.effect_reason)
    if reason.startswith(f"{source} {operation.effect.name.lower()}"):
        reason = ""  # "declared reads" says no more than the source
    told = reason.startswith(source)
    grounds = reason if told else ": ".join(filter(None, (source, reason)))
    return f"{kind} ({grounds})" if grounds else kind


def _effect_tone(kind: EffectKind) -> Tone:
    return Tone.CAUTION if kind is EffectKind.UNKNOWN else Tone.DIM


def _evidence(operation: OperationStats) -> Inline:
    """Return what the verdict rests on: calls, the ratio's interval, states, the rule."""
    found = operation.classification
    if found is None or not operation.profiled_calls:
        return ()
    states = ", ".join(
        f"{words.share(part)} {_STATES.get(name, name)}" for name, part in found.states
    )
    return spaced((
        dim(words.count(operation.profiled_calls, "call")),
        dim(f"CPU/wall {found.low:.2f}{words.DASH}{found.high:.2f}"),
        dim(states),
        dim(words.one_line(found.reason)),
    ))  # fmt: skip
