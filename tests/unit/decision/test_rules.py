"""The parts of a decision: watches, guard, budget, back-off, pace."""

from __future__ import annotations

import math
import random

import pytest

from adaptive_jit.decision.budget import Backoff, Budget, calls_to_skip
from adaptive_jit.decision.drift import ALARM, CLIP, DirectWatch, MeanGuard, ParallelWatch
from adaptive_jit.decision.pace import Pace
from adaptive_jit.decision.trial import Judge, Standing
from adaptive_jit.numerics import Estimate, LogTimes
from adaptive_jit.settings import Settings


def watch(gain=math.log(3.0), deviation=0.2):
    made = ParallelWatch()
    made.tune(Estimate(gain, 0.1, 10.0, 5.0, deviation, 0.0))
    return made


def steps_until_alarm(step, residual, most=1000):
    return next((i for i in range(1, most) if step(residual)), None)


def test_a_shift_to_the_direct_time_raises_an_alarm_in_three_calls():
    """Clipped at 3 standard deviations each, alarm above 6."""
    made = watch()
    assert steps_until_alarm(lambda r: made.step(r), math.log(3.0)) == int(ALARM / CLIP) + 1


def test_a_shift_of_less_than_half_the_gain_raises_none():
    """The reference is half-way to direct."""
    made = watch()
    assert steps_until_alarm(made.step, 0.49 * math.log(3.0)) is None
    assert steps_until_alarm(made.step, 0.6 * math.log(3.0)) is not None


def test_half_a_standard_deviation_is_always_allowed():
    """Even where direct is almost as fast."""
    made = watch(gain=0.01)
    assert steps_until_alarm(made.step, 0.49 * 0.2) is None
    assert steps_until_alarm(made.step, 0.7 * 0.2) is not None


def test_fast_calls_do_not_save_up_for_slow_ones():
    """The sum never goes below zero."""
    made = watch()
    for _ in range(100):
        made.step(-1.0)
    assert steps_until_alarm(made.step, math.log(3.0)) == 3


def test_the_slope_survives_an_estimate_that_had_none():
    """It was known and is only not visible in the last few calls."""
    made = watch()
    made.tune(Estimate(1.0, 0.1, 10.0, 5.0, 0.2, 0.9))
    made.tune(Estimate(1.0, 0.1, 10.0, 5.0, 0.2, 0.0))
    assert made.slope == 0.9


def noise(seed, n=128):
    r = random.Random(seed)
    return [r.lognormvariate(0.0, 0.2) for _ in range(n)]


@pytest.mark.parametrize("factor", [3.0, 0.3])
def test_direct_calls_are_watched_in_both_directions(factor):
    """Three times slower or faster than the first sixteen: four calls."""
    made = DirectWatch()
    assert not any(map(made.step, noise(2, 16)))
    assert steps_until_alarm(lambda _: made.step(factor), 0.0) == 4
    made.reset()
    assert not any(made.step(factor * t) for t in noise(2))


def test_direct_calls_that_do_not_change_rarely_raise_an_alarm():
    """In fewer than one of ten stretches of 128 calls."""
    made = [DirectWatch() for _ in range(200)]
    assert sum(any(map(w.step, noise(i))) for i, w in enumerate(made)) < 20


def test_steady_direct_calls_may_vary_a_little():
    """Sixteen equal times are no reason to be alarmed by 2 %."""
    made = DirectWatch()
    assert not any(made.step(1.0) for _ in range(16))
    assert steps_until_alarm(lambda _: made.step(1.02), 0.0) is None


def test_false_alarms_are_rare():
    """Gaussian noise at a gain of 3: fewer than 2 in 10,000 calls."""
    r = random.Random(1)
    made = watch(deviation=0.4)
    alarms = 0
    for _ in range(20_000):
        if made.step(r.gauss(0.0, 0.4)):
            alarms += 1
            made.total = 0.0
    assert alarms < 4


