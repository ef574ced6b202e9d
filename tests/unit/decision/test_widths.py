"""The width of one resource: the rules by themselves; servers are in tests/quality."""

from __future__ import annotations

import pytest

from adaptive_jit.decision.widths import FEWEST, LONGEST_WAIT, WAIT, Width


def end(width, operations, seconds=1.0):
    """So many operations end that began in the present epoch, each time asked anew."""
    for _ in range(operations):
        width.ended(width.epoch, seconds(width.now) if callable(seconds) else seconds)


def stretch(width, seconds=1.0):
    """One stretch at the present width, its cold operations included."""
    end(width, width.now + FEWEST, seconds)


def test_it_begins_with_eight_or_what_is_allowed():
    assert [Width(64).now, Width(3).now] == [8, 3]


def test_it_doubles_while_more_are_done_in_the_same_time():
    """The first ascent: after a dozen operations each."""
    width = Width(64)
    seen = []
    for _ in range(4):
        seen.append(width.now)
        end(width, FEWEST)
    assert seen == [8, 16, 32, 64]


@pytest.mark.parametrize("slots", [4, 12])
def test_it_comes_back_where_more_are_not_done_faster(slots):
    """A server that queues: time grows with the width, the rate does not."""
    width = Width(64)
    end(width, 4000, lambda now: max(1.0, now / slots))
    assert slots <= width.now <= 2 * slots


def test_a_refusal_halves_it_and_leaves_a_ceiling():
    width = Width(64)
    width.refused()
    assert (width.now, width.ceiling) == (4, 8)


def test_a_crowd_that_is_refused_counts_once():
    """They began in one epoch; the first of them ended it."""
    width = Width(64)
    epoch = width.epoch
    for _ in range(5):
        width.refused(epoch)
    assert width.now == 4


def test_what_began_at_another_width_teaches_nothing():
    width = Width(64)
    width.refused()
    for _ in range(1000):
        width.ended(0, 1.0)
    assert width.now == 4


def test_after_a_refusal_it_rests_and_then_stays_below_the_ceiling():
    """Half-way steps: 4, 6, 7."""
    width = Width(64)
    width.refused()
    for _ in range(WAIT - 1):
        stretch(width)
    assert width.now == 4
    seen = {width.now}
    for _ in range(20):
        stretch(width)
        seen.add(width.now)
    assert 6 in seen
    assert max(seen) == 7


def test_an_attempt_that_is_refused_goes_back_to_where_it_came_from():
    """Not to half of it."""
    width = Width(64)
    width.refused()
    for _ in range(WAIT):
        stretch(width)
    assert width.now == 6
    width.refused()
    assert (width.now, width.ceiling) == (4, 6)


def test_each_failed_attempt_doubles_the_rest_up_to_a_limit():
    """A service that refuses is not asked again and again."""
    width, rests = Width(64), []
    width.refused()
    for _ in range(5):
        rested = 0
        while width.now == 4:
            stretch(width)
            rested += 1
        rests.append(rested)
        width.refused()
    assert rests[0] < rests[1] < rests[2]
    assert max(rests) <= LONGEST_WAIT + 8


def test_a_service_that_became_slower_is_measured_anew():
    """Also what was its ceiling: it is another service now."""
    width = Width(64)
    width.refused()
    for _ in range(3):
        stretch(width)
    stretch(width, 3.0)
    assert width.ceiling is None


def test_no_room_at_all_is_refused():
    with pytest.raises(ValueError, match="room for one"):
        Width(0)
