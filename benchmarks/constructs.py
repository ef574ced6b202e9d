"""How much of the ideal speed-up does each construct reach?

Six operations of 50 ms in each construct, forced ahead, divided by the critical path (the
longest chain of operations that depend on each other, slept through in the same pair). A ratio
of 1.11 is a share of 90 % of the ideal speed-up: the goal.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adaptive_jit import adaptive
from benchmarks import harness

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL = 1 / 0.9
SECONDS = 0.05
COUNT = 6


def latency(number: int) -> int:
    """Stands for a remote call."""
    time.sleep(SECONDS)
    return number + 1


@dataclass(frozen=True, slots=True)
class Construct:
    """One program of six operations and the length of its critical path, in operations."""

    program: Callable[[], Any]
    path: int


CONSTRUCTS: list[Construct] = []


def construct(path: int = 1) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Register a program whose critical path is *path* operations long."""

    def register(program: Callable[[], Any]) -> Callable[[], Any]:
        CONSTRUCTS.append(Construct(program, path))
        return program

    return register


@construct()
def statements() -> Any:
    """Independent statements."""
    a = latency(1)
    b = latency(2)
    c = latency(3)
    d = latency(4)
    e = latency(5)
    f = latency(6)
    return a, b, c, d, e, f


@construct(path=2)
def nested_calls() -> Any:
    """Calls in arguments."""
    a = latency(latency(1))
    b = latency(latency(2))
    c = latency(latency(3))
    return a, b, c


@construct()
def loop_with_append() -> Any:
    """A loop that appends."""
    out = []
    for i in range(COUNT):
        out.append(latency(i))
    return out


