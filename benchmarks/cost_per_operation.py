"""How much CPU time does it cost to run one operation ahead of its turn?

An operation that does nothing, a hundred per call, forced to run ahead: the caller's thread time
and the whole process's CPU time per operation, less what the undecorated function takes. Goals:
at most 8 µs in the caller's thread, 12 µs in all. A ``ThreadPoolExecutor`` costs 7 to 25 µs.
"""

from __future__ import annotations

import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from adaptive_jit import adaptive, stats, unordered
from benchmarks import harness

if TYPE_CHECKING:
    from collections.abc import Callable

CALLER_GOAL = 8.0
TOTAL_GOAL = 12.0
COUNT = 100
REPEAT = 20


@unordered
def nothing(number: int) -> int:
    """An operation without a payload; declared, so that its effect is not in question."""
    return number


def plain() -> list[int]:
    """The program as it stands."""
    found = []
    for number in range(COUNT):
        found.append(nothing(number))
    return found


@adaptive(strategy="parallel", persist=False, window=COUNT)
def ahead() -> list[int]:
    """The same, running ahead."""
    found = []
    for number in range(COUNT):
        found.append(nothing(number))
    return found


def per_operation(clock: Callable[[], float], action: Callable[[], object]) -> float:
    """Return µs of *clock* per operation."""
    began = clock()
    for _ in range(REPEAT):
        action()
    return (clock() - began) / (REPEAT * COUNT) * 1e6


def row(
    name: str,
    clock: Callable[[], float],
    action: Callable[[], object],
    goal: float | None,
    pairs: int,
) -> harness.Row:
    """Measure *action* in pairs with the plain function; the difference counts."""
    found = harness.paired(action, plain, pairs, measure=lambda run: per_operation(clock, run))
    costs = [candidate - baseline for candidate, baseline in found]
    median = statistics.median(costs)
    return harness.Row(name, median, harness.upper_bound(costs), "µs", goal, raw=found)


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure the caller's share, the whole, and a pool's for comparison."""
    with ThreadPoolExecutor(8) as pool:

        def by_hand() -> None:
            list(pool.map(nothing, range(COUNT)))

        report.add(row("caller", time.thread_time, ahead, CALLER_GOAL, options.pairs))
        report.add(row("caller and workers", time.process_time, ahead, TOTAL_GOAL, options.pairs))
        report.add(row("ThreadPoolExecutor, all", time.process_time, by_hand, None, options.pairs))
    counts = stats(ahead).counts
    if not counts.started:
        sys.exit("nothing ran ahead: the figures above are not what was asked for")
    print(f"started {counts.started}, taken {counts.taken}, by the caller {counts.helped}")


if __name__ == "__main__":
    sys.exit(harness.run("cost_per_operation", __doc__, measure))
