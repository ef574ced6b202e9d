"""What counts of thread states say."""

from __future__ import annotations

import pytest

from adaptive_jit.classify.states import MIN_DECIDES, MIN_HINT, MIN_KNOCKS, Seen
from adaptive_jit.records import ThreadState

DISK, GIL, HELD, LATE = ThreadState.DISK, ThreadState.GIL, ThreadState.HELD, ThreadState.LATE
LOCK, PROMPT = ThreadState.LOCK, ThreadState.PROMPT
RUNNING, WAITING = ThreadState.RUNNING, ThreadState.WAITING


def test_shares_are_of_states_in_a_fixed_order():
    """Looks that say something about the GIL are no states; unseen states are left out."""
    seen = Seen({LOCK: 1, RUNNING: 3, PROMPT: 9, LATE: 9, HELD: 9})
    assert seen.shares() == (("running", 0.75), ("lock", 0.25))
    assert seen.total == 4


def test_no_samples_have_no_shares():
    """Nothing seen, nothing said, no division by zero."""
    seen = Seen({})
    assert seen.shares() == ()
    assert seen.share(RUNNING) == 0.0
    assert seen.main_wait() is None
    assert not (seen.decides or seen.waits_holding_gil() or seen.runs_without_gil())


def test_later_counts_do_not_change_what_was_seen():
    """The sampler goes on counting while the verdict is found."""
    counts = {WAITING: 2}
    seen = Seen(counts)
    counts[LOCK] = 100
    assert seen.shares() == (("waiting", 1.0),)


@pytest.mark.parametrize(
    ("counts", "wait"),
    [
        ({WAITING: MIN_HINT}, WAITING),
        ({WAITING: MIN_HINT - 1}, None),
        ({RUNNING: 9, LOCK: 2}, LOCK),
        ({DISK: 3, WAITING: 2}, DISK),
        ({WAITING: 1, DISK: 1, LOCK: 1}, None),
        ({RUNNING: 9}, None),
    ],
)
def test_the_main_wait_is_half_of_the_samples_of_waiting(counts, wait):
    """Running samples do not count: the clocks have said that it waits."""
    assert Seen(counts).main_wait() is wait


def test_three_samples_decide():
    """Fewer are no evidence where the clocks cannot tell."""
    assert not Seen({WAITING: MIN_DECIDES - 1}).decides
    assert Seen({WAITING: MIN_DECIDES}).decides


@pytest.mark.parametrize(
    ("prompt", "late", "free"),
    [(MIN_KNOCKS, 0, True), (MIN_KNOCKS - 1, 0, False), (2, 2, True), (2, 3, False)],
)
def test_the_gil_is_free_if_half_of_the_looks_were_prompt(prompt, late, free):
    """And there must have been enough of them."""
    assert Seen({PROMPT: prompt, LATE: late}).runs_without_gil() is free


@pytest.mark.parametrize(
    ("held", "waiting", "holds"),
    [(MIN_KNOCKS, MIN_KNOCKS, True), (MIN_KNOCKS - 1, 2, False), (3, 6, False), (4, 7, True)],
)
def test_it_waits_with_the_gil_if_most_looks_at_its_waits_were_late(held, waiting, holds):
    """Late looks at its computing say nothing about its waits."""
    assert Seen({HELD: held, WAITING: waiting, LATE: 99}).waits_holding_gil() is holds


@pytest.mark.parametrize(("gil", "holds"), [(0, True), (1, True), (4, False)])
def test_what_waits_for_the_gil_does_not_hold_it(gil, holds):
    """Late looks at its waits are then the doing of the thread that has the GIL."""
    assert Seen({HELD: 9, WAITING: 9, GIL: gil}).waits_holding_gil() is holds
