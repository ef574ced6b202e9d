"""Traps that have no program elsewhere, and the twins of those that have: no hazard, so they overlap."""

from __future__ import annotations

import doctest
import itertools
import json
import linecache
from typing import Any

from world.model import current
from world.objects import Loud
from world.operations import ask, fetch, flag, read_back, second
from world.registry import factory, program

from adaptive_jit import reads

_cells = itertools.count(1)


@program(overlaps=2)
def f2_state__twin(text: str = "q") -> Any:
    """What nobody changes between is known at once."""
    mode = "cold"
    a = ask(f"{mode} {text}")
    b = ask(f"{text} {mode}")
    return a, b


@program(overlaps=3)
def f2_draws__twin(keys: Any = (3, 1, 2)) -> Any:
    """Keys that were drawn before."""
    return [fetch(key) for key in keys]


@program(overlaps=2)
def f3_chain__twin() -> Any:
    """Two chains beside each other."""
    d = ask("draft 1")
    j = ask(f"judge {d}")
    e = ask("draft 2")
    k = ask(f"judge {e}")
    return d, j, e, k


@program(overlaps=2)
def f7_first_exception__twin() -> Any:
    """The key is there."""
    a = fetch(1)
    b = {"there": 1}["there"]
    c = fetch(2)
    d = fetch(b)
    return a, b, c, d


@factory(overlaps=3, settles=False)
def f9_recursion__twin(adaptive: Any) -> Any:
    """Three reads on each level (calls of two sizes, within each other: no trial need decide)."""

    @adaptive
    def walk(n: int) -> Any:
        a = fetch(n)
        b = second(n)
        c = ask(str(n))
        if n == 0:
            return a, b, c
        return a, b, c, walk(n - 1)

    return lambda: walk(1)


@factory(overlaps=2)
def f10_rebinding_parameter__twin(adaptive: Any) -> Any:
    """Other arguments each time."""

    @reads
    def increment(n: int) -> int:
        n += 1
        return current().perform("increment", "reads", n, lambda _: n)

    @adaptive
    def run() -> Any:
        a = increment(1)
        b = increment(2)
        c = increment(3)
        d = increment(4)
        return a, b, c, d

    return run


@program(overlaps=2)
def f15_standard_library__twin() -> Any:
    """Functions of the standard library that are known to be pure."""
    a = fetch(1)
    text = json.dumps({"a": 1})
    b = fetch(len(text))
    c = second(1)
    d = second(2)
    return a, text, b, c, d


@program(overlaps=2)
def f20_identity__twin() -> Any:
    """One immutable object is given to two operations and stays the same object."""
    token = (1, 2)
    a = read_back(token)
    b = read_back(token, 1)
    c = token
    d = read_back(c, 2)
    return a, b, c is token, d


@factory(overlaps=2)
def f22_parameter_names__twin(adaptive: Any) -> Any:
    """Ordinary names."""

    @adaptive
    def run(first: Any, other: Any) -> Any:
        a = fetch(first)
        b = fetch(other)
        c = second(first)
        d = second(other)
        return a, b, c, d

    return lambda: run(1, other=2)


@program(arguments=lambda: (Loud(3),))
def t1_operand_of_a_short_circuit(value: Any) -> Any:
    """The truth of each operand is asked once, as CPython's jump threading does."""
    a = fetch(1)
    b = (value and 2) or fetch(5)
    c = ((value and a) or 0) and fetch(6)
    return a, b, c


@program(overlaps=2)
def t1_operand_of_a_short_circuit__twin(value: int = 3) -> Any:
    """The truth of a number is known."""
    a = fetch(1)
    b = (value and 2) or 5
    c = fetch(2)
    d = fetch(b)
    return a, b, c, d


@program(overlaps=2)
def t2_rebinding__twin() -> Any:
    """A name that is bound anew lets go of a number."""
    v = fetch(1)
    w = v
    v = fetch(2)
    x = v
    v = fetch(3)
    return v, w, x


@program(overlaps=0, arguments=lambda: (Loud(3),))
def t5_operator_on_a_fetched_value(value: Any) -> Any:
    """`+` on what a fetched container holds runs code of the user's."""
    box = flag(0, {"o": value})
    y = box["o"] + 1
    b = fetch(2)
    return y, b


@program(overlaps=2)
def t5_operator_on_a_fetched_value__twin(value: int = 3) -> Any:
    """`+` on a fetched number runs none."""
    box = flag(0, {"o": value})
    y = box["o"] + 1
    b = fetch(2)
    return y, b


CELL = """
def run():
    a = fetch(1)
    b = fetch(2)
    c = second(1)
    return a, b, c
"""

EXAMPLE = """
>>> @adaptive
... def run():
...     a = fetch(1)
...     b = fetch(2)
...     c = second(1)
...     return a, b, c
>>> results.append(run())
"""


@factory(overlaps=3)
def source_of_a_notebook_cell(adaptive: Any) -> Any:
    """A cell's source, kept in `linecache` as notebooks do, counts as source."""
    name = f"<ipython-input-{next(_cells)}>"
    linecache.cache[name] = (len(CELL), None, CELL.splitlines(keepends=True), name)
    space: dict[str, Any] = {"fetch": fetch, "second": second}
    exec(compile(CELL, name, "exec"), space)
    decorated: Any = adaptive(space["run"])
    return decorated


@factory(overlaps=3, settles=False, threads=False)
def source_of_a_doctest(adaptive: Any) -> Any:
    """A function of a docstring's example (made anew in each call, so that no trial need decide)."""

    def run() -> Any:
        results: list[Any] = []
        space = {"adaptive": adaptive, "fetch": fetch, "second": second, "results": results}
        test = doctest.DocTestParser().get_doctest(EXAMPLE, space, "example", None, None)
        outcome = doctest.DocTestRunner(verbose=False).run(test)
        return results, outcome.failed

    return run
