"""One look: whose states are counted, and when the GIL is in question."""

from __future__ import annotations

import sys

import pytest

from adaptive_jit.profiling.observer import KNOCKS_NEEDED, LATE_SHARE, Observer
from adaptive_jit.records import ThreadState

RUNNING, WAITING = ThreadState.RUNNING, ThreadState.WAITING
LATE_NS = int(LATE_SHARE * sys.getswitchinterval() * 1e9) + 1_000


class Slot:
    def __init__(self) -> None:
        self.states: dict[ThreadState, int] = {}


class FakeWatches:
    """Threads whose states a test sets; an absent one has ended."""

    def __init__(self, **states) -> None:
        self.states: dict[int, ThreadState | None] = {}
        self.late: list[bool] = []
        self.opened: list[int] = []
        self.closed = 0

    def watch(self, native_id):
        if native_id not in self.states:
            raise ProcessLookupError(native_id)
        self.opened.append(native_id)
        watches = self

        class Watch:
            def look(self, late):
                watches.late.append(late)
                if native_id not in watches.states:
                    raise ProcessLookupError(native_id)
                return watches.states[native_id]

        return Watch()

    def own_delay_ns(self):
        return 17

    def close(self):
        self.closed += 1


@pytest.fixture
def watches():
    return FakeWatches()


@pytest.fixture
def observer(watches):
    return Observer(watches)


def look(observer, stacks, late_ns=0, times=1):
    """Looks; the first at a new thread only opens its files."""
    return [observer.look(stacks, late_ns) for _ in range(times)][-1]


def test_the_first_look_at_a_thread_counts_nothing(observer, watches):
    """Opening its files gives up the GIL, so that what is seen may be our own doing."""
    slot = Slot()
    watches.states[1] = WAITING
    look(observer, {1: [slot]})
    assert slot.states == {}
    look(observer, {1: [slot]})
    assert slot.states == {WAITING: 1}


def test_all_that_a_thread_is_running_is_counted(observer, watches):
    """An operation around another waits as long as the inner one does."""
    outer, inner = Slot(), Slot()
    watches.states[1] = WAITING
    look(observer, {1: [outer, inner]}, times=3)
    assert outer.states == inner.states == {WAITING: 2}


def test_a_state_that_says_nothing_is_not_counted(observer, watches):
    """A stopped thread neither waits nor runs."""
    slot = Slot()
    watches.states[1] = None
    look(observer, {1: [slot]}, times=3)
    assert slot.states == {}


def test_files_are_opened_once(observer, watches):
    """A thread stays watched between its operations."""
    watches.states[1] = WAITING
    look(observer, {1: [Slot()]}, times=2)
    look(observer, {})
    look(observer, {1: [Slot()]})
    assert watches.opened == [1]


@pytest.mark.parametrize("seen_before", [True, False])
def test_an_ended_thread_is_no_longer_looked_at(observer, watches, seen_before):
    """A thread that ended inside an operation leaves nothing behind."""
    stacks = {1: [Slot()], 2: [Slot()]}
    watches.states = {1: WAITING, 2: WAITING} if seen_before else {2: WAITING}
    look(observer, stacks, times=2)
    watches.states.pop(1, None)
    look(observer, stacks)
    assert list(stacks) == [2]


def test_a_prompt_look_at_a_running_thread_shows_the_gil_free(observer, watches):
    """Running beside the sampler, it does not hold the GIL."""
    slot = Slot()
    watches.states[1] = RUNNING
    look(observer, {1: [slot]}, times=2)
    assert slot.states == {RUNNING: 1, ThreadState.PROMPT: 1}


def test_a_late_look_at_a_running_thread_shows_the_gil_held(observer, watches):
    """The sampler had to wait for the GIL, and the watch is told so."""
    slot = Slot()
    watches.states[1] = RUNNING
    look(observer, {1: [slot]}, LATE_NS, times=2)
    assert slot.states == {RUNNING: 1, ThreadState.LATE: 1}
    assert watches.late == [True]


def test_a_late_look_at_a_waiting_thread_is_counted_apart(observer, watches):
    """Waiting with the GIL is another thing than computing with it."""
    slot = Slot()
    watches.states[1] = WAITING
    look(observer, {1: [slot]}, LATE_NS, times=2)
    assert slot.states == {WAITING: 1, ThreadState.HELD: 1}


def test_late_is_relative_to_the_switch_interval(observer, watches):
    """A program with long intervals is not accused of holding the GIL."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1.0)
    try:
        watches.states[1] = RUNNING
        look(observer, {1: [Slot()]}, LATE_NS, times=2)
    finally:
        sys.setswitchinterval(before)
    assert watches.late == [False]


def test_beside_other_profiled_threads_nothing_is_said_of_the_gil(observer, watches):
    """Who held it could not be told."""
    slots = {1: [Slot()], 2: [Slot()]}
    watches.states = {1: RUNNING, 2: RUNNING}
    assert not look(observer, slots, LATE_NS, times=3)
    assert slots[1][0].states == {RUNNING: 2}


def test_looks_are_frequent_until_the_gil_question_is_answered(observer, watches):
    """Only a running operation with few knocks asks for another look soon."""
    slot = Slot()
    watches.states[1] = RUNNING
    answers = [look(observer, {1: [slot]}) for _ in range(KNOCKS_NEEDED + 2)]
    assert answers == [False] + [True] * (KNOCKS_NEEDED - 1) + [False, False]
    watches.states[1] = WAITING
    assert not look(observer, {1: [Slot()]})


def test_forgetting_closes_all_files(observer, watches):
    """A parked sampler holds no descriptor; the next look opens anew."""
    watches.states[1] = WAITING
    look(observer, {1: [Slot()]})
    observer.forget()
    look(observer, {1: [Slot()]})
    assert watches.opened == [1, 1]
    assert watches.closed == 1
