"""The cold path of one adaptive function: profile, plan, decide, settle, look again."""

from __future__ import annotations

import sys
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any

from adaptive_jit import clock
from adaptive_jit.decision import Decider, WorkerCount
from adaptive_jit.engine.dispatch import SILENT, Dispatcher
from adaptive_jit.engine.editions import Owned
from adaptive_jit.engine.fallback import failed, told
from adaptive_jit.engine.host import allow, host, seconds
from adaptive_jit.engine.importing import is_importing
from adaptive_jit.engine.machine import MACHINE
from adaptive_jit.engine.midcall import looping, opens
from adaptive_jit.engine.plan import Planned, Profiler, make_plan
from adaptive_jit.engine.rearm import ALARMS
from adaptive_jit.engine.recall import Recall
from adaptive_jit.engine.resting import Rest
from adaptive_jit.engine.second_look import look, unsure
from adaptive_jit.engine.size import UNKNOWN, contents_of, has_arguments, size_of
from adaptive_jit.engine.sizes import Sizes
from adaptive_jit.fanout import register_code
from adaptive_jit.interrupts import is_the_programs
from adaptive_jit.records import Arm, Phase, Transition, Verdict
from adaptive_jit.runtime import FunctionState, Site, Window
from adaptive_jit.runtime.closed import ClosedWindow
from adaptive_jit.runtime.looking import LookingWindow
from adaptive_jit.runtime.observe import Operations, ProfileWindow
from adaptive_jit.runtime.pending import POISON
from adaptive_jit.runtime.values import RETRY
from adaptive_jit.settings import Settings, current, overridden
from adaptive_jit.strategies import strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType, FunctionType

    from adaptive_jit.decision import Trace
    from adaptive_jit.editions import Edition
    from adaptive_jit.runtime.strands import Path
    from adaptive_jit.syntax import Analysis

FORCED = ("parallel", "thread")


def name_of(target: object) -> str:
    """The name that reports show; without the module where a namespace has no name."""
    module = getattr(target, "__module__", None)
    name = str(getattr(target, "__qualname__", target))
    return f"{module}.{name}" if isinstance(module, str) else name


