"""The world that operations act on: an ordered log, versions, and meetings instead of sleeps.

An operation logs itself, answers from the state of the world when it began, and
can be made to wait until a given number of operations are in flight together.
That is how overlap is proven: by counting, not by a clock.
"""

from __future__ import annotations

import contextlib
import contextvars
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from world.freezing import freeze

EARLY = ("pure", "reads", "unordered")
"""Kinds that may start before their turn."""


@dataclass(frozen=True)
class Event:
    """One operation that began: its name, kind, resource, arguments and thread."""

    name: str
    kind: str
    resource: str | None
    arguments: Any
    thread: int = field(compare=False)


class Meeting:
    """Keep operations in flight until *size* of them are there at once, or give up.

    Only operations called *names* attend (all, if empty). One vain wait of
    *patience* seconds ends the meeting for everybody, so that a failing test costs
    that much and no more.
    """

    def __init__(self, size: int, names: tuple[str, ...] = (), patience: float = 2.0) -> None:
        self.size = size
        self.names = names
        self.patience = patience
        self.met = False
        self.over = False
        self._present = 0
        self._changed = threading.Condition()

    def attend(self, name: str) -> None:
        """Wait until the meeting is complete or has been given up."""
        if self.over or (self.names and name not in self.names):
            return
        with self._changed:
            self._present += 1
            if self._present >= self.size:
                self.met = self.over = True
            elif not self._changed.wait_for(lambda: self.over, self.patience):
                self.over = True
            self._changed.notify_all()
            self._present -= 1


class World:
    """What a run did and what it could see.

    ``latency`` gives the seconds that the n-th operation stays in flight (n counts
    from 0); ``hesitation`` the seconds by which writes and unknown operations
    are put off, so that anything wrongly started early is done before them.
    """

    def __init__(
        self,
        *,
        meeting: Meeting | None = None,
        latency: Callable[[int], float] = lambda _: 0.0,
        hesitation: float = 0.0,
    ) -> None:
        self.meeting = meeting
        self.latency = latency
        self.hesitation = hesitation
        self.events: list[Event] = []
        self.versions: Counter[str] = Counter()
        self.state: dict[Any, Any] = {}
        self.peak = 0
        self.raised = 0
        self.violations: list[str] = []
        self._flying: list[Event] = []
        self._lock = threading.RLock()

    def perform(
        self,
        name: str,
        kind: str,
        arguments: Any,
        answer: Callable[[int], Any],
        resource: str | None = None,
    ) -> Any:
        """Log one operation, keep it in flight as asked, and return ``answer(version)``."""
        if kind not in EARLY and self.hesitation:
            time.sleep(self.hesitation)
        event = Event(name, kind, resource, freeze(arguments), threading.get_ident())
        number = self._begin(event)
        try:
            version = self._version(kind, resource)
            if kind in EARLY and self.meeting is not None:
                self.meeting.attend(name)
            delay = self.latency(number) if kind in EARLY else 0.0
            if delay:
                time.sleep(delay)
            return answer(version)
        except BaseException:
            self.raised += 1
            raise
        finally:
            with self._lock:
                self._flying.remove(event)

    def _begin(self, event: Event) -> int:
        with self._lock:
            number = len(self.events)
            self.events.append(event)
            for other in self._flying:
                # Leaving by an exception waits for nothing: what follows may find reads under way.
                if not may_overlap(event, other) and not self.raised:
                    self.violations.append(f"{event.name} began while {other.name} was in flight")
            self._flying.append(event)
            flying = sum(1 for one in self._flying if one.kind in EARLY)
            self.peak = max(self.peak, flying)
            return number

    def _version(self, kind: str, resource: str | None) -> int:
        with self._lock:
            seen = self.versions
            if kind == "unordered":
                return seen["?"]  # what commutes with writes does not see them
            if kind in EARLY:
                everything = sum(seen.values())
                return everything if resource is None else seen[resource] + seen["*"] + seen["?"]
            seen["?" if kind == "unknown" else resource or "*"] += 1
            return sum(seen.values())

    def settle(self, patience: float = 2.0) -> None:
        """Wait until nothing is in flight any more."""
        limit = time.monotonic() + patience
        while time.monotonic() < limit:
            with self._lock:
                if not self._flying:
                    return
            time.sleep(0.001)

    @property
    def in_flight(self) -> int:
        """How many operations are in flight now."""
        with self._lock:
            return len(self._flying)

    def ordered(self) -> list[tuple[str, Any]]:
        """Return the writes and unknown operations in their order."""
        return [(e.name, e.arguments) for e in self.events if e.kind not in EARLY]

    def early(self) -> Counter[tuple[str, Any]]:
        """Return how often each operation that may start early was executed."""
        return Counter((e.name, e.arguments) for e in self.events if e.kind in EARLY)


def may_overlap(first: Event, second: Event) -> bool:
    """Return whether nobody could tell the order of two operations (written independently)."""
    kinds = {first.kind, second.kind}
    if "pure" in kinds or kinds <= {"reads", "unordered"}:
        return True
    if "unknown" in kinds:
        return False
    if "unordered" in kinds:
        return True
    return None not in (first.resource, second.resource) and first.resource != second.resource


_NOWHERE = World()
_CURRENT: contextvars.ContextVar[World] = contextvars.ContextVar("world", default=_NOWHERE)


def current() -> World:
    """Return the world of the calling context."""
    return _CURRENT.get()


@contextlib.contextmanager
def use(world: World) -> Iterator[World]:
    """Make *world* current in the calling context."""
    token = _CURRENT.set(world)
    try:
        yield world
    finally:
        _CURRENT.reset(token)