def test_the_mean_guard_looks_after_16_32_64_and_128_calls():
    """Looking at each call would find something by chance."""
    guard = MeanGuard()
    assert [i for i in range(1, 200) if guard.add(1.0)] == [16, 32, 64, 128]


def test_the_mean_guard_sees_what_rare_stalls_cost():
    """One call in twenty takes 30 times as long; a mean that is only noisy is let through."""
    guard = MeanGuard()
    for i in range(256):
        guard.add(30.0 if i % 20 == 0 else 1.0)
    assert guard.slower_than(1.5, 0.001)
    assert not guard.slower_than(1.5, 4.0)
    assert not guard.slower_than(3.0, 0.001)


def test_a_budget_is_bounded_by_its_size():
    """A long quiet life does not pay for a long bad trial."""
    budget = Budget()
    budget.resize(1.0, 0.0)
    budget.earn(1000.0)
    assert budget.credit == 4.0
    budget.resize(1.0, 10.0)
    budget.earn(1000.0)
    assert budget.credit == 20.0


def test_a_gain_costs_nothing_and_a_loss_is_counted():
    """Only losses are spent."""
    budget = Budget()
    budget.spend(-3.0)
    budget.spend(2.0)
    assert (budget.credit, budget.lost) == (-2.0, 2.0)


def test_one_dear_probe_is_charged_as_expected_and_a_second_one_in_full():
    """An outlier is not paid off for ages; what became slow is. Both are told as lost."""
    budget = Budget()
    budget.resize(100.0, 0.0)
    budget.earn(100.0)
    budget.spend_on_probe(20.0, 1.0)
    assert budget.credit == 99.0
    budget.spend_on_probe(30.0, 1.0)
    assert budget.credit == 79.0
    budget.spend_on_probe(30.0, 1.0)
    assert budget.credit == 49.0
    budget.spend_on_probe(-5.0, 1.0)
    assert budget.credit == 49.0
    budget.spend_on_probe(20.0, 1.0)
    assert budget.credit == 48.0
    assert budget.lost == 100.0


def test_a_grant_is_used_once():
    """When credit runs out for the first time."""
    budget = Budget()
    budget.grant = 4.0
    assert budget.granted(3.0)
    budget.spend(3.0)
    assert not budget.granted(3.0)


def test_back_off_doubles_to_its_cap_and_further_where_structure_said_no():
    """16 to 88 calls, or to 4096."""
    tried, hopeless = Backoff(), Backoff()
    for _ in range(20):
        tried.grow(hopeless=False)
        hopeless.grow(hopeless=True)
    assert (tried.calls, hopeless.calls) == (88, 4096)
    tried.reset()
    assert tried.calls == 16


def test_a_wait_is_the_longer_of_back_off_and_what_the_budget_needs():
    """And back-off alone never exceeds ten minutes."""
    backoff = Backoff()
    assert backoff.seconds(spacing=0.1, owed=0.0, share=0.02) == pytest.approx(1.6)
    assert backoff.seconds(spacing=0.1, owed=1.0, share=0.02) == pytest.approx(50.0)
    assert backoff.seconds(spacing=3600.0, owed=0.0, share=0.02) == 600.0


def test_short_calls_are_skipped_in_proportion():
    """2 microseconds may be 1 % of what is not skipped, at most 63 of 64."""
    assert [calls_to_skip(t) for t in (1.0, 2e-4, 1e-4, 5e-5, 1e-9)] == [0, 0, 1, 3, 63]


def test_the_first_stretch_gives_spacing_and_occupancy():
    """Ten calls in 20 seconds, 5 of them running."""
    pace = Pace()
    pace.seen(20.0, 5.0, 10)
    assert (pace.spacing, pace.occupancy) == (2.0, 0.25)
    pace.seen(1.0, 1.0, 1)
    assert pace.spacing == 2.0


def test_a_long_wait_shows_that_calls_are_rare():
    """The share of running time falls at once, spacing rises."""
    pace = Pace()
    pace.seen(1.0, 1.0, 10)
    pace.waited(100.0, 0.1)
    assert pace.spacing == 100.0
    assert pace.occupancy <= 0.004


