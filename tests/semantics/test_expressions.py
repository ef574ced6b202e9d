"""Operations inside expressions and under other loop heads: equal, and overlapping where safe."""

from __future__ import annotations

import harness
import programs.expressions
import programs.heads
import pytest
from world.registry import Program, programs_of

PROGRAMS = [*programs_of(programs.expressions), *programs_of(programs.heads)]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_expressions_and_loop_heads_forced_ahead_equal_the_plain_run(program: Program) -> None:
    """Run ahead from the first call: equal in all that can be seen, and overlapping."""
    harness.check_forced(program)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_expressions_and_loop_heads_equal_the_plain_run_while_learning(program: Program) -> None:
    """Every call while learning equals the plain run; the settled function overlaps."""
    harness.check_learning(program)
