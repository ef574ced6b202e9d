"""How close do n sleeping helpers come to the ideal, the longest of them?

``n × sleep(50 ms)`` in a helper that returns a used value, divided by one such sleep measured in
the same pair. Goals: 1.01, 1.02 and 1.07 for 3, 10 and 100 (a hand-made pool on a quiet machine:
1.007, 1.01, 1.05).
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from adaptive_jit import adaptive, stats
from adaptive_jit.records import Phase
from benchmarks import harness

if TYPE_CHECKING:
    from collections.abc import Callable

GOALS = {3: 1.01, 10: 1.02, 100: 1.07}
SECONDS = 0.05


def latency(number: int) -> int:
    """Stands for a remote call."""
    time.sleep(SECONDS)
    return number + 1


def make_program() -> Callable[[int], list[int]]:
    """Return the program as a function object of its own."""

    def program(count: int) -> list[int]:
        found = []
        for number in range(count):
            found.append(latency(number))
        return found

    return program


def ideal() -> None:
    """One call, the longest path."""
    latency(0)


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure all sizes, forced and learnt."""
    for count, goal in GOALS.items():
        window = max(64, count)
        ways: dict[str, dict[str, Any]] = {
            "forced": {"strategy": "parallel"},
            "learnt": {"trial_budget": 0.5},
        }
        for label, chosen in ways.items():
            decorate = adaptive(persist=False, window=window, max_workers=window, **chosen)
            program = decorate(make_program())

            def candidate(program: Any = program, count: int = count) -> None:
                program(count)

            def settled(program: Any = program) -> bool:
                return stats(program).phase in (Phase.PARALLEL, Phase.FORCED)

            calls = harness.settle(candidate, settled)
            pairs = harness.paired(candidate, ideal, options.pairs)
            name = f"{count} × 50 ms, {label}"
            report.add(harness.ratio_row(name, pairs, goal, f"settled at call {calls}"))


if __name__ == "__main__":
    sys.exit(harness.run("sleep_fanout", __doc__, measure))
