"""One decision for each class of sizes: which class a call is of, and where each ends."""

from __future__ import annotations

import random

import pytest

from adaptive_jit.decision import Decider
from adaptive_jit.engine.sizes import MOST_CLASSES, Sizes
from adaptive_jit.records import Arm, Phase
from adaptive_jit.settings import Settings

SMALL, LARGE = 2.0, 100.0


def made(predicted=None):
    return Sizes(lambda: Decider(Settings(), predicted))


def run(sizes, truth, calls=400, seed=1):
    """Calls of both sizes by turns; *truth* has the seconds of each size and arm."""
    r = random.Random(seed)
    for _ in range(calls):
        size = r.choice((SMALL, LARGE))
        decider = sizes.of(sizes.number(size))
        arm = decider.choose()
        decider.observe(arm, truth[size, arm] * r.lognormvariate(0.0, 0.1), size)
        sizes.count(sizes.number(size))


@pytest.mark.parametrize("predicted", [None, 3.0])
def test_what_gains_with_large_arguments_and_loses_with_small_ones_ends_right_in_both(predicted):
    """Also where the prediction promises both a gain."""
    sizes = made(predicted)
    truth = {
        (SMALL, Arm.DIRECT): 0.001, (SMALL, Arm.PARALLEL): 0.0025,
        (LARGE, Arm.DIRECT): 0.1, (LARGE, Arm.PARALLEL): 0.02,
    }  # fmt: skip
    run(sizes, truth)
    assert sizes.of(sizes.number(SMALL)).choose() is Arm.DIRECT
    assert sizes.of(sizes.number(LARGE)).phase is Phase.PARALLEL
    assert sizes.main == sizes.number(LARGE)
    assert sizes.phase is Phase.PARALLEL


def test_sizes_within_a_factor_of_four_share_a_decision():
    """The twin: what is learnt of three items holds for two."""
    sizes = made()
    assert sizes.number(1.0) == sizes.number(3.0) == 0
    assert sizes.number(4.0) == sizes.number(15.0) == 1
    assert sizes.number(0.5) == -1


def test_there_are_only_so_many_classes():
    """Of others the nearest decides."""
    sizes = made()
    for power in range(MOST_CLASSES):
        sizes.of(sizes.number(4.0**power))
    assert sizes.number(4.0**30) == MOST_CLASSES - 1
    assert sizes.number(4.0**-30) == 0


def test_the_function_rests_only_if_all_its_classes_do():
    """One that was asked for and never called does not keep it awake."""
    sizes = made(1.0)
    sizes.of(5)
    first, second = sizes.of(0), sizes.of(3)
    for _ in range(3):
        first.observe(Arm.DIRECT, 0.01)
    second.observe(Arm.DIRECT, 0.01)
    assert first.phase is Phase.DIRECT
    assert sizes.phase is Phase.PROFILING
    second.observe(Arm.DIRECT, 0.01)
    assert sizes.phase is Phase.DIRECT


def test_cheap_calls_of_a_resting_class_are_observed_one_in_many():
    """One of 10 µs one in twenty; one of a second always."""
    sizes = made(1.0)
    for number, seconds in ((0, 1e-5), (1, 1.0)):
        sizes.of(number).observe(Arm.DIRECT, seconds)
    assert sum(not sizes.passes(0) for _ in range(200)) == 10
    assert not any(sizes.passes(1) for _ in range(200))


def test_where_there_are_several_classes_the_next_call_looks_again():
    """Whichever is called: the others may never be again."""
    sizes = made(1.0)
    for number in (0, 1):
        for _ in range(2):
            sizes.of(number).observe(Arm.DIRECT, 0.01)
    sizes.probe()
    assert sizes.is_due
    assert sizes.phase is Phase.DIRECT
