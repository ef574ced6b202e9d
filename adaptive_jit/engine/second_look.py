"""Operations that could not be judged are looked at again while the function runs ahead.

What was not called while the function was profiled (another branch), or was
undecided then (a first call that loads modules, a busy machine), would stay in
order for good. So calls that run ahead time it, in its turn, until it is judged
or was looked at often enough; then it may run ahead like the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adaptive_jit.engine.fallback import failed
from adaptive_jit.engine.plan import make_plan
from adaptive_jit.interrupts import is_the_programs
from adaptive_jit.profiling import difference
from adaptive_jit.records import Verdict
from adaptive_jit.settings import current
from adaptive_jit.strategies import strategy

if TYPE_CHECKING:
    from adaptive_jit.engine.controller import Controller
    from adaptive_jit.runtime.looking import Timed
    from adaptive_jit.settings import Settings

MOST_LOOKS: Final = 30
"""Calls of an operation, profiled ones included, after which "undecided" is the answer: no interval
narrows noticeably beyond (decisions.md section 7)."""

WORTH_SECONDS: Final = 1e-3
"""Seconds a call: shorter ones gain little, and timing them would cost more than a hundredth."""


def unsure(controller: Controller, settings: Settings) -> frozenset[int]:
    """The operations of *controller* that another look may find to wait."""
    return frozenset(
        operation.index
        for operation in controller.analysis.operations
        if _is_unsure(controller, operation.index, settings)
    )


def _is_unsure(controller: Controller, index: int, settings: Settings) -> bool:
    site, profile = controller.state.sites[index], controller.profiler.profiles[index]
    if site.discarded or site.handling or site.in_order:
        return False
    if not profile.n:
        return True
    judged = controller.planned.classes.get(index)
    return (
        judged is not None
        and judged.verdict is Verdict.UNDECIDED
        and judged.ratio < settings.io_threshold
        and profile.n < MOST_LOOKS
        and profile.wall >= WORTH_SECONDS * profile.n
        and site.effect is not None
        and site.effect.may_start_early
    )


def look(controller: Controller, timed: list[Timed]) -> None:
    """Take in what a call that ran ahead has timed; what is judged now may run ahead."""
    try:
        settings = current(controller.arguments)
        for index, start, stop in timed:
            controller.profiler.profiles[index].add(difference(start, stop))
        before = controller.planned
        planned = make_plan(
            controller.profiler, controller.state.sites, controller.analysis.operations, settings,
            strategy("thread").dispatch_seconds(),
        )  # fmt: skip
        # What was predicted was predicted of a whole profiled call.
        planned.prediction, planned.basis = before.prediction, before.basis
        planned.savings = before.savings
        controller.planned = planned
        controller.unsure = unsure(controller, settings)
    except Exception as error:
        if is_the_programs(error):
            raise
        failed(f"looking again at {controller.name}", error)
