"""The rules of the decider, one by one, on a clock that only tests move."""

from __future__ import annotations

import random
import signal
import sys
from collections import Counter
from dataclasses import replace

import pytest

from adaptive_jit.decision import Decider
from adaptive_jit.records.decisions import Arm, Phase
from adaptive_jit.settings import Settings
from adaptive_jit.testing.clock import FakeClock

D, P = Arm.DIRECT, Arm.PARALLEL
SETTINGS = Settings()


class Driver:
    """Calls a decider: what it chooses takes *direct* or *parallel* seconds, times noise."""

    def __init__(self, predicted=None, startup=0.002, sigma=0.0, seed=1, **settings):
        self.clock = FakeClock()
        self.decider = Decider(replace(SETTINGS, **settings), predicted, startup, self.clock)
        self.random = random.Random(seed)
        self.sigma = sigma

    def call(self, direct, parallel, size=1.0, idle=0.0):
        self.clock.advance(idle)
        arm = self.decider.choose()
        wall = (direct if arm is D else parallel) * self.random.lognormvariate(0, self.sigma)
        self.clock.advance(wall)
        self.decider.observe(arm, wall, size)
        return arm

    def calls(self, n, direct, parallel):
        return [self.call(direct, parallel) for _ in range(n)]

    def until(self, phase, direct, parallel, most=2000):
        arms = []
        while self.decider.phase is not phase:
            assert len(arms) < most, f"never {phase}"
            arms.append(self.call(direct, parallel))
        return arms

    @property
    def phase(self):
        return self.decider.phase

    @property
    def last(self):
        return self.decider.summary().transitions[-1]


def settled_parallel(direct=0.05, parallel=0.02, **kwargs):
    driver = Driver(**kwargs)
    driver.until(Phase.PARALLEL, direct, parallel)
    return driver


def settled_direct(direct=0.05, parallel=0.1, **kwargs):
    driver = Driver(**kwargs)
    driver.until(Phase.DIRECT, direct, parallel)
    return driver


# ---------------------------------------------------------------------- profiling


def test_a_function_is_cold_until_its_first_call_and_then_profiled():
    """cold -> profiling."""
    driver = Driver()
    assert driver.phase is Phase.COLD
    assert driver.decider.choose() is D
    driver.call(0.001, 0.001)
    assert driver.phase is Phase.PROFILING


def test_two_short_calls_or_one_slow_call_are_enough_to_try():
    """100 ms is slow."""
    short, slow = Driver(), Driver()
    assert short.calls(3, 0.099, 0.05) == [D, D, P]
    assert slow.calls(2, 0.1, 0.05) == [D, P]


def test_profile_calls_says_how_many_calls_are_profiled():
    """The setting changes when the first parallel call is made."""
    assert Driver(profile_calls=5).calls(6, 0.05, 0.02) == [D] * 5 + [P]


def test_profiling_lasts_until_waiting_has_cost_as_much_as_starting_up():
    """Half of each call is lost where nothing is predicted: 10 calls of 1 ms, 5 ms start-up."""
    driver = Driver(startup=0.005)
    assert driver.calls(11, 0.001, 0.0005) == [D] * 10 + [P]
    driver = Driver(startup=0.005, predicted=4.0)  # three quarters of each are lost: 7 calls
    assert driver.calls(8, 0.001, 0.0005) == [D] * 7 + [P]


def test_a_low_prediction_is_not_tried():
    """Below min_predicted_speedup; the setting moves the gate."""
    assert Driver(predicted=1.19).until(Phase.DIRECT, 0.05, 0.01) == [D, D]
    assert Driver(predicted=1.21).calls(3, 0.05, 0.01) == [D, D, P]
    assert Driver(predicted=1.21, min_predicted_speedup=1.3).calls(3, 0.05, 0.01) == [D, D, D]


# ---------------------------------------------------------------------- trial


def test_five_slow_calls_of_a_function_gain_from_the_second():
    """Five invocations that are three times faster in parallel."""
    assert Driver(predicted=3.0).calls(5, 30.0, 10.0) == [D, P, P, P, P]


