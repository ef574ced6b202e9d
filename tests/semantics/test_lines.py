"""Tracers, debuggers and coverage see the lines of the user's function as they are.

A function that is traced when it is entered runs its plain statements; a tracer
that arrives in the middle of a call, and ``sys.monitoring`` (PEP 669), see the
instrumented ones.
"""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType, SimpleNamespace
from typing import Any

import harness
import programs.clauses
import programs.constructs
import programs.laid_out
import programs.mapped
import programs.widened
import pytest
from world.model import World
from world.operations import fetch
from world.registry import Program, fresh_copy, programs_of

import adaptive_jit
from adaptive_jit.engine import controller

PROGRAMS = [
    program
    for module in (
        programs.clauses,
        programs.constructs,
        programs.laid_out,
        programs.mapped,
        programs.widened,
    )
    for program in programs_of(module)
]
TOOL = 3
Lines = list[tuple[str, int]]


def _codes(code: CodeType) -> set[tuple[str, int]]:
    """The scopes that are written in a function, as every edition of it names them."""
    found = {(code.co_name, code.co_firstlineno)}
    for value in code.co_consts:
        if isinstance(value, CodeType):
            found |= _codes(value)
    return found


class _Lines:
    """Notes the lines that run in the functions it has decorated, in the calling thread."""

    def __init__(self, decorate: Callable[[Any], Any]) -> None:
        self.decorate_plain = decorate
        self.codes: set[tuple[str, int]] = set()
        self.file = ""
        self.lines: Lines = []
        self.thread = threading.get_ident()

    def decorate(self, function: Any) -> Any:
        code = getattr(function, "__func__", function).__code__
        self.codes |= _codes(code)
        self.file = code.co_filename
        return self.decorate_plain(function)

    def is_ours(self, code: CodeType) -> bool:
        return code.co_filename == self.file and (code.co_name, code.co_firstlineno) in self.codes

    def traced(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if not self.is_ours(frame.f_code):
            return None
        if event == "line":
            self.lines.append((frame.f_code.co_name, frame.f_lineno))
        return self.traced

    def monitored(self, code: CodeType, line: int) -> None:
        if threading.get_ident() == self.thread and self.is_ours(code):
            self.lines.append((code.co_name, line))


def _traced(program: Program, decorate: Callable[[Any], Any]) -> Lines:
    seen = _Lines(decorate)
    function = program.build(seen.decorate)
    before = sys.gettrace()
    sys.settrace(seen.traced)
    try:
        _call(program, function)
    finally:
        sys.settrace(before)
    return _told(seen.lines)


def _monitored(program: Program, decorate: Callable[[Any], Any]) -> Lines:
    seen = _Lines(decorate)
    function = program.build(seen.decorate)
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined]
    monitoring.use_tool_id(TOOL, "lines")
    monitoring.register_callback(TOOL, monitoring.events.LINE, seen.monitored)
    monitoring.set_events(TOOL, monitoring.events.LINE)
    try:
        _call(program, function)
    finally:
        monitoring.set_events(TOOL, 0)
        monitoring.register_callback(TOOL, monitoring.events.LINE, None)
        monitoring.free_tool_id(TOOL)
    return _told(seen.lines)


def _told(lines: Lines) -> Lines:
    """*lines*, on 3.12 without repetitions.

    Its compiler marks the starts of lines by the layout of the code, and tells of one line
    twice or once in a loop of one line as that falls; 3.11 and 3.13 do not.
    """
    if sys.version_info[:2] != (3, 12):
        return lines
    return [line for line, _ in itertools.groupby(lines)]


def _call(program: Program, function: Any) -> None:
    if program.setup is not None:
        program.setup()
    harness.observe(function, program.arguments(), World())


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.name)
def test_a_tracer_that_arrives_in_mid_call_sees_the_plain_lines(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The instrumented statements have the line events of the plain ones."""
    plain = _traced(program, harness.plain)
    assert plain
    unseen = SimpleNamespace(gettrace=lambda: None)
    monkeypatch.setattr(controller, "sys", unseen)
    assert _traced(program, harness.forced()) == plain


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.name)
def test_a_function_that_is_traced_from_its_start_shows_the_plain_lines(program: Program) -> None:
    """Neither what is generated before the statements nor behind them has a line."""
    assert _traced(program, harness.forced()) == _traced(program, harness.plain)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is of Python 3.12")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.name)
def test_monitoring_sees_the_plain_lines(program: Program) -> None:
    """Coverage by ``sys.monitoring`` is not visible to us, and sees nothing of ours."""
    plain = _monitored(program, harness.plain)
    assert plain
    assert _monitored(program, harness.forced()) == plain


@pytest.mark.parametrize("program", programs_of(programs.laid_out), ids=lambda one: one.name)
def test_statements_over_several_lines_equal_the_plain_run(program: Program) -> None:
    """Values, order, overlap, and the lines of tracebacks."""
    harness.check_forced(program)


def _reads_twice() -> tuple[int, int]:
    a = fetch(1)
    b = fetch(2)
    return a, b


def test_under_a_tracer_nothing_starts_early() -> None:
    """A debugger steps through one thread; without it both operations run ahead."""
    decorated = harness.forced()(fresh_copy(_reads_twice))
    before = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        harness.observe(decorated, (), World())
    finally:
        sys.settrace(before)
    assert adaptive_jit.stats(decorated).counts.started == 0
    harness.observe(decorated, (), World())
    assert adaptive_jit.stats(decorated).counts.started == 2
