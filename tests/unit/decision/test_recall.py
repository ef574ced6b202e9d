"""A decision that another process began: a prior that new timings confirm or revert."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adaptive_jit.decision import Decider
from adaptive_jit.decision.recall import MOST_UNCHECKED, resume, series_of, standing_of, times_of
from adaptive_jit.numerics import LogTimes
from adaptive_jit.records import Arm, Phase
from adaptive_jit.records.memory import DecisionMemory, FunctionMemory, Series
from adaptive_jit.settings import Settings


def series(seconds, calls=8):
    times = LogTimes()
    for number in range(calls):
        times.add(seconds * (1.0 + 0.02 * (number % 3)), 0.0)
    return series_of(times)


def memory(phase, direct=0.25, parallel=0.05, **more):
    decision = DecisionMemory(phase, 5.0, **more)
    known = series(parallel) if parallel else Series()
    return FunctionMemory(1, 8, 2, decision, series(direct), known, guards="")


def resumed(known):
    decider = Decider(Settings())
    return decider, resume(decider, known)


def run(decider, direct, parallel, calls):
    arms = []
    for _ in range(calls):
        arm = decider.choose()
        decider.observe(arm, direct if arm is Arm.DIRECT else parallel)
        arms.append(arm)
    return arms


def test_settled_parallel_goes_on_in_parallel_and_is_confirmed():
    """The first call is parallel, direct calls are few, and the verdict comes from new calls."""
    decider, went_on = resumed(memory(Phase.PARALLEL))
    assert went_on
    assert decider.phase is Phase.TRIAL
    arms = run(decider, 0.25, 0.05, 60)
    assert set(arms[:8]) == {Arm.PARALLEL}
    assert arms.count(Arm.DIRECT) <= 2
    assert decider.phase is Phase.PARALLEL


@pytest.mark.parametrize(("parallel", "most"), [(0.25, 7), (0.3, 5), (0.4, 3), (2.0, 2)])
def test_a_gain_that_is_gone_is_given_up_within_three_calls(parallel, most):
    """Earlier parallel times do not count: the new ones are compared with direct at once."""
    decider, _ = resumed(memory(Phase.PARALLEL))
    arms = run(decider, 0.25, parallel, 12)
    assert arms[0] is Arm.PARALLEL
    assert arms[2] is Arm.DIRECT
    assert arms.count(Arm.PARALLEL) <= most


def test_a_world_that_is_faster_for_both_is_noticed():
    """Parallel looks good beside old direct times; direct calls from the budget tell the truth."""
    decider, _ = resumed(memory(Phase.PARALLEL))
    arms = run(decider, 0.01, 0.05, 400)
    assert arms.count(Arm.PARALLEL) < 60
    assert arms[-20:].count(Arm.DIRECT) >= 19


def test_settled_direct_stays_direct_until_it_is_time_to_look_again():
    """No profile, no trial; and a moment is set at which to look."""
    known = memory(Phase.DIRECT, direct=0.05, parallel=0.2, spacing=0.05, backoff_calls=32)
    decider, went_on = resumed(known)
    assert went_on
    assert decider.phase is Phase.DIRECT
    assert decider.next_probe_seconds() >= 32 * 0.05
    assert set(run(decider, 0.05, 0.2, 10)) == {Arm.DIRECT}


def test_a_decision_for_direct_is_looked_at_again_after_some_runs():
    """Short programs never reach the moment: after so many of them everything is learnt anew."""
    known = memory(Phase.DIRECT, unchecked=MOST_UNCHECKED, failed=2)
    decider, went_on = resumed(known)
    assert not went_on
    assert decider.phase is Phase.COLD
    assert standing_of(decider).failed == 2


def test_an_unfinished_trial_is_finished_by_later_runs():
    """One call in each process: evidence adds up, and each call after the first is parallel."""
    known = None
    phases = []
    for turn in range(12):
        decider = Decider(Settings(), None if known else 5.0)
        if known:
            assert resume(decider, known)
        arm = decider.choose()
        assert (arm is Arm.PARALLEL) == (turn > 0) or turn > 5
        wall = 10.0 if arm is Arm.DIRECT else 2.0
        decider.observe(arm, wall)
        one = {arm: series(wall, 1)}
        own = FunctionMemory(
            1, 1, 0, standing_of(decider), one.get(Arm.DIRECT, Series()),
            one.get(Arm.PARALLEL, Series()), "",
        )  # fmt: skip
        known = own.after(known)
        phases.append(known.decision.phase)
    assert phases[0] is Phase.TRIAL
    assert known.parallel.calls >= 10


def test_an_unfinished_trial_that_looked_bad_begins_in_order():
    """What looked slower is not repeated with each process."""
    decider, _ = resumed(memory(Phase.TRIAL, direct=0.2, parallel=0.5))
    assert decider.choose() is Arm.DIRECT


def test_what_was_not_decided_is_decided_here():
    """A profile alone is no reason to skip the profile's calls."""
    decider, went_on = resumed(memory(Phase.PROFILING))
    assert not went_on
    assert decider.phase is Phase.COLD


def test_a_decider_that_has_begun_is_left_as_it_is():
    """Two threads may make the first call at the same time."""
    decider = Decider(Settings())
    decider.observe(Arm.DIRECT, 0.01)
    assert not resume(decider, memory(Phase.PARALLEL))
    assert decider.phase is Phase.PROFILING


def test_a_probe_under_way_is_left_behind_as_direct():
    """Its trial exists in that process only."""
    decider, _ = resumed(memory(Phase.DIRECT))
    decider.probe_begins()
    assert decider.phase is Phase.TRIAL
    assert standing_of(decider).phase is Phase.DIRECT


def test_savings_for_looking_again_are_handed_on():
    """Else a program of one call never could afford a direct call for comparison."""
    known = memory(Phase.PARALLEL)
    decider, _ = resumed(replace(known, decision=replace(known.decision, credit=0.3)))
    assert standing_of(decider).credit == 0.3


def test_times_survive_the_record():
    """All moments, with the weight that is asked for."""
    times = times_of(series(0.5), 100.0)
    assert series_of(times) == series(0.5)
    assert times_of(series(0.5), 2.0).n == 2.0
