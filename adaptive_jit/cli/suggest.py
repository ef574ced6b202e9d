"""``suggest``: a program is run as it is, and what it would gain is told, line by line."""

from __future__ import annotations

import argparse
import atexit
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from adaptive_jit.cli import program
from adaptive_jit.cli.output import Sheet
from adaptive_jit.cli.run import split
from adaptive_jit.engine.statistics import IN_VAIN
from adaptive_jit.errors import AdaptiveError
from adaptive_jit.records import FunctionStats, OperationStats, Phase
from adaptive_jit.reporting import words
from adaptive_jit.reporting.document import (
    Align,
    Block,
    Column,
    Grid,
    Heading,
    Inline,
    Paragraph,
    Row,
    Span,
    Title,
    Tone,
    dim,
    spaced,
)  # fmt: skip
from adaptive_jit.reporting.explanation import regions
from adaptive_jit.reporting.which_line import PAGE, barrier_of, verb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adaptive_jit.cli.suggest_program import Loop, Measured
    from adaptive_jit.records import Advice

USAGE = "adaptive-jit suggest [--json] (SCRIPT | -m MODULE) [ARGUMENT ...]"

LEAST_SPEEDUP = 1.2
"""A function is suggested from this predicted speed-up on: what ``min_predicted_speedup`` asks."""

LEAST_SECONDS = 0.001
LEAST_LOOP_SECONDS = 0.1
"""What a line has to save per call, and how long a loop outside functions has to take."""

AHEAD = ("waits; may run ahead", "pure; prepares another operation", IN_VAIN)
"""What is said of an operation that would run ahead, were its function adapted."""


class Suggestion(NamedTuple):
    """One function that would gain: its record, and the seconds per call that it would save."""

    stats: FunctionStats
    decorated: bool
    saves: float
    with_lines: float


class Stopped(NamedTuple):
    """A function with nothing that could overlap: the seconds spent in it, and what to write."""

    stats: FunctionStats
    seconds: float
    write: str
    see: str


