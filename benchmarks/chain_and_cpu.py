"""Is a function that cannot gain as fast as before once it has settled?

A chain of three requests, each needing the answer before, and a loop that computes, decorated
against undecorated. Goal: at most 1.02 of plain.
"""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

import httpx

from adaptive_jit import adaptive, stats
from adaptive_jit.cli import demo_service
from adaptive_jit.records import Phase
from benchmarks import harness

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL = 1.02


def chain(client: httpx.Client) -> float:
    """Three requests, one after the other."""
    first = client.get("/delay/10").json()["seconds"]
    second = client.get(f"/delay/{first * 1e3:g}").json()["seconds"]
    last: float = client.get(f"/delay/{second * 1e3:g}").json()["seconds"]
    return last


def checksum(number: int) -> int:
    """Pure computing."""
    total = number
    for step in range(20_000):
        total = (total * 31 + step) % 1_000_003
    return total


def compute() -> list[int]:
    """A loop of ten computations."""
    found = []
    for number in range(10):
        found.append(checksum(number))
    return found


def plain_copy(function: Any) -> Any:
    """Return the same function as an object of its own."""
    return types.FunctionType(function.__code__, function.__globals__, function.__name__)


def settled_ratio(
    name: str, function: Callable[..., Any], arguments: tuple[Any, ...], pairs: int
) -> harness.Row:
    """Measure *function* after it has settled direct."""
    plain = plain_copy(function)
    adapted = adaptive(persist=False)(function)

    def settled() -> bool:
        return stats(adapted).phase in (Phase.DIRECT, Phase.LEFT_ALONE)

    calls = harness.settle(lambda: adapted(*arguments), settled)
    found = harness.paired(lambda: adapted(*arguments), lambda: plain(*arguments), pairs)
    return harness.ratio_row(name, found, GOAL, f"settled at call {calls}")


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure the chain and the loop."""
    with demo_service.running() as base, httpx.Client(base_url=base, timeout=30) as client:
        report.add(settled_ratio("chain of 3 × 10 ms", chain, (client,), options.pairs))
    report.add(settled_ratio("10 computations", compute, (), options.pairs))


if __name__ == "__main__":
    sys.exit(harness.run("chain_and_cpu", __doc__, measure))
