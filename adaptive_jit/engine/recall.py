"""What one function takes over from earlier runs at its first call, and leaves to later ones.

Taken over are measurements and what was concluded from them: profiles, the
plan, the states of guards, the decision as a prior. Never a permission: the
effect of every operation is judged anew in this process, and each start asks
for it.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Final

from adaptive_jit.decision import Saving
from adaptive_jit.decision.recall import resume, series_of, standing_of
from adaptive_jit.engine.fingerprint import key_of
from adaptive_jit.engine.machine import MACHINE
from adaptive_jit.numerics import LogTimes
from adaptive_jit.records import Arm
from adaptive_jit.records.memory import (
    FunctionMemory,
    OperationMemory,
    Series,
    Sums,
)

if TYPE_CHECKING:
    from adaptive_jit.classify import OperationProfile
    from adaptive_jit.engine.controller import Controller
    from adaptive_jit.settings import Settings
    from adaptive_jit.store.memory import Row

MOST_TIMES: Final = 64
"""Times of either arm that are left to later runs: the last ones."""

_SUMS: Final = tuple(field.name for field in fields(Sums))


class Recall:
    """The memory of one function in this process.

    ``unread`` until the first call that may use it. What this process has seen
    itself is kept apart from what it took over, for only that is new to others.
    """

    __slots__ = (
        "_calls", "_invocations", "_known", "_times", "key", "replaces", "unread",
    )  # fmt: skip

    def __init__(self, *, unread: bool = True, key: str | None = None) -> None:
        self.unread = unread
        self.replaces = not unread
        self.key = key
        self._known: dict[int, tuple[Sums, int]] = {}
        self._invocations = self._calls = 0
        self._times: dict[Arm, deque[tuple[float, float, int]]] = {
            arm: deque(maxlen=MOST_TIMES + 1) for arm in Arm
        }

    def seen(self, arm: Arm, wall: float, size: float = 1.0, number: int = 0) -> None:
        """An invocation took *wall* seconds. One atomic step: many threads may come at once."""
        self._times[arm].append((wall, math.log(size), number))

    def read(self, controller: Controller, settings: Settings) -> bool:
        """Look once, at the first call; whether the decision goes on from there."""
        self.unread = False
        if not settings.persist or settings.cache_dir is None:
            return False
        functions = controller.owned.functions()
        if not functions:
            return False
        key = self.key = key_of(controller.name, functions[0], controller.original, settings)
        text = MACHINE.recall(settings.cache_dir, key)
        for _, one in controller.sizes.all:
            one.expect_startup(MACHINE.startup_seconds)
        if text is None:
            return False
        from adaptive_jit.store.memory import as_record

        memory = as_record(FunctionMemory, text)
        if memory is None or not _fits(controller, memory):
            return False
        self._take_over(controller, memory)
        return resume(controller.sizes.of(memory.size_class), memory)

    def _take_over(self, controller: Controller, memory: FunctionMemory) -> None:
        state, planned, profiler = controller.state, controller.planned, controller.profiler
        for index, digit in enumerate(memory.guards):
            # A first call in another thread may have seen more by now.
            state.guards[index] = max(state.guards[index], int(digit))
        profiler.invocations += memory.invocations
        self._invocations = memory.invocations
        for one in memory.operations:
            site = state.sites[one.index]
            site.early, site.in_order = one.early, site.in_order or one.in_order
            _restore(profiler.profiles[one.index], one.sums)
            profiler.calls[one.index] = profiler.calls.get(one.index, 0) + one.calls
            self._known[one.index] = one.sums, one.calls
            if one.why is not None:
                planned.reasons[one.index] = one.why
            if one.classification is not None:
                planned.classes[one.index] = one.classification
        if memory.workers:
            controller.workers.resume(memory.workers, memory.ceiling)
        planned.savings = tuple(Saving(index, seconds) for index, seconds in memory.savings)

    def begin_anew(self, controller: Controller) -> None:
        """In a forked child: what was seen before the fork is the parent's to leave."""
        self._calls, self._invocations = controller.calls, controller.profiler.invocations
        for times in self._times.values():
            times.clear()
        for operation in controller.analysis.operations:
            index = operation.index
            calls = controller.profiler.calls.get(index, 0)
            self._known[index] = _sums(controller.profiler.profiles[index]), calls

    def row(self, controller: Controller) -> Row | None:
        """What to leave to later runs; ``None`` if no call asked for earlier ones."""
        from adaptive_jit.store.memory import Row

        if self.key is None:
            return None
        own = self._memory(controller)
        return Row(self.key, controller.name, partial(_joined, own))

    def _memory(self, controller: Controller) -> FunctionMemory:
        planned, profiler = controller.planned, controller.profiler
        main = controller.sizes.main
        return FunctionMemory(
            runs=1,
            calls=controller.calls - self._calls,
            invocations=profiler.invocations - self._invocations,
            decision=standing_of(controller.sizes.of(main)),
            direct=self._series(Arm.DIRECT, main),
            parallel=self._series(Arm.PARALLEL, main),
            size_class=main,
            guards="".join(map(str, controller.state.guards)),
            operations=tuple(
                self._operation(controller, operation.index)
                for operation in controller.analysis.operations
            ),
            savings=tuple((saving.operation, saving.seconds) for saving in planned.savings),
            workers=controller.workers.now,
            ceiling=controller.workers.ceiling,
            replaces=self.replaces,
        )

    def _operation(self, controller: Controller, index: int) -> OperationMemory:
        site, planned = controller.state.sites[index], controller.planned
        sums, calls = self._known.get(index, (Sums(), 0))
        profile = controller.profiler.profiles[index]
        return OperationMemory(
            index=index,
            sums=_sums(profile).without(sums),
            calls=controller.profiler.calls.get(index, 0) - calls,
            early=site.early,
            in_order=site.in_order,
            why=planned.reasons.get(index),
            classification=planned.classes.get(index),
        )

    def _series(self, arm: Arm, number: int) -> Series:
        """The times of this process; the first one, which was cold, only if it is the only one."""
        walls = [seen for seen in list(self._times[arm]) if seen[2] == number]
        times = LogTimes()
        for wall, log_size, _ in walls[1:] or walls:
            times.add(wall, log_size)
        return series_of(times)


def _fits(controller: Controller, memory: FunctionMemory) -> bool:
    """Whether *memory* is of a function of this shape; the key says so, a damaged file may not."""
    known = {operation.index for operation in controller.analysis.operations}
    return (
        len(memory.guards) == len(controller.state.guards)
        and set(memory.guards) <= set("012")
        and all(one.index in known for one in memory.operations)
        and all(index in known for index, _ in memory.savings)
    )


def _sums(profile: OperationProfile) -> Sums:
    return Sums(**{name: getattr(profile, name) for name in _SUMS})


def _restore(profile: OperationProfile, sums: Sums) -> None:
    for name in _SUMS:
        value = getattr(sums, name)
        if type(value) is bool:
            setattr(profile, name, getattr(profile, name) and value)
        else:
            setattr(profile, name, getattr(profile, name) + value)


def _joined(own: FunctionMemory, before: str | None) -> str:
    from adaptive_jit.store.memory import as_record, as_text

    return as_text(own.after(as_record(FunctionMemory, before)))