def main(arguments: Sequence[str]) -> int:
    """Run the program, tell on standard error what it would gain, and return its exit code.

    With ``--json`` the same comes last on standard output. It is told when the
    interpreter ends, after the program's own threads and exit functions.
    """
    own, target = split(arguments)
    parser = argparse.ArgumentParser(
        prog="adaptive-jit suggest", usage=USAGE,
        description="Run a program as it is, and tell which functions would gain from @adaptive, "
        "and which line would let each operation run ahead that stays in order.",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    options = parser.parse_args(own)
    if not target or target == ["-m"]:
        parser.error("a SCRIPT or -m MODULE is needed")
    from adaptive_jit import settings
    from adaptive_jit.cli.suggest_program import Measured

    settings.current()  # a wrong environment is told before the program runs
    is_module = target[0] == "-m"
    measured = Measured(os.getcwd() if is_module else os.path.dirname(os.path.abspath(target[0])))
    measured.install()

    process = os.getpid()

    def tell() -> None:
        if os.getpid() == process:  # a forked child that ends in order is not the program
            _tell(measured, as_json=options.json)

    atexit.register(tell)
    try:
        if is_module:
            return program.run_module(target[1], target[2:])
        return program.run_script(target[0], target[1:], measured.compile)
    except program.NoProgramError as error:
        atexit.unregister(tell)
        print(f"adaptive-jit: {error}", file=sys.stderr)
        return error.code


def _tell(measured: Measured, *, as_json: bool) -> None:
    try:
        measured.remove()
        found = suggestions(measured), stopped_functions(measured), slow_loops(measured)
        sheet = Sheet(document(*found, len(measured.functions)), _data(*found))
        sys.stdout.flush()  # what the program has printed comes first
        if as_json:
            print(sheet.to_json())
        else:
            sheet.show(sys.stderr)
    except Exception as error:  # the program has succeeded; its exit code must not change
        print(f"adaptive-jit: nothing can be suggested: {error!r}", file=sys.stderr)


def suggestions(measured: Measured) -> tuple[Suggestion, ...]:
    """The functions that would gain, those first that would save most per call."""
    from adaptive_jit.engine import registry

    own = dict.fromkeys(measured.functions)
    adapted = {stats.name for stats in registry.all_stats()}
    found = []
    for function in own:
        try:
            stats = registry.stats_of(function)
        except (AdaptiveError, KeyError):
            continue
        adapted.discard(stats.name)
        found.append(_suggestion(stats, decorated=False))
    found += [
        _suggestion(stats, decorated=True)
        for stats in registry.all_stats()
        if stats.name in adapted
    ]
    gaining = [one for one in found if _gains(one)]
    return tuple(sorted(gaining, key=lambda one: -max(one.saves, one.with_lines)))


def _suggestion(stats: FunctionStats, *, decorated: bool) -> Suggestion:
    wall = stats.decision.direct_seconds or 0.0
    predicted = stats.decision.predicted_speedup or 1.0
    saves = 0.0 if decorated else wall * (1.0 - 1.0 / predicted)
    lines = max((one.saves_seconds or 0.0 for one in stats.advice), default=0.0)
    return Suggestion(stats, decorated, saves, lines)


def _gains(one: Suggestion) -> bool:
    if one.stats.phase is Phase.LEFT_ALONE:
        return False
    speedup = one.stats.decision.predicted_speedup or 1.0
    by_itself = not one.decorated and speedup >= LEAST_SPEEDUP and one.saves >= LEAST_SECONDS
    wall = one.stats.decision.direct_seconds or 0.0
    return by_itself or one.with_lines >= max(LEAST_SECONDS, wall * (1.0 - 1.0 / LEAST_SPEEDUP))


def slow_loops(measured: Measured) -> tuple[Loop, ...]:
    """The loops outside functions that took their time, the longest first."""
    slow = [loop for loop in measured.loops() if loop.seconds >= LEAST_LOOP_SECONDS]
    return tuple(sorted(slow, key=lambda loop: -loop.seconds))


def stopped_functions(measured: Measured) -> tuple[Stopped, ...]:
    """The functions with nothing that could overlap, where a rewrite would help; longest first."""
    from adaptive_jit.engine import registry

    found = []
    for function, seconds in measured.stopped():
        stats = registry.stats_of(function)
        entry = barrier_of(stats.reason)
        if seconds >= LEAST_LOOP_SECONDS and entry is not None and entry.line:
            found.append(Stopped(stats, seconds, "" if entry.declares else entry.line, entry.key))
    return tuple(sorted(found, key=lambda one: -one.seconds))


def document(
    functions: Sequence[Suggestion],
    stopped: Sequence[Stopped],
    loops: Sequence[Loop],
    looked_at: int,
) -> tuple[Block, ...]:
    """What is shown: a summary, then function by function, then what is stopped, then loops."""
    summary = _summary(len(functions), looked_at)
    blocks: list[Block] = [Title("suggest"), Paragraph((Span(summary),), indent=0)]
    for one in functions:
        blocks += _function(one)
    if stopped:
        blocks.append(Heading("Functions in which one statement stops everything"))
        for other in stopped:
            blocks += _stopped(other)
    if loops:
        blocks.append(Heading("Loops outside functions, where nothing runs ahead"))
        blocks += (_loop(loop) for loop in loops)
    return tuple(blocks)


def _summary(gaining: int, looked_at: int) -> str:
    if not looked_at and not gaining:
        return "none of the modules in the program's folder defines a function that was looked at"
    looked = words.count(looked_at, "function")
    if gaining:
        return f"{gaining} of {looked} would gain"
    return f"none of {looked} would gain: they do not wait for several things that may overlap"


def _function(one: Suggestion) -> Iterator[Block]:
    stats = one.stats
    yield Title(words.one_line(stats.name), f"{words.one_line(stats.file)}:{stats.line}")
    if not one.decorated:
        yield Paragraph(_decorate(one), hang=2)
    for advice in sorted(stats.advice, key=lambda item: -(item.saves_seconds or 0.0)):
        yield from _line(advice, stats)
    yield Grid(_COLUMNS, tuple(_operation(operation, stats) for operation in stats.operations))
    yield from regions(tuple(r for r in stats.regions if r.blocked_by or r.stopped_at_run_time))


def _decorate(one: Suggestion) -> Inline:
    stats, wall = one.stats, one.stats.decision.direct_seconds or 0.0
    calls = words.count(max(stats.decision.direct_calls, 1), "call")
    line = (Span(f"line {stats.line}  ", Tone.DIM), Span("@adaptive", Tone.STRONG))
    if one.saves >= LEAST_SECONDS:
        gain = f"{words.seconds(wall)} → {words.seconds(wall - one.saves)} per call"
        speed = words.speed(stats.decision.predicted_speedup or 1.0)
        return (*line, Span(f"  predicted {speed}: {gain}", Tone.GOOD), *dim(f" ({calls})"))
    needs = f"  {words.seconds(wall)} per call; saves nothing without the lines below"
    return (*line, Span(needs), *dim(f" ({calls})"))


def _line(advice: Advice, stats: FunctionStats) -> Iterator[Block]:
    saves = words.seconds(advice.saves_seconds or 0.0)
    yield Paragraph((
        Span(f"line {advice.line}  ", Tone.DIM),
        Span(words.one_line(advice.write), Tone.STRONG),
        Span(f"  saves {saves} per call{_overlap(advice, stats)}", Tone.GOOD),
    ), hang=2)  # fmt: skip
    see = f"  ({PAGE}#{advice.see})" if advice.see else ""
    yield Paragraph(dim(words.one_line(advice.because) + see), indent=4)


def _overlap(advice: Advice, stats: FunctionStats) -> str:
    """Which lines would overlap with the one that the advice is for."""
    here = next((r for r in stats.regions if r.first_line <= advice.line <= r.last_line), None)
    if here is None:
        return ""
    lines = sorted({
        operation.line
        for operation in stats.operations
        if operation.index in here.operations
        and (runs_ahead(operation) or operation.write == advice.write)
    })  # fmt: skip
    if len(lines) < 2:
        return ""
    return f": lines {lines[0]}{words.DASH}{lines[-1]} overlap"


def runs_ahead(operation: OperationStats) -> bool:
    """Whether the operation would run ahead, or does."""
    return operation.strategy != "direct" or operation.why in AHEAD


_COLUMNS = (
    Column("line", Align.RIGHT, lead=True),
    Column("operation", lead=True, flexible=True),
    Column(words.TIMES, Align.RIGHT, label="times per call"),
    Column("wall", Align.UNIT, label="wall"),
    Column("would run"),
)


def _operation(operation: OperationStats, stats: FunctionStats) -> Row:
    times = operation.calls_per_invocation
    ahead = runs_ahead(operation)
    cells = (
        Span(str(operation.line), Tone.DIM),
        Span(words.one_line(operation.text), Tone.CODE),
        Span("" if times in (0.0, 1.0) else words.significant(times), Tone.DIM),
        Span(words.seconds(operation.wall_seconds) if operation.profiled_calls else ""),
        Span("ahead", Tone.GOOD) if ahead else Span("in order", Tone.DIM),
    )
    is_short = operation.profiled_calls > 0 and operation.wall_seconds < LEAST_SECONDS
    if ahead or is_short:
        return Row(cells)
    reason = operation.why if operation.why != operation.effect_reason else ""
    parts = (operation.callee, operation.effect_reason, reason)
    why = spaced(dim(words.one_line(part)) for part in parts)
    said = {advice.write for advice in stats.advice}
    see = f"  ({PAGE}#{operation.see})" if operation.see else ""
    if operation.write in said:
        return Row(cells, (why,))  # its line, and what it would save, stand above
    line = "no line helps"
    if operation.write:
        line = f"{verb(operation.write)} {words.one_line(operation.write)}"
    return Row(cells, (why, (Span(line), *dim(see))))


def _stopped(one: Stopped) -> Iterator[Block]:
    stats = one.stats
    yield Paragraph((
        Span(f"about {words.seconds(one.seconds)}  ", Tone.STRONG),
        Span(words.one_line(stats.name)),
        Span(f"  {words.one_line(stats.file)}:{stats.line}", Tone.DIM),
    ), hang=2)  # fmt: skip
    yield Paragraph(dim(words.one_line(stats.reason)), indent=4)
    yield Paragraph(
        (Span(f"{verb(one.write)} {one.write}"), *dim(f"  ({PAGE}#{one.see})")), indent=4
    )


def _loop(loop: Loop) -> Paragraph:
    place = f"{words.one_line(loop.file)}:{loop.line}"
    what = "  if its rounds do not depend on each other, put it into a function with "
    return Paragraph((
        Span(f"{words.seconds(loop.seconds)}  ", Tone.STRONG),
        Span(place), Span(what, Tone.DIM), Span("@adaptive", Tone.STRONG),
    ), hang=2)  # fmt: skip


def _data(
    functions: Sequence[Suggestion], stopped: Sequence[Stopped], loops: Sequence[Loop]
) -> dict[str, Any]:
    return {
        "functions": [_plain(one) for one in functions],
        "stopped": [
            {
                "name": one.stats.name,
                "file": one.stats.file,
                "line": one.stats.line,
                "seconds": one.seconds,
                "why": one.stats.reason,
                "write": one.write,
                "see": one.see,
            }
            for one in stopped
        ],
        "loops": [
            {"file": loop.file, "line": loop.line, "seconds": loop.seconds} for loop in loops
        ],
    }


def _plain(one: Suggestion) -> dict[str, Any]:
    stats = one.stats
    return {
        "name": stats.name,
        "file": stats.file,
        "line": stats.line,
        "decorated": one.decorated,
        "seconds": stats.decision.direct_seconds,
        "calls": stats.decision.direct_calls,
        "predicted_speedup": stats.decision.predicted_speedup,
        "saves_seconds": one.saves,
        "lines": [
            {"line": a.line, "write": a.write, "because": a.because,
             "saves_seconds": a.saves_seconds, "see": a.see}
            for a in stats.advice
        ],
        "operations": [_plain_operation(operation) for operation in stats.operations],
    }  # fmt: skip


def _plain_operation(operation: OperationStats) -> dict[str, Any]:
    ahead = runs_ahead(operation)
    return {
        "line": operation.line,
        "text": operation.text,
        "callee": operation.callee,
        "seconds": operation.wall_seconds,
        "runs_ahead": ahead,
        "why": "" if ahead else operation.why,
        "effect": operation.effect_reason,
        "observed": operation.observed,
        "write": operation.write,
        "see": "" if ahead else operation.see,
    }
