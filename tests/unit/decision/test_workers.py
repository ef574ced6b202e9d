"""The number of workers, learnt against servers that queue, refuse or slow down."""

from __future__ import annotations

import pytest

from adaptive_jit.decision import WorkerCount


def clean(workers, calls=1, operations=32, seconds=1.0):
    for _ in range(calls):
        workers.observe(operations, seconds)


def queue(workers, capacity, calls, operations=32):
    """A server that works on *capacity* at a time: beyond that, operations wait in proportion."""
    for _ in range(calls):
        width = workers.width(operations)
        workers.observe(operations, max(1.0, width / capacity))


def test_it_starts_with_eight_or_as_many_as_there_are_operations():
    """min(k, 8)."""
    assert [WorkerCount(64, 1.0).width(k) for k in (0, 3, 8, 20)] == [1, 3, 8, 8]
    assert WorkerCount(4, 1.0).width(20) == 4


def test_clean_invocations_double_it_up_to_the_limit():
    """8, 16, 32, 50."""
    workers = WorkerCount(50, 1.0)
    seen = []
    for _ in range(4):
        seen.append(workers.width(99))
        clean(workers, operations=99)
    assert seen == [8, 16, 32, 50]


def test_it_does_not_grow_where_it_is_not_the_limit():
    """Three operations at a time say nothing about sixteen."""
    workers = WorkerCount(64, 1.0)
    clean(workers, 10, operations=3)
    assert workers.now == 8


def test_a_slow_down_halves_it_and_is_remembered():
    """More than 1.5 times the profiled time."""
    workers = WorkerCount(64, 1.0)
    workers.observe(32, 1.5)
    assert (workers.now, workers.ceiling) == (16, None)
    workers.observe(32, 1.51)
    assert (workers.now, workers.ceiling) == (8, 16)


def test_a_refusal_halves_it_even_if_the_rest_was_fast():
    """429, 503, connection refused."""
    workers = WorkerCount(64, 1.0)
    workers.observe(32, 0.1, rejected=True)
    assert (workers.now, workers.ceiling) == (4, 8)


def test_after_a_halving_it_waits_sixteen_invocations_and_then_goes_half_way():
    """8 is the ceiling, 4 the number; then 6."""
    workers = WorkerCount(64, 1.0)
    workers.observe(32, 1.0, rejected=True)
    clean(workers, 16)
    assert workers.now == 4
    clean(workers)
    assert workers.now == 6


def test_an_attempt_that_finishes_no_more_operations_per_second_is_undone():
    """Six workers that take 1.5 times as long as four are no faster, though never "slow"."""
    workers = WorkerCount(64, 1.0)
    workers.observe(32, 1.0, rejected=True)
    clean(workers, 17)
    clean(workers, 17, seconds=1.5)
    assert workers.now == 4


def test_an_attempt_that_is_worth_it_is_kept():
    """Six workers at the time of four finish more."""
    workers = WorkerCount(64, 1.0)
    workers.observe(32, 1.0, rejected=True)
    clean(workers, 17 + 17)
    assert workers.now == 7


def test_a_refused_attempt_goes_back_to_where_it_was_good():
    """Not to half of that."""
    workers = WorkerCount(64, 1.0)
    workers.observe(32, 1.0, rejected=True)
    clean(workers, 17)
    workers.observe(32, 1.0, rejected=True)
    assert (workers.now, workers.ceiling) == (4, 6)


def test_a_service_that_became_slower_as_a_whole_does_not_cost_workers():
    """Halving cured nothing: the new time is the normal one."""
    workers = WorkerCount(64, 1.0)
    clean(workers, 1)
    workers.observe(32, 3.0)
    assert workers.now == 8
    workers.observe(32, 3.0)
    assert (workers.now, workers.ceiling) == (16, None)
    clean(workers, 1, seconds=3.0)
    assert workers.now == 32


def test_a_single_slow_worker_takes_the_new_time_as_normal():
    """It can go no lower, and must not wait for ever for the old time."""
    workers = WorkerCount(1, 1.0)
    workers.observe(4, 5.0)
    workers.observe(4, 5.0)
    assert workers.now == 1
    assert workers.width(4) == 1


def test_one_worker_of_a_slow_service_grows_again():
    """Refused down to one, the service then is five times slower for all: not for ever one."""
    workers = WorkerCount(64, 1.0)
    for _ in range(3):
        workers.observe(32, 1.0, rejected=True)
    assert workers.now == 1
    clean(workers, 200, seconds=5.0)
    assert workers.now > 1


def test_a_refusal_right_after_a_halving_halves_again():
    """Whether or not the first halving cured the slow-down."""
    workers = WorkerCount(64, 1.0)
    workers.observe(32, 2.0)
    workers.observe(32, 1.0, rejected=True)
    assert workers.now == 2


def test_each_failed_attempt_doubles_the_wait_for_the_next():
    """16 invocations, then 32, then 64."""
    workers = WorkerCount(64, 1.0)
    workers.observe(32, 1.0, rejected=True)
    waits = []
    for _ in range(3):
        waited = 0
        while workers.now == 4:
            clean(workers)
            waited += 1
        waits.append(waited)
        workers.observe(32, 1.0, rejected=True)
    assert waits == [17, 33, 65]


def test_without_a_profile_the_first_invocation_gives_the_normal_time():
    """Nothing to compare the first with."""
    workers = WorkerCount(64)
    workers.observe(32, 7.0)
    assert workers.now == 16
    workers.observe(32, 11.0)
    assert workers.now == 8


@pytest.mark.parametrize("capacity", [2, 4, 6, 12, 16])
def test_it_settles_near_the_capacity_of_a_server_that_queues(capacity):
    """More would only wait there: not above 1.5 times it, not below three quarters."""
    workers = WorkerCount(64, 1.0)
    queue(workers, capacity, 150)
    assert 0.75 * capacity <= workers.now <= 1.6 * capacity


def test_fewer_than_one_worker_is_refused():
    """There is always one."""
    with pytest.raises(ValueError, match="at least one"):
        WorkerCount(0)


def test_what_an_earlier_process_came_to_is_gone_on_with():
    """Behind its ceiling, and not at once past it; within what is allowed now."""
    workers = WorkerCount(64)
    workers.resume(6, 8)
    clean(workers, 16)
    assert (workers.now, workers.ceiling) == (6, 8)
    clean(workers)
    assert workers.now == 7
    workers = WorkerCount(4)
    workers.resume(64, None)
    assert workers.now == 4
