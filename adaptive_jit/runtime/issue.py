"""The slice's side of a region: starts operations ahead of the replay.

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
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.records import Effect, EffectKind, commute
from adaptive_jit.runtime.exact import ITERABLES, ITERATORS, MUTABLE, SCALARS, Stop
from adaptive_jit.runtime.function import FAILED, FunctionState, Site
from adaptive_jit.runtime.pending import POISON, Derived, Entry, Pending, settled
from adaptive_jit.runtime.states import DEAD, DONE, HELD, QUEUED, RAISED, WAITING

if TYPE_CHECKING:
    from contextvars import Context

Path = tuple[int, ...]
Key = tuple[int, Path]
Slice = Generator[None, None, None]

RETRY: Final = object()
THROTTLED: Final = object()
UNSEEN_GUARD: Final = object()
NOT_REACHED: Final = object()
NEVER: Final = object()

CALLEE_MADE: Final = 2

MOST_STEPS: Final = 10_000
"""Loop rounds of a slice without a start before it gives up: bounds what a useless walk costs."""


class Strand:
    """One generator of the slice: the main one, or one iteration of a loop."""

    __slots__ = ("body", "ended", "issuer")

    def __init__(self, issuer: Issuer, body: Slice) -> None:
        self.issuer = issuer
        self.body: Slice | None = body
        self.ended = Pending()

    def resume(self) -> None:
        """Put the strand back among those that can go on, and advance the window."""
        self.issuer.runnable.append(self)
        self.issuer.advance()


class Issuer:
    """Starts operations of one activation of one region ahead of their turn."""

    __slots__ = (
        "again",
        "block",
        "busy",
        "closed",
        "context",
        "entries",
        "forced",
        "function",
        "lanes",
        "living",
        "markers",
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
        self, function: FunctionState, context: Context, region: int = 0, *, forced: bool = False
    ) -> None:
        self.function = function
        self.region = region
        self.forced = forced
        self.context = context
        self.entries: dict[Key, Entry] = {}
        self.running: dict[Key, Entry] = {}
        self.markers: set[Key] = set()
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
        self.block = None
        try:
            next(body)
        except StopIteration:
            self._end(strand, DONE)
        except Stop as stop:
            self._stopped(strand, str(stop))
        except Exception as error:
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
                block.when_finished(strand.resume)
        elif block is THROTTLED:
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
        return self._walk(path, items)

    def _walk(self, path: Path, items: Iterable[Any]) -> Iterator[tuple[Path, Any]]:
        for number, item in enumerate(items):
            self.steps += 1
            if self.steps > MOST_STEPS:
                raise Stop("walked far without a start")
            yield (*path, number), item

    def spawn(self, body: Slice, clear: tuple[tuple[int, ...], tuple[int, ...]] | None) -> None:
        """Run one iteration as its own strand; block the caller unless it may be overtaken."""
        strand = Strand(self, body)
        self.living += 1
        self._step(strand)
        self.block = None
        if strand.body is None:
            if strand.ended.state == DEAD and not self._clear(clear):
                self.block = NEVER
        elif not self._clear(clear):
            self.block = strand.ended
        elif self._is_full():
            self.block = THROTTLED

    def _is_full(self) -> bool:
        return len(self.entries) - len(self.markers) >= self.function.limit

    def _clear(self, clear: tuple[tuple[int, ...], tuple[int, ...]] | None) -> bool:
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
            return Derived(lambda *arrived: list(arrived), tuple(values))
        return values

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

    # ---- called by the slice: operations --------------------------------------------

    def call(
        self,
        index: int,
        path: Path,
        callee: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        made: int,
    ) -> Any:
        """Start the operation, or hold it for its turn; its value, pending or known."""
        site = self.function.sites[index]
        key = (index, path)
        if key in self.markers:
            return self._overtaken(key)
        entry = Entry(site, key)
        entry.callee, entry.args, entry.kwargs, entry.made = callee, args, kwargs, made
        if any(isinstance(value, Pending) for value in (callee, *args, *kwargs.values())):
            pending, poisoned = _pending_of(callee, args, kwargs)
            if poisoned:
                return self._hold_unknown(entry)
            if pending:
                return self._await_inputs(entry, pending)
            if not _settle(entry):
                return self._hold_unknown(entry)
        return self._admit(entry)

    def _overtaken(self, key: Key) -> Any:
        """The replay has been here before: its own call gives the value."""
        self.markers.discard(key)
        return self.entries.pop(key)

    def _register(self, entry: Entry) -> bool:
        """Put *entry* where the replay looks; False if the replay was there first.

        ``setdefault`` is atomic: of the two sides one is first at each key.
        """
        return self.entries.setdefault(entry.key, entry) is entry

    def _await_inputs(self, entry: Entry, pending: list[Pending]) -> Any:
        site = entry.site
        if not site.always_crossed:
            # What the arguments make of it cannot be known before they are there.
            self.block = pending[0]
            return RETRY
        if site.discarded or self._must_hold(site):
            return self._hold_unknown(entry)
        if not self._register(entry):
            return self._overtaken(entry.key)
        missing = iter(range(len(pending) - 1, -1, -1))

        def arrived() -> None:
            if next(missing, -1) == 0:
                self._inputs_arrived(entry)

        for value in pending:
            value.when_finished(arrived)
        return self._full(entry)

    def _inputs_arrived(self, entry: Entry) -> None:
        """In whichever thread finished the last input: start the operation or hold it."""
        if self.closed or not _settle(entry):
            entry.state = HELD if entry.state == WAITING else entry.state
            return
        effect = self.function.host.effect_of(entry.callee, entry.args, entry.kwargs)
        if self._may_start(entry, effect) and self._commutes_with_writes(effect) is None:
            self._start(entry, effect)
        elif entry.state == WAITING:
            entry.state = HELD

    def _admit(self, entry: Entry) -> Any:
        """An operation whose callee and arguments are known."""
        site = entry.site
        effect = self.function.host.effect_of(entry.callee, entry.args, entry.kwargs)
        if effect.quick and effect.kind is EffectKind.PURE:
            return self._now(entry, effect)
        if site.asserted >= 0 and effect.kind > EffectKind.UNORDERED:
            key = (site.asserted, entry.key[1][: _depth(self.function, site.asserted)])
            if key not in self.reached:
                self.block = NOT_REACHED
                return RETRY
            effect = _assert_independent(effect)
        if self._may_start(entry, effect):
            writer = self._commutes_with_writes(effect)
            if writer is not None:
                self.block = writer
                return RETRY
            if not self._register(entry):
                return self._overtaken(entry.key)
            self._start(entry, effect)
            return self._full(entry)
        return self._hold(entry, effect)

    def _now(self, entry: Entry, effect: Effect) -> Any:
        """Parsing and other pure work that costs less than a hand-over: done here."""
        try:
            value = entry.callee(*entry.args, **entry.kwargs)
        except Exception:
            # Its turn will show the same error, made by the user's own call.
            return POISON
        entry.effect = effect
        entry.site.note(effect)
        private = type(value) in ITERATORS or not self._comparable(entry, effect)
        if private or (entry.site.light and type(value) in SCALARS):
            return value
        entry.finish(DONE, value)
        next(entry.claim)
        if not self._register(entry):
            return self._overtaken(entry.key)
        entry.site.started += 1
        return entry

    def _hold_unknown(self, entry: Entry) -> Any:
        """An operation of which something is unknown: crossed only if it always was harmless."""
        entry.state = HELD
        if not self._register(entry):
            return self._overtaken(entry.key)
        site = entry.site
        if not site.always_crossed:
            self.block = entry
        elif site.worst > EffectKind.UNORDERED and site.effect is not None:
            self.writes[entry.key] = site.effect
        return entry

    def _hold(self, entry: Entry, effect: Effect) -> Any:
        """An operation that runs in its turn; what does not commute with it waits."""
        entry.state, entry.effect = HELD, effect
        if not self._register(entry):
            return self._overtaken(entry.key)
        if effect.kind is EffectKind.WRITES:
            self.writes[entry.key] = effect
        elif effect.kind is EffectKind.UNKNOWN or (
            entry.site.discarded and effect.kind > EffectKind.PURE
        ):
            self.block = entry
            return entry
        return self._full(entry)

    def _must_hold(self, site: Site) -> bool:
        return site.discarded or site.in_order or not (site.early or self.forced)

    def _may_start(self, entry: Entry, effect: Effect) -> bool:
        if not effect.may_start_early or (self._must_hold(entry.site) and not effect.asserted):
            return False
        return self._comparable(entry, effect) and _leaves_containers(entry, effect)

    def _comparable(self, entry: Entry, effect: Effect) -> bool:
        """Whether the replay's arguments can be recognised as the slice's.

        ``made`` is 1 if an argument, 2 if the receiver may be a container that
        the slice built for itself.
        """
        if entry.made == CALLEE_MADE:
            receiver = getattr(entry.callee, "__self__", None)
            if type(receiver) in MUTABLE or type(receiver) is tuple:
                return False
        if effect.leaves_arguments or not entry.made:
            return True
        return all(type(value) in SCALARS for value in (*entry.args, *entry.kwargs.values()))

    def _commutes_with_writes(self, effect: Effect) -> Entry | None:
        """The first write ahead in program order that this operation may not overtake."""
        if not self.writes:
            return None
        for key, write in list(self.writes.items()):
            if not commute(effect, write):
                entry = self.entries.get(key) or self.running.get(key)
                if entry is not None:
                    return entry
        return None

    def _start(self, entry: Entry, effect: Effect) -> None:
        entry.effect = effect
        entry.site.note(effect)
        if effect.lane is None:
            self._hand_over(entry)
            return
        before = [last for lane in lanes_of(effect) if (last := self.lanes.get(lane)) is not None]
        for lane in lanes_of(effect):
            self.lanes[lane] = entry
        before = [last for last in before if last.state < DONE]
        if not before:
            self._hand_over(entry)
            return
        missing = iter(range(len(before) - 1, -1, -1))

        def free() -> None:
            if next(missing, -1) == 0:
                self._hand_over(entry)

        for last in before:
            last.when_finished(free)

    def _hand_over(self, entry: Entry) -> None:
        if self.closed or entry.state >= QUEUED:
            return
        effect = entry.effect
        assert effect is not None
        entry.context = self.context.copy()
        self.function.prepare(entry.site)
        entry.site.started += 1
        self.steps = 0
        entry.state = QUEUED
        if effect.quick:
            entry.run()
        else:
            self.function.host.start(entry)

    def _full(self, entry: Entry) -> Entry:
        if self._is_full():
            self.block = THROTTLED
        return entry

    # ---- called by the slice: parallel([...]) ---------------------------------------

    def listed(self, index: int, path: Path, callee: Any) -> None:
        """After the elements of ``parallel([...])``: nothing overtakes the call itself."""
        entry = Entry(self.function.sites[index], (index, path))
        entry.state = HELD
        if not self._register(entry):
            self._overtaken(entry.key)
        elif callee is not self.function.host.parallel or not all(
            other.effect is not None and not other.effect.asserted
            for other in list(self.entries.values())
            if other.site.asserted == index
        ):
            self.block = entry


def _paired(flat: list[Any]) -> dict[Any, Any]:
    keys = flat[::2]
    if any(type(key) not in SCALARS for key in keys):
        raise Stop("a key that is not of a builtin type")
    return dict(zip(keys, flat[1::2], strict=True))


def _as_set(flat: list[Any]) -> set[Any]:
    if any(type(value) not in SCALARS for value in flat):
        raise Stop("an element that is not of a builtin type")
    return set(flat)


def lanes_of(effect: Effect) -> tuple[object, ...]:
    """The lanes of an effect: several receivers give a tuple of them."""
    lane = effect.lane
    if lane is None:
        return ()
    return lane if type(lane) is tuple else (lane,)


def _leaves_containers(entry: Entry, effect: Effect) -> bool:
    """Refuse a list, dict or set to an operation that may change or keep it.

    The program may read it before the operation's turn, and another operation
    may have been given the same one.
    """
    return effect.leaves_arguments or not any(
        type(value) in MUTABLE for value in (*entry.args, *entry.kwargs.values())
    )


def _pending_of(
    callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[list[Pending], bool]:
    pending = []
    for value in (callee, *args, *kwargs.values()):
        if isinstance(value, Pending) and value.state != DONE:
            if value.state >= RAISED:
                return [], True
            pending.append(value)
    return pending, False


def _settle(entry: Entry) -> bool:
    """Replace arrived inputs by their values; whether all of them have one."""
    callee, args, kwargs = entry.callee, entry.args, entry.kwargs
    values = settled((callee, *args, *kwargs.values()))
    if values is None:
        return False
    if any(isinstance(value, Pending) for value in (callee, *args, *kwargs.values())):
        entry.callee = values[0]
        entry.args = tuple(values[1 : len(args) + 1])
        entry.kwargs = dict(zip(kwargs, values[len(args) + 1 :], strict=True))
    return True


def _depth(function: FunctionState, index: int) -> int:
    loop, depth = function.sites[index].loop, 0
    while loop >= 0:
        loop = function.loop_parents[loop]
        depth += 1
    return depth


def _assert_independent(effect: Effect) -> Effect:
    from dataclasses import replace

    return replace(effect, asserted=True)


__all__ = ["NEVER", "RETRY", "Issuer", "Strand"]
