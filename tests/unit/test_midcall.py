"""When the window opens within an invocation: rounds, looks and paces on a clock that is set."""

from __future__ import annotations

from typing import Any

import pytest

from adaptive_jit.runtime.midcall import CLOSE, OPEN, STAY, Opening
from adaptive_jit.testing import FakeClock


class Found:
    """Two operations a round."""

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.paused = 0.0


FOUND: Any = Found()


class Asking:
    """Answers what it is told, and remembers what it was asked."""

    def __init__(self, clock: FakeClock, answer: bool = True, seconds: float = 0.0) -> None:
        self.clock, self.answer, self.seconds = clock, answer, seconds
        self.asked: list[tuple[float, Any, Any]] = []

    def __call__(self, _found: Any, wall: float, last: Any, left: Any) -> bool:
        self.asked.append((round(wall, 6), last, left))
        self.clock.advance(self.seconds)
        FOUND.paused += self.seconds
        return self.answer


def loop(opening: Opening, clock: FakeClock, rounds: int, seconds: float, total: Any) -> list[int]:
    """Run a loop of *rounds*, each of *seconds*."""
    opening.loop_begins(0, total, FOUND)
    steps = []
    for number in range(rounds):
        steps.append(opening.round_begins(0, (number,), FOUND))
        clock.advance(seconds)
    opening.region_ends()
    return steps


def test_two_short_rounds_are_needed_and_one_long_one_is_enough() -> None:
    """One round of 0.1 s or more opens before the second, a shorter one before the third."""
    for seconds, first in ((0.05, 2), (0.1, 1), (5.0, 1)):
        clock = FakeClock()
        opening = Opening(Asking(clock), clock.seconds, lambda: 0)
        steps = loop(opening, clock, 10, seconds, 10)
        assert steps.index(OPEN) == first
        assert steps.count(OPEN) == 1


def test_a_refusal_is_looked_into_at_ever_longer_intervals() -> None:
    """1, 2, 4, 8, … rounds: the looks cost less and less of the loop."""
    clock = FakeClock()
    asking = Asking(clock, answer=False)
    loop(Opening(asking, clock.seconds, lambda: 0), clock, 200, 1.0, 200)
    assert [left for _, _, left in asking.asked] == [199, 198, 196, 192, 184, 168, 136]
    assert [last for _, last, _ in asking.asked] == [(0,), (1,), (3,), (7,), (15,), (31,), (63,)]


def test_nothing_is_asked_for_the_sake_of_a_millisecond() -> None:
    """What is still to go must be worth the look."""
    clock = FakeClock()
    asking = Asking(clock)
    loop(Opening(asking, clock.seconds, lambda: 0), clock, 4, 0.0005, 4)
    assert not asking.asked
    loop(Opening(asking, clock.seconds, lambda: 0), clock, 4, 0.005, 4)
    assert asking.asked


@pytest.mark.parametrize("pace", [0.9, 1.04])
def test_what_is_as_fast_stays_open(pace: float) -> None:
    """Up to 5 per cent more is noise."""
    clock = FakeClock()
    opening = Opening(Asking(clock), clock.seconds, lambda: 0)
    opening.loop_begins(0, 100, FOUND)
    steps = []
    for number in range(100):
        steps.append(opening.round_begins(0, (number,), FOUND))
        clock.advance(0.1 if number < 1 else 0.1 * pace)
    assert CLOSE not in steps
    assert opening.is_open


def test_what_is_slower_closes_for_good() -> None:
    """The rounds ahead are compared with those in order, one round of patience granted."""
    clock = FakeClock()
    asking = Asking(clock)
    opening = Opening(asking, clock.seconds, lambda: 0)
    opening.loop_begins(0, 100, FOUND)
    steps = []
    for number in range(100):
        steps.append(opening.round_begins(0, (number,), FOUND))
        clock.advance(0.1 if not opening.is_open else 0.16)
    assert steps.index(CLOSE) == 1 + 2
    assert opening.is_over
    assert not opening.is_open
    assert len(asking.asked) == 1
    opening.ends()
    assert opening.saved == pytest.approx(2 * -0.06)
    assert opening.pace == pytest.approx(1.6)
    assert opening.region_begins(3, FOUND) == STAY
    clock.advance(1.0)
    assert opening.region_begins(3, FOUND) == STAY


def test_a_slow_operation_does_not_close_what_others_have_finished_behind() -> None:
    """Four rounds long, with six results waiting, is no worse than in order."""
    for waiting, closes in ((6, False), (0, True)):
        clock = FakeClock()
        opening = Opening(Asking(clock), clock.seconds, lambda waiting=waiting: waiting)
        opening.loop_begins(0, 100, FOUND)
        steps = []
        for number in range(3):
            steps.append(opening.round_begins(0, (number,), FOUND))
            clock.advance(0.1 if number < 1 else 0.4)
        assert steps[1] == OPEN
        assert (steps[2] == CLOSE) == closes


def test_what_was_saved_is_counted_to_the_end_of_the_loop() -> None:
    """Ten rounds of 1 s, two in order and eight in 2 s together: 6 s saved; the rest is not it."""
    clock = FakeClock()
    opening = Opening(Asking(clock, seconds=0.5), clock.seconds, lambda: 0)
    opening.loop_begins(0, 10, FOUND)
    for number in range(10):
        opening.round_begins(0, (number,), FOUND)
        clock.advance(1.0 if number < 1 else 0.25)
    opening.region_ends()
    clock.advance(100.0)
    opening.ends()
    assert opening.saved == pytest.approx(9 * (1.0 - 0.25))


def test_a_region_that_comes_again_is_a_loop_as_well() -> None:
    """Its repetitions have no path, and nobody knows how many are to come."""
    clock = FakeClock()
    asking = Asking(clock)
    opening = Opening(asking, clock.seconds, lambda: 0)
    steps = []
    for _ in range(4):
        steps.append(opening.region_begins(7, FOUND))
        clock.advance(0.03)
        opening.region_ends()
    assert steps == [STAY, STAY, OPEN, STAY]
    assert asking.asked == [(0.06, None, None)]
