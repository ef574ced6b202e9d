"""Each hazard stays equal to the plain run; each twin without the hazard overlaps."""

from __future__ import annotations

import harness
import programs.hazards
import pytest
from world.registry import Program, programs_of

PROGRAMS = programs_of(programs.hazards)
NAMES = {program.name for program in PROGRAMS}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_hazards_forced_ahead_stay_equal_and_twins_overlap(program: Program) -> None:
    """Forced from the first call."""
    harness.check_forced(program)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_hazards_stay_equal_while_learning_and_twins_settle_parallel(program: Program) -> None:
    """Learning by itself."""
    harness.check_learning(program)


@pytest.mark.parametrize("program", [p for p in PROGRAMS if p.threads], ids=lambda p: p.name)
def test_hazards_stay_equal_from_eight_threads(program: Program) -> None:
    """Eight callers at once."""
    harness.check_threads(program)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.name)
def test_hazards_stay_equal_with_two_workers(program: Program) -> None:
    """With a window and a pool of two, nothing deadlocks and nothing changes."""
    standard = harness.run_plain(program)
    function = program.build(harness.forced(max_workers=2, window=2))
    for _ in range(2):
        world = harness.World(latency=harness.staggered(0.0005), hesitation=0.001)
        harness.compare_run(program, function, world, standard)


def test_every_twin_has_a_hazard_and_claims_overlap() -> None:
    """A twin proves that its hazard's test does not pass by doing nothing."""
    twins = [program for program in PROGRAMS if program.name.endswith("__twin")]
    assert twins
    for twin in twins:
        assert twin.name.removesuffix("__twin") in NAMES
        assert twin.overlaps