def test_the_first_timing_of_each_arm_is_dropped_when_there_is_a_second():
    """A cold first call says little about the others."""
    driver = Driver(sigma=0.0)
    driver.call(9.0 / 100, 0.0)
    driver.call(0.05, 0.0)
    driver.call(0.0, 9.0)
    driver.call(0.0, 0.02)
    summary = driver.decider.summary()
    assert (summary.direct_calls, summary.parallel_calls) == (2, 2)
    assert summary.direct_seconds == pytest.approx(0.05)
    assert summary.parallel_seconds == pytest.approx(0.02)


def test_a_short_parallel_call_is_repeated_at_once_though_the_first_was_slow():
    """It was cold."""
    assert Driver().calls(4, 0.01, 0.02) == [D, D, P, P]


def test_a_slow_parallel_call_is_repeated_at_once_only_if_it_was_not_clearly_slower():
    """1.25 times direct is the limit for calls of 100 ms and more."""
    assert Driver().calls(3, 1.0, 1.25) == [D, P, P]
    assert Driver().calls(3, 1.0, 1.3) == [D, P, D]


def test_parallel_is_stayed_with_while_it_is_half_as_good_as_predicted():
    """Half of log 4 is a factor of 2: 2.1 stays, 1.9 alternates."""
    assert Driver(predicted=4.0).calls(9, 0.05, 0.05 / 2.1)[2:] == [P] * 7
    assert D in Driver(predicted=4.0).calls(9, 0.05, 0.05 / 1.9)[2:]


def test_a_middling_gain_is_settled_by_alternating():
    """1.3 times faster where a factor of 2 was hoped for: about as many calls of each arm."""
    driver = Driver(sigma=0.1)
    count = Counter(driver.until(Phase.PARALLEL, 0.065, 0.05))
    assert abs(count[D] - count[P]) <= 6
    assert driver.last.reason.startswith("measured speed-up 1.")


def test_parallel_is_kept_only_above_min_speedup():
    """Steady times that differ by 4 % end in direct, with min_speedup = 1.02 in parallel."""
    assert Driver().until(Phase.DIRECT, 0.052, 0.05)
    assert Driver(min_speedup=1.02).until(Phase.PARALLEL, 0.052, 0.05)


def test_more_evidence_takes_more_calls():
    """The setting changes when a trial ends."""
    quick = Driver(sigma=0.2, evidence=2.0).until(Phase.PARALLEL, 0.065, 0.05)
    sure = Driver(sigma=0.2, evidence=2000.0).until(Phase.PARALLEL, 0.065, 0.05)
    assert len(sure) > len(quick)


def test_a_slower_parallel_is_tried_once_if_calls_are_long():
    """1.6 times slower: 20 calls cost less than 5 % more than direct."""
    driver = Driver(predicted=3.0)
    arms = driver.calls(20, 10.0, 16.0)
    assert arms[:3] == [D, P, D]
    assert arms.count(P) == 1
    assert driver.phase is Phase.DIRECT
    assert "1.60 times slower" in driver.last.reason


def test_a_larger_trial_budget_buys_more_parallel_calls():
    """The setting changes how often a slower parallel is looked at again."""

    def parallel_calls(share):
        driver = Driver(predicted=3.0, trial_budget=share, probe_budget=0.0, evidence=1e9)
        return driver.calls(60, 1.0, 1.4).count(P)

    assert parallel_calls(0.3) > parallel_calls(0.02) >= 1


def test_parallel_that_stalls_is_not_kept_though_it_is_usually_faster():
    """Twice as fast, but one call in ten takes thirty times as long: slower by plain mean."""
    driver = Driver()
    for i in range(400):
        driver.call(0.05, 0.75 if i % 10 == 9 else 0.025)
    assert driver.phase is not Phase.PARALLEL


def test_a_parallel_call_that_was_never_seen_is_repeated():
    """The first one raised: nobody observed it. After eight direct ones comes another."""
    driver = Driver()
    driver.calls(2, 0.05, 0.02)
    assert driver.decider.choose() is P
    assert driver.calls(9, 0.05, 0.02) == [D] * 8 + [P]


