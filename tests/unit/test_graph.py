"""Schedules that can be checked by hand, and bounds that hold for all."""

from __future__ import annotations

import random

import pytest

from adaptive_jit.graph import Mode, Step, schedule, span, work

A, O, B = Mode.AHEAD, Mode.IN_ORDER, Mode.BARRIER


def makespan(steps, workers=99, window=99, tail=0.0):
    return schedule(steps, workers=workers, window=window, tail=tail).makespan


def test_independent_steps_take_as_long_as_the_longest():
    """Enough workers, no barrier: the maximum."""
    assert makespan([Step(0, 1, A), Step(0, 3, A), Step(0, 2, A)]) == 3


def test_steps_in_order_take_the_sum():
    """Nothing begins early, nothing is gained."""
    steps = [Step(0.5, 1, O), Step(0.5, 3, O), Step(0, 2, B)]
    assert makespan(steps, tail=1) == work(steps, tail=1) == 8


def test_a_step_waits_for_what_it_needs():
    """A chain takes the sum of its links."""
    assert makespan([Step(0, 1, A), Step(0, 1, A, (0,)), Step(0, 1, A, (1,))]) == 3


def test_needing_the_same_step_twice_is_needing_it_once():
    """f(a, a): in the first free moment after a."""
    assert makespan([Step(0, 1, A), Step(0, 4, A), Step(0, 1, A, (0, 0))]) == 4


def test_chains_do_not_hold_up_each_other():
    """Ten chains of two take two, not eleven: begun as soon as each can."""
    steps = []
    for i in range(10):
        steps += [Step(0, 1, A), Step(0, 1, A, (2 * i,))]
    assert makespan(steps) == 2


def test_workers_limit_how_many_run_at_the_same_time():
    """Six equal steps: rounds of as many as there are workers."""
    steps = [Step(0, 1, A)] * 6
    assert [makespan(steps, workers=w) for w in (1, 2, 3, 6)] == [6, 3, 2, 1]


def test_the_caller_runs_the_step_it_takes_if_nobody_has_begun_it():
    """One worker is busy with the long third step when the second is taken."""
    steps = [Step(0, 1, O), Step(0, 9, A), Step(0, 2, A, (0,))]
    assert makespan(steps, workers=1) == 11
    assert makespan([Step(0, 4, A), Step(0, 1, A), Step(0, 4, A)], workers=1) == 9
    steps = [Step(0, 1, O), Step(0, 2, A, (0,)), Step(0, 5, A)]
    assert makespan(steps, workers=1) == 5


def test_the_window_limits_how_far_ahead_steps_begin():
    """A window of two: pairs."""
    steps = [Step(0, 1, A)] * 6
    assert makespan(steps, window=1) == 6
    assert makespan(steps, window=2) < 6
    assert makespan(steps, window=6) == 1


def test_nothing_begins_before_a_barrier_has_finished():
    """Two groups, one after the other, with the barrier between."""
    steps = [Step(0, 2, A), Step(0, 2, A), Step(0, 1, B), Step(0, 2, A), Step(0, 2, A)]
    assert makespan(steps) == 5


def test_a_step_in_order_is_passed():
    """A console write between two reads stops neither."""
    assert makespan([Step(0, 2, A), Step(0, 1, O), Step(0, 2, A)]) == 3


def test_a_step_may_wait_for_one_in_order():
    """What the caller runs in its turn finishes for its dependants too."""
    assert makespan([Step(0, 2, O), Step(0, 1, A, (0,)), Step(0, 1, A, (0,))]) == 3


def test_the_callers_own_code_goes_on_meanwhile():
    """Own code overlaps with steps that run ahead."""
    assert makespan([Step(2, 3, A), Step(1, 3, A)], tail=1) == 5


def test_time_never_runs_backwards_for_the_caller():
    """A step that finished long ago is taken at once."""
    assert makespan([Step(0, 5, O), Step(0, 1, A), Step(0, 1, O)]) == 6


def test_a_step_cannot_need_a_later_one():
    """Program order is a precondition."""
    with pytest.raises(ValueError, match="before"):
        schedule([Step(0, 1, A, (1,)), Step(0, 1, A)], workers=1, window=1)


def test_an_empty_program_takes_its_own_code():
    """No steps at all."""
    assert makespan([], tail=2.0) == span([], tail=2.0) == 2.0


def random_program(r):
    steps = []
    for i in range(r.randint(1, 14)):
        needs = tuple(sorted(r.sample(range(i), r.randint(0, min(i, 2)))))
        mode = r.choices((A, O, B), (8, 1, 1))[0]
        steps.append(Step(r.choice((0.0, 0.1)), r.uniform(0.1, 2.0), mode, needs))
    return steps


@pytest.mark.parametrize("seed", range(60))
def test_any_schedule_lies_between_span_and_work(seed):
    """Never slower than one after the other, never faster than the critical path."""
    r = random.Random(seed)
    steps = random_program(r)
    workers, window = r.randint(1, 4), r.randint(1, 6)
    plan = schedule(steps, workers=workers, window=window)
    assert span(steps) - 1e-9 <= plan.makespan <= work(steps) + 1e-9


@pytest.mark.parametrize("seed", range(60))
def test_no_more_steps_run_than_there_are_workers_and_a_caller(seed):
    """At any moment; and none before what it needs or the barriers before it."""
    r = random.Random(1000 + seed)
    steps = random_program(r)
    workers = r.randint(1, 3)
    plan = schedule(steps, workers=workers, window=99)
    begins = [end - step.wall for end, step in zip(plan.finishes, steps, strict=True)]
    for moment in begins:
        running = sum(b <= moment + 1e-12 < e for b, e in zip(begins, plan.finishes, strict=True))
        assert running <= workers + 1
    for i, step in enumerate(steps):
        barriers = [k for k in range(i) if steps[k].mode is B]
        assert all(plan.finishes[k] <= begins[i] + 1e-9 for k in (*step.needs, *barriers))
