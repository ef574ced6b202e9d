"""Lets only so many operations of one host, client or function begin at a time.

The resource is that of the effect where it names one, else the receiver, else
the callee; all functions that meet it share its width
(`adaptive_jit.decision.widths`). An operation that has to wait is still
queued: its caller runs it when its turn comes first, so that nobody ever
waits for the gate. Nothing is held back that has a lane (one at a time
anyway), that the program declared independent, or that costs less than a
hand-over.

No lock is held while anything of the program runs, and no thread waits for
one: who finds a resource being looked after leaves a note and goes on.
"""

from __future__ import annotations

import _thread
import hashlib
import time
import weakref
from collections import deque
from types import MethodType
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.decision.widths import Width
from adaptive_jit.effects import describe
from adaptive_jit.engine.rearm import ALARMS
from adaptive_jit.records import EffectKind, Source
from adaptive_jit.records.effects import FILES, HTTP_ELSEWHERE, LOG_FILES, REDIRECTED
from adaptive_jit.records.memory import KnownWidth
from adaptive_jit.runtime.states import QUEUED, RUNNING
from adaptive_jit.settings import current

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.runtime.pending import Entry

MOST_RESOURCES: Final = 1024
"""Resources whose width is kept; the first to be met is the first to be forgotten."""

GENERAL: Final = frozenset({"http", HTTP_ELSEWHERE, FILES, LOG_FILES, REDIRECTED, "console"}) | {
    "environment",
    "process",
}
"""Resources that say what kind of thing an operation meets, not which one."""

Ended = tuple[int, float, bool]


class Turn:
    """One operation on its way through the gate; what a strategy runs in its place."""

    __slots__ = ("entry", "epoch", "full", "resource")

    def __init__(self, resource: Resource, entry: Entry | None) -> None:
        self.resource = resource
        self.entry = entry
        self.epoch: int | None = None
        self.full = False

    def run(self) -> None:
        """Run the operation unless someone else does; never raises."""
        entry, self.entry = self.entry, None
        seconds = -1.0
        try:
            if entry is not None and next(entry.claim, 0):
                start = time.perf_counter()
                entry.state = RUNNING
                entry.site.execute(entry)
                seconds = time.perf_counter() - start
        finally:
            del entry
            epoch = self.epoch
            self.resource.ended.append((-1 if epoch is None else epoch, seconds, self.full))
            self.resource.look()

    def refused(self, wait: float) -> None:
        """The service said "too many", and how many seconds to wait."""
        self.resource.refused(self.epoch, wait)


class Resource:
    """What is under way at one resource, and what waits for that to end."""

    __slots__ = (
        "_again", "_begin", "_busy", "_refusals", "_under_way", "_until", "_waiting", "anyone",
        "digest", "ended", "width",
    )  # fmt: skip

    def __init__(self, digest: str | None, width: Width, begin: Callable[[Any], None]) -> None:
        self.digest = digest
        self.width = width
        self._begin = begin
        self.anyone = Turn(self, None)
        """The place of all that do not queue here; each on its own would keep its entry alive."""
        self.forget()

    def forget(self) -> None:
        """Nothing is under way: at the beginning, and in a forked child."""
        self._busy = _thread.allocate_lock()
        self._again = False
        self._waiting: deque[Entry] = deque()
        self._refusals: deque[int | None] = deque()
        self.ended: deque[Ended] = deque()
        self._under_way = 0
        self._until = 0.0

    def start(self, entry: Entry) -> None:
        """Begin *entry* now or when there is room."""
        entry.turn = Turn(self, entry)
        self._waiting.append(entry)
        self.look()

    def refused(self, epoch: int | None, wait: float) -> None:
        """Fewer at a time from now on, and none before *wait* seconds have passed."""
        self._refusals.append(epoch)
        if wait > 0.0:
            self._until = max(self._until, time.monotonic() + wait)
            ALARMS.after(wait, self.look)
        self.look()

    def look(self) -> None:
        """Take in what has ended and begin what there is room for; never waits."""
        while True:
            self._again = True
            if not self._busy.acquire(False):
                return
            try:
                self._again = False
                self._learn()
                self._go_on()
            finally:
                self._busy.release()
            if not self._again:
                return

    def _learn(self) -> None:
        while self._refusals:
            self.width.refused(self._refusals.popleft())
        while self.ended:
            epoch, seconds, full = self.ended.popleft()
            self._under_way -= 1
            if full and seconds > 0.0:
                self.width.ended(epoch, seconds)

    def _go_on(self) -> None:
        waiting = self._waiting
        while waiting:
            if waiting[0].state != QUEUED:  # its caller was faster, or it is not needed any more
                waiting.popleft()
                continue
            if self._under_way >= self.width.now or time.monotonic() < self._until:
                return
            turn = waiting.popleft().turn
            if turn is None:
                continue
            self._under_way += 1
            turn.epoch, turn.full = self.width.epoch, self._under_way == self.width.now
            self._begin(turn)


