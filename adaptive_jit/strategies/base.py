"""What a strategy is, what it can do, and how its cost is measured."""

from __future__ import annotations

import _thread
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.clock import Clock


class Startable(Protocol):
    """An operation that can be handed to a strategy."""

    def run(self) -> None:
        """Run the operation unless someone else has begun it; never raises."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What tells one strategy from another, for those who choose between them.

    ``ahead``: ``start`` may return before the operation has ended.
    ``shares_memory``: the operation sees the caller's own objects.
    ``overlaps_python``: Python code of several operations runs at once.
    """

    ahead: bool
    shares_memory: bool
    overlaps_python: bool


class Strategy(Protocol):
    """A place where operations run."""

    @property
    def name(self) -> str:
        """The name in settings and reports."""

    @property
    def capabilities(self) -> Capabilities:
        """What this strategy can do."""

    def start(self, operation: Startable) -> None:
        """See to it that *operation* is run soon, or leave it to the caller.

        Promises no more than at most one run by this strategy: at interpreter
        exit, or with every worker busy, the operation may never begin. Who
        needs the result calls ``operation.run()``, which does nothing if it
        has begun.
        """

    def dispatch_seconds(self) -> float:
        """Return the seconds from ``start`` of an empty operation to its caller's waking.

        Measured once on this machine, within a few milliseconds.
        """


class _Empty:
    """An operation that does nothing but tell that it ran."""

    __slots__ = ("ran",)

    def __init__(self) -> None:
        self.ran = _thread.allocate_lock()
        self.ran.acquire()

    def run(self) -> None:
        self.ran.release()


def round_trip(start: Callable[[Startable], None], clock: Clock, patience: float) -> float | None:
    """Return the seconds of one empty round trip; ``None`` if it took more than *patience*."""
    empty, before = _Empty(), clock.seconds()
    start(empty)
    if patience <= 0 or not empty.ran.acquire(timeout=patience):
        return None
    return clock.seconds() - before


ROUNDS = 9
PATIENCE = 0.004
"""Round trips to measure, and the seconds after which measuring stops."""


def measure_dispatch(start: Callable[[Startable], None], clock: Clock) -> float | None:
    """Return the median seconds of an empty round trip; ``None`` if none came back in time.

    The first one is not counted: it may start a worker.
    """
    begin = clock.seconds()
    seconds: list[float] = []
    for _ in range(ROUNDS + 1):
        taken = round_trip(start, clock, PATIENCE - (clock.seconds() - begin))
        if taken is None:
            break
        seconds.append(taken)
    counted = sorted(seconds[1:])
    return counted[len(counted) // 2] if counted else None