def test_what_looks_faster_is_called_at_least_as_often_as_what_looks_slower():
    """Even with an unlimited budget for direct calls, after six of them."""
    driver = Driver(profile_calls=6, predicted=3.0, trial_budget=1.0, evidence=1e12)
    arms = driver.calls(40, 0.05, 0.01)
    assert arms[:11] == [D] * 6 + [P] * 5
    assert D in arms[11:]


def test_a_trial_without_clear_evidence_ends_at_the_cap():
    """No evidence would ever be enough; after 64 parallel calls it is kept as it looks."""
    driver = Driver(evidence=1e12, predicted=3.0, sigma=0.3)
    arms = driver.until(Phase.PARALLEL, 0.05, 0.02)
    assert 64 <= arms.count(P) <= 70


def test_size_is_taken_out_of_the_comparison():
    """Time proportional to sizes from 1 to 64, parallel gets the larger half: 3x is still seen."""
    driver = Driver(predicted=3.0)
    r = random.Random(1)
    for _ in range(120):
        arm = driver.decider.choose()
        size = r.choice((4, 8, 16, 64) if arm is P else (1, 2, 4, 16))
        wall = 0.001 * size / (3.0 if arm is P else 1.0)
        driver.clock.advance(wall)
        driver.decider.observe(arm, wall, size)
    assert driver.phase is Phase.PARALLEL
    assert driver.decider.summary().measured_speedup == pytest.approx(3.0, rel=0.1)


def test_a_measured_rejection_doubles_the_evidence_needed():
    """Not only an alarm does."""
    driver = Driver()
    driver.until(Phase.DIRECT, 0.052, 0.05)
    assert "measured speed-up only 1.04" in driver.last.reason
    assert driver.decider.summary().evidence_needed == pytest.approx(40.0)


# ---------------------------------------------------------------------- settled parallel


def test_an_alarm_that_was_settled_is_forgotten():
    """After a new trial one outlier is again not enough."""
    driver = settled_parallel(sigma=0.1)
    while driver.phase is Phase.PARALLEL:
        driver.call(0.05, 0.2)
    driver.until(Phase.PARALLEL, 0.05, 0.02)
    driver.call(0.05, 1.0)
    assert driver.phase is Phase.PARALLEL


def test_large_inputs_raise_no_alarm():
    """Time grows with size, and size comes in runs: eight large ones in a row are no drift."""
    driver = Driver(predicted=3.0, sigma=0.1)
    r = random.Random(1)
    for i in range(600):
        size = 64 if i > 300 and i % 50 < 8 else r.choice((1, 2, 4, 8, 16))
        driver.call(0.003 * size, 0.001 * size, size)
    assert driver.phase is Phase.PARALLEL
    assert len(driver.decider.summary().transitions) == 3


def test_after_a_drift_old_direct_times_count_little():
    """Ten direct calls from before the load was four times as high do not outweigh the new."""
    driver = Driver(profile_calls=11, predicted=3.0, sigma=0.1)
    driver.until(Phase.PARALLEL, 0.06, 0.02)
    arms = driver.calls(150, 0.24, 0.08)
    assert driver.phase is Phase.PARALLEL
    assert arms.count(D) <= 10


def test_settled_parallel_is_given_up_when_it_becomes_slower():
    """3x faster, then 2.5x slower: direct within eight calls."""
    driver = settled_parallel(0.06, 0.02, sigma=0.1)
    arms = driver.calls(20, 0.06, 0.15)
    assert arms[8:] == [D] * 12


def test_one_outlier_does_not_end_settled_parallel():
    """Steps are clipped: a single call, however slow, raises no alarm."""
    driver = settled_parallel(sigma=0.1)
    driver.call(0.05, 50.0)
    assert driver.phase is Phase.PARALLEL


def test_when_both_become_slower_parallel_is_found_again():
    """Four times the load, the same gain: a few direct calls, then parallel."""
    driver = settled_parallel(0.06, 0.02, sigma=0.1)
    arms = driver.calls(200, 0.24, 0.08)
    assert arms.count(D) < 15
    assert driver.phase is Phase.PARALLEL


