"""How close does a full window come to the ideal: 200 waits of 20 ms, 32 at a time?

The ideal is 7 rounds of 20 ms (200 / 32, rounded up), one after the other, measured in the same
pair. Goal: 1.05.
"""

from __future__ import annotations

import math
import sys
import time

from adaptive_jit import adaptive
from benchmarks import harness

COUNT, WINDOW, SECONDS, GOAL = 200, 32, 0.02, 1.05
ROUNDS = math.ceil(COUNT / WINDOW)


def latency(number: int) -> int:
    """Stands for a remote call."""
    time.sleep(SECONDS)
    return number + 1


@adaptive(strategy="parallel", window=WINDOW, max_workers=WINDOW, persist=False)
def program(count: int) -> list[int]:
    """Wait *count* times."""
    found = []
    for number in range(count):
        found.append(latency(number))
    return found


def candidate() -> None:
    """All of them."""
    program(COUNT)


def ideal() -> None:
    """As many rounds as a full window needs."""
    for number in range(ROUNDS):
        latency(number)


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure the forced run against the rounds."""
    candidate()
    pairs = harness.paired(candidate, ideal, options.pairs)
    report.add(harness.ratio_row(f"{COUNT} × 20 ms, window {WINDOW}", pairs, GOAL))


if __name__ == "__main__":
    sys.exit(harness.run("window", __doc__, measure))
