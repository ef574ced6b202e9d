"""Classes of every shape do the same adapted, and overlap where they may."""

from __future__ import annotations

import harness
import programs.class_shapes
import pytest
from world.registry import Program, programs_of

PROGRAMS = programs_of(programs.class_shapes)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.name)
def test_forced_learning_and_from_threads(program: Program) -> None:
    """The three regimes."""
    harness.check_pair(program)
