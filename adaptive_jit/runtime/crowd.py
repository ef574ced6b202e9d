"""Operations that were in flight together: some were refused, or changed their client for others."""

from __future__ import annotations

import time
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.records import Effect, EffectKind, Source, commute
from adaptive_jit.records.effects import FILES, LOG_FILES
from adaptive_jit.runtime.execute import of_user, raise_again, refused
from adaptive_jit.runtime.output import thread_state
from adaptive_jit.runtime.pending import Entry
from adaptive_jit.runtime.states import DEAD, DONE, QUEUED

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.records import Watch
    from adaptive_jit.runtime.function import FunctionState, Site
    from adaptive_jit.runtime.issue import Issuer


DEEPEST: Final = 4
"""Calls of one thread inside each other that may stand on frames of ours."""

BREATH: Final = 0.05
"""Seconds between two attempts where the service does not say how many."""

_LOGGED = Effect(EffectKind.WRITES, LOG_FILES, Source.CATALOGUE)


def missed_a_record(entry: Entry, effect: Effect) -> bool:
    """Whether a record went into a file that the operation may have read before that.

    Records of operations whose code is known are waited for; this is for those
    of which only the catalogue speaks, such as a client that logs its requests.
    Only what reads local files and nothing else is read again: a request that is
    made again would be seen by whom it is made to.
    """
    return (
        effect.kind is EffectKind.READS
        and effect.resource == FILES
        and effect.source is not Source.DECLARED
        and 0 < entry.began < thread_state.told
        and not commute(effect, _LOGGED)
    )


class Crowd:
    """The part of an open window that asks again, in turn, what being many has spoilt."""

    __slots__ = ()

    function: FunctionState
    issuer: Issuer | None
    paths: list[tuple[int, ...]]
    _drop: Callable[..., None]

    def _beside_others(
        self,
        issuer: Issuer,
        site: Site,
        effect: Effect,
        callee: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Callable[[], Any]:
        """The outcome of a call that the slice has not come to: others may begin meanwhile."""
        entry = Entry(site, (site.index, self.paths[site.loop]))
        entry.callee, entry.args, entry.kwargs, entry.effect = callee, args, kwargs, effect
        entry.caller = issuer.caller_of(site)
        return self._in_a_crowd(issuer, entry)

    def _in_a_crowd(self, issuer: Issuer, entry: Entry) -> Callable[[], Any]:
        """The outcome of a call that the caller makes while others are under way."""
        callee, args, kwargs = entry.callee, entry.args, entry.kwargs
        alone, handed = len(issuer.entries) <= len(issuer.markers), self.function.handed
        found = attempt(entry)
        if found is None:  # too deep in calls of this kind: as the program makes them
            return partial(callee, *args, **kwargs)
        wait = refused(entry, *found)
        if wait is not None and not (alone and handed == self.function.handed):
            again = self._refused(issuer, entry, wait)
            return partial(callee, *args, **kwargs) if again is None else again
        return outcome(*found)

    def _refused(self, issuer: Issuer, entry: Entry, wait: float) -> Callable[[], Any] | None:
        """The service wanted fewer at once: the call is made again when none is left."""
        once = issuer.closed and self.function.refused > 0
        issuer.closed = True
        self.function.refused += 1
        entry.site.refused += 1
        if entry.turn is not None:
            entry.turn.refused(wait)
        entry.site.started -= entry.started
        for key, other in list(issuer.entries.items()):
            if key in issuer.markers or not other.started:
                continue
            if other.state == QUEUED and next(other.claim, 0):
                issuer.entries.pop(key, None)
                other.site.started -= 1
                other.finish(DEAD)
            elif other.state < DONE:
                other.wait()
        return None if once else made_again(entry, wait)

    def receiver_changed(self, watch: Watch, when: int) -> None:
        """What began before *when* with the receivers as they were is of no use."""
        issuer = self.issuer
        if issuer is None:
            return
        changed = {id(receiver) for receiver in watch.receivers()}
        for key, entry in list(issuer.entries.items()):
            effect = entry.effect
            if effect is None or effect.watch is None or not entry.started:
                continue
            if entry.began > when or changed.isdisjoint(map(id, effect.watch.receivers())):
                continue
            if not entry.began and effect.lane is not None:
                continue  # it begins now, behind the others of its lane
            issuer.entries.pop(key, None)
            if entry.state == QUEUED and next(entry.claim, 0):
                entry.site.started -= 1
                entry.finish(DEAD)
                continue
            if entry.state < DONE:
                entry.wait()
            self._drop(entry, after_exception=False)


def made_again(entry: Entry, wait: float) -> Callable[[], Any] | None:
    """The outcome of calling again after *wait* seconds; ``None`` if that is refused as well.

    The service may not have noticed yet that the others have left, so that
    there is a breath before the program itself asks for the last time.
    """
    time.sleep(wait)
    found = attempt(entry)
    if found is None:
        return None
    wait_more = refused(entry, *found)
    if wait_more is None:
        return outcome(*found)
    time.sleep(max(wait_more, BREATH))
    return None


def attempt(entry: Entry) -> tuple[Any, BaseException | None] | None:
    """Result and exception of the call, made here; ``None`` where that could go too deep.

    A recursive program must reach the depth that it reaches alone, so that
    only so many calls of a thread stand on frames of ours.
    """
    if thread_state.crowd >= DEEPEST:
        return None
    thread_state.crowd += 1
    try:
        return entry.caller(entry.callee, entry.args, entry.kwargs), None
    except BaseException as error:
        # The program's: raised from its own frame, with a traceback that begins there.
        return None, error.with_traceback(of_user(error.__traceback__))
    finally:
        thread_state.crowd -= 1


def outcome(value: Any, error: BaseException | None) -> Callable[[], Any]:
    """What to call in place of a call that has been made: returns or raises as that did."""
    return repeat(value).__next__ if error is None else partial(raise_again, error)
