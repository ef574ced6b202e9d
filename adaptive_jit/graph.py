"""How long a program takes if some of its steps start before their turn.

A program is a list of steps in program order. Its caller goes through them
one by one: own code (``gap``), then the step. A step that may run ahead is
begun by a free worker as soon as what it needs has finished, every barrier
before it has finished, and the caller is at most *window* such steps behind;
if nobody has begun it when its turn comes, the caller runs it. This is list
scheduling (Graham, SIAM J. Appl. Math. 17, 1969) with program order as
priority, played out event by event. With unlimited workers and window and no
barriers the result is the critical path (the span of Brent, JACM 21, 1974).
"""

from __future__ import annotations

import enum
import heapq
import math
from typing import NamedTuple


class Mode(enum.Enum):
    """When a step may begin."""

    AHEAD = "as soon as what it needs is there"
    IN_ORDER = "in its turn; others may pass it"
    BARRIER = "in its turn; nothing behind it begins before it has finished"


class Step(NamedTuple):
    """One step: own code before it and its own time (seconds), and what it waits for.

    ``needs`` are positions of earlier steps in the list.
    """

    gap: float
    wall: float
    mode: Mode
    needs: tuple[int, ...] = ()


class Schedule(NamedTuple):
    """When each step finishes and when the program does (seconds from its start)."""

    finishes: tuple[float, ...]
    makespan: float


def work(steps: list[Step], tail: float = 0.0) -> float:
    """Return the seconds that the steps take one after the other, own code included."""
    return sum(step.gap + step.wall for step in steps) + tail


def span(steps: list[Step], tail: float = 0.0) -> float:
    """Return the seconds that they take with as many workers and as large a window as they like."""
    return schedule(steps, workers=len(steps) + 1, window=len(steps) + 1, tail=tail).makespan


def schedule(steps: list[Step], *, workers: int, window: int, tail: float = 0.0) -> Schedule:
    """Return when everything finishes with *workers* beside the caller; *tail* is own code at the end.

    Raises ``ValueError`` if a step needs one that does not come before it.
    """
    for position, step in enumerate(steps):
        if any(not 0 <= need < position for need in step.needs):
            raise ValueError(f"step {position} needs {step.needs}, which must come before it")
    return _Simulation(steps, workers, window).run(tail)


class _Simulation:
    """One play of the program; see the module for its rules."""

    def __init__(self, steps: list[Step], workers: int, window: int) -> None:
        self.steps = steps
        self.free = workers
        self.window = window
        self.finishes = [math.inf] * len(steps)
        self.begun = [False] * len(steps)
        self.missing = [len(set(step.needs)) for step in steps]
        self.dependants: list[list[int]] = [[] for _ in steps]
        self.rank = [0] * len(steps)  # how many steps that may run ahead come before it
        self.barrier = [0] * len(steps)  # how many barriers come before it
        ahead = barriers = 0
        for position, step in enumerate(steps):
            self.rank[position], self.barrier[position] = ahead, barriers
            ahead += step.mode is Mode.AHEAD
            barriers += step.mode is Mode.BARRIER
            for need in set(step.needs):
                self.dependants[need].append(position)
        self.taken = self.passed = 0  # steps ahead taken, barriers passed by the caller
        self.ready: list[int] = []
        self.blocked: list[int] = []  # lack only a barrier or a place in the window
        self.running: list[tuple[float, int]] = []
        for position, step in enumerate(steps):
            if step.mode is Mode.AHEAD and not step.needs:
                heapq.heappush(self.blocked, position)

    def run(self, tail: float) -> Schedule:
        now = 0.0
        for position, step in enumerate(self.steps):
            now = self._advance(now, now + step.gap)
            if step.mode is Mode.AHEAD and self.begun[position]:
                now = self._advance(now, max(now, self.finishes[position]))
            else:
                # In its turn all earlier steps have been taken, so what it needs is there.
                self.begun[position] = True
                now = self._advance(now, now + step.wall)
                self._finish(position, now)
            self.taken += step.mode is Mode.AHEAD
            self.passed += step.mode is Mode.BARRIER
        return Schedule(tuple(self.finishes), now + tail)

    def _advance(self, now: float, until: float) -> float:
        """Let workers go on from *now* while the caller is busy *until* then."""
        self._begin(now)
        while self.running and self.running[0][0] <= until:
            now = self.running[0][0]
            while self.running and self.running[0][0] == now:
                _, position = heapq.heappop(self.running)
                self.free += 1
                self._finish(position, now)
            self._begin(now)
        return until

    def _finish(self, position: int, now: float) -> None:
        self.finishes[position] = now
        for dependant in self.dependants[position]:
            self.missing[dependant] -= 1
            if not self.missing[dependant] and self.steps[dependant].mode is Mode.AHEAD:
                heapq.heappush(self.blocked, dependant)

    def _begin(self, now: float) -> None:
        """Give free workers what may begin now, in program order."""
        while self.blocked and self._in_reach(self.blocked[0]):
            heapq.heappush(self.ready, heapq.heappop(self.blocked))
        while self.free and self.ready:
            position = heapq.heappop(self.ready)
            if self.begun[position]:
                continue
            self.begun[position] = True
            self.free -= 1
            self.finishes[position] = now + self.steps[position].wall
            heapq.heappush(self.running, (self.finishes[position], position))

    def _in_reach(self, position: int) -> bool:
        """Whether no barrier is before it and the window reaches it; later ones are no nearer."""
        return (
            self.barrier[position] <= self.passed and self.rank[position] < self.taken + self.window
        )