def test_a_gain_that_disappears_is_noticed_by_a_direct_probe():
    """Direct became as fast as parallel: parallel calls alone cannot show it."""
    driver = settled_parallel(0.05, 0.02)
    arms = driver.calls(700, 0.0199, 0.02)
    assert arms.count(D) > 100
    assert driver.phase is Phase.DIRECT
    assert "a direct call was faster" in [t.reason for t in driver.decider.summary().transitions]


def test_direct_probes_stay_within_the_budget():
    """Ten times faster: a probe costs nine calls, so at most one in 450."""
    driver = settled_parallel(0.1 * 0.9, 0.009, predicted=10.0, sigma=0.05)
    arms = driver.calls(3000, 0.09, 0.009)
    assert 1 <= arms.count(D) <= 7
    driver = settled_parallel(0.09, 0.009, predicted=10.0, sigma=0.05, probe_budget=0.0)
    assert D not in driver.calls(3000, 0.09, 0.009)[300:]


def test_rare_stalls_are_caught_by_the_plain_mean():
    """One call in forty is so slow that parallel loses: the guard ends it."""
    driver = settled_parallel(0.05, 0.02)
    for i in range(600):
        driver.call(0.05, 3.0 if i % 40 == 39 else 0.02)
    assert "slower by plain mean" in [t.reason for t in driver.decider.summary().transitions]


def test_an_alarm_opens_a_new_trial_and_a_second_one_ends_it():
    """A refusal counts like a drift; a refused trial ends in direct."""
    driver = settled_parallel()
    driver.decider.alarm("429 Too Many Requests")
    assert driver.phase is Phase.TRIAL
    assert driver.last.reason == "429 Too Many Requests"
    driver.decider.alarm("429 Too Many Requests")
    assert driver.phase is Phase.DIRECT


def test_an_alarm_before_anything_ran_ahead_changes_nothing():
    """There is nothing to doubt."""
    driver = Driver()
    driver.call(0.05, 0.02)
    driver.decider.alarm("time-out")
    assert driver.calls(2, 0.05, 0.02) == [D, P]
    direct = settled_direct()
    direct.decider.alarm("time-out")
    assert direct.phase is Phase.DIRECT


def test_each_failed_trial_doubles_the_evidence_that_the_next_one_needs():
    """Loops of trying and giving up die out."""
    driver = Driver()
    needed = [driver.decider.summary().evidence_needed]
    for _ in range(8):
        driver.until(Phase.PARALLEL, 0.05, 0.01)
        driver.decider.alarm("refused")
        driver.decider.alarm("refused")
        needed.append(driver.decider.summary().evidence_needed)
        while driver.phase is Phase.DIRECT:
            driver.clock.advance(1000.0)
            driver.decider.probe_begins()
            driver.calls(2, 0.05, 0.01)
    expected = [20.0 * 2**k for k in (0, 1, 2, 3, 4, 5, 6, 6, 6)]
    assert needed == pytest.approx(expected)


def test_very_short_calls_are_recorded_one_in_several():
    """Calls of 50 microseconds: every fourth, so that bookkeeping stays below 1 %."""
    driver = settled_parallel(2e-4, 5e-5, predicted=4.0)
    settled = driver.last.call
    before = driver.decider.summary().parallel_calls
    driver.calls(400, 2e-4, 5e-5)
    assert driver.decider.summary().parallel_calls - before == pytest.approx(100, abs=3)
    driver.decider.alarm("refused")
    assert driver.last.call - settled == pytest.approx(400, abs=4)
    driver = settled_parallel()
    before = driver.decider.summary().parallel_calls
    driver.calls(100, 0.05, 0.02)
    assert driver.decider.summary().parallel_calls - before == 100


# ---------------------------------------------------------------------- settled direct, probes


def rearm(driver):
    """What the engine does: wait as long as it is told, then arm the function again."""
    driver.clock.advance(driver.decider.next_probe_seconds())
    driver.decider.probe_begins()


def test_only_settled_direct_asks_to_be_armed_again():
    """In all other phases calls are observed."""
    driver = Driver()
    assert driver.decider.next_probe_seconds() is None
    assert settled_parallel().decider.next_probe_seconds() is None
    assert settled_direct().decider.next_probe_seconds() > 0.0