class Controller:
    """Everything that the engine knows of one function (or of the closures of one code)."""

    def __init__(
        self,
        function: FunctionType,
        analysis: Analysis,
        edition: Edition,
        arguments: Mapping[str, object],
    ) -> None:
        self.name = name_of(function)
        self.arguments = dict(arguments)
        self.size: Callable[..., Any] | None = None
        self.analysis = analysis
        self.owned = Owned(function.__code__)
        self.calls = 0
        self.forced_calls = self.openings = self.closings = 0
        self.saved_within = 0.0
        self.profiling_seconds = 0.0
        self.bookkeeping_seconds = 0.0
        self.analysis_seconds = 0.0
        self.original = function.__code__
        self._has_arguments = has_arguments(self.original)
        self.dispatcher = Dispatcher(self)
        self.code: CodeType = edition.with_constants(self.dispatcher, POISON)
        register_code(self.original)
        register_code(self.code)
        settings = current(self.arguments)
        self.state = FunctionState(
            self.name, host(settings.effects), _sites(analysis), analysis.loop_parents, edition.guard_count,
            settings.window,
        )  # fmt: skip
        if "max_workers" in self.arguments:
            allow(settings.max_workers)
        self.state.looping = looping(analysis)
        self.state.code = function.__code__
        self.state.slices = edition.slice_codes(RETRY, POISON)
        self.recall = Recall()
        self._begin(settings)

    def _begin(self, settings: Settings) -> None:
        self.sizes = Sizes(lambda: Decider(settings, None, MACHINE.startup_seconds, clock.SYSTEM))
        self.profiler = Profiler(self.state.sites)
        self.planned = Planned()
        self.unsure: frozenset[int] = frozenset()
        self.rest = Rest()
        self.state.vain = 0
        self.phase = Phase.COLD
        self.opened_trace: Trace | None = None
        self.told: Transition | None = None
        self.workers = WorkerCount(min(settings.window, settings.max_workers))

    @property
    def decider(self) -> Decider:
        """The decider that reports speak of."""
        return self.sizes.of(self.sizes.main)

    # ---- life -----------------------------------------------------------------------

    def adopt(self, function: FunctionType) -> None:
        """Take *function* in and give it the code that is in place now."""
        self.owned.add(function)
        settled = self.phase is Phase.DIRECT
        self.owned.put(self.original if settled else self.code)

    def arm(self) -> None:
        """Put the instrumented code in place."""
        self.owned.put(self.code)

    def restore(self) -> None:
        """Put the user's own code back, unless some context needs the other one."""
        if not overridden():
            self.owned.put(self.original)

    def retire(self) -> None:
        """Give up all generated code, at interpreter exit.

        The collector does not look into code objects. What their constants
        lead to, in the end the user's modules, would be kept to the end of the
        process, and buffered files among their globals would not be flushed.
        """
        self.owned.put(self.original)
        self.code, self.state.slices = self.original, {}

    def reset(self) -> None:
        """Forget everything that was measured."""
        for site in self.state.sites:
            site.forget()
        self.calls = self.forced_calls = self.openings = self.closings = 0
        self.saved_within = 0.0
        self.state.guards[:] = bytes(len(self.state.guards))
        self.state.stops.clear()
        self.recall = Recall(unread=False, key=self.recall.key)
        self._begin(current(self.arguments))
        self.arm()

    # ---- one invocation -------------------------------------------------------------

    def enter(self) -> Any:
        """The window for one invocation."""
        settings = current(self.arguments)
        if not settings.enabled or settings.strategy == "direct":
            self.calls += 1
            return SILENT
        if sys.gettrace() is not None or is_importing():
            return SILENT
        limit = min(settings.window, settings.max_workers)
        if self.state.refused or self.state.throttled:
            self._count_workers()
        self.state.host = host(settings.effects)
        if settings.strategy in FORCED:
            self.calls += 1
            self.forced_calls += 1
            if self.rest.wanted(self):
                return SILENT
            refused = self.workers.ceiling is not None
            self.state.limit = min(limit, self.workers.now) if refused else limit
            return Window(self.state, forced=True)
        self.state.limit = min(limit, self.workers.now)
        if self.recall.unread and self.recall.read(self, settings):
            self.unsure = unsure(self, settings)
            self._moved(self.sizes.phase)
        size = self._size()
        number = self.sizes.number(size)
        decider = self.sizes.of(number)
        phase = decider.phase
        decider.override(settings)
        if decider.phase is not phase:
            phase = decider.phase
            self._moved(self.sizes.phase)
        if phase is Phase.DIRECT and self.sizes.is_due:
            self.sizes.is_due = False
            decider.probe_begins()
            phase = decider.phase
        if phase is Phase.TRIAL or phase is Phase.PARALLEL:
            return self._chosen(decider.choose(), size, number)
        if phase is Phase.DIRECT:
            return self._rested(size, number)
        return self._profiled(size, number)

    def _size(self) -> float:
        """How much this call does; from ``enter``, which the dispatcher called from the call."""
        if self.size is None:
            return contents_of(sys._getframe(3)) if self._has_arguments else UNKNOWN
        return size_of(self.size, sys._getframe(3), self.name)

    def _rested(self, size: float, number: int) -> Any:
        """The window of a call whose class is settled direct."""
        if self.sizes.phase is Phase.DIRECT:
            self.restore()
            return SILENT
        return SILENT if self.sizes.passes(number) else self._chosen(Arm.DIRECT, size, number)

    def _count_workers(self) -> None:
        """Take in the last invocations: were there more operations than workers, or refusals?

        A service that queues loses nothing by a window that is too wide, and
        whether the function became slower is the trial's question; so only
        refusals make the number smaller.
        """
        refused, self.state.refused, self.state.throttled = self.state.refused, 0, False
        self.workers.observe(self.workers.now, 1.0, rejected=refused > 0)

    def _chosen(self, arm: Arm, size: float, number: int) -> Any:
        start = seconds()

        def leave(raised: bool) -> None:
            wall = seconds() - start
            try:
                self._observe(arm, wall, raised, size, number)
            except Exception as error:
                if is_the_programs(error):
                    raise
                failed(f"observing {self.name}", error)
            # Read and written without a lock: a sum that is shown, and decides nothing.
            self.bookkeeping_seconds += max(seconds() - start - wall, 0.0)

        if arm is Arm.DIRECT:
            return ClosedWindow(leave)
        if self.unsure:
            return LookingWindow(self.state, leave, self.unsure, partial(look, self))
        return Window(self.state, leave)

    def _profiled(self, size: float, number: int) -> ProfileWindow:
        start = seconds()

        def leave(raised: bool, found: Operations) -> None:
            wall = seconds() - start
            try:
                self._learn(found, wall + found.saved - found.paused, raised, size, number)
            except Exception as error:
                if is_the_programs(error):
                    raise
                failed(f"profiling {self.name}", error)
            self.profiling_seconds += max(seconds() - start - wall, 0.0)

        return ProfileWindow(self.state, leave, self._consider)

    def _consider(
        self, found: Operations, wall: float, last: Path | None, left: int | None
    ) -> bool:
        """Whether the rest of an invocation is worth running ahead, as far as it has shown."""
        try:
            return opens(self, found, wall, last, left)
        except Exception as error:
            if is_the_programs(error):
                raise
            failed(f"looking at a loop of {self.name}", error)
            return False

    def opened(self, predicted: float, left: int | None, trace: Trace | None) -> None:
        """The window opens in the middle of an invocation."""
        self.openings += 1
        self.opened_trace = trace
        told(
            "%s: opened within the call, %s rounds to go: predicted speed-up %.2f",
            self.name, "more" if left is None else left, predicted,
        )  # fmt: skip

    def _learn(
        self, found: Operations, wall: float, raised: bool, size: float, number: int
    ) -> None:
        decider = self.sizes.of(number)
        self.closings += found.closed
        self.saved_within += found.saved
        if not raised:
            self.profiler.add(found, wall)
            if self.opened_trace is not None:
                # What was recorded is the beginning only; this is what the opening went by.
                self.profiler.trace, self.opened_trace = self.opened_trace, None
            self._make_plan(decider)
        if self._undecided():
            self.calls += 1
        else:
            self._observe(Arm.DIRECT, wall, raised, size, number)
            if found.closed and not raised and decider.phase is Phase.TRIAL:
                # Its own rounds have shown what a call that runs ahead would take.
                decider.observe(Arm.PARALLEL, wall * found.pace, size)

    def _undecided(self) -> bool:
        """Whether one more profiled call may turn an honest "undecided" into I/O."""
        settings = current(self.arguments)
        if self.profiler.invocations >= settings.profile_calls:
            return False
        return any(
            judged.verdict is Verdict.UNDECIDED
            and judged.ratio < settings.io_threshold
            and self._might_start_early(index)
            for index, judged in self.planned.classes.items()
        )

    def _might_start_early(self, index: int) -> bool:
        effect = self.state.sites[index].effect
        return effect is not None and effect.may_start_early

    def _make_plan(self, decider: Decider | None = None) -> None:
        settings = current(self.arguments)
        self.planned = make_plan(
            self.profiler, self.state.sites, self.analysis.operations, settings,
            strategy("thread").dispatch_seconds(),
        )  # fmt: skip
        self.unsure = unsure(self, settings)
        prediction = self.planned.prediction
        (decider or self.decider).revise_prediction(prediction.speedup if prediction else 1.0)

    def _observe(
        self, arm: Arm, wall: float, raised: bool, size: float = UNKNOWN, number: int = 0
    ) -> None:
        self.calls += 1
        self.sizes.count(number)
        decider = self.sizes.of(number)
        if raised:
            decider.observe_failure(arm, _kind_of(sys.exception()))
        else:
            self.recall.seen(arm, wall, size, number)
            decider.observe(arm, wall, size)
        phase = self.sizes.phase
        if phase is not self.phase:
            self._moved(phase)

    def _moved(self, phase: Phase) -> None:
        before, self.phase = self.phase, phase
        if phase is Phase.DIRECT:
            self.restore()
            self._look_again()
        elif before is Phase.DIRECT:
            self.arm()  # a class of sizes that is new, while the others rest
        if Phase.PARALLEL in (phase, before) or (before, phase) == (Phase.TRIAL, Phase.DIRECT):
            self._tell(before, phase)

    def _tell(self, before: Phase, after: Phase) -> None:
        summary = self.decider.summary()
        last = summary.transitions[-1] if summary.transitions else None
        if last is None or last is self.told:
            return  # a probe that found nothing is no change
        self.told = last
        measured = summary.measured_speedup
        gain = f" ({measured:.2f}x measured)" if measured is not None else ""
        told("%s: %s -> %s%s: %s", self.name, before.value, after.value, gain, last.reason)

    def _look_again(self) -> None:
        delay = self.sizes.next_probe_seconds()
        if delay is None or not self.owned.functions():
            return
        reference = weakref.ref(self)

        def due() -> None:
            controller = reference()
            if controller is not None:
                controller.probe()

        ALARMS.after(delay, due)

    def probe(self) -> None:
        """Time has come to look again."""
        if self.sizes.phase is Phase.DIRECT:
            self.sizes.probe()
            self.phase = self.sizes.phase
            self.arm()


def _kind_of(error: BaseException | None) -> str:
    """What tells a failure from others: the name of its class, never its text."""
    return "an exception" if error is None else f"an exception ({type(error).__name__})"


def _sites(analysis: Analysis) -> list[Site]:
    sites: list[Site | None] = [None] * analysis.site_count
    lines = {operation.index: operation.line for operation in analysis.operations}
    for call in analysis.sites.values():
        site = Site(call.index, lines.get(call.index, 0), call.loop)
        site.asserted, site.discarded = call.asserted, call.discarded
        site.light = call.role.value == "light"
        site.handling = call.handling
        site.feeds = site.light or call.index in analysis.feeding
        sites[call.index] = site
    return [site for site in sites if site is not None]
