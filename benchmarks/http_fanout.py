"""How close does a settled function come to a warm, hand-written thread pool over real HTTP?

3, 10 and 100 GETs of 50 ms each, on keep-alive connections of one ``httpx.Client``, against
``ThreadPoolExecutor(n).map`` with the same client. Goal: a ratio of at most 1.02.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx

from adaptive_jit import adaptive, stats
from adaptive_jit.cli import demo_service
from adaptive_jit.records import Phase
from benchmarks import harness

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL = 1.02
SIZES = (3, 10, 100)


def make_pages() -> Callable[[httpx.Client, int], list[Any]]:
    """Return the program as a function object of its own."""

    def pages(client: httpx.Client, count: int) -> list[Any]:
        found = []
        for _ in range(count):
            found.append(client.get("/delay/50").json())
        return found

    return pages


def by_hand(client: httpx.Client, pool: ThreadPoolExecutor, count: int) -> list[Any]:
    """What a programmer would write: a warm pool of the right size."""
    return list(pool.map(lambda _: client.get("/delay/50").json(), range(count)))


def measure_size(report: harness.Report, options: harness.Options, base: str, count: int) -> None:
    """Measure one number of requests: forced from the first call, and learnt.

    A large trial budget makes the learning one settle in a dozen calls.
    """
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
    window = max(64, count)
    forced = adaptive(strategy="parallel", persist=False, window=window, max_workers=window)
    learning = adaptive(persist=False, window=window, max_workers=window, trial_budget=0.5)
    with (
        httpx.Client(base_url=base, limits=limits, timeout=60) as client,
        ThreadPoolExecutor(count) as pool,
    ):
        for label, program in (
            ("forced", forced(make_pages())),
            ("learnt", learning(make_pages())),
        ):

            def candidate(program: Any = program) -> None:
                program(client, count)

            def settled(program: Any = program) -> bool:
                return stats(program).phase in (Phase.PARALLEL, Phase.FORCED)

            calls = harness.settle(candidate, settled)
            pairs = harness.paired(candidate, lambda: by_hand(client, pool, count), options.pairs)
            name = f"{count} × 50 ms, {label}"
            report.add(harness.ratio_row(name, pairs, GOAL, f"settled at call {calls}"))


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure all sizes."""
    with demo_service.running() as base:
        for count in SIZES:
            measure_size(report, options, base, count)


if __name__ == "__main__":
    sys.exit(harness.run("http_fanout", __doc__, measure))
