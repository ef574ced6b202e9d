"""Constructs that stay in order, functions that are left alone, and the failures of others."""

from __future__ import annotations

import harness
import programs.ember
import programs.oddities
import pytest
from world.registry import Program, programs_of

PROGRAMS = programs_of(programs.oddities) + programs_of(programs.ember)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_odd_constructs_forced_ahead_equal_the_plain_run(program: Program) -> None:
    """Forced from the first call."""
    harness.check_forced(program)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_odd_constructs_equal_the_plain_run_while_learning(program: Program) -> None:
    """Learning by itself."""
    harness.check_learning(program)


@pytest.mark.parametrize("program", [p for p in PROGRAMS if p.threads], ids=lambda p: p.name)
def test_odd_constructs_equal_the_plain_run_from_eight_threads(program: Program) -> None:
    """Eight callers at once."""
    harness.check_threads(program)
