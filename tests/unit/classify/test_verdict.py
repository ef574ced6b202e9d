"""Each rule of the verdict, from hand-made samples."""

from __future__ import annotations

import pytest

from adaptive_jit.classify import OperationProfile, classify
from adaptive_jit.records import OperationSample, ThreadState, Verdict
from adaptive_jit.settings import Settings

DISK, GIL, HELD, LATE = ThreadState.DISK, ThreadState.GIL, ThreadState.HELD, ThreadState.LATE
LOCK, PROMPT = ThreadState.LOCK, ThreadState.PROMPT
RUNNING, WAITING = ThreadState.RUNNING, ThreadState.WAITING

SETTINGS = Settings()


def judged(
    calls=10, wall=5e-3, cpu=0.0, voluntary=1, involuntary=0, delay=0.0, others=0.0,
    states=None, settings=SETTINGS, **known,
):  # fmt: skip
    """The verdict on *calls* equal calls; *cpu*, *delay*, *others* are shares of the wall time."""
    profile = OperationProfile()
    for _ in range(calls):
        profile.add(OperationSample(
            wall, cpu * wall, voluntary, involuntary, delay * wall, (cpu + others) * wall, **known
        ))  # fmt: skip
    profile.states.update(states or {})
    return classify(profile, settings)


def verdict(**case) -> Verdict:
    return judged(**case).verdict


# ------------------------------------------------------------------ how much is needed


def test_what_was_never_called_is_undecided():
    """No call, no verdict."""
    assert verdict(calls=0) is Verdict.UNDECIDED


def test_short_calls_of_less_than_a_millisecond_in_all_are_too_small():
    """Handing them to a thread costs more than they take."""
    assert verdict(calls=10, wall=20e-6) is Verdict.TOO_SMALL


def test_longer_calls_of_less_than_a_millisecond_in_all_are_undecided():
    """They are worth another look."""
    assert verdict(calls=2, wall=300e-6) is Verdict.UNDECIDED


def test_short_calls_are_judged_once_they_amount_to_something():
    """A thousand short waits are waits."""
    assert verdict(calls=1000, wall=20e-6, cpu=0.05) is Verdict.WAITS


@pytest.mark.parametrize(("calls", "wall"), [(20, 1e-3), (3, 1e-3), (2, 50e-3), (1, 1.0)])
def test_clear_waits_are_decided_after_few_calls(calls, wall):
    """Two invocations of ten calls, three calls of a millisecond, two of 50, one of a second."""
    assert verdict(calls=calls, wall=wall, cpu=0.02) is Verdict.WAITS


@pytest.mark.parametrize(
    ("wall", "cpu", "expected"),
    [
        (0.2, 0.05, Verdict.WAITS),
        (0.2, 0.15, Verdict.UNDECIDED),
        (0.2, 0.85, Verdict.UNDECIDED),
        (0.2, 0.95, Verdict.CPU_HOLDING_GIL),
        (0.09, 0.05, Verdict.UNDECIDED),
        (0.09, 0.95, Verdict.UNDECIDED),
    ],
)
def test_a_single_call_must_be_long_and_clear(wall, cpu, expected):
    """100 ms, and a ratio below 0.1 or above 0.9."""
    assert verdict(calls=1, wall=wall, cpu=cpu) is expected


# ------------------------------------------------------------------ the ratio


@pytest.mark.parametrize(
    ("cpu", "expected"),
    [
        (0.0, Verdict.WAITS),
        (0.25, Verdict.WAITS),
        (0.5, Verdict.UNDECIDED),
        (0.75, Verdict.CPU_HOLDING_GIL),
        (1.0, Verdict.CPU_HOLDING_GIL),
    ],
)
def test_the_ratio_decides(cpu, expected):
    """Below 0.3 it waits, above 0.7 it computes, between it does both."""
    assert verdict(cpu=cpu) is expected


def test_an_interval_that_reaches_a_threshold_decides_nothing():
    """0.28 may be 0.31."""
    found = judged(cpu=0.28, calls=3)
    assert found.verdict is Verdict.UNDECIDED
    assert found.low < 0.28 < 0.3 < found.high


@pytest.mark.parametrize(
    ("name", "value", "cpu", "expected"),
    [
        ("io_threshold", 0.6, 0.5, Verdict.WAITS),
        ("cpu_threshold", 0.4, 0.5, Verdict.CPU_HOLDING_GIL),
    ],
)
def test_the_thresholds_are_the_settings(name, value, cpu, expected):
    """The same profile, another threshold, another verdict."""
    assert verdict(cpu=cpu) is Verdict.UNDECIDED
    assert verdict(cpu=cpu, settings=Settings(**{name: value})) is expected


