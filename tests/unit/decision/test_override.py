"""Thresholds changed later, failures that only running ahead shows, and many real threads."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from adaptive_jit.decision import Decider
from adaptive_jit.records.decisions import Arm, Phase
from adaptive_jit.settings import Settings

D, P = Arm.DIRECT, Arm.PARALLEL
SETTINGS = Settings()


def run(decider, calls, direct, parallel):
    """Drive *decider*; the last arm chosen."""
    arm = D
    for _ in range(calls):
        arm = decider.choose()
        decider.observe(arm, direct if arm is D else parallel)
    return arm


def until(decider, phase, direct, parallel, most=300):
    for _ in range(most):
        if decider.phase is phase:
            return decider
        run(decider, 1, direct, parallel)
    raise AssertionError(f"never {phase}")


def test_a_lower_gate_opens_a_trial_of_what_was_not_worth_trying():
    """Predicted 1.1: below 1.2, above 1.05."""
    decider = until(Decider(SETTINGS, 1.1), Phase.DIRECT, 0.05, 0.02)
    decider.override(replace(SETTINGS, min_predicted_speedup=1.15))
    assert decider.phase is Phase.DIRECT
    decider.override(replace(SETTINGS, min_predicted_speedup=1.05))
    assert decider.phase is Phase.TRIAL
    assert decider.choose() is P


def test_a_higher_min_speedup_ends_parallel_and_a_lower_one_tries_again():
    """Twice as fast: enough for 1.05, not for 3."""
    decider = until(Decider(SETTINGS, 2.0), Phase.PARALLEL, 0.05, 0.025)
    decider.override(replace(SETTINGS, min_speedup=1.5))
    assert decider.phase is Phase.PARALLEL
    decider.override(replace(SETTINGS, min_speedup=3.0))
    assert decider.phase is Phase.DIRECT
    assert "the settings changed" in decider.summary().transitions[-1].reason
    decider.override(replace(SETTINGS, min_speedup=2.5))
    assert decider.phase is Phase.DIRECT
    decider.override(SETTINGS)
    assert decider.phase is Phase.TRIAL
    assert run(decider, 12, 0.05, 0.025) is P
    assert decider.phase is Phase.PARALLEL


def test_evidence_asked_for_later_holds_for_the_trial_under_way():
    """With a million to one the same calls do not settle."""
    calls = [0.05, 0.04, 0.055, 0.042, 0.048, 0.038, 0.05, 0.04, 0.053, 0.041, 0.05, 0.039]
    phases = []
    for settings in (SETTINGS, replace(SETTINGS, evidence=1e6)):
        decider = Decider(SETTINGS, 1.3)
        run(decider, 2, 0.05, 0.04)
        decider.override(settings)
        for wall in calls:
            arm = decider.choose()
            decider.observe(arm, wall if arm is D else wall / 1.3)
        phases.append(decider.phase)
        assert decider.summary().evidence_needed >= settings.evidence * 0.999
    assert phases[1] is Phase.TRIAL


def test_a_setting_that_decides_nothing_changes_nothing():
    """The window is no threshold."""
    decider = until(Decider(SETTINGS, 2.0), Phase.PARALLEL, 0.05, 0.025)
    before = decider.summary().transitions
    decider.override(replace(SETTINGS, window=3))
    assert decider.summary().transitions == before


def test_what_an_alarm_ended_is_not_reopened_by_other_settings():
    """Nothing was measured of running ahead, and the prediction was not what stood in the way."""
    decider = until(Decider(SETTINGS, 2.0), Phase.TRIAL, 0.05, 0.025)
    decider.observe_failure(P, "a refusal")
    assert decider.phase is Phase.DIRECT
    decider.override(replace(SETTINGS, min_predicted_speedup=1.0, min_speedup=1.0))
    assert decider.phase is Phase.DIRECT


@pytest.mark.parametrize("kind", ["a refusal", "a time-out", "an exception (KeyError)"])
def test_a_failure_that_only_running_ahead_shows_is_an_alarm(kind):
    """Settled parallel is tried again; the reason is told."""
    decider = until(Decider(SETTINGS, 2.0), Phase.PARALLEL, 0.05, 0.025)
    decider.observe_failure(P, kind)
    assert decider.phase is Phase.TRIAL
    assert decider.summary().transitions[-1].reason == f"{kind} that was never seen in direct calls"


def test_a_failure_that_direct_calls_show_too_is_none_and_others_still_are():
    """By kind: one exception of the program's own does not hide a refusal."""
    decider = Decider(SETTINGS, 2.0)
    decider.observe_failure(D, "an exception (KeyError)")
    until(decider, Phase.PARALLEL, 0.05, 0.025)
    decider.observe_failure(P, "an exception (KeyError)")
    assert decider.phase is Phase.PARALLEL
    decider.observe_failure(P, "a refusal")
    assert decider.phase is Phase.TRIAL


def test_regret_is_what_the_slower_way_took_more():
    """Two direct calls before the trial, and those in it."""
    decider = until(Decider(SETTINGS, 2.0), Phase.PARALLEL, 0.05, 0.025)
    summary = decider.summary()
    assert summary.slower_calls == 3  # two profiled, one in the trial
    assert summary.regret_seconds == pytest.approx(0.025 * summary.slower_calls)
    assert Decider(SETTINGS).summary().regret_seconds is None


def test_eight_threads_at_once_keep_the_state_whole():
    """Every observation is taken or counted as dropped, and the gain is found."""
    decider = Decider(SETTINGS, 3.0)
    ready = threading.Barrier(8)
    given = []

    def calls():
        ready.wait(10)
        for _ in range(300):
            arm = decider.choose()
            decider.observe(arm, 0.06 if arm is D else 0.02)
        given.append(300)

    threads = [threading.Thread(target=calls) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(given) == 2400
    assert not decider._busy
    ran = decider._machine.ran
    assert ran[D] + ran[P] + decider.dropped == 2400
    assert run(decider, 40, 0.06, 0.02) is P
    assert decider.phase is Phase.PARALLEL
    assert decider.summary().measured_speedup == pytest.approx(3.0)
