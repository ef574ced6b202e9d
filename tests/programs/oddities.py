"""Constructs that stay in order or are left alone, mixed with reads that might tempt."""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass
from typing import Any

from world.model import current
from world.objects import Client, Countdown, Guarded
from world.operations import (
    ask,
    combine,
    document,
    fetch,
    mystery,
    note,
    numbers,
    pair,
    record,
    refuse,
    second,
)
from world.registry import factory, program


@program()
def walrus() -> Any:
    """Assignment inside an expression."""
    out = []
    if (a := fetch(1)) > 0 and (b := fetch(2)) > a:
        out.append((a, b))
    out.append([last := fetch(i) for i in range(3)])
    return out, last


@program(arguments=lambda: ([1, 2], {"x": 3}))
def star_arguments(items: list[int], named: dict[str, int]) -> Any:
    """Star-arguments of calls."""
    a = combine(*items, **named)
    b = combine(*[fetch(1), fetch(2)], **{"k": fetch(3)})
    c = fetch(*[4])
    return a, b, c


@program()
def starred_targets() -> Any:
    """Starred names on the left."""
    a, *b = numbers(3)
    *c, d = numbers(4)
    (e, f), g = pair(1), fetch(2)
    return a, b, c, d, e, f, g


@program()
def while_with_break_and_else() -> Any:
    """`while … else` with break and continue."""
    n = 0
    out = []
    while n < 5:
        n = n + 1
        if n == 2:
            continue
        x = fetch(n)
        y = second(n)
        if x + y > 14:
            break
        out.append(x + y)
    else:
        out.append(-1)
    return out, n


@program()
def for_with_fetched_break_and_else() -> Any:
    """`for … else` left by a break on a fetched value."""
    for i in range(4):
        x = fetch(i)
        if x == 9:
            break
    else:
        x = second(1)
    y = fetch(7)
    return x, y, i


@program()
def any_and_all() -> Any:
    """any and all stop where Python stops them."""
    a = any(fetch(i) == 2 for i in range(5))
    b = all(fetch(i) < 1 for i in range(5))
    c = any([fetch(i) == 2 for i in range(3)])
    return a, b, c


@program()
def generator_expression_kept() -> Any:
    """A generator expression that is consumed later, in part."""
    lazy = (fetch(i) for i in range(4))
    a = second(1)
    b = next(lazy)
    c = mystery(1)
    d = next(lazy)
    return a, b, c, d


@program()
def generator_expression_with_changing_name() -> Any:
    """A generator expression reads the names of its function late."""
    k = 1
    lazy = (fetch(k + i) for i in range(2))
    k = 10
    a = fetch(k)
    return list(lazy), a


@program()
def comprehension_scopes() -> Any:
    """The name of a comprehension does not leak, and shadows."""
    i = 7
    a = [fetch(i) for i in range(2)]
    b = [[fetch(i + j) for j in range(i)] for i in range(3)]
    c = {i: second(i) for i in (1, 2) if i > 1}
    return a, b, c, i


@program()
def lambda_in_comprehension() -> Any:
    """Lambdas of a comprehension see its last value."""
    functions = [lambda: fetch(i) for i in range(3)]
    return [f() for f in functions]


@program()
def nested_function_with_default() -> Any:
    """Early binding through a default."""
    functions = []
    for i in range(3):

        def inner(i: int = i) -> int:
            return fetch(i)

        functions.append(inner)
    return [f() for f in functions]


class _Box:
    total = 0
    items: dict[str, int]

    def __init__(self) -> None:
        self.items = {}


@program(arguments=lambda: (_Box(),))
def augmented_attribute_and_subscript(box: Any) -> Any:
    """`o.x += f()` and `d[k] += f()`."""
    box.total += fetch(1)
    box.total += fetch(2)
    box.items["a"] = fetch(3)
    box.items["a"] += fetch(4)
    return box.total, box.items


@program()
def delete_names() -> Any:
    """`del` of a local, and a use of it afterwards."""
    a = fetch(1)
    b = fetch(2)
    del a
    c = fetch(3)
    return b, c, a


