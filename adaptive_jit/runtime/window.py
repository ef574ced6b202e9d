"""The replay's side of a region: the user's own statements fetch what was started early.

Three windows share one interface, so that the same generated code serves
profiling, trials and settled running: `Window` (open), `ClosedWindow` (the
plain statements run) and the profile window of `adaptive_jit.runtime.observe`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from itertools import repeat
from types import FunctionType
from typing import TYPE_CHECKING, Any

from adaptive_jit.records import Effect, EffectKind, commute
from adaptive_jit.runtime import exact
from adaptive_jit.runtime.crowd import Crowd, missed_a_record
from adaptive_jit.runtime.execute import in_context, raise_again, refused
from adaptive_jit.runtime.files import WrittenFiles, has_finaliser
from adaptive_jit.runtime.function import wrote
from adaptive_jit.runtime.guards import Guards
from adaptive_jit.runtime.inputs import lanes_of
from adaptive_jit.runtime.issue import Issuer
from adaptive_jit.runtime.iterators import SliceGuards
from adaptive_jit.runtime.output import release
from adaptive_jit.runtime.pending import Entry
from adaptive_jit.runtime.states import DEAD, DONE, HELD, QUEUED, RAISED, RUNNING, WAITING

if TYPE_CHECKING:
    from adaptive_jit.runtime.function import FunctionState, Site
    from adaptive_jit.runtime.strands import Key, Slice

Finish = Callable[[bool], None]

_UNKNOWN = Effect(EffectKind.UNKNOWN)


class Window(Crowd, WrittenFiles, Guards):
    """The window of one invocation, open: operations run ahead."""

    __slots__ = ("forced", "handed", "issuer", "on_leave")

    def __init__(
        self, function: FunctionState, on_leave: Finish | None = None, *, forced: bool = False
    ) -> None:
        super().__init__(function)
        self.issuer: Issuer | None = None
        self.on_leave = on_leave
        self.forced = forced
        self.handed = function.handed

    # ---- regions --------------------------------------------------------------------

    def open(self, region: int, *values: Any) -> bool:
        """Begin a region: start what can be started; always runs the replay."""
        return self.begin_slice(region, values)

    def begin_slice(self, region: int, values: tuple[Any, ...], *, gated: bool = False) -> bool:
        """Run the slice of *region*, with a gate before its first operation if *gated*."""
        code = self.function.slices.get(region)
        if code is None or sys.exception() is not None:
            return False
        module = sys._getframe(2).f_globals  # of the user's function, which called `open`
        issuer = self.issuer = Issuer(
            self.function, copy_context(), region, module, forced=self.forced
        )
        issuer.gated = gated
        self.paths = [()] * (len(self.function.loop_parents) + 1)
        host = self.function.host
        check = SliceGuards(
            host.attribute_is_transparent,
            host.lookup_is_transparent,
            host.effect_of,
            self.function.passes,
        )
        slice_: Slice = FunctionType(code, module)(issuer, check, (), *values)
        issuer.begin(slice_)
        return True

    def close(self, within: bool = False) -> None:
        """End a region: cancel what has not begun, wait for what must not be overtaken.

        *within* the body of a `with`, whose exit sees nothing under way, also by an exception.
        """
        self.deferred.clear()  # an exception may have come between
        issuer, self.issuer = self.issuer, None
        if issuer is None:
            return
        issuer.closed = True
        if issuer.entries:
            self._abandon(issuer, within)

    def _abandon(self, issuer: Issuer, within: bool) -> None:
        error = sys.exception()
        for key, entry in list(issuer.entries.items()):
            if key in issuer.markers:
                continue
            if entry.state <= QUEUED and next(entry.claim, 0):
                if entry.state == QUEUED:
                    entry.site.started -= 1
                entry.state = DEAD
                continue
            if entry.state == HELD:
                continue
            if (error is None or within) and entry.state < DONE:
                entry.wait()
            self._drop(entry, after_exception=error is not None)
        issuer.entries.clear()

    def _drop(self, entry: Entry, *, after_exception: bool) -> None:
        site = entry.site
        effect = entry.effect
        if effect is not None and effect.quick and effect.kind is EffectKind.PURE:
            site.started -= 1  # computed for the slice's own use
            return
        site.dropped += 1
        if after_exception:
            site.after_exception += 1
        else:
            # Exactly once matters more than the gain: this call stays in its turn.
            site.in_order = True

    def leave(self) -> None:
        """End the invocation."""
        if self.forced:
            function = self.function
            function.vain = function.vain + 1 if function.handed == self.handed else 0
        if self.on_leave is not None:
            self.on_leave(sys.exception() is not None)

    # ---- barriers -------------------------------------------------------------------

    def guard_seen(self) -> None:
        """A strand may be waiting for just this guard."""
        issuer = self.issuer
        if issuer is not None and issuer.unseen:
            issuer.wake(issuer.unseen)

    def unknown(self) -> None:
        """Nothing may be under way."""
        self.barrier(_UNKNOWN)

    def barrier(self, effect: Effect, mine: Key | None = None) -> None:
        """Before something runs in order: nothing that does not commute may be under way.

        What still lacks an input could begin meanwhile, unless the slice has met the write *mine*
        and keeps back whatever may not overtake it.
        """
        issuer = self.issuer
        if issuer is None:
            return
        met = issuer.writes.get(mine, ()) if mine is not None else ()
        expected = effect.kind is EffectKind.WRITES and (
            effect.resource == "console" or wrote(met, effect)
        )
        for key, entry in list(issuer.entries.items()):
            known = entry.effect
            if entry.state == WAITING and not expected:
                if next(entry.claim, 0):
                    issuer.closed = True  # before the end of one lets another begin
                    entry.finish(DEAD)
                    issuer.entries.pop(key, None)
                continue
            if known is None or not entry.started or commute(effect, known):
                continue
            issuer.closed = True
            issuer.entries.pop(key, None)
            if entry.state == QUEUED and next(entry.claim, 0):
                entry.site.started -= 1
                entry.finish(DEAD)
                continue
            if entry.state < DONE:
                entry.wait()
            # In an `except` the program goes on, but not as it would have without the exception.
            self._drop(entry, after_exception=sys.exception() is not None)

    def caught(self) -> None:
        """What the program ran itself when the exception came has no value."""
        super().caught()
        if self.issuer is not None:
            self.issuer.interrupted()

    # ---- operations -----------------------------------------------------------------

    def take(self, index: int, callee: Any, /, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        """What to call in place of ``callee(*args, **kwargs)``; the call stays in the caller."""
        issuer = self.issuer
        if issuer is None:
            # What looked like a builtin has handed the generator on: it runs behind its region.
            return partial(callee, *args, **kwargs) if callable(callee) else callee
        function = self.function
        site = function.sites[index]
        if issuer.living or issuer.entries:
            key = (index, self.paths[site.loop])
            # Only this side leaves markers: without one, what is there is the slice's.
            entry = None if issuer.markers else issuer.entries.pop(key, None)
            if entry is None:
                entry = self._meet(issuer, site, key)
            if entry is not None:
                found = self._fetch(issuer, entry, callee, args, kwargs)
                if issuer.throttled:
                    issuer.wake(issuer.throttled)
                if found is not None:
                    return found
        worst = site.worst
        effect = self.begin(site, callee, args, kwargs)
        if 0 <= worst < effect.kind > EffectKind.UNORDERED:
            issuer.closed = True  # it was passed, if at all, as more harmless than it is
        if effect.kind > EffectKind.UNORDERED or effect.lane is not None:
            self._in_order(issuer, effect, (index, self.paths[site.loop]))
        elif issuer.living and not (issuer.closed or effect.quick or effect.asserted):
            return self._beside_others(issuer, site, effect, callee, args, kwargs)
        if (args or kwargs) and callable(callee):
            return partial(callee, *args, **kwargs)
        return callee  # type: ignore[no-any-return]

    def _meet(self, issuer: Issuer, site: Site, key: Key) -> Entry | None:
        """What the slice has left at *key*; where it has not been yet, leave word for it."""
        entry = issuer.entries.pop(key, None)
        if entry is not None and key in issuer.markers:
            # Our own: a loop whose rounds are not counted passes here again.
            issuer.markers.discard(key)
            return None
        if entry is not None or site.light or issuer.closed or not issuer.living:
            return entry
        if site.handling:
            return None  # the slice never comes here
        marker = Entry(site, key)
        next(marker.claim)
        marker.state = RUNNING
        issuer.markers.add(key)
        entry = issuer.entries.setdefault(key, marker)
        if entry is marker:
            issuer.running[key] = marker
            if len(issuer.markers) > 2 * self.function.limit:
                issuer.closed = True
                issuer.forget_markers()
            return None
        issuer.markers.discard(key)
        issuer.entries.pop(key, None)
        return entry

    def _in_order(self, issuer: Issuer, effect: Effect, key: Key) -> None:
        if effect.kind > EffectKind.UNORDERED:
            self.barrier(effect, key)
        for lane in lanes_of(effect):
            last = issuer.lanes.get(lane)
            if last is not None and QUEUED <= last.state < DONE:
                last.wait()

    def _fetch(
        self,
        issuer: Issuer,
        entry: Entry,
        callee: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Callable[[], Any] | None:
        """The early result of *entry*; ``None`` if the call must be made now."""
        if entry.state < QUEUED or entry.state > RAISED:
            issuer.turns.discard(entry.key)
            if next(entry.claim, 0):
                issuer.running[entry.key] = entry
                return None
            # Its last input has just arrived, and another thread starts it.
            while not entry.started:
                if entry.state in (HELD, DEAD):
                    return None
                _pause()
        effect = entry.effect
        assert effect is not None
        same = entry.callee is callee or exact.same_callee(entry.callee, callee)
        if not same or not exact.same_arguments(
            entry.args, args, entry.kwargs, kwargs, deep=effect.leaves_arguments
        ):
            self._mismatch(entry)
            return None
        if entry.state == QUEUED and next(entry.claim, 0):
            entry.state = RUNNING
            entry.site.helped += 1
            entry.site.taken += 1
            issuer.running[entry.key] = entry
            if effect.watch is not None:
                self.watched[entry.key] = (effect.watch, effect.watch.before())
            goes_on = issuer.living and not issuer.closed
            if effect.quick or effect.asserted or not (issuer.entries or goes_on):
                return partial(callee, *args, **kwargs)
            return self._in_a_crowd(issuer, entry)
        if entry.state < DONE:
            entry.site.waited += 1
            entry.wait()
        value = entry.value
        said = entry.held or entry.changed or issuer.untold or missed_a_record(entry, effect)
        if said or entry.state != DONE or id(type(value)) not in exact.SCALARS:
            return self._arrived(issuer, entry, effect)
        # The usual case, without the questions that answer themselves.
        entry.site.taken += 1
        entry.release()
        return repeat(value).__next__

    def _arrived(self, issuer: Issuer, entry: Entry, effect: Effect) -> Callable[[], Any] | None:
        if entry.state == DEAD or id(type(entry.value)) in exact.ITERATORS:
            return None  # the slice walks its own: a pure builtin, made anew for the program
        wait = refused(entry, entry.value, entry.error)
        if wait is not None:
            return self._refused(issuer, entry, wait)
        if missed_a_record(entry, effect):
            self._drop(entry, after_exception=False)
            return None
        return self._result(entry)

    def _result(self, entry: Entry) -> Callable[[], Any]:
        entry.site.taken += 1
        if entry.changed and entry.effect is not None and entry.effect.watch is not None:
            self.receiver_changed(entry.effect.watch, entry.changed)
        if entry.held:
            release(entry.held)
        if self.issuer is not None and self.issuer.untold:
            self.issuer.told(entry.key)
        error, value = entry.error, entry.value
        entry.release()
        if error is not None:
            return partial(raise_again, in_context(error))
        return repeat(value).__next__

    def _mismatch(self, entry: Entry) -> None:
        """Started with other arguments than the program uses: of no use."""
        if entry.state == QUEUED and next(entry.claim, 0):
            entry.site.started -= 1
            if entry.effect is not None and entry.effect.lane is not None and self.issuer:
                self.issuer.running[entry.key] = entry  # the lane goes on behind the call itself
            else:
                entry.finish(DEAD)
            return
        if entry.state < DONE:
            entry.wait()
        self._drop(entry, after_exception=False)

    def done(self, index: int, value: Any, *, closes: bool = False) -> Any:
        """The result of an operation, whoever ran it; lets the slice go on.

        One that the program itself *closes* has no end that could be seen later.
        """
        if self.watched:
            self.ended(index, value)
        if self.writers and index in self.writers:
            self.made(index, value)
        issuer = self.issuer
        if issuer is None:
            return value
        finalised = id(type(value)) not in exact.SCALARS and not closes and has_finaliser(value)
        if finalised:
            # It runs when its name is bound anew, which nothing may overtake.
            issuer.closed = True
        if issuer.untold:
            issuer.told((index, self.paths[self.function.sites[index].loop]))
        if issuer.running:
            site = self.function.sites[index]
            entry = issuer.running.pop((index, self.paths[site.loop]), None)
            if entry is not None:
                issuer.writes.pop(entry.key, None)
                if site.worst == EffectKind.UNKNOWN:
                    issuer.context = copy_context()
                if finalised or not site.feeds or id(type(value)) in exact.ITERATORS:
                    entry.finish(DEAD)  # the program alone holds, or walks, this object
                else:
                    entry.finish(DONE, value)
        return value

    def reach(self, index: int, callee: Any) -> Any:
        """``parallel([...])`` is about to evaluate its elements."""
        issuer = self.issuer
        if issuer is not None and callee is self.function.host.parallel:
            site = self.function.sites[index]
            issuer.reached.add((index, self.paths[site.loop]))
            if issuer.unreached:
                issuer.wake(issuer.unreached)
        return callee

    def reached(self, index: int, value: Any) -> Any:
        """``parallel([...])`` has returned."""
        issuer = self.issuer
        if issuer is not None:
            site = self.function.sites[index]
            entry = issuer.entries.pop((index, self.paths[site.loop]), None)
            if entry is not None:
                entry.finish(DONE, value)
        return value


def _pause() -> None:
    import time

    time.sleep(0)
