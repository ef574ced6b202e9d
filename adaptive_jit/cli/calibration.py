"""What ``calibrate`` measures: the costs of this machine that decisions reckon with.

Each is the median of many rounds, with the quartiles around it; the first
round of each counts for nothing, since it loads what the others find loaded.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from adaptive_jit.clock import SYSTEM
from adaptive_jit.strategies.base import round_trip
from adaptive_jit.strategies.thread import ThreadStrategy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adaptive_jit.clock import Clock

HAND_OVER: Final = "hand-over"
FIRST: Final = "first hand-over"
THREAD: Final = "thread start"
GIL: Final = "interpreter's lock from a computing thread"
PROBES: Final = "probes of one operation"
SWAP: Final = "exchange of a code object"

PATIENCE = 1.0
"""Seconds after which a round is given up: far beyond any cost that could be borne."""

SHORT = 1e-5
"""Seconds of a wait in which a thread lets go of the interpreter's lock; taken off again."""

WORKERS = 4


class Cost(NamedTuple):
    """One cost in seconds: the median of *rounds*, and the quartiles around it."""

    name: str
    seconds: float
    low: float
    high: float
    rounds: int


def measure(clock: Clock = SYSTEM) -> Iterator[Cost]:
    """Yield one cost after the other; about half a second in all."""
    for name, (rounds, measured) in _MEASURES.items():
        cost = cost_of(name, measured(clock, rounds))
        if cost is not None:
            yield cost


def cost_of(name: str, seconds: list[float]) -> Cost | None:
    """The cost that *seconds*, one for each round, show; ``None`` without a second round."""
    counted = sorted(seconds[1:])
    if not counted:
        return None
    quartiles = [counted[round((len(counted) - 1) * part)] for part in (0.25, 0.5, 0.75)]
    low, middle, high = quartiles
    return Cost(name, middle, low, high, len(counted))


def _hand_over(clock: Clock, rounds: int) -> list[float]:
    pool = ThreadStrategy(lambda: WORKERS)
    try:
        return _rounds(lambda: round_trip(pool.start, clock, PATIENCE), rounds)
    finally:
        pool.end_workers()


def _first(clock: Clock, rounds: int) -> list[float]:
    """Each round has a pool of its own, whose first worker it starts."""

    def one() -> float | None:
        pool = ThreadStrategy(lambda: WORKERS)
        try:
            return round_trip(pool.start, clock, PATIENCE)
        finally:
            pool.end_workers()

    return _rounds(one, rounds)


def _thread(clock: Clock, rounds: int) -> list[float]:
    """From the start of a thread until it runs."""

    def one() -> float | None:
        ran = threading.Event()
        before = clock.seconds()
        thread = threading.Thread(target=ran.set, daemon=True)
        thread.start()
        has_run = ran.wait(PATIENCE)
        taken = clock.seconds() - before
        thread.join(PATIENCE)
        return taken if has_run else None

    return _rounds(one, rounds)


def _gil(clock: Clock, rounds: int) -> list[float]:
    """A short wait beside a thread that computes, which gives up the lock at the switch interval."""
    stopping: list[None] = []

    def compute() -> None:
        while not stopping:
            sum(range(100))

    def one() -> float:
        before = clock.seconds()
        time.sleep(SHORT)
        return max(clock.seconds() - before - SHORT, 0.0)

    busy = threading.Thread(target=compute, daemon=True)
    busy.start()
    try:
        return _rounds(one, rounds)
    finally:
        stopping.append(None)
        busy.join(PATIENCE)


def _probes(clock: Clock, rounds: int) -> list[float]:
    """Two readings of all clocks and counters, as they stand around an operation."""
    from adaptive_jit.profiling import read

    def one() -> float:
        before = clock.seconds()
        read()
        read()
        return clock.seconds() - before

    return _rounds(one, rounds)


def _swap(clock: Clock, rounds: int) -> list[float]:
    def function() -> int:
        return 1

    codes = (function.__code__.replace(), function.__code__)

    def one() -> float:
        before = clock.seconds()
        for code in codes:
            function.__code__ = code
        return (clock.seconds() - before) / len(codes)

    return _rounds(one, rounds)


def _rounds(one: Callable[[], float | None], rounds: int) -> list[float]:
    """The seconds of up to *rounds* rounds, one given up ends them; one more for what is loaded."""
    seconds: list[float] = []
    for _ in range(rounds + 1):
        taken = one()
        if taken is None:
            break
        seconds.append(taken)
    return seconds


_MEASURES: Final[dict[str, tuple[int, Callable[[Clock, int], list[float]]]]] = {
    HAND_OVER: (300, _hand_over),
    FIRST: (30, _first),
    THREAD: (60, _thread),
    GIL: (30, _gil),
    PROBES: (300, _probes),
    SWAP: (300, _swap),
}
"""By name: how many rounds, and what measures them."""
