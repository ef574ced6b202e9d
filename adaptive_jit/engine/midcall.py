"""Whether a loop that has shown a few rounds is worth running ahead from here on."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from adaptive_jit.decision import Trace
from adaptive_jit.engine.plan import Profiler, make_plan
from adaptive_jit.settings import current
from adaptive_jit.strategies import strategy

if TYPE_CHECKING:
    from adaptive_jit.decision import TraceCall
    from adaptive_jit.engine.controller import Controller
    from adaptive_jit.runtime.observe import Operations
    from adaptive_jit.runtime.strands import Path
    from adaptive_jit.syntax import Analysis

MOST_COPIES: Final = 8
"""Rounds to come that the prediction looks at: as many as run at once to begin with."""

_LOOPS: Final = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def looping(analysis: Analysis) -> frozenset[int]:
    """The regions with a loop in them."""
    return frozenset(
        region.record.index
        for region in analysis.regions.values()
        if any(isinstance(node, _LOOPS) for s in region.statements for node in ast.walk(s))
    )


def opens(
    controller: Controller, found: Operations, wall: float, last: Path | None, left: int | None
) -> bool:
    """Whether the window should open, after *wall* seconds in which *found* was recorded.

    *last* is the path of the last complete round: what comes is taken to be
    like it, *left* times (``None``: unknown). The prediction and its threshold
    are those of whole invocations.
    """
    settings = current(controller.arguments)
    profiler = Profiler(controller.state.sites)
    profiler.add(found, wall)
    if profiler.trace is not None and last is not None:
        copies = MOST_COPIES if left is None else min(left, MOST_COPIES)
        profiler.trace = _continued(profiler.trace, last, copies)
    planned = make_plan(
        profiler, controller.state.sites, controller.analysis.operations, settings,
        strategy("thread").dispatch_seconds(),
    )  # fmt: skip
    prediction = planned.prediction
    if prediction is None or prediction.speedup < settings.min_predicted_speedup:
        return False
    controller.opened(prediction.speedup, left, profiler.trace)
    return True


def _continued(trace: Trace, last: Path, copies: int) -> Trace:
    """The trace as if the round at *last* were followed by *copies* of it."""
    depth = len(last)
    round_ = [call for call in trace.calls if call.path[:depth] == last]
    if not round_:
        return trace
    start = round_[0].start
    seconds = max(call.start + call.wall for call in round_) - start
    calls = list(trace.calls)
    for number in range(1, copies + 1):
        calls += [_moved(call, depth, number, number * seconds) for call in round_]
    return Trace(tuple(calls), trace.wall + copies * seconds)


def _moved(call: TraceCall, depth: int, rounds: int, seconds: float) -> TraceCall:
    path = (*call.path[: depth - 1], call.path[depth - 1] + rounds, *call.path[depth:])
    return call._replace(path=path, start=call.start + seconds)
