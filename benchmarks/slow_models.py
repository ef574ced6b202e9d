"""How soon does a function gain whose calls are few and long?

Five model calls of 1 s each, independent of each other; five invocations. Goals: the second
invocation runs ahead, and all five together take at most half of the plain time.
"""

from __future__ import annotations

import statistics
import sys
from types import FunctionType
from typing import Any

import httpx

from adaptive_jit import adaptive, stats
from adaptive_jit.cli import demo_service
from benchmarks import harness

INVOCATIONS = 5
SPEED_GOAL = 0.5
CALL_GOAL = 2.0
REPETITIONS = 6
"""Fresh functions measured; each takes about 30 s, so that 30 pairs of invocations are compared."""


def fresh() -> Any:
    """Return a new function object that nothing is known about yet."""

    def five(client: httpx.Client) -> list[float]:
        a = client.get("/delay/1000").json()["seconds"]
        b = client.get("/delay/1010").json()["seconds"]
        c = client.get("/delay/1020").json()["seconds"]
        d = client.get("/delay/1030").json()["seconds"]
        e = client.get("/delay/1040").json()["seconds"]
        return [a, b, c, d, e]

    # A code object of its own: functions that share one learn together.
    return FunctionType(five.__code__.replace(), globals(), "five")


def one_life(client: httpx.Client) -> tuple[int, float, float]:
    """Return the first invocation that ran ahead, and seconds for all, adaptive and plain."""
    plain, adapted = fresh(), adaptive(persist=False)(fresh())
    first, total, expected = 0, 0.0, 0.0
    for invocation in range(1, INVOCATIONS + 1):
        expected += harness.seconds(lambda: plain(client))
        total += harness.seconds(lambda: adapted(client))
        if not first and stats(adapted).decision.parallel_calls:
            first = invocation
    return first or INVOCATIONS + 1, total, expected


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure several fresh functions."""
    lives = REPETITIONS if options.reports else 1
    with demo_service.running() as base, httpx.Client(base_url=base, timeout=30) as client:
        found = [one_life(client) for _ in range(lives)]
    firsts = [float(first) for first, _, _ in found]
    report.add(
        harness.Row(
            "first invocation that ran ahead",
            statistics.median(firsts),
            max(firsts),
            "number",
            CALL_GOAL,
            f"the bound is the latest of {lives} lives",
        )
    )
    pairs = [(total, expected) for _, total, expected in found]
    report.add(harness.ratio_row("total of 5 invocations", pairs, SPEED_GOAL))


if __name__ == "__main__":
    sys.exit(harness.run("slow_models", __doc__, measure))
