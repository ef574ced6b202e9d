"""Declared operations bound to the calling thread stay there; their twins overlap."""

from __future__ import annotations

import harness
import programs.thread_affinity
import pytest
from world.registry import Program, programs_of

PROGRAMS = programs_of(programs.thread_affinity)
NAMES = {program.name for program in PROGRAMS}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_operations_bound_to_a_thread_forced_ahead_stay_equal_and_twins_overlap(
    program: Program,
) -> None:
    """Forced from the first call."""
    harness.check_forced(program)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_operations_bound_to_a_thread_stay_equal_while_learning(program: Program) -> None:
    """Learning by itself."""
    harness.check_learning(program)


@pytest.mark.parametrize("program", [p for p in PROGRAMS if p.threads], ids=lambda p: p.name)
def test_operations_bound_to_a_thread_stay_equal_from_eight_threads(program: Program) -> None:
    """Eight callers at once, each with locks, values and connections of its own."""
    harness.check_threads(program)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_operations_bound_to_a_thread_stay_equal_with_two_workers(program: Program) -> None:
    """With a window and a pool of two, nothing deadlocks and nothing changes."""
    standard = harness.run_plain(program)
    function = program.build(harness.forced(max_workers=2, window=2))
    for _ in range(2):
        world = harness.World(latency=harness.staggered(0.0005), hesitation=0.001)
        harness.compare_run(program, function, world, standard)


def test_each_hazard_has_a_twin_that_overlaps() -> None:
    """A hazard's test must not pass because nothing ever overlaps."""
    for program in PROGRAMS:
        if not program.name.endswith("__twin"):
            assert program.overlaps == 0
            assert f"{program.name}__twin" in NAMES
        else:
            assert program.overlaps == 2
