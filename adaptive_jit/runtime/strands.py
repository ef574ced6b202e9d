"""Strands of a slice: what runs now, and what is blocked on what.

The issue slice is a generator. It yields only when it is blocked, after
leaving in ``block`` what it is blocked on:

* a `Pending`: a value it must know, a barrier's result, a strand's end;
* `THROTTLED`: the window is full;
* `UNSEEN_GUARD`: a guard on an unknown value that has never been passed yet;
* `NOT_REACHED`: ``parallel([...])`` elements that must not run before their turn;
* `NEVER`: it must not go on.

Any thread may advance the strands, one at a time; a thread that finds the
window being advanced leaves a note and goes on. So no thread ever waits for
another one here, and a finaliser or signal that re-enters cannot deadlock.
"""

from __future__ import annotations

import _thread
from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.interrupts import is_the_programs
from adaptive_jit.runtime.exact import ITERABLES, ITERATORS, Stop
from adaptive_jit.runtime.pending import POISON, Entry, Pending, Slot
from adaptive_jit.runtime.states import DEAD, DONE
from adaptive_jit.runtime.values import UNSEEN_GUARD, Values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextvars import Context

    from adaptive_jit.records import Effect
    from adaptive_jit.runtime.function import FunctionState

Path = tuple[int, ...]
Key = tuple[int, Path]
Slice = Generator[None, None, None]

THROTTLED: Final = object()
NOT_REACHED: Final = object()
NEVER: Final = object()

MOST_STEPS: Final = 10_000
"""Loop rounds of a slice without a start before it gives up: bounds what a useless walk costs."""


MOST_TURNS: Final = 8
"""Operations that wait for their turn, for each that may be ahead: they hold no values."""

Clear = tuple[tuple[int | tuple[int, ...], ...], tuple[int, ...]]
"""The guards and the sites that must have been harmless so far."""


class Ended(Pending):
    """The end of a strand: DONE if it was followed to its end, DEAD if it was given up."""

    __slots__ = ("clear",)

    def __init__(self) -> None:
        super().__init__()
        self.clear: Clear | None = None


class Strand:
    """One generator of the slice: the main one, or one iteration of a loop."""

    __slots__ = ("behind", "body", "ended", "issuer")

    def __init__(self, issuer: Scheduler, body: Slice) -> None:
        self.issuer = issuer
        self.body: Slice | None = body
        self.ended = Ended()
        self.behind: Ended | None = None

    def resume(self) -> None:
        """Put the strand back among those that can go on, and advance the window."""
        self.issuer.runnable.append(self)
        self.issuer.advance()