def test_without_a_probe_budget_nothing_is_probed():
    """The setting switches re-arming off."""
    driver = settled_direct(probe_budget=0.0)
    assert driver.decider.next_probe_seconds() is None
    driver.calls(500, 0.05, 0.1)
    assert driver.phase is Phase.DIRECT


def test_a_probe_is_one_direct_and_one_parallel_call():
    """The times from before are old, so both are measured."""
    driver = settled_direct()
    rearm(driver)
    assert driver.phase is Phase.TRIAL
    assert driver.calls(2, 0.05, 0.1) == [D, P]
    assert driver.phase is Phase.DIRECT


def test_a_probe_that_finds_a_gain_opens_a_trial():
    """The service has recovered."""
    driver = settled_direct()
    rearm(driver)
    driver.calls(2, 0.05, 0.02)
    assert driver.phase is Phase.TRIAL
    assert "2.50 times faster" in driver.last.reason
    driver.until(Phase.PARALLEL, 0.05, 0.02, most=100)


def test_a_probe_that_comes_too_early_is_only_a_direct_call():
    """Armed at once, against advice: there is no budget for a parallel call yet."""
    driver = settled_direct(0.05, 0.2)
    driver.decider.probe_begins()
    assert driver.call(0.05, 0.2) is D
    assert driver.phase is Phase.DIRECT


def test_a_probe_compares_with_a_fresh_direct_call():
    """The load is four times what it was; parallel, slower than direct was, is now twice as fast."""
    driver = settled_direct(0.05, 0.08)
    rearm(driver)
    driver.calls(2, 0.2, 0.1)
    assert driver.phase is Phase.TRIAL


def test_only_a_settled_direct_function_can_be_probed():
    """A timer that fires late changes nothing."""
    driver = settled_parallel()
    driver.decider.probe_begins()
    assert driver.phase is Phase.PARALLEL


def test_after_a_recovery_the_back_off_begins_anew():
    """Probes found nothing for long; then there was a gain; then it was lost again."""
    driver = settled_direct(0.05, 0.05)
    first = driver.decider.next_probe_seconds()
    for _ in range(4):
        rearm(driver)
        driver.calls(2, 0.05, 0.05)
    rearm(driver)
    driver.until(Phase.PARALLEL, 0.05, 0.02)
    driver.decider.alarm("refused")
    driver.decider.alarm("refused")
    assert driver.decider.next_probe_seconds() <= 1.1 * first


def test_swapping_code_for_a_probe_is_charged_too():
    """Calls of ten microseconds: not 16 calls but 1 ms / 2 % until the next look."""
    driver = settled_direct(1e-5, 1e-5, startup=1e-5)
    assert driver.decider.next_probe_seconds() == pytest.approx(0.05, rel=0.05)


def test_a_late_parallel_call_is_not_taken_for_a_direct_one():
    """Chosen during the trial, observed after it."""
    driver = settled_direct()
    before = driver.decider.summary().direct_seconds
    driver.decider.observe(P, 99.0)
    assert driver.decider.summary().direct_seconds == before


def test_observing_a_hopeless_function_does_not_probe_it():
    """Only the engine, with a new profile, can change the prediction."""
    decider = Decider(SETTINGS, 1.0)
    for _ in range(500):
        assert decider.choose() is D
        decider.observe(D, 0.05)
    assert len(decider.summary().transitions) == 2


def test_a_probe_needs_a_tenth_to_open_a_trial():
    """5 % faster is noise."""
    driver = settled_direct()
    rearm(driver)
    driver.calls(2, 0.05, 0.0476)
    assert driver.phase is Phase.DIRECT


def test_the_pair_that_opens_a_trial_is_no_evidence_in_it():
    """It was picked for being far apart: direct counts as it was before the outlier."""
    driver = settled_direct()
    rearm(driver)
    driver.call(0.5, 0.1)
    driver.call(0.05, 0.1)
    assert driver.phase is Phase.TRIAL
    assert driver.decider.summary().direct_seconds == pytest.approx(0.05)


