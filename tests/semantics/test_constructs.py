"""Every supported construct gives what the plain run gives, and overlaps."""

from __future__ import annotations

import harness
import programs.constructs
import programs.starred
import pytest
from world.registry import Program, programs_of

PROGRAMS = programs_of(programs.constructs)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_forced_runs_equal_the_plain_run_and_overlap(program: Program) -> None:
    """Run ahead from the first call: equal in all that can be seen, and overlapping."""
    harness.check_forced(program)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_learning_runs_equal_the_plain_run_and_settle_parallel(program: Program) -> None:
    """Every call while learning equals the plain run; the settled function overlaps."""
    harness.check_learning(program)


@pytest.mark.parametrize("program", [p for p in PROGRAMS if p.threads], ids=lambda p: p.name)
def test_calls_from_eight_threads_equal_the_plain_run(program: Program) -> None:
    """Concurrent callers of one function do not disturb each other."""
    harness.check_threads(program)


@pytest.mark.parametrize("program", programs_of(programs.starred), ids=lambda one: one.name)
def test_parts_of_an_expression_are_computed_in_order(program: Program) -> None:
    """Displays with stars, formats and slices beside calls."""
    harness.check_forced(program)
