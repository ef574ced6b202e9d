"""The accumulator: sums, and how much of the run-queue delay counts as busy."""

from __future__ import annotations

import dis
import sys

import pytest

from adaptive_jit.classify import OperationProfile
from adaptive_jit.records import OperationSample


def sample(wall=1.0, cpu=0.0, voluntary=0, involuntary=0, delay=0.0, process=0.0, **known):
    return OperationSample(wall, cpu, voluntary, involuntary, delay, process, **known)


def profile(*samples) -> OperationProfile:
    made = OperationProfile()
    for one in samples:
        made.add(one)
    return made


def test_an_empty_profile_has_zero_means():
    """No call, no division by zero."""
    empty = OperationProfile()
    assert (empty.n, empty.total_wall, empty.mean_wall, empty.mean_cpu, empty.others) == (
        0, 0.0, 0.0, 0.0, 0.0,
    )  # fmt: skip


def test_samples_are_summed():
    """Sums, squares, products and counts."""
    made = profile(sample(2.0, 1.0, 3, 0, 0.25, 4.0), sample(4.0, 0.5, 1, 0, 0.5, 1.0))
    assert (made.n, made.wall, made.cpu, made.delay) == (2, 6.0, 1.5, 0.75)
    assert (made.voluntary, made.involuntary) == (4, 0)
    assert (made.wall2, made.busy2, made.busy_wall) == (20.0, 1.25, 4.0)
    assert (made.mean_wall, made.mean_cpu) == (3.0, 0.75)
    assert made.others == pytest.approx(3.5 / 6.0)


@pytest.mark.parametrize(
    ("voluntary", "involuntary", "busy"),
    [(0, 9, 0.9), (9, 0, 0.2), (1, 3, 0.2 + 0.7 * 0.75), (0, 0, 0.9)],
)
def test_delay_counts_as_busy_by_the_share_of_involuntary_switches(voluntary, involuntary, busy):
    """Preempted time is lost computing; the delay after a wake-up belongs to the wait."""
    assert profile(sample(1.0, 0.2, voluntary, involuntary, 0.7)).busy == pytest.approx(busy)


def test_an_unknown_delay_is_all_that_is_not_cpu_time():
    """Without scheduler statistics only the switches tell."""
    made = profile(sample(1.0, 0.2, 1, 3, 0.0, delay_known=False))
    assert made.busy == pytest.approx(0.2 + 0.8 * 0.75)
    assert not made.delay_known


def test_unknown_switches_correct_nothing():
    """Counts of the whole process say nothing about this thread's preemption."""
    made = profile(sample(1.0, 0.2, 0, 9, 0.7, switches_known=False))
    assert made.busy == pytest.approx(0.2)
    assert not made.switches_known


def test_one_unknown_sample_makes_the_profile_unknown():
    """Confidence is that of the weakest sample."""
    assert not profile(sample(switches_known=False), sample()).switches_known
    assert not profile(sample(delay_known=False), sample()).delay_known


def test_busy_never_exceeds_wall():
    """Clocks that differ by a microsecond make no ratio above 1."""
    assert profile(sample(1.0, 1.01, 0, 1, 0.5)).busy == 1.0


@pytest.mark.parametrize(
    ("cpu", "delay", "preempted"), [(0.8, 0.5, 0.2), (1.5, 0.5, 0.0), (1.5, 0.0, 0.0)]
)
def test_no_more_is_preempted_than_is_left_of_the_wall_time(cpu, delay, preempted):
    """Clocks and counters are not read at the same instant."""
    assert profile(sample(1.0, cpu, 0, 1, delay)).preempted == pytest.approx(preempted)
    made = profile(sample(1.0, 1.5, 0, 1, 0.0, delay_known=False))
    assert made.preempted == 0.0


def test_exceptions_are_counted():
    """A raised call is a call."""
    made = OperationProfile()
    made.add(sample(), raised=True)
    made.add(sample())
    assert (made.n, made.raised) == (2, 1)


def test_other_threads_never_compute_less_than_nothing():
    """Clocks of thread and process are read one after the other."""
    assert profile(sample(1.0, 0.5, process=0.499)).others == 0.0


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="a CPython detail")
def test_adding_gives_no_other_thread_a_chance():
    """No call and no backward jump: two threads may add to one profile without a lock."""
    names = {instruction.opname for instruction in dis.get_instructions(OperationProfile.add)}
    assert not [name for name in names if name.startswith(("CALL", "JUMP_BACKWARD"))]