def test_a_late_parallel_call_may_be_what_a_probe_shows():
    """It began before the function was settled and ends when it is looked at again."""
    driver = settled_direct()
    rearm(driver)
    driver.decider.observe(P, 0.02)
    assert driver.phase is Phase.TRIAL
    assert driver.decider.summary().direct_seconds == pytest.approx(0.05)


def test_probes_that_find_nothing_come_at_doubling_distances():
    """Cheap probes (parallel as fast as direct): the back-off alone counts, up to its cap."""
    driver = settled_direct(0.05, 0.05)
    waits = []
    for _ in range(6):
        waits.append(driver.decider.next_probe_seconds())
        rearm(driver)
        driver.calls(2, 0.05, 0.05)
    ratios = [later / earlier for earlier, later in zip(waits, waits[1:], strict=False)]
    assert ratios == pytest.approx([2.0, 2.0, 1.375, 1.0, 1.0], rel=0.01)


@pytest.mark.parametrize(("parallel", "share"), [(0.2, 0.02), (0.5, 0.02), (0.2, 0.1)])
def test_probes_cost_no_more_than_their_share_of_running_time(parallel, share):
    """Over many probes, with calls back to back."""
    driver = settled_direct(0.05, parallel, probe_budget=share)
    start = driver.clock.seconds()
    lost = 0.0
    while driver.clock.seconds() - start < 400.0:
        rearm(driver)
        while driver.phase is Phase.TRIAL:
            lost += (parallel - 0.05) * (driver.call(0.05, parallel) is P)
    assert 0.0 < lost / (driver.clock.seconds() - start) <= 1.1 * share


def test_a_function_that_is_now_called_rarely_is_not_probed_at_each_call():
    """Called once a minute after a burst: arming is cheap, the parallel call is not made."""
    driver = settled_direct(0.05, 0.2)
    arms = []
    for _ in range(60):
        wait = driver.decider.next_probe_seconds()
        if wait is not None and wait < 60.0:
            rearm(driver)
        driver.clock.advance(60.0)
        if driver.phase is Phase.TRIAL:
            arms.append(driver.call(0.05, 0.2))
    assert arms.count(P) <= 1


def test_a_probe_whose_parallel_call_was_refused_waits_longer():
    """An alarm ends it."""
    driver = settled_direct(0.05, 0.05)
    wait = driver.decider.next_probe_seconds()
    rearm(driver)
    driver.call(0.05, 0.05)
    assert driver.decider.choose() is P
    driver.decider.alarm("connection refused")
    assert driver.phase is Phase.DIRECT
    assert driver.decider.next_probe_seconds() == pytest.approx(2 * wait, rel=0.01)


def test_looking_again_at_a_function_that_was_never_tried_profiles_it_anew():
    """Only a better prediction makes it a trial."""
    driver = settled_direct(predicted=1.0)
    waits = []
    for _ in range(3):
        waits.append(driver.decider.next_probe_seconds())
        rearm(driver)
        assert driver.phase is Phase.PROFILING
        driver.calls(2, 0.05, 0.02)
        assert driver.phase is Phase.DIRECT
    assert waits[2] > waits[1] > waits[0]
    rearm(driver)
    driver.decider.revise_prediction(3.0)
    assert driver.calls(3, 0.05, 0.02) == [D, D, P]


def test_driven_by_observations_alone_it_probes_by_itself():
    """Without an engine and a clock: one direct and one parallel call after 16 direct ones."""
    decider = Decider(SETTINGS)
    arms = []
    for _ in range(300):
        arm = decider.choose()
        arms.append(arm)
        decider.observe(arm, 0.05)
        if decider.phase is Phase.DIRECT and decider.summary().transitions[-1].call == len(arms):
            settled = len(arms)
    after = arms[settled:]
    positions = [i for i, arm in enumerate(after) if arm is P]
    assert positions[0] == 17
    assert all(b - a >= 30 for a, b in zip(positions, positions[1:], strict=False))


def observed_probes(decider, calls, direct):
    """Positions of parallel calls among *calls*, with both arms taking *direct* seconds."""
    found = []
    for i in range(calls):
        arm = decider.choose()
        if arm is P:
            found.append(i)
        decider.observe(arm, direct)
    return found


