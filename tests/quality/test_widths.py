"""Do the learnt widths end near the best fixed one? Seeded servers in simulated time.

An invocation has so many operations, of which as many as the width are under
way at a time. Judged is the time of the last third of the calls, against the
best of all fixed widths on the same server with the same seeds.
"""

from __future__ import annotations

import heapq
import random
from functools import cache

import pytest

from adaptive_jit.decision.widths import Width

WIDTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 20, 24, 32, 40, 48, 64)
OPERATIONS, CALLS = 64, 150


class Fixed:
    """A width that never changes."""

    def __init__(self, now):
        self.now, self.epoch = now, 0

    def ended(self, epoch, seconds):
        """Learns nothing."""

    def refused(self, epoch=None):
        """Learns nothing."""


class Queue:
    """Works on *slots* at a time; the others wait in the order in which they came."""

    def __init__(self, slots):
        self.free = [0.0] * slots

    def ask(self, now, _under_way, r):
        begin = max(now, heapq.heappop(self.free))
        end = begin + r.lognormvariate(-0.045, 0.3)
        heapq.heappush(self.free, end)
        return end, None


class Thrashing:
    """Beyond *slots* at a time all become slower, by more than their number."""

    def __init__(self, slots, power=2.0):
        self.slots, self.power = slots, power

    def ask(self, now, under_way, r):
        slower = max(1.0, under_way / self.slots) ** self.power
        return now + slower * r.lognormvariate(-0.045, 0.3), None


class Limiter:
    """Takes *rate* a second and *burst* at once; refuses the others and says how long to wait."""

    def __init__(self, rate, burst):
        self.rate, self.burst = rate, burst
        self.tokens, self.then = float(burst), 0.0

    def ask(self, now, _under_way, r):
        self.tokens = min(self.burst, self.tokens + (now - self.then) * self.rate)
        self.then = now
        if self.tokens < 1.0:
            return now + 0.05, max(1.0, self.burst / self.rate)
        self.tokens -= 1.0
        return now + r.lognormvariate(-0.045, 0.3), None


SERVERS = {
    "queue 2": lambda: Queue(2),
    "queue 4": lambda: Queue(4),
    "queue 12": lambda: Queue(12),
    "queue 16": lambda: Queue(16),
    "queue 40": lambda: Queue(40),
    "queue 64": lambda: Queue(64),
    "thrashing 3": lambda: Thrashing(3),
    "thrashing 6": lambda: Thrashing(6),
    "thrashing 20": lambda: Thrashing(20),
    "slightly thrashing 5": lambda: Thrashing(5, 1.3),
    "limit 4.3/s": lambda: Limiter(4.3, 9),
    "limit 11/s": lambda: Limiter(11.0, 10),
    "limit 25/s": lambda: Limiter(25.0, 50),
}


def walls(make, width, seed, calls=CALLS):
    """Seconds of each invocation, and how often one was refused."""
    r, server, now, found, refused = random.Random(seed), make(), 0.0, [], 0
    for _ in range(calls):
        began, left, under_way, paused = now, OPERATIONS, [], 0.0
        while left or under_way:
            while left and now >= paused and len(under_way) < width.now:
                end, wait = server.ask(now, len(under_way) + 1, r)
                full = len(under_way) + 1 == width.now
                heapq.heappush(under_way, (end, now, width.epoch, wait, full))
                left -= 1
            if not under_way:
                now = paused
                continue
            now, start, epoch, wait, full = heapq.heappop(under_way)
            if wait is not None:
                refused += 1
                width.refused(epoch)
                paused, left = max(paused, now + wait), left + 1
            elif full:
                width.ended(epoch, now - start)
        found.append(now - began)
    return found, refused


def late(found):
    return sum(found[2 * len(found) // 3 :])


@cache
def best(name):
    """The least late time of any fixed width."""
    return min(late(walls(SERVERS[name], Fixed(w), 7, CALLS)[0]) for w in WIDTHS)


@pytest.mark.parametrize("name", SERVERS)
def test_the_width_ends_within_a_tenth_of_the_best_fixed_one(name):
    """Median of seven seeds; all but one within a quarter."""
    ratios = sorted(late(walls(SERVERS[name], Width(64), s)[0]) / best(name) for s in range(7))
    assert ratios[3] <= 1.10
    assert ratios[5] <= 1.25


@pytest.mark.parametrize("name", [name for name in SERVERS if name.startswith("limit")])
def test_a_server_that_limits_is_rarely_made_to_refuse(name):
    """Once the ceiling is known: fewer than one in 200 operations of all calls."""
    assert walls(SERVERS[name], Width(64), 1)[1] < OPERATIONS * CALLS / 200


def test_a_server_with_room_gets_the_whole_width_within_a_few_calls():
    """Doubling: 8, 16, 32, 64."""
    width = Width(64)
    walls(SERVERS["queue 64"], width, 1, calls=8)
    assert width.now == 64