@program()
def assertion_with_message() -> Any:
    """The message of an assertion is evaluated only when it fails."""
    a = fetch(1)
    assert a == 1, mystery("never")
    b = fetch(2)
    assert b == 5, f"seen {fetch(3)}"
    return a, b


@dataclass
class _Point:
    x: int
    y: int


@program(arguments=lambda: ([1, [2, 3], {"k": 4, "z": 0}, _Point(0, 6), "s", None],))
def matching(values: list[Any]) -> Any:
    """`match` with sequences, mappings, classes, alternatives and guards."""
    out = []
    for value in values:
        match value:
            case int() as n if fetch(n) > 0:
                out.append(("int", fetch(n)))
            case [a, b]:
                out.append(("two", fetch(a), fetch(b)))
            case {"k": k, **rest}:
                out.append(("map", fetch(k), rest))
            case _Point(x=0, y=y):
                out.append(("point", fetch(y), second(y)))
            case "s" | "t":
                out.append("text")
            case _:
                out.append("other")
    return out


@program()
def several_context_managers() -> Any:
    """`with a, b as c:`."""
    with Guarded("a"), Guarded("b") as b:
        x = fetch(1)
        y = fetch(2)
    z = fetch(3)
    w = fetch(4)
    return x, y, z, w, b.name


@program()
def return_inside_with_and_loop() -> Any:
    """A return through `with` and `finally`."""
    for i in range(3):
        try:
            with Guarded(f"g{i}"):
                x = fetch(i)
                y = second(i)
                if x == 1:
                    return x, y
        finally:
            note("finally", i)
    return None


@program()
def break_through_finally() -> Any:
    """break and continue through `finally`."""
    out = []
    for i in range(4):
        try:
            x = fetch(i)
            if x == 1:
                continue
            if x == 3:
                break
            out.append(x)
        finally:
            out.append(second(i))
    return out


@program()
def reraise() -> Any:
    """A bare raise keeps the traceback of the operation."""
    try:
        a = fetch(1)
        b = refuse(2)
    except Exception:
        note("seen")
        raise
    return a, b


@program()
def exception_with_note() -> Any:
    """Notes added on the way."""
    try:
        a = fetch(1)
        b = refuse(2)
    except Exception as error:
        error.add_note("while testing")
        raise
    return a, b


@program()
def name_of_the_exception_is_deleted() -> Any:
    """`except … as e` unbinds e."""
    e = fetch(5)
    try:
        refuse(1)
    except Exception as e:
        a = fetch(2)
    b = fetch(3)
    return a, b, e


@factory()
def super_calls(adaptive: Any) -> Any:
    """super() with and without arguments, and __class__."""

    class Base:
        def load(self, key: int) -> int:
            return fetch(key)

    class Derived(Base):
        @adaptive
        def load(self, key: int) -> Any:
            a = super().load(key)
            b = super(Derived, self).load(key + 1)
            c = fetch(key + 2)
            d = second(key)
            return a, b, c, d, __class__.__name__

    return lambda: Derived().load(1)


@factory()
def name_mangling(adaptive: Any) -> Any:
    """Private names of a class."""

    class Service:
        __secret = 5

        def __init__(self) -> None:
            self.__count = 0

        def __load(self, key: int) -> int:
            return fetch(key)

        @adaptive
        def run(self, __key: int) -> Any:
            a = self.__load(__key)
            self.__count += 1
            b = self.__load(self.__secret)
            c = fetch(self.__count)
            __local = second(1)
            return a, b, c, __local

    return lambda: Service().run(3)


@factory(overlaps=2)
def name_mangling_apart(adaptive: Any) -> Any:
    """Statements beside private names still overlap."""

    class Service:
        def __init__(self) -> None:
            self.__count = 2

        @adaptive
        def run(self) -> Any:
            n = self.__count
            a = fetch(n)
            b = fetch(n + 1)
            return a, b

    return lambda: Service().run()