def test_a_change_of_direct_times_is_looked_into_at_once():
    """A probe has just been made and the next is 128 calls away; then direct becomes slower."""
    decider = Decider(SETTINGS)
    while decider.phase is not Phase.DIRECT:
        decider.observe(decider.choose(), 0.05)
    observed_probes(decider, 600, 0.05)
    while decider.choose() is not P:
        decider.observe(D, 0.05)
    decider.observe(P, 0.05)
    assert observed_probes(decider, 20, 0.05) == []
    after = observed_probes(decider, 100, 0.2)
    assert after[0] < 12  # at once
    assert after[1] - after[0] < 40  # and with short distances again


# ---------------------------------------------------------------------- determinism and callers


@pytest.mark.parametrize("seed", range(5))
def test_the_same_observations_give_the_same_choices(seed):
    """Bit for bit."""

    def play():
        driver = Driver(sigma=0.5, seed=seed)
        return driver.calls(300, 0.05, 0.04), driver.decider.summary()

    assert play() == play()


def test_a_decider_without_a_clock_decides_as_with_one_that_counts_running_time():
    """Observed seconds are its time."""
    driver = Driver(sigma=0.3, seed=4)
    decider = Decider(SETTINGS)
    r = random.Random(4)
    for _ in range(400):
        arm = driver.call(0.05, 0.03)
        assert decider.choose() is arm
        decider.observe(arm, (0.05 if arm is D else 0.03) * r.lognormvariate(0, 0.3))
    assert decider.summary().measured_speedup == driver.decider.summary().measured_speedup


def test_several_callers_share_one_decision():
    """Eight calls in flight at any time, observed in any order: the gain is found."""
    r = random.Random(2)
    decider = Decider(SETTINGS, 3.0)
    flying = []
    arms = []
    for _ in range(400):
        while len(flying) < 8:
            flying.append(decider.choose())
        arm = flying.pop(r.randrange(8))
        arms.append(arm)
        decider.observe(arm, 0.05 * r.lognormvariate(0, 0.2) / (3.0 if arm is P else 1.0))
    assert arms[60:].count(P) > 0.95 * 340
    assert decider.phase is Phase.PARALLEL


def test_several_callers_do_not_all_try_the_untried_at_once():
    """While the first parallel call is on its way, the others run directly."""
    driver = Driver()
    driver.calls(2, 0.05, 0.02)
    assert [driver.decider.choose() for _ in range(8)] == [P] + [D] * 7


def reentrant_calls(decider, hook):
    """Run decider.observe with *hook* called at every line of this package that it executes."""
    inside = []

    def trace(frame, event, arg):
        if "adaptive_jit" not in frame.f_code.co_filename:
            return None
        if event == "line" and not inside:
            inside.append(True)
            try:
                hook(frame.f_code.co_name)
            finally:
                inside.clear()
        return trace

    old = sys.gettrace()
    sys.settrace(trace)
    try:
        decider.observe(decider.choose(), 0.02)
    finally:
        sys.settrace(old)


def test_a_call_from_inside_an_update_is_dropped_and_never_waits():
    """As a signal handler or finaliser may do at any line."""
    decider = Decider(SETTINGS)
    for _ in range(3):
        decider.observe(decider.choose(), 0.05)
    before = decider.summary().direct_calls + decider.summary().parallel_calls
    inner = []

    def hook(place):
        arm = decider.choose()
        inner.append(arm)
        dropped = decider.dropped
        decider.observe(arm, 0.02)
        inner.append(decider.dropped - dropped)

    reentrant_calls(decider, hook)
    taken = inner[1::2].count(0)
    after = decider.summary().direct_calls + decider.summary().parallel_calls
    assert decider.dropped == inner[1::2].count(1) > 20
    assert after - before == 1 + taken
    decider.observe(decider.choose(), 0.02)
    assert decider.summary().direct_calls + decider.summary().parallel_calls == after + 1


def test_an_alarm_during_an_update_is_taken_in_by_it():
    """Nothing that went wrong is forgotten."""
    driver = settled_parallel()
    alarmed = []

    def hook(place):
        if not alarmed and driver.decider._busy:
            driver.decider.alarm("refused")
            alarmed.append(driver.phase)

    reentrant_calls(driver.decider, hook)
    assert alarmed == [Phase.PARALLEL]  # not in the middle of it
    assert driver.phase is Phase.TRIAL


