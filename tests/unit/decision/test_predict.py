"""Predictions for invocations whose best time is known by hand."""

from __future__ import annotations

import pytest

from adaptive_jit.decision import (
    Costs,
    Plan,
    Saving,
    Trace,
    TraceCall,
    predict,
    saving_if,
    savings,
)
from adaptive_jit.records.operations import Operation

FREE = Costs(dispatch_seconds=0.0)


def operation(index, loops=(), depends_on=(), carried=()):
    return Operation(index, index + 1, 0, f"f{index}()", 0, loops, depends_on, carried)


def record(*calls, gap=0.0, tail=0.0, counts=None):
    """A trace of (operation, path, wall) in program order, with *gap* own code before each."""
    now, made = 0.0, []
    for index, path, wall in calls:
        now += gap
        made.append(TraceCall(index, path, now, wall))
        now += wall
    return Trace(tuple(made), now + tail, counts or {})


def plan(*operations, ahead=None, barriers=()):
    if ahead is None:
        ahead = {o.index for o in operations}
    return Plan(operations, frozenset(ahead), frozenset(barriers))


def test_independent_operations_take_as_long_as_the_longest():
    """1 + 2 + 3 seconds become 3."""
    trace = record((0, (), 1.0), (1, (), 2.0), (2, (), 3.0))
    prediction = predict(trace, plan(operation(0), operation(1), operation(2)), FREE)
    assert (prediction.work, prediction.span, prediction.wall) == (6.0, 3.0, 3.0)
    assert prediction.speedup == 2.0
    assert prediction.ahead == 3


def test_a_chain_gains_nothing():
    """Each needs the one before."""
    trace = record((0, (), 1.0), (1, (), 1.0))
    assert predict(trace, plan(operation(0), operation(1, depends_on=(0,))), FREE).speedup == 1.0


def test_dispatch_is_charged_for_each_operation_that_runs_ahead():
    """A chain that is dispatched loses what dispatching costs."""
    trace = record((0, (), 1.0), (1, (), 1.0))
    operations = (operation(0), operation(1, depends_on=(0,)))
    costs = Costs(dispatch_seconds=0.1, join_seconds=0.05, startup_seconds=0.2)
    assert predict(trace, plan(*operations), costs).wall == pytest.approx(2.45)
    assert predict(trace, plan(*operations, ahead=()), costs).wall == pytest.approx(2.0)


