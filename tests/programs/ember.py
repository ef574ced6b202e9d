"""The failures of a record-and-replay tracer (F1 to F24), as programs."""

from __future__ import annotations

import json
import pathlib
import random
import re
import urllib.parse
import uuid
from typing import Any

from world.model import current
from world.operations import Refused, ask, commit, fetch, mystery, read_back, refuse, second
from world.registry import factory, program

from adaptive_jit import parallel_map, reads, unordered


@program(overlaps=2)
def f1_doubled_effects() -> Any:
    """F1: each operation runs once."""
    print("p1")
    a = fetch(1)
    print("p2")
    b = fetch(2)
    print("p3")
    return a, b


@program(overlaps=2)
def f1_aliased_name() -> Any:
    """F1: an aliased operation runs once."""
    alias = fetch
    return [alias(1), alias(2)]


@factory()
def f1_stateful_tool(adaptive: Any) -> Any:
    """F1: a stateful tool returns 1, 2, 3."""

    class Tool:
        count = 0

        def run(self) -> int:
            self.count += 1
            return self.count

    @adaptive
    def use_tool(tool: Tool) -> Any:
        a = tool.run()
        b = fetch(a)
        c = tool.run()
        d = fetch(c)
        e = tool.run()
        return a, b, c, d, e

    return lambda: (use_tool(Tool()), use_tool(Tool()))


STATE = {"temperature": "cold"}


@factory(threads=False, setup=lambda: STATE.update(temperature="cold"))
def f2_state_changes_between_calls(adaptive: Any) -> Any:
    """F2: what changed between two calls is seen."""

    @adaptive
    def run(text: str) -> Any:
        a = ask(f"{STATE['temperature']} {text}")
        b = ask(f"{text} {STATE['temperature']}")
        return a, b

    def twice() -> Any:
        first = run("q")
        STATE["temperature"] = "hot"
        return first, run("q")

    return twice


@factory()
def f2_closure_counter(adaptive: Any) -> Any:
    """F2: a closure counter counts on."""

    def make() -> Any:
        turn = 0

        @adaptive
        def run() -> Any:
            nonlocal turn
            turn += 1
            a = ask(f"turn{turn}")
            b = ask(f"again{turn}")
            return a, b

        return run

    def thrice() -> Any:
        run = make()
        return run(), run(), run()

    return thrice


@program(threads=False, setup=lambda: random.seed(5))
def f2_random_and_time() -> Any:
    """F2: draws are draws, in their order."""
    a = fetch(random.randint(0, 999))
    b = fetch(random.randint(0, 999))
    c = random.random()
    d = [fetch(random.randint(0, 9)) for _ in range(3)]
    return a, b, c, d


@program()
def f3_chain_sees_its_own_input() -> Any:
    """F3: the judge sees this draft."""
    d = ask("draft")
    j = ask(f"judge {d}")
    return d, j


@program()
def f4_hidden_dependency() -> Any:
    """F4: a read after a write sees it."""
    commit(("k", "v"))
    return fetch("k")


@program()
def f5_guard() -> Any:
    """F5: what a raising guard protects does not happen."""
    refuse("permission")
    return mystery("launch")


@program()
def f6_caught_exception() -> Any:
    """F6: a caught exception is caught."""
    try:
        return refuse(1)
    except Refused:
        return "fallback"


@program()
def f7_first_exception_wins() -> Any:
    """F7: the first exception in program order, of its own type."""
    a = refuse(1)
    b = {}["missing"]
    return a, b


@factory()
def f8_local_mutation(adaptive: Any) -> Any:
    """F8: mutation of a local by a helper is kept."""

    def add(buffer: list[int], x: int) -> None:
        buffer.append(fetch(x))

    @adaptive
    def run() -> Any:
        buffer: list[int] = []
        add(buffer, 1)
        add(buffer, 2)
        return list(buffer)

    return run


@factory()
def f9_recursion(adaptive: Any) -> Any:
    """F9: recursion."""

    @adaptive
    def fib(n: int) -> int:
        if n < 2:
            return fetch(n)
        a = fib(n - 1)
        b = fib(n - 2)
        return a + b

    return lambda: fib(6)


@factory()
def f10_rebinding_parameter(adaptive: Any) -> Any:
    """F10: an operation that rebinds its parameter."""

    @reads
    def increment(n: int) -> int:
        n += 1
        return current().perform("increment", "reads", n, lambda _: n)

    @adaptive
    def run() -> Any:
        a = increment(1)
        b = increment(1)
        return a, b

    return run


