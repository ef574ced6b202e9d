"""Nobody is asked what class it is of: lazy objects would do then what they were to do later."""

from __future__ import annotations

import harness
import programs.veiled
import pytest
from world.registry import Program, programs_of

PROGRAMS = programs_of(programs.veiled)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_forced_runs_equal_the_plain_run_and_overlap(program: Program) -> None:
    """Run ahead from the first call; what ``__class__`` does is seen in the world."""
    harness.check_forced(program)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_learning_runs_equal_the_plain_run(program: Program) -> None:
    """While they are profiled, too."""
    harness.check_learning(program)
