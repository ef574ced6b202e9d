"""Strands of a slice: what runs now, what is blocked on what, and transparent values.

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
from adaptive_jit.runtime.exact import ITERABLES, ITERATORS, SCALARS, Stop
from adaptive_jit.runtime.function import FAILED, FunctionState
from adaptive_jit.runtime.pending import LEFT_OUT, POISON, Derived, Entry, Pending, Slot, settled
from adaptive_jit.runtime.states import DEAD, DONE, RAISED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextvars import Context

    from adaptive_jit.records import Effect

Path = tuple[int, ...]
Key = tuple[int, Path]
Slice = Generator[None, None, None]

RETRY: Final = object()
THROTTLED: Final = object()
UNSEEN_GUARD: Final = object()
NOT_REACHED: Final = object()
NEVER: Final = object()

MOST_STEPS: Final = 10_000
"""Loop rounds of a slice without a start before it gives up: bounds what a useless walk costs."""


Clear = tuple[tuple[int, ...], tuple[int, ...]]
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


class Scheduler:
    """Advances the strands of one activation of one region, in any thread, one at a time."""

    __slots__ = (
        "again",
        "block",
        "busy",
        "callers",
        "closed",
        "context",
        "entries",
        "forced",
        "freed",
        "freeing",
        "function",
        "gated",
        "lanes",
        "living",
        "markers",
        "module",
        "own",
        "reached",
        "region",
        "runnable",
        "running",
        "steps",
        "throttled",
        "unreached",
        "unseen",
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
        self.own: dict[int, Any] = {}
        self.living = 0
        self.writes: dict[Key, Effect] = {}
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
        if behind is not None and behind.state == DEAD and not self._clear(behind.clear):
            self._end(strand, DEAD)
            return
        self.block = None
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

    def _stopped(self, strand: Strand, reason: str) -> None:
        self.function.stops.setdefault(self.region, reason)
        self._end(strand, DEAD)

    def _end(self, strand: Strand, state: int) -> None:
        strand.body = None
        self.living -= 1
        if not self.living:
            self.forget_markers()
        strand.ended.finish(state)

    def forget_markers(self) -> None:
        """The slice has ended or given up: nobody will ask what the replay has passed."""
        for key in list(self.markers):
            self.entries.pop(key, None)
        self.markers.clear()

    def _blocked(self, strand: Strand, block: Any) -> None:
        if isinstance(block, Pending):
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
        if type(items) not in ITERABLES:
            raise Stop("iterates over something that is not a builtin container")
        if type(items) in ITERATORS and self.own.pop(id(items), None) is None:
            raise Stop("iterates over an iterator of the program's own")
        return self._walk(path, items)

    def _walk(self, path: Path, items: Iterable[Any]) -> Iterator[tuple[Path, Any]]:
        for number, item in enumerate(items):
            yield self.round(path, number), item

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
            if strand.ended.state == DEAD and not self._clear(clear):
                self.block = NEVER
        elif not self._clear(clear):
            strand.ended.clear = clear
            self.block = strand.ended
        elif self._is_full():
            self.block = THROTTLED

    def _is_full(self) -> bool:
        return self.gated or len(self.entries) - len(self.markers) >= self.function.limit

    def _clear(self, clear: Clear | None) -> bool:
        """Whether nothing in a strand can be a barrier, as far as has ever been seen."""
        if clear is None:
            return False
        guards, sites = clear
        return self.function.seen(guards) and all(
            self.function.sites[index].always_crossed for index in sites
        )

    def truth(self, value: Any) -> Any:
        """The truth of a transparent value; RETRY while it has not arrived."""
        if isinstance(value, Pending):
            if value.state < DONE:
                self.block = value
                return RETRY
            if value.state != DONE:
                raise Stop("a condition that cannot be known ahead")
            value = value.value
        if type(value) in SCALARS or type(value) in ITERABLES:
            return bool(value)
        raise Stop("a condition on something that is not of a builtin type")

    def passes(self, guards: tuple[int, ...], test: Any) -> bool:
        """Whether a branch without operations may be passed by before its condition is known."""
        unknown = isinstance(test, Pending) and test.state != DONE
        return unknown and self.function.seen(guards)

    def arrived(self, value: Any) -> Any:
        """The value itself; RETRY while it has not arrived."""
        if isinstance(value, Pending):
            if value.state < DONE:
                self.block = value
                return RETRY
            if value.state != DONE:
                raise Stop("a value that cannot be known ahead")
            return value.value
        return value

    # ---- called by the slice: values ------------------------------------------------

    def derive(self, guards: tuple[int, ...], compute: Callable[..., Any], *inputs: Any) -> Any:
        """The value of a transparent expression, pending if an input is."""
        waiting = None
        for value in inputs:
            if isinstance(value, Pending) and value.state != DONE:
                if value.state >= RAISED or waiting is None:
                    waiting = value
                if value.state >= RAISED:
                    break
        if waiting is None:
            values = settled(inputs)
            assert values is not None
            return compute(*values)
        if not self.function.seen(guards):
            return self._unseen(guards, waiting)
        if waiting.state >= RAISED:
            return POISON
        return Derived(compute, inputs)

    def cross(self, guards: tuple[int, ...], compute: Callable[..., Any], *inputs: Any) -> Any:
        """As `derive` for a value nobody needs: only checks that passing it is allowed."""
        for value in inputs:
            if isinstance(value, Pending) and value.state != DONE:
                if self.function.seen(guards):
                    return None
                return self._unseen(guards, value)
        values = settled(inputs)
        assert values is not None
        compute(*values)
        return None

    def _unseen(self, guards: tuple[int, ...], value: Pending) -> Any:
        if any(self.function.guards[guard] == FAILED for guard in guards):
            raise Stop("an operator has met a value that is not of a builtin type")
        self.block = UNSEEN_GUARD if value.state >= RAISED else value
        return RETRY

    def gather(self, values: list[Any]) -> Any:
        """A list whose pending elements are filled in when the last one has arrived."""
        if any(isinstance(value, Pending) for value in values):
            if any(isinstance(value, Pending) and value.state >= RAISED for value in values):
                return POISON
            return Derived(_kept, tuple(values))
        return values

    @staticmethod
    def slot() -> Slot:
        """Where a strand puts the element that it makes."""
        return Slot()

    def gather_pairs(self, pairs: list[tuple[Any, Any]]) -> Any:
        """As `gather`, for the pairs of a dict comprehension."""
        flat = self.gather([part for pair in pairs for part in pair])
        if isinstance(flat, Pending):
            return flat if flat is POISON else Derived(_paired, (flat,))
        return _paired(flat)

    def gather_set(self, values: list[Any]) -> Any:
        """As `gather`, for a set comprehension over scalars."""
        flat = self.gather(values)
        if isinstance(flat, Pending):
            return flat if flat is POISON else Derived(_as_set, (flat,))
        return _as_set(flat)

    def give_up(self) -> None:
        """Go no further."""
        raise Stop("a comparison with calls in it, or a failed assertion")

    def cell(self, read: Callable[[], Any]) -> Any:
        """The value of a variable of the enclosing function; unknown while it has none."""
        try:
            return read()
        except NameError:
            return POISON


def _kept(*values: Any) -> list[Any]:
    return [value for value in values if value is not LEFT_OUT]


def _paired(flat: list[Any]) -> dict[Any, Any]:
    keys = flat[::2]
    if any(type(key) not in SCALARS for key in keys):
        raise Stop("a key that is not of a builtin type")
    return dict(zip(keys, flat[1::2], strict=True))


def _as_set(flat: list[Any]) -> set[Any]:
    if any(type(value) not in SCALARS for value in flat):
        raise Stop("an element that is not of a builtin type")
    return set(flat)