@construct(path=2)
def chains_in_a_loop() -> Any:
    """Two operations in each round, the second on the first's result."""
    out = []
    for i in range(COUNT // 2):
        first = latency(i)
        out.append(latency(first))
    return out


@construct()
def comprehension() -> Any:
    """A list comprehension."""
    return [latency(i) for i in range(COUNT)]


@construct()
def nested_comprehensions() -> Any:
    """A comprehension in a comprehension."""
    return [[latency(i + j) for j in range(2)] for i in range(COUNT // 2)]


@construct()
def nested_loops() -> Any:
    """A loop in a loop."""
    total = 0
    for i in range(COUNT // 2):
        for j in range(2):
            total += latency(i + j)
    return total


@construct()
def sum_of_a_generator() -> Any:
    """A generator expression that is used up at once."""
    return sum(latency(i) for i in range(COUNT))


@construct()
def dict_of_pairs() -> Any:
    """dict() over pairs."""
    return dict((i, latency(i)) for i in range(COUNT))  # noqa: C402  # what is measured


@construct()
def conditions_with_calls() -> Any:
    """A call in each `if` test."""
    out = []
    for i in range(COUNT):
        if latency(i) % 2:
            out.append(i)
    return out


@construct(path=2)
def calls_behind_conditions_with_calls() -> Any:
    """A call in each `if` test, another behind it."""
    out = []
    for i in range(COUNT // 2):
        if latency(i):
            out.append(latency(i))
    return out


@construct()
def star_arguments() -> Any:
    """Arguments behind stars."""
    keys = [(1,), (2,), (3,), (4,), (5,), (6,)]
    return [latency(*key) for key in keys]


@construct()
def assignments_in_conditions() -> Any:
    """`:=` in each `if` test."""
    out = []
    for i in range(COUNT):
        if (found := latency(i)) > 1:
            out.append(found)
    return out


@construct(path=2)
def conditional_expressions() -> Any:
    """A conditional expression on a fetched value."""
    return [latency(i) if latency(i) % 2 else latency(-i) for i in range(COUNT // 2)]


@construct()
def running_best() -> Any:
    """The best result so far."""
    best, where = -1, -1
    for i in range(COUNT):
        score = latency(i)
        if score > best:
            best, where = score, i
    return best, where


@construct()
def try_around_each_call() -> Any:
    """`try` and `except` around each call."""
    out = []
    for i in range(COUNT):
        try:
            out.append(latency(i))
        except ValueError:
            out.append(-1)
    return out


@construct()
def match_in_a_loop() -> Any:
    """`match` on the items of a loop."""
    out = []
    items: list[Any] = [(1, 2), [3], "x", 7, {"n": 4}, None]
    for item in items:
        match item:
            case (a, b):
                out.append(latency(a + b))
            case [a] | {"n": a}:
                out.append(latency(a))
            case int(n) if n > 3:
                out.append(latency(n))
            case _:
                out.append(latency(0))
    return out


@construct(path=2)
def match_on_fetched_values() -> Any:
    """`match` on an operation, another behind it."""
    out = []
    for i in range(COUNT // 2):
        match latency(i):
            case 1:
                out.append(latency(1))
            case n:
                out.append(latency(n))
    return out


@construct()
def body_of_a_lock() -> Any:
    """The body of a known context manager."""
    out = []
    lock = threading.Lock()
    with lock:
        for i in range(COUNT):
            out.append(latency(i))
    return out


@construct()
def suppress_around_each_call() -> Any:
    """`contextlib.suppress` around each call."""
    out = []
    for i in range(COUNT):
        with contextlib.suppress(ValueError):
            out.append(latency(i))
    return out


@construct()
def try_with_all_clauses() -> Any:
    """`try`, `except`, `else` and `finally` in each round."""
    out = []
    done = 0
    for i in range(COUNT):
        try:
            found = latency(i)
        except ValueError:
            continue
        else:
            out.append(found)
        finally:
            done += 1
    return out, done


@construct()
def retries_of_each_item() -> Any:
    """An inner loop that ends with the first attempt that succeeds."""
    out = []
    for i in range(COUNT):
        for _attempt in range(3):
            try:
                found = latency(i)
                break
            except ValueError:
                continue
        out.append(found)
    return out


@construct()
def try_between_statements() -> Any:
    """What stands in a `try` and what stands around it."""
    a = latency(1)
    try:
        b = latency(2)
        c = latency(3)
    except ValueError:
        b = c = 0
    d = latency(4)
    e = latency(5)
    f = latency(6)
    return a, b, c, d, e, f


@construct()
def regions_of_different_shape() -> Any:
    """A loop, a comprehension and statements in a row."""
    out = []
    for i in range(2):
        out.append(latency(i))
    found = {i: latency(i) for i in range(2)}
    a = latency(1)
    b = latency(2)
    return out, found, a, b


@construct()
def keys_of_max() -> Any:
    """A lambda that scores each item."""
    return max(range(COUNT), key=lambda i: latency(i))  # noqa: PLW0108  # what is measured


@construct()
def short_circuits() -> Any:
    """`or` behind each call: the default is never reached."""
    return [latency(i) or "none" for i in range(COUNT)]


@construct()
def chained_comparisons() -> Any:
    """A call between two limits."""
    return [0 < latency(i) < COUNT for i in range(COUNT)]


@construct()
def any_of_a_list() -> Any:
    """`any` over a list, which is made as a whole."""
    return any([latency(i) > COUNT for i in range(COUNT)])  # noqa: C419  # what is measured


@construct(path=2)
def all_of_conditions() -> Any:
    """Two calls beside two generators that end with their first element."""
    first = any(latency(i) for i in range(2))
    second = all(latency(i) > COUNT for i in range(2))
    third = latency(latency(1))
    return first, second, third


@construct(path=2)
def early_exit() -> Any:
    """A `return` behind a fetched value: what follows waits for it alone."""
    found = latency(0)
    if not found:
        return None
    out = []
    for i in range(COUNT - 1):
        out.append(latency(i))
    return out


@construct()
def skipped_rounds() -> Any:
    """`continue` on a fetched value."""
    out = []
    for i in range(COUNT):
        found = latency(i)
        if found % 2:
            continue
        out.append(found)
    return out


@construct()
def flags() -> Any:
    """A flag and a count that fetched values set."""
    complete, missing = True, 0
    for i in range(COUNT):
        if not latency(i):
            complete = False
            missing += 1
    return complete, missing


@construct()
def dict_of_zip() -> Any:
    """`dict(zip(keys, …))` of a list."""
    keys = ["a", "b", "c", "d", "e", "f"]
    return dict(zip(keys, [latency(i) for i in range(COUNT)], strict=True))


@construct()
def chain_of_lists() -> Any:
    """`itertools.chain` over what is fetched."""
    return list(itertools.chain(*[[latency(i)] for i in range(COUNT)]))


@construct()
def counter_of_a_list() -> Any:
    """`collections.Counter` over what is fetched."""
    return collections.Counter([latency(i) % 2 for i in range(COUNT)])


@construct()
def set_of_a_generator() -> Any:
    """`set` over a generator expression."""
    return set(latency(i) for i in range(COUNT))  # noqa: C401  # what is measured


@construct()
def largest_of_a_generator() -> Any:
    """`max` over a generator expression, with a default."""
    return max((latency(i) for i in range(COUNT)), default=0)


@construct()
def text_of_parts() -> Any:
    """`join` over a generator expression."""
    return ", ".join(str(latency(i)) for i in range(COUNT))


@construct()
def sorted_by_keys() -> Any:
    """`sorted` with a lambda that fetches."""
    return sorted(range(COUNT), key=lambda i: -latency(i))


@construct()
def known_bounds() -> Any:
    """A `while` with a counter of its own."""
    out = []
    i = 0
    while i < COUNT:
        out.append(latency(i))
        i += 1
    return out


def _once(number: int) -> int:
    return latency(number)


def _twice_removed(number: int) -> int:
    return _once(number)


@construct()
def helpers_several_levels_deep() -> Any:
    """The call stands in a helper of a helper."""
    return [_twice_removed(i) for i in range(COUNT)]


@construct()
def independent_loops() -> Any:
    """Two loops in a row."""
    first, second = [], []
    for i in range(COUNT // 2):
        first.append(latency(i))
    for i in range(COUNT // 2):
        second.append(latency(-i))
    return first, second


@construct()
def list_of_map() -> Any:
    """`map` that is used up at once."""
    return list(map(latency, range(COUNT)))


@construct()
def function_defined_inside() -> Any:
    """A function of the function's own."""

    def doubled(number: int) -> int:
        return latency(number)

    return [doubled(i) for i in range(COUNT)]


@construct()
def product_of_lists() -> Any:
    """A loop headed by `itertools.product`."""
    return [latency(i + j) for i, j in itertools.product(range(2), range(3))]


@construct()
def numbered_pairs() -> Any:
    """A loop headed by `enumerate` over `zip`."""
    out = []
    for number, (i, j) in enumerate(zip(range(COUNT), range(COUNT), strict=True)):
        out.append(latency(i + j) + number)
    return out


@construct(path=3)
def pages() -> Any:
    """Two pages by their numbers, with two items each: those of a page beside the next fetch."""
    out = []
    number = 1
    while number < 3:
        number = latency(number)
        for i in range(2):
            out.append(latency(number + i))
    return out


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure every construct against its critical path."""
    for one in CONSTRUCTS:
        decorate = adaptive(strategy="parallel", persist=False)
        candidate = decorate(one.program)

        def ideal(path: int = one.path) -> None:
            for number in range(path):
                latency(number)

        pairs = harness.paired(candidate, ideal, options.pairs)
        row = harness.ratio_row(one.program.__name__, pairs, GOAL)
        report.add(row)


if __name__ == "__main__":
    sys.exit(harness.run("constructs", __doc__, measure))
