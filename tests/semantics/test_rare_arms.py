"""Loops with arms that are never entered: equal to the plain run, ahead or in order as claimed."""

from __future__ import annotations

import harness
import programs.rare_arms
import pytest
from world.registry import Program, programs_of

PROGRAMS = programs_of(programs.rare_arms)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_forced_runs_equal_the_plain_run_and_overlap(program: Program) -> None:
    """Run ahead from the first call."""
    harness.check_forced(program)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_learning_runs_equal_the_plain_run_and_settle_parallel(program: Program) -> None:
    """Every call while learning; the settled function overlaps."""
    harness.check_learning(program)


@pytest.mark.parametrize("program", [p for p in PROGRAMS if p.threads], ids=lambda p: p.name)
def test_calls_from_eight_threads_equal_the_plain_run(program: Program) -> None:
    """Concurrent callers do not disturb each other."""
    harness.check_threads(program)