@factory()
def methods_that_change_self(adaptive: Any) -> Any:
    """Methods of self that change it are unknown, in order (F1)."""

    class Agent:
        def __init__(self) -> None:
            self.turn = 0

        def step(self, text: str) -> str:
            self.turn += 1
            return f"{text}{self.turn}:{fetch(self.turn)}"

        @adaptive
        def run(self) -> Any:
            a = self.step("a")
            b = self.step("b")
            c = fetch(self.turn)
            d = self.step("c")
            return a, b, c, d, self.turn

    return lambda: Agent().run()


@factory()
def properties(adaptive: Any) -> Any:
    """@adaptive on a property's function, and properties that count."""

    class Service:
        def __init__(self) -> None:
            self.reads = 0

        @property
        def next_key(self) -> int:
            self.reads += 1
            return self.reads

        @property
        @adaptive
        def both(self) -> Any:
            a = fetch(self.next_key)
            b = fetch(self.next_key)
            c = second(self.next_key)
            return a, b, c

    return lambda: Service().both


@factory()
def callable_object(adaptive: Any) -> Any:
    """@adaptive on __call__."""

    class Service:
        def __init__(self) -> None:
            self.client = Client(3)

        @adaptive
        def __call__(self, key: int) -> Any:
            a = self.client.get(key)
            b = self.client.get(key + 1)
            return a, b

    return lambda: Service()(1)


@factory()
def special_methods(adaptive: Any) -> Any:
    """@adaptive on special methods, called implicitly."""

    class Table:
        @adaptive
        def __getitem__(self, key: int) -> Any:
            a = fetch(key)
            b = second(key)
            return a + b

        @adaptive
        def __len__(self) -> int:
            a = fetch(1)
            b = fetch(2)
            return a + b

        @adaptive
        def __bool__(self) -> bool:
            a = fetch(0)
            b = fetch(0)
            return a == b

    def run() -> Any:
        table = Table()
        return table[1], table[2], len(table), bool(table)

    return run


def _stacked(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*arguments: Any, **named: Any) -> Any:
        note("before", function.__name__)
        try:
            return function(*arguments, **named)
        finally:
            note("after")

    return wrapper


@factory(overlaps=2)
def decorators_below(adaptive: Any) -> Any:
    """@adaptive above a functools.wraps decorator."""

    @adaptive
    @_stacked
    def run(key: int) -> Any:
        a = fetch(key)
        b = fetch(key + 1)
        return a, b

    return lambda: run(1)


@factory(overlaps=2)
def decorators_above(adaptive: Any) -> Any:
    """Decorators above @adaptive."""

    @_stacked
    @adaptive
    def run(key: int) -> Any:
        a = fetch(key)
        b = fetch(key + 1)
        return a, b

    return lambda: run(1)


@factory(overlaps=2)
def decorators_on_both_sides(adaptive: Any) -> Any:
    """Decorators on both sides."""

    @_stacked
    @adaptive
    @_stacked
    @_stacked
    def run(key: int) -> Any:
        a = fetch(key)
        b = fetch(key + 1)
        return a, b

    return lambda: run(1)


@factory(threads=False)
def memoised_function(adaptive: Any) -> Any:
    """lru_cache above and below."""

    @functools.lru_cache
    @adaptive
    def above(key: int) -> Any:
        a = fetch(key)
        b = fetch(key + 1)
        return a, b

    @adaptive
    @functools.lru_cache
    def below(key: int) -> Any:
        a = second(key)
        b = second(key + 1)
        return a, b

    def run() -> Any:
        above.cache_clear()
        getattr(below, "cache_clear", int)()
        return above(1), above(1), below(1), below(1), above(2)

    return run


@factory(threads=False)
def memoised_operations(adaptive: Any) -> Any:
    """A memoising wrapper around an operation: one execution, also for two equal calls."""

    @functools.lru_cache
    def cached(key: int) -> int:
        return fetch(key)

    @adaptive
    def run() -> Any:
        a = cached(1)
        b = cached(1)
        c = cached(2)
        return a, b, c

    def outer() -> Any:
        cached.cache_clear()
        return run()

    return outer


@factory()
def generators_left_alone(adaptive: Any) -> Any:
    """A generator function gives its items one by one."""

    @adaptive
    def items(count: int) -> Any:
        for i in range(count):
            a = fetch(i)
            b = second(i)
            received = yield a + b
            note(received)
        return "done"

    def run() -> Any:
        source = items(3)
        out = [next(source)]
        mystery("between")
        out.append(source.send("hello"))
        source.close()
        return out, list(items(2))

    return run