def test_strict_thresholds_hold_for_a_single_call_too():
    """The rule for one call never decides what the settings forbid."""
    strict = Settings(io_threshold=0.02, cpu_threshold=0.97)
    assert verdict(calls=1, wall=1.0, cpu=0.05) is Verdict.WAITS
    assert verdict(calls=1, wall=1.0, cpu=0.05, settings=strict) is Verdict.UNDECIDED
    assert verdict(calls=1, wall=1.0, cpu=0.95) is Verdict.CPU_HOLDING_GIL
    assert verdict(calls=1, wall=1.0, cpu=0.95, settings=strict) is Verdict.UNDECIDED


def test_hit_or_miss_stays_undecided():
    """Calls that differ so much say little about the next."""
    profile = OperationProfile()
    for cpu in (1.0, 0.0, 1.0, 0.0, 0.0, 0.0):
        profile.add(OperationSample(5e-3, cpu * 5e-3, 1, 0, 0.0))
    assert classify(profile, SETTINGS).verdict is Verdict.UNDECIDED


# ------------------------------------------------------------------ a busy machine


def test_preempted_work_is_work():
    """CPU / wall is 0.29, but it was always running or ready to run."""
    assert verdict(cpu=0.45, voluntary=1, involuntary=67, delay=0.5).is_io is False
    assert verdict(cpu=0.55, voluntary=1, involuntary=67, delay=0.4) is Verdict.CPU_HOLDING_GIL


def test_work_that_mostly_had_no_core_is_a_core_wait():
    """More than half of the time was lost to preemption."""
    assert verdict(cpu=0.29, voluntary=0, involuntary=67, delay=0.7) is Verdict.CORE_WAIT
    assert verdict(cpu=0.6, voluntary=0, involuntary=67, delay=0.4) is Verdict.CPU_HOLDING_GIL


def test_late_wake_ups_do_not_make_a_wait_computing():
    """The delay after a voluntary wait belongs to the wait (a commit to disk: 0.91)."""
    assert verdict(cpu=0.05, voluntary=12, involuntary=0, delay=0.9) is Verdict.WAITS


def test_what_never_gave_up_its_core_computes_whatever_the_ratio():
    """No voluntary switch in any call."""
    assert verdict(cpu=0.1, voluntary=0, delay=0.0) is Verdict.CPU_HOLDING_GIL
    assert verdict(calls=1, wall=5e-3, cpu=0.9, voluntary=0) is Verdict.CPU_HOLDING_GIL


def test_unknown_switches_prove_nothing():
    """Zeros of a system that does not count them are not "it never gave up its core"."""
    assert verdict(cpu=0.02, voluntary=0, switches_known=False) is Verdict.WAITS


def test_samples_settle_what_the_samplers_own_looks_have_blurred():
    """Always running or ready, nearly always seen running: it computes."""
    blurred = {"cpu": 0.45, "voluntary": 3, "involuntary": 2, "delay": 0.5}
    assert verdict(**blurred) is Verdict.UNDECIDED
    assert verdict(**blurred, states={RUNNING: 8, GIL: 1}) is Verdict.CPU_HOLDING_GIL
    assert verdict(**blurred, states={RUNNING: 5, WAITING: 4}) is Verdict.UNDECIDED
    assert verdict(**blurred, states={RUNNING: 2}) is Verdict.UNDECIDED
    assert verdict(**blurred, others=0.4, states={RUNNING: 8}) is Verdict.UNDECIDED
    blurred["delay"] = 0.1
    assert verdict(**blurred, states={RUNNING: 8}) is Verdict.UNDECIDED


# ------------------------------------------------------------------ what is waited for


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({}, Verdict.WAITS),
        ({WAITING: 5}, Verdict.WAITS),
        ({WAITING: 3, RUNNING: 9}, Verdict.WAITS),
        ({DISK: 5, WAITING: 1}, Verdict.DISK),
        ({LOCK: 5}, Verdict.LOCK),
        ({GIL: 3, WAITING: 1}, Verdict.GIL_WAIT),
        ({LOCK: 1}, Verdict.WAITS),
    ],
)
def test_samples_say_what_is_waited_for(states, expected):
    """Half of at least two samples of waiting; the clocks alone say that it waits."""
    assert verdict(states=states) is expected


