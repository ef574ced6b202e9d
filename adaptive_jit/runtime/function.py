"""What all invocations of one function share: its sites, its guards, and the host.

The host is how the runtime reaches the stages above it without importing
them: the engine fills it in once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Any

from adaptive_jit.records import Effect, EffectKind, Reading, commute
from adaptive_jit.records.effects import FILES, LOG_FILES, REDIRECTED
from adaptive_jit.runtime.execute import call, execute, stand_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

UNSEEN, PASSED, FAILED = 0, 1, 2

_STOPPING = {"console": 0, REDIRECTED: 1, LOG_FILES: 2, FILES: 3}
"""Known writes by how much they stop: what one stops, all later ones stop as well."""


@dataclass(slots=True)
class Host:
    """The services of the stages above."""

    effect_of: Callable[[Any, tuple[Any, ...], dict[str, Any]], Effect]
    attribute_is_transparent: Callable[[Any, str], bool]
    lookup_is_transparent: Callable[[Any, str], bool]
    describe: Callable[[Any], str]
    start: Callable[[Any, bool], None]
    parallel: object
    read: Callable[[], Reading]
    watch: Callable[[Any, Any], None]
    unwatch: Callable[[Any], None]
    is_stock_stream: Callable[[Any], bool]
    enters_quietly: Callable[[Any], bool]
    effect_on_own: Callable[[Any, tuple[Any, ...], dict[str, Any], Any], Effect | None]
    makes_writer: Callable[[Any], bool]
    is_file: Callable[[Any], bool]
    closes: Effect
    seconds: Callable[[], float] = time.perf_counter


class Site:
    """One call in the source, over all invocations."""

    __slots__ = (
        "after_exception",
        "asserted",
        "callee",
        "console_only",
        "discarded",
        "dropped",
        "early",
        "effect",
        "feeds",
        "handling",
        "helped",
        "in_order",
        "index",
        "light",
        "line",
        "loop",
        "only_tells",
        "passable",
        "refused",
        "seen",
        "stand_in",
        "started",
        "states",
        "taken",
        "waited",
        "worst",
        "written",
    )

    def __init__(self, index: int, line: int, loop: int) -> None:
        self.index = index
        self.line = line
        self.loop = loop
        self.asserted = -1
        self.discarded = False
        self.light = False
        self.feeds = False
        self.handling = False
        self.only_tells = False
        self.early = True
        self.in_order = False
        self.effect: Effect | None = None
        self.worst = -1
        self.console_only = self.passable = True
        self.written: tuple[Effect, ...] = ()
        self.callee = ""
        self.stand_in: CodeType | None = None
        self.states: dict[Any, int] = {}
        self.seen: Any = None
        self.started = self.taken = self.waited = self.helped = 0
        self.dropped = self.after_exception = self.refused = 0

    execute = staticmethod(execute)

    def forget(self) -> None:
        """Drop what was seen and counted; the site itself stays."""
        self.early, self.in_order = True, False
        self.effect, self.worst, self.callee = None, -1, ""
        self.console_only = self.passable = True
        self.written = ()
        self.states.clear()
        self.seen = None
        self.started = self.taken = self.waited = self.helped = 0
        self.dropped = self.after_exception = self.refused = 0

    def note(self, effect: Effect) -> None:
        """Remember the least harmless effect seen here; of equal ones one that must wait."""
        seen = self.effect
        if effect is seen:
            return
        if effect.kind > self.worst:
            self.worst = int(effect.kind)
            self.effect = effect
        elif seen is None or (effect.kind == self.worst and _stops_more(effect, seen)):
            self.effect = effect
        if effect.kind > EffectKind.UNORDERED and effect.resource != "console":
            self.console_only = False
            # What follows in the lane of a write must wait for it, whatever it is.
            self.passable &= effect.lane is None and effect.watch is None
        write = effect if effect.kind is EffectKind.WRITES else effect.tells
        if write is not None and not wrote(self.written, write):
            self.written += (write,)

    @property
    def always_crossed(self) -> bool:
        """Whether later operations have always been free to start before this one."""
        if self.worst < 0:
            return False
        if self.discarded and self.worst > EffectKind.PURE:
            return self.worst == EffectKind.WRITES and self.console_only
        return self.worst <= EffectKind.UNORDERED or (
            self.worst == EffectKind.WRITES and self.console_only
        )

    @property
    def stops_some(self) -> bool:
        """Whether all that it ever did in its turn were known writes: what commutes passes them."""
        return self.worst == EffectKind.WRITES and self.passable and not self.console_only


def wrote(written: tuple[Effect, ...], effect: Effect) -> bool:
    """Whether a write like *effect* is among those in *written*."""
    return any(one.resource == effect.resource and one.source is effect.source for one in written)


def _stops_more(effect: Effect, seen: Effect) -> bool:
    """Of two effects of one kind: one that must wait, or that logs into files, or stops more."""
    if seen.may_start_early is not effect.may_start_early:
        return seen.may_start_early
    if effect.tells is not None and seen.tells is None:
        return True
    most = len(_STOPPING)
    ranks = (_STOPPING.get(one.resource or "", most) for one in (effect, seen))
    return effect.kind is EffectKind.WRITES and next(ranks) > next(ranks)


class FunctionState:
    """The tables of one function that its windows index by number."""

    __slots__ = (
        "code",
        "guards",
        "handed",
        "host",
        "limit",
        "loop_parents",
        "looping",
        "name",
        "refused",
        "sites",
        "slices",
        "stops",
        "throttled",
        "vain",
    )

    def __init__(
        self,
        name: str,
        host: Host,
        sites: list[Site],
        loop_parents: list[int],
        guard_count: int,
        limit: int,
    ) -> None:
        self.name = name
        self.host = host
        self.sites = sites
        self.loop_parents = loop_parents
        self.guards = bytearray(guard_count)
        self.slices: dict[int, CodeType] = {}
        self.code: CodeType | None = None
        self.stops: dict[int, str] = {}
        self.limit = limit
        self.refused = 0
        self.throttled = False
        self.handed = 0
        """Operations handed to other threads so far."""
        self.vain = 0
        """Forced invocations in a row that handed none over."""
        self.looping: frozenset[int] = frozenset()

    def caller(self, site: Site, module: dict[str, Any]) -> Callable[..., Any]:
        """What calls the operations of *site*, looking like the user's function in *module*.

        Made for each activation: nothing here may keep the user's globals,
        for code objects are invisible to the garbage collector and whatever
        the edition's constants lead to would keep the module for ever.
        """
        if self.code is None or not site.line:
            return call
        if site.stand_in is None:
            site.stand_in = stand_in(self.code, site.line)
        return FunctionType(site.stand_in, module)

    def passes(self, effect: Effect) -> bool:
        """Whether *effect* commutes with all that was seen to start early or to read here."""
        known = [site.effect for site in self.sites if site.effect is not None]
        return all(one.kind > EffectKind.UNORDERED or commute(one, effect) for one in known)

    def seen(self, guards: tuple[int | tuple[int, ...], ...]) -> bool:
        """Whether all of *guards* have passed and never failed.

        Of several that meet the same values it is enough that one has passed.
        """
        table = self.guards
        return all(
            table[guard] == PASSED
            if type(guard) is int
            else FAILED not in (states := [table[one] for one in guard]) and PASSED in states  # type: ignore[union-attr]
            for guard in guards
        )
