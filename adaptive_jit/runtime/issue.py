"""The slice's side of a region: starts operations ahead of the replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.interrupts import is_the_programs
from adaptive_jit.records import Effect, EffectKind, commute
from adaptive_jit.runtime.displays import NOTHING, SHOWS, walked
from adaptive_jit.runtime.exact import ITERABLES, ITERATORS, MUTABLE, SCALARS, Stop
from adaptive_jit.runtime.inputs import (
    assert_independent,
    depth,
    lanes_of,
    leaves_containers,
    pending_of,
    settle,
    waits,
)
from adaptive_jit.runtime.pending import POISON, Entry, Pending
from adaptive_jit.runtime.states import DEAD, DONE, HELD, QUEUED, WAITING
from adaptive_jit.runtime.strands import NEVER, NOT_REACHED, THROTTLED, Key, Path, Scheduler
from adaptive_jit.runtime.values import RETRY

if TYPE_CHECKING:
    from adaptive_jit.runtime.function import Site

CALLEE_MADE: Final = 2


class Issuer(Scheduler):
    """Starts operations of one activation of one region ahead of their turn."""

    __slots__ = ()

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
        if self.gated:
            self.block = THROTTLED
            return RETRY
        site = self.function.sites[index]
        key = (index, path)
        if key in self.markers:
            return self._overtaken(key)
        entry = Entry(site, key)
        entry.callee, entry.args, entry.kwargs, entry.made = callee, args, kwargs, made
        if waits(callee, args, kwargs):
            pending, poisoned = pending_of(callee, args, kwargs)
            if poisoned:
                return self._hold_unknown(entry)
            if pending:
                return self._await_inputs(entry, pending)
            if not settle(entry):
                return self._hold_unknown(entry)
        return self._admit(entry)

    def shown(
        self,
        index: int,
        path: Path,
        callee: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        made: int,
    ) -> Any:
        """What a loop under a progress display walks over; a call like any other if unknown."""
        known = [self.arrived(value) for value in (callee, *args, *kwargs.values())]
        if any(value is RETRY for value in known):
            return RETRY
        callee, given = known[0], tuple(known[1 : len(args) + 1])
        named = dict(zip(kwargs, known[len(args) + 1 :], strict=True))
        items = walked(callee, given, named, self.function.host.is_stock_stream)
        if items is NOTHING:
            return self.call(index, path, callee, given, named, made)
        self.function.sites[index].note(SHOWS)
        return items

    def numbered(self, builtin: Any, items: Any, start: Any = 0) -> Any:
        """``enumerate`` over what a progress display walks over."""
        if builtin is not enumerate or type(items) not in ITERABLES or type(start) is not int:
            raise Stop("numbers something that is not a builtin container")
        if type(items) in ITERATORS and self.own.pop(id(items), None) is None:
            raise Stop("numbers an iterator of the program's own")
        found = enumerate(items, start)
        self.own[id(found)] = found
        return found

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
        if not (site.always_crossed or site.writes_files):
            # What the arguments make of it cannot be known before they are there.
            self.block = pending[0]
            return RETRY
        if site.discarded or self._must_hold(site):
            return self._hold_unknown(entry)
        if not self._register(entry):
            return self._overtaken(entry.key)
        if site.effect is not None and site.effect.tells is not None:
            self.writes[entry.key] = site.effect.tells
        missing = iter(range(len(pending) - 1, -1, -1))

        def arrived() -> None:
            if next(missing, -1) == 0:
                self._inputs_arrived(entry)

        for value in pending:
            value.when_finished(arrived)
        return self._full(entry)

    def _inputs_arrived(self, entry: Entry) -> None:
        """In whichever thread finished the last input: start the operation or hold it."""
        if self.closed or not settle(entry):
            entry.state = HELD if entry.state == WAITING else entry.state
            return
        effect = self.function.host.effect_of(entry.callee, entry.args, entry.kwargs)
        if (
            self._may_start(entry, effect)
            and not self._shows_the_way(effect)
            and self._waits_for_writes(effect, None) is None
        ):
            self._start(entry, effect)
        elif entry.state == WAITING:
            self._take_lanes(entry, effect)
            entry.state = HELD

    def _admit(self, entry: Entry) -> Any:
        """An operation whose callee and arguments are known."""
        site = entry.site
        effect = self.function.host.effect_of(entry.callee, entry.args, entry.kwargs)
        if effect.quick and effect.kind is EffectKind.PURE:
            return self._now(entry, effect)
        if site.asserted >= 0 and effect.kind > EffectKind.UNORDERED:
            key = (site.asserted, entry.key[1][: depth(self.function, site.asserted)])
            if key not in self.reached:
                self.block = NOT_REACHED
                return RETRY
            effect = assert_independent(effect)
        if self._may_start(entry, effect) and not (effect.on_trial and self._shows_the_way(effect)):
            if self.looming or self.writes:
                mine = self.current.ended if self.current is not None else None
                writer = self._waits_for_writes(effect, mine)
                if writer is not None:
                    self.block = writer
                    return RETRY
            if self.entries.setdefault(entry.key, entry) is not entry:
                return self._overtaken(entry.key)
            self._start(entry, effect)
            if self._is_full():
                self.block = THROTTLED
            return entry
        return self._hold(entry, effect)

    def _now(self, entry: Entry, effect: Effect) -> Any:
        """Parsing and other pure work that costs less than a hand-over: done here."""
        try:
            value = entry.callee(*entry.args, **entry.kwargs)
        except Exception as error:
            if is_the_programs(error):
                raise
            # Its turn will show the same error, made by the user's own call.
            return POISON
        entry.effect = effect
        entry.site.note(effect)
        if type(value) in ITERATORS:
            self.own[id(value)] = value
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
        if not (site.always_crossed or site.writes_files):
            self.block = entry
        elif site.effect is not None:
            self._note_write(entry, site.effect)
        return entry

    def _note_write(self, entry: Entry, effect: Effect) -> None:
        """Who does not commute with what *entry* will write, or log into a file, waits for it."""
        write = effect if effect.kind > EffectKind.UNORDERED else effect.tells
        if write is not None:
            self.writes[entry.key] = write

    def _hold(self, entry: Entry, effect: Effect) -> Any:
        """An operation that runs in its turn; what does not commute with it waits."""
        entry.state, entry.effect = HELD, effect
        if not self._register(entry):
            return self._overtaken(entry.key)
        self._take_lanes(entry, effect)  # what follows in them waits for this turn
        if effect.kind is not EffectKind.UNKNOWN:
            self._note_write(entry, effect)
        if effect.kind is EffectKind.UNKNOWN or (
            entry.site.discarded and EffectKind.PURE < effect.kind < EffectKind.WRITES
        ):
            self.block = entry
            return entry
        return self._full(entry)

    def _must_hold(self, site: Site) -> bool:
        return site.discarded or site.in_order or not (site.early or self.forced)

    def _may_start(self, entry: Entry, effect: Effect) -> bool:
        if not effect.may_start_early or (self._must_hold(entry.site) and not effect.asserted):
            return False
        if effect.leaves_arguments:
            return entry.made != CALLEE_MADE or self._comparable(entry, effect)
        return leaves_containers(entry) and (not entry.made or self._comparable(entry, effect))

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
        for value in entry.args:
            if type(value) not in SCALARS:
                return False
        return not entry.kwargs or SCALARS.issuperset(map(type, entry.kwargs.values()))

    def _waits_for_writes(self, effect: Effect, mine: Pending | None) -> object | None:
        """What an operation waits for that may not overtake a write ahead in program order.

        *mine* is the end of its own strand, whose later writes come behind it.
        """
        # Before the writes: a strand that ends has put its own among these by then.
        for ended, looming in list(self.looming.items()):
            if ended is not mine and not all(commute(effect, write) for write in looming):
                return NEVER if ended.state == DEAD else ended
        for key, write in list(self.writes.items()):
            if not commute(effect, write):
                entry = self.untold.get(key) or self.entries.get(key) or self.running.get(key)
                if entry is not None:
                    return entry
        return None

    def _start(self, entry: Entry, effect: Effect) -> None:
        entry.effect = effect
        site = entry.site
        if effect is not site.effect:
            site.note(effect)
        if effect.tells is not None:
            self.untold[entry.key] = Pending()
            self._note_write(entry, effect)
        if not site.callee:
            site.callee = self.function.host.describe(entry.callee)
        if effect.lane is None:
            self._hand_over(entry)
            return
        before = self._take_lanes(entry, effect)
        if not before:
            self._hand_over(entry)
            return
        missing = iter(range(len(before) - 1, -1, -1))

        def free() -> None:
            if next(missing, -1) == 0:
                self.freed.append(entry)
                self._go_on_in_lanes()

        for gate in before:
            gate.when_finished(free)

    def _take_lanes(self, entry: Entry, effect: Effect) -> list[Pending]:
        """Be the last in the lanes of *effect*; the gates of those before that are not through."""
        if effect.lane is None:
            return []
        lanes = lanes_of(effect)
        last = [self.lanes[lane] for lane in lanes if lane in self.lanes]
        gate = entry.gate = Pending()
        for lane in lanes:
            self.lanes[lane] = entry
        entry.when_finished(lambda: gate.finish(DONE))
        return [one.gate for one in last if one.gate is not None and one.gate.state < DONE]

    def _shows_the_way(self, effect: Effect) -> bool:
        """Whether an operation on trial is the first in its lanes."""
        if not effect.on_trial or effect.asserted:
            return False
        return not any(
            lane in self.lanes and self.lanes[lane].state < DONE for lane in lanes_of(effect)
        )

    def _go_on_in_lanes(self) -> None:
        """Hand over those that are free: in a loop, for one may free a long row of others.

        A thread that finds another one (or itself) at it leaves its entry there.
        """
        while self.freed and not self.freeing:
            self.freeing = True
            try:
                while self.freed:
                    self._lane_is_free(self.freed.popleft())
            finally:
                self.freeing = False

    def _lane_is_free(self, entry: Entry) -> None:
        """What went before in the lane has shown whether the others wait for their turn."""
        before = entry.effect
        assert before is not None
        if not before.on_trial or before.asserted:
            self._hand_over(entry)
            return
        effect = self.function.host.effect_of(entry.callee, entry.args, entry.kwargs)
        if not effect.may_start_early:
            if entry.state == WAITING:
                entry.state = HELD
            return
        self._hand_over(entry)
        if effect.lane is None and entry.gate is not None:
            entry.gate.finish(DONE)  # no lane any more: the others need not wait either

    def _hand_over(self, entry: Entry) -> None:
        if self.closed or entry.state >= QUEUED:
            return
        effect = entry.effect
        assert effect is not None
        entry.context = self.context.copy()
        caller = self.callers.get(entry.site.index)
        if caller is None:
            caller = self.callers[entry.site.index] = self.function.caller(entry.site, self.module)
        entry.caller = caller
        entry.site.started += 1
        self.steps = 0
        entry.state = QUEUED
        if effect.quick:
            entry.run()
        else:
            function = self.function
            function.handed += 1
            function.host.start(entry, self.forced)

    def interrupted(self) -> None:
        """What the program ran in its turn has raised, and the exception has been caught."""
        for key, entry in list(self.running.items()):
            self.running.pop(key, None)
            self.told(key)
            self.writes.pop(key, None)
            entry.finish(DEAD)

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
