"""All adaptive functions of a program on one screen, then those worth a closer look."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from adaptive_jit.records import FunctionStats, Phase
from adaptive_jit.reporting import words
from adaptive_jit.reporting.document import (
    Align,
    Block,
    Column,
    Document,
    Grid,
    Paragraph,
    Row,
    Span,
    Title,
    Tone,
    dim,
)
from adaptive_jit.reporting.explanation import total_overhead
from adaptive_jit.reporting.verdict import verdict, was_reverted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NOTHING = "no adaptive function yet: decorate one with @adaptive and call it"

_ORDER = (
    Phase.PARALLEL,
    Phase.FORCED,
    Phase.TRIAL,
    Phase.DIRECT,
    Phase.PROFILING,
    Phase.COLD,
    Phase.LEFT_ALONE,
)

_COLUMNS = (
    Column("function", lead=True, flexible=True),
    Column("verdict", lead=True),
    Column("speed-up", Align.RIGHT, label="speed-up"),
    Column("95 %", Align.RIGHT, label="95 %"),
    Column("direct", Align.UNIT, label="direct"),
    Column("parallel", Align.UNIT, label="parallel"),
    Column("calls", Align.RIGHT, label="calls"),
)


def overview(
    functions: Sequence[FunctionStats], explain: Callable[[FunctionStats], Document]
) -> Document:
    """Return the table of *functions*, and what *explain* says of each interesting one."""
    if not functions:
        return (Title("adaptive_jit"), Paragraph(dim(NOTHING), indent=0))
    ordered = sorted(functions, key=_importance)
    details = (block for stats in ordered if is_interesting(stats) for block in explain(stats))
    return (
        Title("adaptive_jit", words.count(len(ordered), "function")),
        Paragraph(_summary(ordered), indent=0),
        *_balance(ordered),
        Grid(_COLUMNS, tuple(map(_row, ordered))),
        *details,
    )


def _importance(stats: FunctionStats) -> tuple[int, float, str]:
    """Return a sorting key: what runs ahead first, then by the time saved, then by name."""
    return _ORDER.index(stats.phase), -saved_seconds(stats), stats.name


def is_interesting(stats: FunctionStats) -> bool:
    """Return whether there is more to tell than the table says.

    True where something runs ahead, is being tried or was given up, where a
    line would gain more, and where an early start was wasted.
    """
    active = stats.phase in (Phase.PARALLEL, Phase.TRIAL, Phase.FORCED)
    return active or was_reverted(stats) or bool(stats.advice) or stats.counts.dropped > 0


def saved_seconds(stats: FunctionStats) -> float:
    """Return the wall time saved so far, in seconds; negative where running ahead lost time.

    Measured mean of the direct calls minus that of the parallel ones, times
    the number of parallel calls that the comparison counts; and what was saved
    within calls in the middle of which the window opened.
    """
    within = stats.within_calls.saved_seconds
    direct, parallel = stats.decision.direct_seconds, stats.decision.parallel_seconds
    if direct is None or parallel is None:
        return within
    return (direct - parallel) * stats.decision.parallel_calls + within


def _summary(functions: Sequence[FunctionStats]) -> tuple[Span, ...]:
    """``2 runs ahead, 1 stays direct``, each in its own tone."""
    labels = Counter((v.label, v.tone) for v in map(verdict, functions))
    spans: list[Span] = []
    for (label, tone), number in labels.items():
        spans += [Span(", " if spans else ""), Span(f"{number} {label}", tone)]
    return tuple(spans)


def _balance(functions: Sequence[FunctionStats]) -> Iterator[Block]:
    saved = sum(map(saved_seconds, functions))
    cost = sum(total_overhead(stats.overhead) for stats in functions)
    parts = []
    if saved > 0:
        parts.append(f"about {words.seconds(saved)} saved")
    if cost > 0:
        parts.append(f"the library itself cost {words.seconds(cost)}")
    if parts:
        yield Paragraph(dim("; ".join(parts)), indent=0)


def _row(stats: FunctionStats) -> Row:
    found, decision = verdict(stats), stats.decision
    value, low, high = decision.measured_speedup, decision.low, decision.high
    cells = (
        Span(words.one_line(stats.name), Tone.STRONG),
        Span(found.label, found.tone),
        Span(f"{words.ratio(value)}{words.TIMES}" if value is not None else ""),
        Span(words.interval(low, high) if low is not None and high is not None else "", Tone.DIM),
        _time(decision.direct_seconds),
        _time(decision.parallel_seconds),
        # Calls of what is left alone are not counted, so that there is no number to tell.
        Span("" if stats.phase is Phase.LEFT_ALONE else f"{stats.calls:,}", Tone.DIM),
    )
    # Without a measurement the reason is all there is to say.
    said = value is None and found.because and not is_interesting(stats)
    return Row(cells, (dim(words.one_line(found.because)),) if said else ())


def _time(value: float | None) -> Span:
    return Span("" if value is None else words.seconds(value))
