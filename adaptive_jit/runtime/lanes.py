"""Starting an operation: at once, or behind those before it in its lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptive_jit.records import EffectKind
from adaptive_jit.runtime.function import wrote
from adaptive_jit.runtime.inputs import lanes_of
from adaptive_jit.runtime.pending import Entry, Pending
from adaptive_jit.runtime.states import DONE, HELD, QUEUED, WAITING
from adaptive_jit.runtime.strands import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.records import Effect
    from adaptive_jit.runtime.function import Site


class Lanes(Scheduler):
    """Hands operations over; those that share a lane one after the other."""

    __slots__ = ()

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

    def caller_of(self, site: Site) -> Callable[..., Any]:
        """What calls the operations of *site* in this activation."""
        caller = self.callers.get(site.index)
        if caller is None:
            caller = self.callers[site.index] = self.function.caller(site, self.module)
        return caller

    def _hand_over(self, entry: Entry) -> None:
        if self.closed or entry.state >= QUEUED:
            return
        effect = entry.effect
        assert effect is not None
        entry.context = self.context.copy()
        entry.caller = self.caller_of(entry.site)
        entry.site.started += 1
        self.steps = 0
        entry.state = QUEUED
        if effect.quick:
            entry.run()
        else:
            function = self.function
            function.handed += 1
            function.host.start(entry, self.forced)

    def _note_write(self, entry: Entry, effect: Effect) -> None:
        """Who does not commute with what *entry* will write, or log into a file, waits for it."""
        write = effect if effect.kind > EffectKind.UNORDERED else effect.tells
        if write is not None:
            written = entry.site.written
            self.writes[entry.key] = written if wrote(written, write) else (*written, write)