@factory(overlaps=2)
def f11_variadic_operations(adaptive: Any) -> Any:
    """F11: operations with *args and **kwargs."""

    @reads
    def total(*xs: int) -> int:
        return current().perform("total", "reads", xs, lambda _: sum(xs))

    @reads
    def named(**kw: int) -> Any:
        return current().perform("named", "reads", kw, lambda _: sorted(kw.items()))

    @adaptive
    def run() -> Any:
        a = total(1, 2, 3)
        b = named(a=1, b=2)
        return a, b

    return run


@factory(overlaps=3)
def f12_empty_results(adaptive: Any) -> Any:
    """F12: operations that return (), None, [] or an exception object."""

    @unordered
    def odd(kind: int) -> Any:
        values = [(), None, [], ValueError("x"), NotImplemented, ...]
        return current().perform("odd", "unordered", kind, lambda _: values[kind])

    @adaptive
    def run() -> Any:
        a = odd(0)
        b = odd(1)
        c = odd(2)
        d = odd(3)
        e = odd(4)
        f = odd(5)
        return a, b, c, d, e is NotImplemented, f is ...

    return run


@factory(threads=False)
def f13_control_flow_changes(adaptive: Any) -> Any:
    """F13: loops of other lengths, other branches, another order."""

    @adaptive
    def run(keys: list[int], flip: bool) -> Any:
        out = {}
        for k in keys:
            out[k] = fetch(k)
        if flip:
            a = second(1)
            b = ask("b")
        else:
            b = ask("b")
            a = second(1)
        return out, a, b

    def many() -> Any:
        return [
            run([1, 2], False),
            run([1, 2, 3, 4], True),
            run([1], False),
            run([], True),
            run([3, 2, 1], True),
        ]

    return many


@program()
def f14_side_effect_order() -> Any:
    """F14: debit before credit, prints between."""
    print("start")
    mystery("debit")
    print("middle")
    mystery("credit")
    a = fetch(1)
    print("end", a)


@program(threads=False)
def f15_standard_library() -> Any:
    """F15: the standard library in the body."""
    import logging
    import tempfile
    from concurrent.futures import ThreadPoolExecutor

    logging.getLogger("ember").info("hello %s", 1)
    a = fetch(1)
    url = urllib.parse.urlparse("http://example.org/x?y=1")
    path = pathlib.PurePosixPath("/tmp") / url.path.strip("/")
    data = json.loads(json.dumps({"a": a}))
    words = re.findall(r"\w+", "a b c")
    unique = len({uuid.uuid4(), uuid.uuid4()})
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder) / "x.txt"
        target.write_text("hello")
        text = target.read_text()
        target.write_text("bye")
        again = target.read_text()
    with ThreadPoolExecutor(2) as pool:
        squares = list(pool.map(lambda n: n * n, range(4)))
    b = fetch(2)
    c = fetch(3)
    return a, str(path), data, words, unique, text, again, squares, b, c


@factory(overlaps=2)
def f16_nested_decorators(adaptive: Any) -> Any:
    """F16: adaptive functions inside adaptive functions, twice decorated."""

    @adaptive
    @adaptive
    def inner(key: int) -> Any:
        a = fetch(key)
        b = second(key)
        return a + b

    @adaptive
    def outer() -> Any:
        a = inner(1)
        b = inner(2)
        return a, b

    return outer


@factory()
def f18_nested_map(adaptive: Any) -> Any:
    """F18: parallel_map inside an adaptive function, and adaptive functions inside parallel_map."""

    @adaptive
    def one(key: int) -> Any:
        a = fetch(key)
        b = second(key)
        return a + b

    @adaptive
    def run() -> Any:
        return list(parallel_map(one, [1, 2, 3])), list(parallel_map(one, []))

    return run


@program()
def f20_identity() -> Any:
    """F20: identity of what passes through."""
    token = (1, [2])
    a = read_back(token)
    b = token
    return a, b is token


@factory()
def f22_parameter_names(adaptive: Any) -> Any:
    """F22: any parameter name is the user's."""

    @adaptive
    def run(_config: Any, config: Any, self: Any = 1, f: Any = 2, **options: Any) -> Any:
        a = fetch(_config)
        b = fetch(config)
        return a, b, self, f, options

    return lambda: run(1, config=2, strategy="x", method=3, size=4)