def test_loop_iterations_run_at_the_same_time():
    """Ten chains of two in a loop: two seconds, plus the aggregate that needs them all."""
    calls = [(i % 2, (i // 2,), 1.0) for i in range(20)]
    operations = (operation(0, (7,)), operation(1, (7,), (0,)), operation(2, (), (1,)))
    trace = record(*calls, (2, (), 1.0))
    assert predict(trace, plan(*operations), FREE).wall == pytest.approx(3.0)


def test_a_dependency_in_the_same_iteration_is_not_one_on_other_iterations():
    """Each iteration's second call waits for its own first, which are unequal."""
    operations = (operation(0, (7,)), operation(1, (7,), (0,)))
    trace = record((0, (0,), 1.0), (1, (0,), 5.0), (0, (1,), 3.0), (1, (1,), 1.0))
    assert predict(trace, plan(*operations), FREE).wall == pytest.approx(6.0)


def test_a_call_in_an_inner_loop_waits_for_the_outer_iterations_call():
    """for x in xs: a = f(x); for y in ys: g(a, y)."""
    operations = (operation(0, (1,)), operation(1, (1, 2), (0,)))
    calls = [
        (0, (0,), 1.0), (1, (0, 0), 1.0), (1, (0, 1), 1.0),
        (0, (1,), 4.0), (1, (1, 0), 1.0), (1, (1, 1), 1.0),
    ]  # fmt: skip
    assert predict(record(*calls), plan(*operations), FREE).wall == pytest.approx(5.0)


def test_a_carried_result_makes_a_loop_a_chain():
    """state = step(state): each iteration needs the last."""
    calls = [(0, (i,), 1.0) for i in range(5)]
    carried = plan(operation(0, (7,), carried=(0,)))
    assert predict(record(*calls), carried, FREE).speedup == 1.0
    assert predict(record(*calls), plan(operation(0, (7,))), FREE).speedup == 5.0


def test_nothing_passes_a_barrier_but_a_crossed_write_is_passed():
    """The same program with the middle operation as a barrier, and in order only."""
    operations = (operation(0), operation(1), operation(2))
    trace = record((0, (), 2.0), (1, (), 1.0), (2, (), 3.0))
    blocked = predict(trace, plan(*operations, ahead=(0, 2), barriers=(1,)), FREE)
    crossed = predict(trace, plan(*operations, ahead=(0, 2)), FREE)
    assert (blocked.wall, crossed.wall) == (6.0, 3.0)


def test_own_code_stays_in_the_caller():
    """Own code is never overlapped with own code: 0.5 before, 0.5 between, 2 at the end."""
    trace = record((0, (), 1.0), (1, (), 1.0), gap=0.5, tail=2.0)
    prediction = predict(trace, plan(operation(0), operation(1)), FREE)
    assert prediction.work == 5.0
    assert prediction.wall == pytest.approx(4.0)


def test_workers_and_window_bound_the_gain():
    """Eight equal calls."""
    trace = record(*[(0, (i,), 1.0) for i in range(8)])
    loop = plan(operation(0, (7,)))
    assert predict(trace, loop, Costs(2, 64, 0.0)).wall == pytest.approx(4.0)
    assert predict(trace, loop, Costs(64, 1, 0.0)).wall == pytest.approx(8.0)
    assert predict(trace, loop, Costs(2, 64, 0.0)).span == pytest.approx(1.0)


def test_a_cut_off_record_stands_for_the_whole():
    """64 of 640 calls recorded: up to 10 % above the full record, since each part drains."""
    loop = plan(operation(0, (7,)))
    costs = Costs(workers=8, dispatch_seconds=1e-3)
    part = record(*[(0, (i,), 1.0) for i in range(64)], gap=0.1, counts={0: 640})
    part = Trace(part.calls, 640 * 1.1, part.counts)
    whole = record(*[(0, (i,), 1.0) for i in range(640)], gap=0.1)
    assert predict(part, loop, costs).work == pytest.approx(704.0)
    full = predict(whole, loop, costs).wall
    assert full <= predict(part, loop, costs).wall <= 1.1 * full
    assert predict(part, loop, costs).ahead == pytest.approx(640)


def test_unrecorded_calls_of_one_loop_are_not_taken_for_own_code():
    """A site cut off in the middle leaves a gap that is its own calls."""
    first = [TraceCall(0, (i,), float(i), 1.0) for i in range(10)]
    then = TraceCall(1, (), 100.0, 1.0)
    trace = Trace((*first, then), 101.0, {0: 100, 1: 1})
    prediction = predict(trace, plan(operation(0, (7,)), operation(1)), FREE)
    assert prediction.speedup > 5


def test_more_calls_than_the_wall_time_holds_do_not_break_the_scale():
    """Counts that contradict the wall time (concurrent delays) stay finite and positive."""
    trace = Trace((TraceCall(0, (0,), 0.0, 1.0),), 1.0, {0: 1000})
    assert predict(trace, plan(operation(0, (7,))), FREE).wall == pytest.approx(1.0)


def test_an_invocation_without_calls_gains_nothing():
    """Nothing ran, nothing to predict."""
    prediction = predict(Trace((), 2.0), plan())
    assert (prediction.speedup, prediction.ahead) == (1.0, 0)
    assert predict(Trace((), 0.0), plan()).speedup == 1.0


def test_the_saving_of_an_operation_is_the_time_its_permission_takes_off():
    """`search` is unknown and blocks; declared, it overlaps: it saves its own 2 seconds."""
    operations = (operation(0), operation(1), operation(2))
    trace = record((0, (), 3.0), (1, (), 2.0), (2, (), 3.0))
    now = plan(*operations, ahead=(0, 2), barriers=(1,))
    assert predict(trace, now, FREE).wall == pytest.approx(8.0)
    assert saving_if(trace, now, 1, FREE) == pytest.approx(5.0)
    assert savings(trace, now, FREE) == (Saving(1, pytest.approx(5.0)),)


def test_savings_are_listed_largest_first_without_what_saves_nothing():
    """The last link of a chain gains nothing by permission alone."""
    operations = (operation(0), operation(1), operation(2), operation(3, depends_on=(2,)))
    trace = record((0, (), 5.0), (1, (), 1.0), (2, (), 3.0), (3, (), 1.0))
    found = savings(trace, plan(*operations, ahead=(0,)), FREE)
    assert [s.operation for s in found] == [2, 1]
    assert found[0].seconds > found[1].seconds


def test_an_operation_cannot_be_both():
    """Ahead and a barrier contradict each other."""
    with pytest.raises(ValueError, match="barrier"):
        plan(operation(0), ahead=(0,), barriers=(0,))


def test_impossible_numbers_are_refused():
    """Records check themselves."""
    with pytest.raises(ValueError, match="negative"):
        Trace((TraceCall(0, (), 0.0, -1.0),), 1.0)
    with pytest.raises(ValueError, match="worker"):
        Costs(workers=0)
