"""Runs one program of the demo both ways, round by round, on the same input."""

from __future__ import annotations

import statistics
import time
import types
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adaptive_jit import adaptive, stats
from adaptive_jit.records import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.cli.demo_programs import Program, World
    from adaptive_jit.records import FunctionStats

SETTLED = (Phase.PARALLEL, Phase.DIRECT, Phase.LEFT_ALONE, Phase.FORCED)
TRIAL_BUDGET = 1.0
"""Trials may cost as much as they need, where a program's default is 2 % of the running time: what
takes a program minutes to settle is to be seen in seconds."""

AFTERWARDS = 3
"""Rounds that are still run after a program has settled: they show what it costs from then on."""


@dataclass(frozen=True, slots=True)
class Round:
    """One run of a program each way: seconds, where the function stands, and whether both agree."""

    plain_seconds: float
    adaptive_seconds: float
    ran_ahead: bool
    phase: Phase
    equal: bool


@dataclass(slots=True)
class Result:
    """All rounds of one program."""

    program: Program
    stats: FunctionStats
    rounds: list[Round] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether both ways returned the same value in every round."""
        return all(turn.equal for turn in self.rounds)

    @property
    def settled(self) -> list[Round]:
        """The rounds that began after the function had settled."""
        before = [i for i, turn in enumerate(self.rounds) if turn.phase not in SETTLED]
        return self.rounds[before[-1] + 2 :] if before else self.rounds[1:]

    def medians(self) -> tuple[float, float]:
        """Return seconds per call, plain and adaptive: as settled, until then of all rounds."""
        counted = self.settled or self.rounds
        plain = statistics.median(turn.plain_seconds for turn in counted)
        return plain, statistics.median(turn.adaptive_seconds for turn in counted)


def run(program: Program, world: World, done: Callable[[Result], None]) -> Result:
    """Run *program* in pairs until it has settled; *done* is told after each round."""
    plain = copy_of(program.function)
    adapted = adaptive(persist=False, trial_budget=TRIAL_BUDGET)(program.function)
    result = Result(program, stats(adapted))
    for turn in range(program.most_rounds):
        result.rounds.append(one_round(plain, adapted, program.arguments(world, turn)))
        result.stats = stats(adapted)
        done(result)
        if len(result.settled) >= AFTERWARDS:
            break
    return result


def copy_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same function as an object of its own: decorating one leaves the other plain."""
    assert isinstance(function, types.FunctionType)
    return types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )


def one_round(
    plain: Callable[..., Any], adapted: Callable[..., Any], arguments: tuple[Any, ...]
) -> Round:
    """Call both with the same arguments and compare what they return."""
    before = stats(adapted).decision.parallel_calls
    expected, plain_seconds = timed(plain, arguments)
    value, adaptive_seconds = timed(adapted, arguments)
    after = stats(adapted)
    return Round(
        plain_seconds=plain_seconds,
        adaptive_seconds=adaptive_seconds,
        ran_ahead=after.decision.parallel_calls > before,
        phase=after.phase,
        equal=value == expected,
    )


def timed(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[Any, float]:
    """Return what *function* returns and the seconds that it took."""
    began = time.perf_counter()
    value = function(*arguments)
    return value, time.perf_counter() - began
