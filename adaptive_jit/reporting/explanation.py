"""Everything known about one function, as a document: the verdict first, the evidence below."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from adaptive_jit.records import (
    Advice,
    DecisionSummary,
    FunctionStats,
    Overhead,
    Phase,
    RegionStats,
    RunAheadCounts,
    Transition,
    WithinCalls,
)
from adaptive_jit.reporting import which_line, words
from adaptive_jit.reporting.document import (
    Bar,
    Bars,
    Block,
    Document,
    Heading,
    Inline,
    Paragraph,
    Span,
    Title,
    Tone,
    dim,
    spaced,
)
from adaptive_jit.reporting.operations import operations_grid
from adaptive_jit.reporting.verdict import verdict

if TYPE_CHECKING:
    from adaptive_jit.reporting.lines import Entry

PValue = Callable[[DecisionSummary], float | None]


def explanation(stats: FunctionStats, p_value: PValue) -> Document:
    """Return the blocks that explain *stats*; sections without data are left out.

    *p_value* gives the familiar figure beside the evidence, or `None`.
    """
    counts = _counts(stats.counts, stats.dropped_after_dispatch)
    return (
        *_head(stats),
        *_section("Operations", operations_grid(stats.operations)),
        *_section("Regions", regions(stats.regions)),
        *_section("Started early", counts),
        *_section(
            "Decision", chain(_decision(stats.decision, p_value), _within(stats.within_calls))
        ),
        *_section("History", _history(stats.decision.transitions)),
        *_section("Cost of the library itself", _overhead(stats)),
    )


def digest(stats: FunctionStats) -> Document:
    """Return the part of the explanation that a report on many functions has room for.

    The verdict, what to write, the operations without the evidence on each,
    what blocks them, and early starts if some were wasted.
    """
    wasted = stats.counts.dropped > 0
    counts = _counts(stats.counts, stats.dropped_after_dispatch) if wasted else iter(())
    blocked = tuple(r for r in stats.regions if r.blocked_by or r.stopped_at_run_time)
    return (
        *_head(stats),
        *_section("Operations", operations_grid(stats.operations, evidence=False)),
        *_section("What blocks more", regions(blocked)),
        *_section("Started early", counts),
    )


def _head(stats: FunctionStats) -> Document:
    return (
        Title(words.one_line(stats.name), f"{words.one_line(stats.file)}:{stats.line}"),
        *_verdict(stats),
        *_section("Write this line to gain more", _advice(stats.advice)),
    )


def _section(title: str, blocks: Iterator[Block]) -> Document:
    content = tuple(blocks)
    return (Heading(title), *content) if content else ()


def _verdict(stats: FunctionStats) -> Iterator[Block]:
    found = verdict(stats)
    line = (Span(found.label, found.tone), Span(f": {found.because}" if found.because else ""))
    yield Paragraph(line, indent=0)
    if stats.reason and stats.reason not in (found.because, _last_cause(stats.decision)):
        yield Paragraph(dim(words.one_line(stats.reason)), indent=0)
    if stats.phase is Phase.LEFT_ALONE:
        entry = which_line.barrier_of(stats.reason) or which_line.entry_of(stats.reason)
        yield from _rewrite(entry, indent=0)
    yield from _bars(stats.decision)


def _rewrite(entry: Entry | None, indent: int) -> Iterator[Block]:
    """What to write instead of a statement, where something helps."""
    if entry is not None and entry.line and not entry.declares:
        line = f"{which_line.verb(entry.line)} {entry.line}"
        yield Paragraph(dim(f"{line}  ({which_line.anchor(entry)})"), indent=indent)


def _last_cause(decision: DecisionSummary) -> str:
    """Return the reason that the history ends with; saying it twice helps nobody."""
    return decision.transitions[-1].reason if decision.transitions else ""


def _bars(decision: DecisionSummary) -> Iterator[Block]:
    """Yield the two measured means to one scale: the verdict without words."""
    rows = (
        ("direct", decision.direct_seconds, decision.direct_calls),
        ("parallel", decision.parallel_seconds, decision.parallel_calls),
    )
    bars = []
    for label, value, calls in rows:
        if value is None:
            return
        caption = f"{words.seconds(value)}  {words.count(calls, 'call')}"
        bars.append(Bar(label, value, caption))
    fastest = min(bars, key=lambda bar: bar.value)
    yield Bars(tuple(
        Bar(bar.label, bar.value, bar.caption, Tone.GOOD if bar is fastest else Tone.DIM)
        for bar in bars
    ))  # fmt: skip


def _advice(advice: tuple[Advice, ...]) -> Iterator[Block]:
    for item in sorted(advice, key=lambda item: -(item.saves_seconds or 0.0)):
        saves = item.saves_seconds
        line = (
            Span(f"line {item.line}  ", Tone.DIM),
            Span(words.one_line(item.write), Tone.STRONG),
            Span(f"  predicted to save {words.seconds(saves)} per call" if saves else "",
                 Tone.GOOD),
        )  # fmt: skip
        yield Paragraph(line, hang=2)
        if item.because:
            see = f"  ({which_line.PAGE}#{item.see})" if item.see else ""
            yield Paragraph(dim(words.one_line(item.because) + see), indent=4)


def regions(found: tuple[RegionStats, ...]) -> Iterator[Block]:
    """Regions that say something: several operations, or a statement that blocks them."""
    for region in found:
        blocks = [b for b in (region.blocked_by, *region.stopped_at_run_time) if b is not None]
        if not (region.operations or blocks):
            continue
        head = f"{_lines(region)}: {words.count(len(region.operations), 'operation')}"
        yield Paragraph((Span(head),), hang=2)
        for block in blocks:
            moment = "" if block is region.blocked_by else "at run time "
            text = f"stops {moment}at line {block.line}: {words.one_line(block.reason)}"
            yield Paragraph(dim(text), indent=4, hang=2)
            yield from _rewrite(which_line.entry_of(block.reason), indent=4)


def _lines(region: RegionStats) -> str:
    if region.first_line == region.last_line:
        return f"line {region.first_line}"
    return f"lines {region.first_line}{words.DASH}{region.last_line}"


def _counts(counts: RunAheadCounts, after_dispatch: int) -> Iterator[Block]:
    if not counts.started:
        return
    used = [f"{counts.taken:,} used"]
    if counts.waited:
        used.append(f"{counts.waited:,} of them still running at their turn")
    if counts.helped:
        used.append(f"{counts.helped:,} run by the caller itself")
    yield Paragraph((Span(f"{words.count(counts.started, 'operation')}: {', '.join(used)}"),))
    if counts.dropped:
        yield Paragraph((Span(_dropped(counts, after_dispatch), Tone.CAUTION),))
    if counts.refused:
        text = f"{counts.refused:,} refused by the service and made again in their turn; fewer run at once now"
        yield Paragraph((Span(text, Tone.CAUTION),))


def _dropped(counts: RunAheadCounts, after_dispatch: int) -> str:
    why = []
    if counts.after_exception:
        why.append(f"{counts.after_exception:,} because the function raised")
    if after_dispatch:
        why.append(f"{after_dispatch:,} after work had begun")
    reasons = f" ({', '.join(why)})" if why else ""
    return f"{counts.dropped:,} dropped without being used{reasons}"


def _decision(decision: DecisionSummary, p_value: PValue) -> Iterator[Block]:
    line = spaced((*_prediction(decision), *_evidence(decision)))
    if line:
        yield Paragraph(line)
    lost = decision.regret_seconds
    if lost is not None and decision.slower_calls:
        text = (
            f"regret so far: about {words.seconds(lost)} in "
            f"{words.count(decision.slower_calls, 'call')} that ran the slower way"
        )
        yield Paragraph(dim(text))
    value = p_value(decision) if decision.p_inputs is not None else None
    if value is not None:
        note = f"Welch's t-test on log seconds: {words.p_value(value)} (for comparison only)"
        yield Paragraph(dim(note))


def _within(within: WithinCalls) -> Iterator[Block]:
    if not within.opened:
        return
    what = "saved" if within.saved_seconds >= 0.0 else "lost"
    closed = f", closed again in {within.closed:,}" if within.closed else ""
    text = (
        f"opened in the middle of {words.count(within.opened, 'call')}{closed}: about "
        f"{words.seconds(abs(within.saved_seconds))} {what}; what such a call would have taken in "
        "order is an estimate from its own rounds, and counts as one direct call"
    )
    yield Paragraph((Span(text),))


def _prediction(decision: DecisionSummary) -> Iterator[Inline]:
    if decision.predicted_speedup is not None:
        yield (Span(f"predicted {words.ratio(decision.predicted_speedup)}{words.TIMES}"),)
    if decision.measured_speedup is not None:
        yield (Span(f"measured {words.ratio(decision.measured_speedup)}{words.TIMES}"),)


def _evidence(decision: DecisionSummary) -> Iterator[Inline]:
    if decision.evidence is not None:
        reached = words.evidence(decision.evidence)
        needed = words.evidence(decision.evidence_needed)
        yield (Span(f"evidence {reached} to 1, needed {needed} to 1"),)


def _history(transitions: tuple[Transition, ...]) -> Iterator[Block]:
    for step in transitions:
        line = (
            Span(f"{words.seconds(step.at_seconds)}, call {step.call:,}: ", Tone.DIM),
            Span(f"{step.before} → {step.after}"),
            Span(f"  {words.one_line(step.reason)}" if step.reason else "", Tone.DIM),
        )
        yield Paragraph(line, hang=2)


def _overhead(stats: FunctionStats) -> Iterator[Block]:
    cost = stats.overhead
    total = total_overhead(cost)
    if total <= 0:
        return
    parts = (
        ("analysis", cost.analysis_seconds),
        ("profiling", cost.profiling_seconds),
        ("bookkeeping", cost.bookkeeping_seconds),
        ("slower calls of trials", cost.trial_loss_seconds),
    )
    listed = ", ".join(f"{name} {words.seconds(value)}" for name, value in parts if value > 0)
    yield Paragraph((Span(f"{words.seconds(total)} in all: "), Span(listed, Tone.DIM)))


def total_overhead(cost: Overhead) -> float:
    """Return the seconds that the library has cost a function so far."""
    return (
        cost.analysis_seconds
        + cost.profiling_seconds
        + cost.bookkeeping_seconds
        + cost.trial_loss_seconds
    )
