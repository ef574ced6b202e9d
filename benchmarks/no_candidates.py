"""Does decorating a function that has nothing to gain cost anything?

``def f(x): return x + 1`` and others without candidate operations, decorated against undecorated.
They are never swapped: the same code object runs. Goal: at most 1.02.
"""

from __future__ import annotations

import sys
import timeit
from typing import TYPE_CHECKING, Any

from adaptive_jit import adaptive
from benchmarks import harness

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL = 1.02
NUMBER = 100_000


def increment(x: int) -> int:
    """The smallest function."""
    return x + 1


def triangle(x: int) -> int:
    """A loop of arithmetic, no calls."""
    total = 0
    for number in (1, 2, 3, x):
        total += number * number
    return total


class Account:
    """A method without calls."""

    def __init__(self) -> None:
        self.balance = 5

    def add(self, x: int) -> int:
        """Return a sum."""
        return self.balance + x


def copies(function: Any) -> tuple[Callable[[int], int], Callable[[int], int]]:
    """Return two function objects of one source: the second is decorated."""
    kind = type(function)
    plain = kind(function.__code__, function.__globals__, function.__name__)
    decorated = adaptive(persist=False)(
        kind(function.__code__, function.__globals__, function.__name__)
    )
    if decorated.__code__ is not plain.__code__:
        sys.exit(f"{function.__name__} was swapped")
    return decorated, plain


def timed(function: Callable[[], object]) -> float:
    """Seconds for many calls."""
    return timeit.timeit(function, number=1)


def many(function: Callable[..., int], *leading: object) -> Callable[[], None]:
    """Return a loop over *function*, with as little of its own as Python allows."""
    source = (
        "for _ in numbers: function(*leading, 1)" if leading else "for _ in numbers: function(1)"
    )
    space: dict[str, Any] = {"numbers": range(NUMBER), "function": function, "leading": leading}
    code = compile(f"def loop(numbers=numbers, function=function):\n    {source}", "loop", "exec")
    exec(code, space)
    loop: Callable[[], None] = space["loop"]
    return loop


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure each function in pairs."""
    account = Account()
    for name, function, leading in (
        ("x + 1", increment, ()),
        ("a loop", triangle, ()),
        ("a method", Account.add, (account,)),
    ):
        decorated, plain = copies(function)
        pairs = harness.paired(
            many(decorated, *leading), many(plain, *leading), options.pairs, measure=timed
        )
        report.add(harness.ratio_row(name, pairs, GOAL, f"{NUMBER:,} calls"))


if __name__ == "__main__":
    sys.exit(harness.run("no_candidates", __doc__, measure))
