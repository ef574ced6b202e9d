"""What raises, where, with which context and after which effects: as in the plain run."""

from __future__ import annotations

import itertools
from types import FunctionType

import harness
import programs.failures
import pytest
from world.model import Meeting, World
from world.registry import Program, fresh_copy

BAD = [frozenset(c) for n in range(3) for c in itertools.combinations(range(4), n)]


def _program(shape: FunctionType, bad: frozenset[int]) -> Program:
    return Program(
        f"{shape.__name__}{sorted(bad)}",
        shape.__module__,
        "",
        lambda decorate: decorate(fresh_copy(shape)),
        lambda: (bad,),
    )


@pytest.mark.parametrize("shape", programs.failures.SHAPES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("bad", BAD, ids=lambda b: "".join(map(str, sorted(b))) or "none")
def test_the_first_failure_in_program_order_is_raised(
    shape: FunctionType, bad: frozenset[int]
) -> None:
    """Whatever fails first in time: type, text, context, frames, locals, effects are equal."""
    harness.check_forced(_program(shape, bad))


@pytest.mark.parametrize("shape", programs.failures.SHAPES, ids=lambda f: f.__name__)
def test_failures_after_settling_equal_the_plain_run(shape: FunctionType) -> None:
    """A function that has learnt on clean runs fails like the plain one."""
    learner = _program(shape, frozenset())
    function = learner.build(harness.plain)
    decorated = harness.adaptive_jit.adaptive(function)
    for _ in range(25):
        harness.observe(decorated, (frozenset(),), World(latency=lambda _: 0.003))
    for bad in BAD[1:6]:
        program = _program(shape, bad)
        world = World(latency=harness.staggered(0.001))
        harness.compare_run(program, decorated, world, harness.run_plain(program))


def test_operations_overlap_although_one_of_them_fails() -> None:
    """The twin: a failing operation is in flight together with its neighbours."""
    program = _program(programs.failures.statements, frozenset({1}))
    world = World(meeting=Meeting(4))
    standard = harness.run_plain(program)
    harness.compare_run(program, program.build(harness.forced()), world, standard)
    assert world.meeting is not None
    assert world.meeting.met


@pytest.mark.parametrize("shape", programs.failures.SHAPES, ids=lambda f: f.__name__)
def test_tracebacks_show_no_frame_of_the_library(shape: FunctionType) -> None:
    """The frames between the user's line and the operation's own are the plain run's."""
    program = _program(shape, frozenset({1, 3}))
    function = program.build(harness.forced())
    for decorated in (function, function):
        files = harness.traceback_files(decorated, (frozenset({1, 3}),), World())
        assert not [name for name in files if "adaptive_jit" in name.split("/")]