@factory(threads=False)
def coroutines_left_alone(adaptive: Any) -> Any:
    """A coroutine function stays one."""
    import asyncio

    @adaptive
    async def both(key: int) -> Any:
        a = fetch(key)
        await asyncio.sleep(0)
        b = fetch(key + 1)
        return a, b

    @adaptive
    async def stream(count: int) -> Any:
        for i in range(count):
            yield fetch(i)

    async def run() -> Any:
        first = await both(1)
        return first, [item async for item in stream(2)]

    return lambda: asyncio.run(run())


@factory()
def locals_users_left_alone(adaptive: Any) -> Any:
    """Functions that look at their frame are left alone."""

    @adaptive
    def with_locals() -> Any:
        a = fetch(1)
        b = fetch(2)
        return sorted(locals()), a, b

    @adaptive
    def with_vars() -> Any:
        a = fetch(1)
        b = fetch(2)
        return sorted(vars()), a, b

    @adaptive
    def with_dir() -> Any:
        a = fetch(1)
        b = fetch(2)
        return dir(), a, b

    @adaptive
    def with_eval() -> Any:
        a = fetch(1)
        b = eval("a + 1")
        c = fetch(b)
        return a, b, c

    @adaptive
    def with_exec() -> Any:
        a = fetch(1)
        space = {"a": a}
        exec("a = a + 1", space)
        b = fetch(space["a"])
        return a, b

    return lambda: (with_locals(), with_vars(), with_dir(), with_eval(), with_exec())


@factory()
def frame_readers(adaptive: Any) -> Any:
    """Helpers that look at their caller's frame see the user's function."""
    import sys

    def who() -> Any:
        frame = sys._getframe(1)
        note(frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno)
        return sorted(k for k in frame.f_locals if k.isidentifier() and k in ("a", "b", "c"))

    @adaptive
    def run() -> Any:
        a = fetch(1)
        b = who()
        c = fetch(2)
        d = who()
        return a, b, c, d

    return run


@factory()
def stack_depth(adaptive: Any) -> Any:
    """An undeclared helper sits one frame below the user's function."""
    import sys

    def depth() -> int:
        frame = sys._getframe(1)
        count = 0
        while frame is not None and frame.f_code.co_name != "observe":
            count += 1
            frame = frame.f_back
        note(count)
        return count

    @adaptive
    def run() -> Any:
        a = fetch(1)
        b = depth()
        c = fetch(2)
        return a, b, c

    return run


@factory()
def lambdas(adaptive: Any) -> Any:
    """Lambdas are returned as they are."""
    both = adaptive(lambda key: (fetch(key), fetch(key + 1)))
    return lambda: both(1)


@factory()
def partial_functions(adaptive: Any) -> Any:
    """functools.partial of an adaptive function, and partials as operations."""

    @adaptive
    def run(prefix: str, key: int) -> Any:
        get = functools.partial(fetch, key)
        a = get()
        b = ask(prefix)
        return a, b

    return lambda: functools.partial(run, "p")(key=3)


@factory()
def exec_without_source(adaptive: Any) -> Any:
    """A function without source is left alone and works."""
    space: dict[str, Any] = {"fetch": fetch}
    exec("def run():\n    a = fetch(1)\n    b = fetch(2)\n    return a, b\n", space)
    return adaptive(space["run"])


class _Colour(enum.Enum):
    RED = 1
    BLUE = 2


@program()
def enumerations() -> Any:
    """A loop over an Enum class."""
    return {colour.name: fetch(colour.value) for colour in _Colour}


@program()
def custom_iterable() -> Any:
    """A loop over an iterable that is seen at each step."""
    out = []
    for n in Countdown(3):
        out.append(fetch(n))
    return out


@program(arguments=lambda: (iter([1, 2, 3]),))
def loop_over_an_iterator(items: Any) -> Any:
    """An iterator that the loop leaves half used."""
    out = []
    for n in items:
        out.append(fetch(n))
        if n == 2:
            break
    return out, list(items)


