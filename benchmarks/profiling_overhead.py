"""How much CPU time does profiling add to operations of 1 ms, 100 µs and 15 µs?

Ten operations in a row that compute for so long, in a function that is profiled, against the same
function left alone. CPU time of the calling thread from the first operation to the last, so that
other programs disturb little; the plan that is made after each of the few profiled calls does not
count. Goals: at most 1.01, 1.04 and 1.20.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from adaptive_jit import adaptive, reads, reset
from benchmarks import harness

if TYPE_CHECKING:
    from collections.abc import Callable

GOALS = ((1e-3, 1.01), (1e-4, 1.04), (1.5e-5, 1.20))
OPERATIONS = 10
LEAST_SECONDS = 0.02
"""CPU time of one measurement at least: the clock's own cost must not count."""


@reads
def compute(steps: int) -> int:
    """An operation that computes; how long is in proportion to *steps*."""
    total = 0
    for number in range(steps):
        total += number
    return total


def make_program() -> Callable[[int], float]:
    """Return the program as a function object of its own; it returns its CPU seconds."""

    def program(steps: int) -> float:
        began = time.thread_time()
        a, b = compute(steps), compute(steps)
        c, d = compute(steps), compute(steps)
        e, f = compute(steps), compute(steps)
        g, h = compute(steps), compute(steps)
        i, j = compute(steps), compute(steps)
        assert a + b + c + d + e + f + g + h + i + j >= 0
        return time.thread_time() - began

    return program


def steps_for(seconds: float) -> int:
    """How many steps take *seconds* of CPU time: the quickest of many tries."""
    steps, best = 1_000, 1.0
    for _ in range(300):
        began = time.thread_time()
        compute(steps)
        best = min(best, time.thread_time() - began)
    return max(round(steps * seconds / best), 1)


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure all three lengths."""
    plain, profiled = make_program(), adaptive(persist=False, profile_calls=1_000)(make_program())
    for seconds, goal in GOALS:
        steps = steps_for(seconds)
        times = max(round(LEAST_SECONDS / (OPERATIONS * seconds)), 1)

        def ours() -> float:
            reset(profiled)  # each run is of a function of which nothing is known yet
            spent: float = profiled(steps)  # noqa: B023
            return spent

        def alone() -> float:
            spent: float = plain(steps)  # noqa: B023
            return spent

        def several(program: Callable[[], Any]) -> float:
            spent: float = sum(program() for _ in range(times))  # noqa: B023
            return spent

        pairs = harness.paired(ours, alone, options.pairs, measure=several)
        name = f"profiled, operations of {seconds * 1e6:g} µs"
        report.add(harness.ratio_row(name, pairs, goal, f"CPU time; {times} runs a measurement"))


if __name__ == "__main__":
    sys.exit(harness.run("profiling_overhead", __doc__, measure))