def test_an_exception_in_the_middle_of_an_update_does_not_block_later_ones():
    """KeyboardInterrupt may come wherever a function is entered or called; the next is observed.

    Not between the lines of ``observe`` itself: a tracer can stop there, a signal cannot.
    """
    for line in range(1, 30):
        decider = Decider(SETTINGS)
        for _ in range(3):
            decider.observe(decider.choose(), 0.05)
        steps = iter(range(line))

        def hook(place, steps=steps):
            if place not in ("choose", "observe") and next(steps, None) is None:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            reentrant_calls(decider, hook)
        dropped = decider.dropped
        decider.observe(decider.choose(), 0.02)
        assert decider.dropped == dropped


@pytest.mark.skipif(not hasattr(signal, "raise_signal"), reason="needs raise_signal")
def test_a_signal_handler_may_observe():
    """It finds either no update or its own observation dropped."""
    decider = Decider(SETTINGS)
    old = signal.signal(signal.SIGINT, lambda *_: decider.observe(decider.choose(), 0.05))
    try:
        for _ in range(20):
            signal.raise_signal(signal.SIGINT)
            decider.observe(decider.choose(), 0.05)
    finally:
        signal.signal(signal.SIGINT, old)
    summary = decider.summary()
    assert summary.direct_calls + summary.parallel_calls + decider.dropped == 40


# ---------------------------------------------------------------------- summary


def test_a_new_decider_has_measured_nothing():
    """None, not zero."""
    summary = Decider(SETTINGS, 2.0).summary()
    assert (summary.phase, summary.predicted_speedup) == (Phase.COLD, 2.0)
    assert (summary.measured_speedup, summary.low, summary.evidence) == (None, None, None)
    assert (summary.direct_seconds, summary.p_inputs, summary.transitions) == (None, None, ())
    assert summary.evidence_needed == pytest.approx(20.0)


def test_the_summary_tells_the_numbers_behind_the_phase():
    """Speed-up with its interval, calls, seconds, evidence, history with clock seconds."""
    driver = Driver(sigma=0.1, predicted=3.0)
    driver.clock.advance(7.0)
    driver.until(Phase.PARALLEL, 0.05, 0.02)
    summary = driver.decider.summary()
    assert summary.low < summary.measured_speedup < summary.high
    assert summary.low > 1.5
    assert summary.measured_speedup == pytest.approx(2.5, rel=0.2)
    assert summary.direct_calls + summary.parallel_calls == driver.last.call
    assert [t.after for t in summary.transitions] == [
        Phase.PROFILING, Phase.TRIAL, Phase.PARALLEL,
    ]  # fmt: skip
    assert summary.transitions[-1].at_seconds == pytest.approx(driver.clock.seconds())
    mean1, sd1, mean2, sd2 = summary.p_inputs
    assert mean1 > mean2
    assert sd1 >= 0.0 < sd2


def test_a_long_history_keeps_its_beginning_and_its_end():
    """At most 64 transitions, the first eight among them."""
    driver = settled_parallel()
    for _ in range(60):
        driver.decider.alarm("refused")
        driver.until(Phase.PARALLEL, 0.05, 0.02)
    transitions = driver.decider.summary().transitions
    assert len(transitions) == 64
    assert transitions[0].before is Phase.COLD
    assert transitions[-1] == driver.last


def test_what_learning_cost_is_counted():
    """Each of a trial's slower parallel calls cost 50 ms."""
    driver = settled_direct(0.05, 0.1)
    calls = driver.decider.summary().parallel_calls
    assert driver.decider.trial_loss_seconds == pytest.approx(0.05 * calls, rel=0.5)


def test_times_of_zero_and_strange_sizes_raise_nothing():
    """A coarse clock, a size of nothing."""
    decider = Decider(SETTINGS)
    for _ in range(200):
        decider.observe(decider.choose(), 0.0, 0.0)
    assert decider.summary().phase in Phase