@program(arguments=lambda: ((fetch(n) for n in range(3)),))
def loop_over_a_generator(items: Any) -> Any:
    """A generator that itself reads."""
    return [second(n) for n in items]


@program()
def list_that_changes_while_iterated() -> Any:
    """A list that grows while a loop runs over it."""
    queue = [1]
    out = []
    for n in queue:
        x = fetch(n)
        out.append(x)
        if n < 4:
            queue.append(n + 1)
    return out, queue


@program()
def dict_that_changes_between() -> Any:
    """A dict filled by one loop and read by the next."""
    table = {}
    for i in range(3):
        table[i] = fetch(i)
    out = []
    for key, value in table.items():
        out.append((key, second(value)))
    return out


@program()
def accumulated_condition() -> Any:
    """A condition on an accumulated fetched value."""
    total = 0
    out = []
    for i in range(5):
        total += fetch(i)
        if total > 3:
            out.append(second(i))
    return out, total


@program()
def early_exit_by_budget() -> Any:
    """`while` on an accumulated value."""
    total = 0
    n = 0
    while total < 6:
        total += fetch(n)
        n += 1
    return total, n


@program()
def shadowed_builtin() -> Any:
    """Local names that shadow builtins."""
    len = lambda items: mystery(items)  # noqa: A001
    a = fetch(1)
    b = len([1, 2])
    c = fetch(2)
    return a, b, c


@program()
def rebinding_arguments(key: int = 3) -> Any:
    """Parameters that are rebound."""
    a = fetch(key)
    key = a + 1
    b = fetch(key)
    key += b
    c = fetch(key)
    return a, b, c, key


@program()
def swaps() -> Any:
    """Names that swap."""
    a, b = fetch(1), fetch(2)
    a, b = b, a
    c = second(a)
    d = second(b)
    return a, b, c, d


@program()
def print_to_a_file_object() -> Any:
    """print(file=…) to an object of the user's."""

    class Sink:
        def write(self, text: str) -> int:
            mystery(text)
            return len(text)

    sink = Sink()
    a = fetch(1)
    print("x", file=sink)
    b = fetch(2)
    return a, b


@program()
def print_of_a_loud_object() -> Any:
    """print runs the __str__ of what it prints."""

    class Shouting:
        def __str__(self) -> str:
            mystery("str")
            return "!"

    shouting = Shouting()
    a = fetch(1)
    print(shouting)
    b = fetch(2)
    return a, b


@program()
def result_objects_are_shared() -> Any:
    """Two operations on one fetched object."""
    r = record(1)
    r.name = "changed"
    a = ask(r.name)
    r.name = "again"
    b = ask(r.name)
    return a, b, r


@program()
def nested_results_change() -> Any:
    """A fetched dict that is changed before its parts are used."""
    d = document(1)
    a = ask(d["text"])
    d["text"] = "new"
    b = ask(d["text"])
    d["items"].append(99)
    c = [second(n) for n in d["items"]]
    return a, b, c


@program()
def world_state_through_a_helper() -> Any:
    """A helper that keeps private state in the world."""

    def remember(key: int) -> int:
        seen = current().state.setdefault("seen", [])
        seen.append(key)
        return len(seen)

    a = remember(1)
    b = fetch(a)
    c = remember(2)
    d = fetch(c)
    return a, b, c, d, current().state["seen"]


@program()
def type_annotations_and_docstring() -> Any:
    """Annotations of locals without a value."""
    a: int
    b: list[int] = []
    a = fetch(1)
    c: int = fetch(2)
    b.append(a + c)
    return b


@program()
def global_read_between() -> Any:
    """`global` in a nested function, untouched."""

    def inner() -> Any:
        global _UNUSED
        _UNUSED = 1
        return fetch(1)

    a = inner()
    b = fetch(2)
    return a, b


@program()
def multiple_returns() -> Any:
    """Return with operations in a conditional expression."""
    a = fetch(1)
    b = fetch(2)
    if a > b:
        return second(1), "greater"
    return (second(2), "less") if a < b else "equal"
