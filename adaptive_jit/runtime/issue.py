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
    leaves_containers,
    pending_of,
    settle,
    waits,
)
from adaptive_jit.runtime.lanes import Lanes
from adaptive_jit.runtime.pending import POISON, Entry, Pending
from adaptive_jit.runtime.states import DEAD, DONE, HELD, WAITING
from adaptive_jit.runtime.strands import NEVER, NOT_REACHED, THROTTLED, Key, Path
from adaptive_jit.runtime.values import RETRY

if TYPE_CHECKING:
    from adaptive_jit.runtime.function import Site

CALLEE_MADE: Final = 2


class Issuer(Lanes):
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

    def left(self, index: int, path: Path) -> None:
        """The end of a `with` around a file: it is closed there, and all of it is to be seen."""
        key = (index, path)
        if key in self.markers:
            self._overtaken(key)
        else:
            self._hold_unknown(Entry(self.function.sites[index], key))

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
        if builtin is not enumerate or id(type(items)) not in ITERABLES or type(start) is not int:
            raise Stop("numbers something that is not a builtin container")
        if id(type(items)) in ITERATORS and self.own.pop(id(items), None) is None:
            raise Stop("numbers an iterator of the program's own")
        found = enumerate(items, start)
        self.own[id(found)] = found
        return found

    def _overtaken(self, key: Key) -> Any:
        """The replay has been here before: its own call gives the value.

        What follows goes on beside a call that is under way as it would before its turn.
        """
        self.markers.discard(key)
        entry = self.entries.pop(key)
        if entry.state < DONE:
            self._keep_in_mind(entry)
            effect = entry.site.effect
            if effect is not None and effect.lane is not None:
                self.block = entry
        return entry

    def _keep_in_mind(self, entry: Entry) -> None:
        """Go on behind *entry*, of which something is unknown, as far as it always was harmless."""
        site = entry.site
        if not (site.always_crossed or site.stops_some):
            self.block = entry
        elif site.written:
            self.writes[entry.key] = site.written

    def _register(self, entry: Entry) -> bool:
        """Put *entry* where the replay looks; False if the replay was there first.

        ``setdefault`` is atomic: of the two sides one is first at each key.
        """
        return self.entries.setdefault(entry.key, entry) is entry

    def _register_turn(self, entry: Entry) -> bool:
        """As `_register`, for an operation that waits for its turn: it need hold nothing."""
        entry.state = HELD
        entry.callee, entry.args, entry.kwargs = None, (), {}
        self.turns.add(entry.key)  # before the replay may take it out again
        if self._register(entry):
            return True
        self.turns.discard(entry.key)
        return False

    def _await_inputs(self, entry: Entry, pending: list[Pending]) -> Any:
        site = entry.site
        if not (site.always_crossed or site.stops_some):
            # What the arguments make of it cannot be known before they are there.
            self.block = pending[0]
            return RETRY
        if site.discarded or self._must_hold(site):
            return self._hold_unknown(entry)
        if not self._register(entry):
            return self._overtaken(entry.key)
        if site.written:
            self.writes[entry.key] = site.written
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
            and self._waits_for_writes(effect, None, entry.key) is None
        ):
            self.writes.pop(entry.key, None)
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
                writer = self._waits_for_writes(effect, mine, entry.key)
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
        if id(type(value)) in ITERATORS:
            self.own[id(value)] = value
        private = id(type(value)) in ITERATORS or not self._comparable(entry, effect)
        if private or (entry.site.light and id(type(value)) in SCALARS):
            return value
        entry.finish(DONE, value)
        next(entry.claim)
        if not self._register(entry):
            return self._overtaken(entry.key)
        entry.site.started += 1
        return entry

    def _hold_unknown(self, entry: Entry) -> Any:
        """An operation of which something is unknown: crossed only if it always was harmless."""
        if not self._register_turn(entry):
            return self._overtaken(entry.key)
        self._keep_in_mind(entry)
        return entry

    def _hold(self, entry: Entry, effect: Effect) -> Any:
        """An operation that runs in its turn; what does not commute with it waits."""
        entry.effect = effect
        if not self._register_turn(entry):
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
            if id(type(receiver)) in MUTABLE or type(receiver) is tuple:
                return False
        if effect.leaves_arguments or not entry.made:
            return True
        for value in entry.args:
            if id(type(value)) not in SCALARS:
                return False
        return not entry.kwargs or SCALARS.issuperset(map(id, map(type, entry.kwargs.values())))

    def _waits_for_writes(self, effect: Effect, mine: Pending | None, key: Key) -> object | None:
        """What the operation *key* waits for that may not overtake a write ahead of it.

        *mine* is the end of its own strand, whose later writes come behind it.
        """
        # Before the writes: a strand that ends has put its own among these by then.
        for ended, looming in list(self.looming.items()):
            if ended is not mine and not all(commute(effect, write) for write in looming):
                return NEVER if ended.state == DEAD else ended
        passed = None
        for other, written in list(self.writes.items()):
            if written is passed or other == key:
                continue
            if all(commute(effect, write) for write in written):
                passed = written
                continue
            entry = self.untold.get(other) or self.entries.get(other) or self.running.get(other)
            if entry is not None:
                return entry
        return None

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
