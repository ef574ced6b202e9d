"""Does a script gain that calls its pipeline once?

A loop over twenty documents, one model call each, in the first call that the function has ever
had; the goal is at most 0.35 of the plain function. Two lengths: 1 s as in the goal (few pairs, for
each takes 25 s), and 0.1 s, where opening within the call costs more of it.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from adaptive_jit import adaptive, unordered
from benchmarks import harness

GOAL = 0.35
DOCUMENTS = 20
LONG_PAIRS = 3


def fresh(seconds: float) -> Any:
    """Return a new function that nothing is known about yet."""

    @unordered
    def summarise(document: str) -> str:
        time.sleep(seconds)
        return document.title()

    def main() -> list[str]:
        found = []
        for number in range(DOCUMENTS):
            found.append(summarise(f"document {number}"))
        return found

    return main


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure first calls of fresh functions against the plain function."""
    for seconds, pairs in ((0.1, options.pairs), (1.0, min(LONG_PAIRS, options.pairs))):
        plain = fresh(seconds)

        def candidate(seconds: float = seconds) -> None:
            adaptive(persist=False)(fresh(seconds))()

        found = harness.paired(candidate, plain, pairs)
        report.add(harness.ratio_row(f"{DOCUMENTS} × {seconds:g} s, first call", found, GOAL))


if __name__ == "__main__":
    sys.exit(harness.run("first_call", __doc__, measure))
