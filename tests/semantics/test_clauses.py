"""Statements with clauses give what the plain run gives, and overlap or stay in order."""

from __future__ import annotations

import contextlib
from typing import Any

import harness
import programs.clauses
import pytest
from world.model import World
from world.operations import Refused, refuse
from world.registry import Program, fresh_copy, programs_of

from adaptive_jit import adaptive
from adaptive_jit.runtime.window import Window

PROGRAMS = programs_of(programs.clauses)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_forced_runs_equal_the_plain_run_and_overlap(program: Program) -> None:
    """Run ahead from the first call."""
    harness.check_forced(program)


@pytest.mark.parametrize("program", [p for p in PROGRAMS if p.overlaps], ids=lambda p: p.name)
def test_learning_runs_equal_the_plain_run_and_settle_parallel(program: Program) -> None:
    """Every call while learning; the settled function overlaps."""
    harness.check_learning(program)


@pytest.mark.parametrize("program", [p for p in PROGRAMS if p.threads][::2], ids=lambda p: p.name)
def test_calls_from_eight_threads_equal_the_plain_run(program: Program) -> None:
    """Concurrent callers do not disturb each other."""
    harness.check_threads(program)


def _finally(bad: int) -> Any:
    found = []
    for i in range(2):
        try:
            found.append(refuse(i, i == bad))
        finally:
            found.append(i)
    return found


def _suppress(bad: int) -> Any:
    found = []
    for i in range(2):
        with contextlib.suppress(Refused):
            found.append(refuse(i, i == bad))
        found.append(i)
    return found


@pytest.mark.parametrize("function", [_finally, _suppress])
def test_what_has_raised_is_over_before_the_program_goes_on(
    function: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the caller ran itself would keep its lane, and whoever follows in it wait for ever."""
    order: list[str] = []
    known = Window.caught

    def caught(window: Window) -> None:
        known(window)
        if window.issuer is not None:
            order.append(f"{len(window.issuer.running)} under way")

    monkeypatch.setattr(Window, "caught", caught)
    with contextlib.suppress(Refused):
        adaptive(strategy="parallel")(fresh_copy(function))(1)
    assert order == ["0 under way"] * 2


def test_nothing_is_under_way_when_a_known_manager_is_left() -> None:
    """Also by an exception, however long what began inside takes."""
    program = next(p for p in PROGRAMS if p.name == "nothing_is_under_way_when_it_is_left")
    standard = harness.run_plain(program)
    slow = World(latency=lambda number: 0.004 * number)
    harness.compare_run(program, program.build(harness.forced()), slow, standard)