def test_samples_do_not_make_computing_a_wait():
    """A clear ratio is not overruled."""
    assert verdict(cpu=0.95, states={WAITING: 9}) is Verdict.CPU_HOLDING_GIL


def test_waiting_with_the_gil_cannot_be_overlapped():
    """A driver that keeps the GIL while it waits stays in order."""
    found = judged(states={WAITING: 5, HELD: 4})
    assert found.verdict is Verdict.UNDECIDED
    assert "holds the GIL" in found.reason
    assert verdict(states={WAITING: 5, HELD: 1}) is Verdict.WAITS


def test_late_looks_beside_busy_threads_are_not_held_against_it():
    """Someone else had the GIL."""
    assert verdict(others=1.0, states={WAITING: 5, HELD: 4}) is Verdict.WAITS


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ({RUNNING: 4, PROMPT: 4}, Verdict.CPU_RELEASING_GIL),
        ({RUNNING: 4, LATE: 4}, Verdict.CPU_HOLDING_GIL),
        ({RUNNING: 2, PROMPT: 2}, Verdict.CPU_HOLDING_GIL),
        ({}, Verdict.CPU_HOLDING_GIL),
    ],
)
def test_prompt_looks_show_that_computing_leaves_the_gil_free(states, expected):
    """Without enough looks the GIL counts as held."""
    assert verdict(cpu=0.98, states=states) is expected


# ------------------------------------------------------------------ other threads compute


def test_waiting_for_own_threads_that_compute_is_delegated():
    """Joining a thread, or a library's own pool: parallel already."""
    assert verdict(cpu=0.02, others=0.95) is Verdict.DELEGATED


def test_computing_beside_own_threads_is_delegated():
    """A matrix product on several cores."""
    assert verdict(cpu=0.98, others=0.9) is Verdict.DELEGATED
    assert verdict(cpu=0.98, others=0.3) is Verdict.CPU_HOLDING_GIL


@pytest.mark.parametrize("others", [0.3, 1.0])
def test_beside_busy_threads_samples_decide_what_is_waited_for(others):
    """No clock of the thread tells a wait outside from one for the GIL or another thread."""
    assert verdict(others=others, states={WAITING: 8, GIL: 2}) is Verdict.WAITS
    assert verdict(others=others, states={DISK: 8}) is Verdict.DISK
    assert verdict(others=others, states={LOCK: 8, GIL: 4}) is Verdict.IN_PROCESS
    assert verdict(others=others, states={GIL: 8, LOCK: 4}) is Verdict.GIL_WAIT


@pytest.mark.parametrize("states", [{}, {WAITING: 2}, {RUNNING: 5}, {RUNNING: 5, GIL: 1}])
def test_beside_busy_threads_a_wait_without_samples_is_undecided(states):
    """Few samples, or none that shows it waiting, are no evidence."""
    assert verdict(others=0.4, states=states) is Verdict.UNDECIDED


def test_computing_is_clear_beside_busy_threads_too():
    """Its own CPU time explains its time; samples have nothing to add."""
    assert verdict(cpu=0.75, others=0.4, states={LOCK: 8}) is Verdict.CPU_HOLDING_GIL
    assert verdict(cpu=0.75, others=0.9, states={LOCK: 8}) is Verdict.DELEGATED


def test_slightly_busy_threads_change_nothing():
    """The sampler itself and a logger's thread are always there."""
    assert verdict(others=0.15) is Verdict.WAITS


def test_a_gil_wait_is_seen_even_where_the_ratio_is_in_between():
    """Python code beside a busy Python thread."""
    assert verdict(cpu=0.45, others=0.5, states={GIL: 6, RUNNING: 5}) is Verdict.GIL_WAIT
    assert verdict(cpu=0.45, others=0.0, states={GIL: 6, RUNNING: 5}) is Verdict.UNDECIDED


# ------------------------------------------------------------------ the record


def test_only_waits_and_disk_are_io():
    """Everything else stays in order."""
    assert [found for found in Verdict if found.is_io] == [Verdict.WAITS, Verdict.DISK]


def test_the_classification_carries_its_evidence():
    """Ratio with interval, number of calls, shares of states, and the rule."""
    found = judged(cpu=0.1, states={WAITING: 3, RUNNING: 1})
    assert found.ratio == pytest.approx(0.1)
    assert found.low < found.ratio < found.high < SETTINGS.io_threshold
    assert found.calls == 10
    assert found.states == (("running", 0.25), ("waiting", 0.75))
    assert "below 0.3" in found.reason
