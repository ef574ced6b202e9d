"""A loop under a progress display runs ahead as its argument; a look-alike stays in order."""

from __future__ import annotations

import harness
import programs.displays
import pytest
from world.registry import Program, programs_of

PROGRAMS = programs_of(programs.displays)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_loops_under_displays_forced_ahead_equal_the_plain_run(program: Program) -> None:
    """Values, output and effects are equal; genuine displays overlap, look-alikes do not."""
    harness.check_forced(program)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_loops_under_displays_equal_the_plain_run_while_learning(program: Program) -> None:
    """Every call while learning; genuine displays settle parallel."""
    harness.check_learning(program)