class Gate:
    """All resources of this process."""

    __slots__ = ("_begin", "_known", "remembered")

    def __init__(self, begin: Callable[[Any], None]) -> None:
        self._begin = begin
        self.remembered: dict[str | None, KnownWidth] = {}
        self._known: dict[int | str, tuple[weakref.ref[Any] | None, Resource]] = {}

    def start(self, entry: Entry, forced: bool = False) -> None:
        """Begin *entry*, or have it wait for room at what it meets.

        *forced*: the program asked for all at once; only a refusal limits that.
        """
        effect = entry.effect
        if effect is None or effect.kind is EffectKind.PURE or effect.asserted or effect.lane:
            self._begin(entry)
            return
        resource = self._resource(entry)
        if forced and resource.width.ceiling is None:
            entry.turn = resource.anyone
            self._begin(entry)
            return
        resource.start(entry)

    def _resource(self, entry: Entry) -> Resource:
        effect = entry.effect
        assert effect is not None
        named = effect.resource
        if named is not None and (named not in GENERAL or effect.source is Source.DECLARED):
            known = self._known.get(named)
            return self._new(named, None, named) if known is None else known[1]
        callee = entry.callee
        bound = type(callee) is MethodType
        met = callee.__self__ if bound else callee
        known = self._known.get(id(met))
        if known is not None and (known[0] is None or known[0]() is met):
            return known[1]
        try:
            # Never the object itself: nothing of the library may keep the program's.
            reference = weakref.ref(met)
        except TypeError:
            name = describe(callee)
            known = self._known.get(name)
            return self._new(name, None, None) if known is None else known[1]
        # Another client may ask another host: what is learnt of one is not handed on.
        return self._new(id(met), reference, None if bound else describe(callee))

    def _new(self, key: int | str, met: weakref.ref[Any] | None, name: str | None) -> Resource:
        most = current().max_workers
        digest = None if name is None else _digest(name)
        known = self.remembered.get(digest)
        width = Width(most) if known is None else Width(most, known.now, known.ceiling)
        resource = Resource(digest, width, self._begin)
        while len(self._known) >= MOST_RESOURCES:
            self._known.pop(next(iter(self._known)), None)
        self._known[key] = met, resource
        return resource

    def learnt(self) -> tuple[KnownWidth, ...]:
        """The widths that are worth handing on to later processes."""
        return tuple(
            KnownWidth(one.digest, one.width.now, one.width.ceiling)
            for one in self.resources()
            if one.digest is not None and one.width.epoch
        )

    def resources(self) -> list[Resource]:
        """All that have been met."""
        return [resource for _, resource in list(self._known.values())]

    def forget(self) -> None:
        """In a forked child, nothing is under way."""
        for resource in self.resources():
            resource.forget()

    def retire(self) -> None:
        """Let go of everything, at interpreter exit."""
        self.forget()
        self._known.clear()


def _digest(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=12).hexdigest()
