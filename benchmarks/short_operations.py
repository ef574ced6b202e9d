"""Do ten operations of 1 ms each still gain as much as with a hand-written warm pool?

Goal: at most 1.02 of ``ThreadPoolExecutor(10).map`` on the same helper.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from adaptive_jit import adaptive
from benchmarks import harness

GOAL = 1.02
COUNT = 10
REPEAT = 10
"""Runs per measurement: one run takes little over 1 ms, as long as a hiccup of the machine."""


def short(number: int) -> int:
    """An operation of 1 ms."""
    time.sleep(0.001)
    return number + 1


@adaptive(strategy="parallel", persist=False)
def program() -> list[int]:
    """Ten short operations in a loop."""
    found = []
    for number in range(COUNT):
        found.append(short(number))
    return found


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure runs of the program against runs of the pool."""
    with ThreadPoolExecutor(COUNT) as pool:

        def candidate() -> None:
            for _ in range(REPEAT):
                program()

        def by_hand() -> None:
            for _ in range(REPEAT):
                list(pool.map(short, range(COUNT)))

        pairs = harness.paired(candidate, by_hand, options.pairs)
        report.add(harness.ratio_row("10 × 1 ms", pairs, GOAL, f"{REPEAT} runs per measurement"))


if __name__ == "__main__":
    sys.exit(harness.run("short_operations", __doc__, measure))