def test_a_small_hope_is_not_met_by_luck():
    """Parallel counts as ahead from a fifth faster on (half of log 1.5), whatever was predicted."""
    assert (
        Judge(Settings(), 1.21).gain == Judge(Settings(), 1.5).gain < Judge(Settings(), None).gain
    )
    assert standing([1.0] * 2, [0.9] * 4, predicted=1.21) is Standing.OPEN
    assert standing([1.0] * 2, [0.8] * 4, predicted=1.21) is Standing.AHEAD


def times(*seconds):
    made = LogTimes()
    for value in seconds:
        made.add(value, 0.0)
    return made


def standing(direct, parallel, tried=10, failed=0, predicted=None, **settings):
    judge = Judge(Settings(**settings), predicted)
    return judge.standing(times(*direct), times(*parallel), tried, failed)[0]


def test_nothing_is_kept_on_too_few_calls_however_clear():
    """Three direct and four parallel calls at least."""
    assert standing([1.0] * 3, [0.1] * 4) is Standing.KEEP
    assert standing([1.0] * 2, [0.1] * 4) is Standing.AHEAD
    assert standing([1.0] * 3, [0.1] * 3) is Standing.AHEAD


def test_nothing_is_rejected_on_too_few_calls():
    """Three parallel calls at least."""
    assert standing([1.0] * 9, [9.0] * 3) is Standing.REJECT
    assert standing([1.0] * 9, [9.0] * 2) is Standing.BEHIND


def test_a_parallel_arm_that_is_slower_by_plain_mean_is_not_kept():
    """Usually ten times faster, once thirty times slower."""
    slow = [0.1] * 12 + [30.0]
    assert standing([1.0] * 12, slow) is not Standing.KEEP
    assert standing([1.0] * 12, [0.1] * 13) is Standing.KEEP


def test_a_failed_trial_asks_for_more_evidence():
    """What is enough at first is not after six failures."""
    direct, parallel = [1.0, 1.3, 0.9, 1.1], [0.75, 0.6, 0.7, 0.66, 0.6]
    assert standing(direct, parallel, evidence=3.0) is Standing.KEEP
    assert standing(direct, parallel, evidence=3.0, failed=6) is not Standing.KEEP


def test_at_the_cap_a_trial_is_rejected_unless_parallel_looks_as_predicted():
    """Without a verdict after 64 parallel calls."""
    r = random.Random(3)
    noise = [r.lognormvariate(0.0, 1.0) for _ in range(80)]
    direct = noise[:20]
    parallel = [0.9 * t for t in noise[20:]]
    assert standing(direct, parallel, tried=63) in (Standing.OPEN, Standing.BEHIND)
    assert standing(direct, parallel, tried=64) is Standing.REJECT


def test_at_the_cap_a_trial_that_knows_too_little_of_direct_goes_on_in_parallel():
    """One direct call, which may have been an outlier."""
    r = random.Random(3)
    parallel = [0.5 * r.lognormvariate(0.0, 1.0) for _ in range(64)]
    assert standing([2.0], parallel, tried=64) is Standing.AHEAD


STALLING = [0.05] * 60 + [30.0] * 4


def test_at_the_cap_plain_means_count_only_if_direct_is_known():
    """Slower by mean against one direct call: neither kept nor rejected."""
    assert standing([0.5], STALLING, tried=64) is Standing.AHEAD
    assert standing([5.0], [0.05] * 63 + [1000.0], tried=64) is Standing.AHEAD
    assert standing([0.5] * 3, STALLING, tried=64, evidence=1e9) is Standing.REJECT


def test_a_gain_within_its_standard_error_is_not_ahead():
    """Parallel times from 0.1 to 3 against one direct call."""
    assert standing([1.0], [0.2, 3.0, 0.1, 0.3]) is Standing.OPEN


def test_a_loss_within_its_standard_error_is_not_behind():
    """The same the other way round."""
    assert standing([1.0], [5.0, 0.3, 10.0, 1.0]) is Standing.OPEN