class Scheduler(Values):
    """Advances the strands of one activation of one region, in any thread, one at a time."""

    __slots__ = (
        "again",
        "block",
        "busy",
        "callers",
        "closed",
        "context",
        "current",
        "entries",
        "forced",
        "freed",
        "freeing",
        "function",
        "gated",
        "lanes",
        "living",
        "looming",
        "markers",
        "module",
        "own",
        "reached",
        "region",
        "runnable",
        "running",
        "steps",
        "throttled",
        "turns",
        "unreached",
        "unseen",
        "untold",
        "writes",
    )

    def __init__(
        self,
        function: FunctionState,
        context: Context,
        region: int,
        module: dict[str, Any],
        *,
        forced: bool = False,
    ) -> None:
        self.function = function
        self.module = module
        self.callers: dict[int, Callable[..., Any]] = {}
        self.region = region
        self.forced = forced
        self.gated = False
        self.freed: deque[Entry] = deque()
        self.freeing = False
        self.context = context
        self.entries: dict[Key, Entry] = {}
        self.running: dict[Key, Entry] = {}
        self.markers: set[Key] = set()
        self.turns: set[Key] = set()
        self.own: dict[int, Any] = {}
        self.living = 0
        self.writes: dict[Key, tuple[Effect, ...]] = {}
        self.untold: dict[Key, Pending] = {}
        self.looming: dict[Ended, tuple[Effect, ...]] = {}
        self.current: Strand | None = None
        self.lanes: dict[Any, Entry] = {}
        self.reached: set[Key] = set()
        self.runnable: deque[Strand] = deque()
        self.throttled: deque[Strand] = deque()
        self.unseen: list[Strand] = []
        self.unreached: list[Strand] = []
        self.busy = _thread.allocate_lock()
        self.again = False
        self.closed = False
        self.block: Any = None
        self.steps = 0

    # ---- scheduling -----------------------------------------------------------------

    def begin(self, body: Slice) -> None:
        """Run *body* as the main strand until it is blocked."""
        self.living = 1
        self.runnable.append(Strand(self, body))
        self.advance()

    def advance(self) -> None:
        """Run every strand that can go on."""
        while True:
            self.again = True
            if not self.busy.acquire(False):
                return
            try:
                self.again = False
                while self.runnable and not self.closed:
                    self._step(self.runnable.popleft())
            finally:
                self.busy.release()
            if not self.again:
                return

    def _step(self, strand: Strand) -> None:
        body = strand.body
        if body is None:
            return
        behind, strand.behind = strand.behind, None
        if behind is not None and behind.state == DEAD and not self._clear(behind, behind.clear):
            self._end(strand, DEAD)
            return
        self.block = None
        before, self.current = self.current, strand
        try:
            next(body)
        except StopIteration:
            self._end(strand, DONE)
        except Stop as stop:
            self._stopped(strand, str(stop))
        except Exception as error:
            if is_the_programs(error):
                raise
            # The user's expression fails here as it will in the replay, which shows it.
            self._stopped(strand, f"{type(error).__name__} ahead of its turn")
        else:
            self._blocked(strand, self.block)
        finally:
            self.current = before

    def _stopped(self, strand: Strand, reason: str) -> None:
        self.function.stops.setdefault(self.region, reason)
        self._end(strand, DEAD)

    def _end(self, strand: Strand, state: int) -> None:
        strand.body = None
        self.living -= 1
        if not self.living:
            self.forget_markers()
        if state == DONE:
            self.looming.pop(strand.ended, None)  # its writes are where others see them
        strand.ended.finish(state)

    def forget_markers(self) -> None:
        """The slice has ended or given up: nobody will ask what the replay has passed."""
        for key in list(self.markers):
            self.entries.pop(key, None)
        self.markers.clear()

    def _blocked(self, strand: Strand, block: Any) -> None:
        if issubclass(type(block), Pending):
            if block is POISON:
                self._end(strand, DEAD)
            else:
                if type(block) is Ended:
                    strand.behind = block
                block.when_finished(strand.resume)
        elif block is THROTTLED:
            self.function.throttled = not self.gated
            self.throttled.append(strand)
        elif block is UNSEEN_GUARD:
            self.unseen.append(strand)
        elif block is NOT_REACHED:
            self.unreached.append(strand)
        else:
            self._end(strand, DEAD)

    def wake(self, blocked: deque[Strand] | list[Strand]) -> None:
        """Let the strands in *blocked* try again."""
        while blocked:
            self.runnable.append(blocked.pop(0) if isinstance(blocked, list) else blocked.popleft())
        self.advance()

    # ---- called by the slice: control -----------------------------------------------

    def walk(self, path: Path, items: Any) -> Iterator[tuple[Path, Any]]:
        """The items of an exact builtin iterable, each with its path."""
        if self.own.pop(id(items), None) is items:
            return self._walk(path, items)
        if id(type(items)) not in ITERABLES:
            raise Stop("iterates over something that is not a builtin container")
        if id(type(items)) in ITERATORS:
            raise Stop("iterates over an iterator of the program's own")
        return self._walk(path, items)

    def made(self, items: Any) -> Any:
        """An iterator that the slice has made for itself: `walk` may use it up."""
        self.own[id(items)] = items
        return items

    def _walk(self, path: Path, items: Iterable[Any]) -> Iterator[tuple[Path, Any]]:
        # `round`, written out: a frame for each round would cost as much as the rest.
        for number, item in enumerate(items):
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise Stop("walked far without a start")
            yield (*path, number), item

    def round(self, path: Path, number: int) -> Path:
        """The path of a round of a loop."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Stop("walked far without a start")
        return (*path, number)

    def spawn(self, body: Slice, clear: Clear | None, item: Any = None) -> None:
        """Run one iteration as its own strand; block the caller unless it may be overtaken."""
        strand = Strand(self, body)
        if type(item) is Slot:
            strand.ended.when_finished(item.give_up)
        self.living += 1
        self._step(strand)
        self.block = None
        if strand.body is None:
            if strand.ended.state == DEAD and not self._clear(strand.ended, clear):
                self.block = NEVER
        elif not self._clear(strand.ended, clear):
            strand.ended.clear = clear
            self.block = strand.ended
        elif self._is_full():
            self.block = THROTTLED

    def tells(self, index: int, check: Callable[[], Any]) -> None:
        """Whether a call that was never made would only tell of something, as *check* finds it."""
        site = self.function.sites[index]
        if site.worst >= 0:
            return
        try:
            check()
        except (Stop, NameError):
            site.only_tells = False
        else:
            site.only_tells = True

    def _is_full(self) -> bool:
        """Whether enough is ahead of the program: results, or turns that are to come."""
        ahead = len(self.entries) - len(self.markers)
        limit = self.function.limit
        return self.gated or ahead >= MOST_TURNS * limit or ahead - len(self.turns) >= limit

    def _clear(self, ended: Ended, clear: Clear | None) -> bool:
        """Whether nothing in a strand can be a barrier, as far as has ever been seen.

        What it will write, or log into files, stays in mind, for those that may not overtake that.
        """
        if clear is None or not self.function.seen(clear[0]):
            return False
        sites = [self.function.sites[index] for index in clear[1]]
        stops = [
            site
            for site in sites
            if not (site.always_crossed or (site.worst < 0 and site.only_tells))
        ]
        if not all(site.stops_some for site in stops):
            return False
        writes = [write for site in sites for write in site.written if write.resource != "console"]
        if writes:
            self.looming[ended] = tuple(writes)
        return True

    def told(self, key: Key) -> None:
        """The log records of the operation at *key* are out: who reads files may go on."""
        pending = self.untold.pop(key, None)
        if pending is not None:
            self.writes.pop(key, None)
            pending.finish(DONE)
