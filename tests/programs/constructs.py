"""One program for every construct that runs ahead, each proven to overlap."""

from __future__ import annotations

import io
import sys
from typing import Any

from rich.progress import track
from world.objects import Client, Sdk
from world.operations import (
    ask,
    combine,
    document,
    fetch,
    numbers,
    pair,
    record,
    second,
)
from world.registry import factory, program


@program(overlaps=3)
def independent_statements() -> Any:
    """Statements that do not depend on each other overlap."""
    a = fetch(1)
    b = fetch(2)
    c = second(3)
    return a, b, c


@program(overlaps=2, meet=("fetch",))
def dependent_chain_beside_another() -> Any:
    """Two chains overlap; inside each the order holds."""
    a = fetch(1)
    b = second(a)
    c = fetch(2)
    d = second(c)
    return b, d


@program(overlaps=2, meet=("second",))
def second_links_of_two_chains() -> Any:
    """The second links of two chains overlap as well."""
    a = fetch(1)
    b = second(a)
    c = fetch(2)
    d = second(c)
    return b, d


@program(overlaps=2)
def nested_in_arguments() -> Any:
    """Calls in the arguments of one call overlap."""
    return combine(fetch(1), fetch(2))


@program(overlaps=2, meet=("fetch",))
def nested_in_arguments_of_operations() -> Any:
    """Arguments of different operations overlap."""
    a = ask(fetch(1))
    b = ask(fetch(2))
    return a + b


@program(overlaps=2, meet=("ask",))
def operations_with_nested_arguments() -> Any:
    """Operations whose arguments are operations overlap once those have arrived."""
    a = ask(fetch(1))
    b = ask(fetch(2))
    return a + b


@program(overlaps=3)
def nested_in_keyword_arguments() -> Any:
    """Calls in keyword arguments overlap."""
    return combine(fetch(1), x=fetch(2), y=second(3))


@program(overlaps=2)
def tuple_assignment() -> Any:
    """The elements of a tuple on the right-hand side overlap."""
    a, b = fetch(1), fetch(2)
    return a - b


@program(overlaps=2)
def unpacking() -> Any:
    """Unpacked results overlap and arrive whole."""
    a, b = pair(1)
    c, d = pair(2)
    return a, b, c, d


@program(overlaps=2, meet=("second",))
def unpacked_parts_as_arguments() -> Any:
    """A part of an unpacked result can be the argument of the next operation."""
    a, b = pair(1)
    c, d = pair(2)
    return second(b), second(d), a, c


@program(overlaps=2)
def chained_assignment() -> Any:
    """Several names for one result."""
    a = b = fetch(1)
    c = d = fetch(2)
    return a, b, c, d


@program(overlaps=2)
def annotated_assignment() -> Any:
    """Annotated locals overlap."""
    a: int = fetch(1)
    b: int = fetch(2)
    return a, b


@program(overlaps=2, meet=("ask",))
def prompts_by_fstring() -> Any:
    """f-strings of fetched values, with formats and conversions."""
    d = document(1)
    a = ask(f"short: {d['text']:>10}")
    b = ask(f"long: {d['text']!r} {d['id']:03d}")
    return a, b


@program(overlaps=2, meet=("ask",))
def prompts_by_percent() -> Any:
    """Prompts by the % operator."""
    d = document(1)
    a = ask("short: %s" % d["text"])
    b = ask("long: %s %d" % (d["text"], d["id"]))
    return a, b


@program(overlaps=2, meet=("ask",))
def prompts_by_format() -> Any:
    """Prompts by str.format."""
    d = document(1)
    a = ask("short: {}".format(d["text"]))
    b = ask("long: {x} {0:>5}".format(d["id"], x=d["text"]))
    return a, b


@program(overlaps=2, meet=("ask",))
def prompts_by_join() -> Any:
    """Prompts by str.join over fetched texts."""
    d = document(1)
    e = document(2)
    a = ask(", ".join([d["text"], e["text"]]))
    b = ask("; ".join([e["text"], d["text"]]))
    return a, b


@program(overlaps=2, meet=("document",))
def texts_for_a_join() -> Any:
    """The texts of a join are fetched at the same time."""
    return ask("\n".join(document(i)["text"] for i in range(2)))


@program(overlaps=2, meet=("ask",))
def prompts_by_concatenation() -> Any:
    """Prompts by + and *."""
    d = document(1)
    a = ask("short: " + d["text"])
    b = ask(d["text"] + "!" * 3)
    return a, b


@program(overlaps=2, meet=("second",))
def subscripts_of_results() -> Any:
    """Subscripts of fetched containers are arguments of the next operations."""
    d = document(4)
    a = second(d["id"])
    b = second(d["items"][1])
    return a, b, d["meta"]["size"]


@program(overlaps=2, meet=("ask",))
def attributes_of_results() -> Any:
    """Plain attributes of fetched objects are arguments of the next operations."""
    r = record(4)
    a = ask(r.name)
    b = ask(r.inner.tags[0])
    return a, b, r.key


@program(overlaps=2)
def subscript_of_a_call() -> Any:
    """A subscript directly on a call."""
    a = document(1)["text"]
    b = document(2)["meta"]["lang"]
    return a, b


@program(overlaps=2)
def attribute_of_a_call() -> Any:
    """An attribute directly on a call."""
    a = record(1).name
    b = record(2).inner.value
    return a, b


@program(overlaps=3)
def slices_of_results() -> Any:
    """Slices of fetched lists."""
    a = numbers(5)[1:3]
    b = numbers(6)[-1]
    c = fetch(1)
    return a, b, c


@program(overlaps=4)
def list_comprehension() -> Any:
    """The iterations of a list comprehension overlap."""
    return [fetch(i) for i in range(4)]


@program(overlaps=3)
def filtered_comprehension() -> Any:
    """A filter on known values is followed."""
    return [fetch(i) + 1 for i in range(6) if i % 2 == 0]


@program(overlaps=4)
def dict_comprehension() -> Any:
    """The iterations of a dict comprehension overlap."""
    return {f"k{i}": fetch(i) for i in range(4)}


@program(overlaps=4)
def set_comprehension() -> Any:
    """The iterations of a set comprehension overlap."""
    return {fetch(i) for i in range(4)}


@program(overlaps=4)
def nested_comprehension_clauses() -> Any:
    """Two clauses of one comprehension."""
    return [fetch(i * 10 + j) for i in range(2) for j in range(2)]


@program(overlaps=4)
def comprehension_in_comprehension() -> Any:
    """A comprehension inside the element of another."""
    return [[fetch(i * 10 + j) for j in range(2)] for i in range(2)]


@program(overlaps=4)
def sum_of_generator_expression() -> Any:
    """A generator expression that is consumed at once."""
    return sum(fetch(i) for i in range(4))


@program(overlaps=4)
def loop_with_append() -> Any:
    """The iterations of a loop that appends overlap."""
    out = []
    for i in range(4):
        out.append(fetch(i))
    return out


@program(overlaps=4)
def loop_with_append_of_a_name() -> Any:
    """The same with a name between."""
    out = []
    for i in range(4):
        value = fetch(i)
        out.append(value * 2)
    return out, value, i


@program(overlaps=4)
def loop_with_list_concatenation() -> Any:
    """A loop that concatenates lists."""
    out: list[int] = []
    for i in range(4):
        out = out + [fetch(i)]
    return out


@program(overlaps=4)
def loop_with_augmented_list() -> Any:
    """A loop with += on a list."""
    out: list[int] = []
    for i in range(4):
        out += [fetch(i)]
    return out


@program(overlaps=4)
def loop_with_text_concatenation() -> Any:
    """A loop that builds a text."""
    text = ""
    for i in range(4):
        text = text + ask(f"part {i}") + "\n"
    return text


@program(overlaps=4)
def loop_with_dict_store() -> Any:
    """A loop with d[k] = f(k)."""
    found = {}
    for i in range(4):
        found[i] = fetch(i)
    return found


@program(overlaps=4)
def loop_with_sum() -> Any:
    """A loop with += on a number."""
    total = 0
    for i in range(4):
        total += fetch(i)
    return total


@program(overlaps=4)
def loop_with_set_add() -> Any:
    """A loop that adds to a set."""
    found = set()
    for i in range(4):
        found.add(fetch(i))
    return found


@program(overlaps=3)
def loop_over_enumerate() -> Any:
    """enumerate."""
    out = []
    for i, name in enumerate(["a", "b", "c"]):
        out.append((i, ask(name)))
    return out


@program(overlaps=3, arguments=lambda: (["a", "b", "c"],))
def loop_over_range_len(names: list[str]) -> Any:
    """range(len()) over an argument."""
    out = []
    for i in range(len(names)):
        out.append(ask(names[i]))
    return out


@program(overlaps=3, arguments=lambda: (["a", "b", "c"], [1, 2, 3]))
def loop_over_zip(names: list[str], keys: list[int]) -> Any:
    """zip."""
    out = []
    for name, key in zip(names, keys):
        out.append(ask(f"{name}{key}"))
    return out


@program(overlaps=2, arguments=lambda: ({"a": 1, "b": 2},))
def loop_over_items(table: dict[str, int]) -> Any:
    """.items()."""
    out = {}
    for name, key in table.items():
        out[name] = fetch(key)
    return out


@program(overlaps=2, arguments=lambda: ({"a": 1, "b": 2},))
def loop_over_keys_and_values(table: dict[str, int]) -> Any:
    """.keys(), .values() and the dict itself."""
    return (
        [ask(k) for k in table],
        [fetch(v) for v in table.values()],
        [ask(k + k) for k in table.keys()],
    )


@program(overlaps=3)
def loop_over_tuple_literal() -> Any:
    """Tuple literals."""
    out = []
    for name in ("small", "medium", "large"):
        out.append(ask(name))
    return out


@program(overlaps=3)
def loop_over_list_of_tuples() -> Any:
    """Nested targets over a literal."""
    out = []
    for name, (low, high) in [("a", (1, 2)), ("b", (3, 4)), ("c", (5, 6))]:
        out.append((name, fetch(low), high))
    return out


@program(overlaps=3, meet=("second",))
def loop_over_fetched_list() -> Any:
    """A loop over a fetched list."""
    out = []
    for number in numbers(3):
        out.append(second(number))
    return out


@program(overlaps=4)
def nested_loops() -> Any:
    """A loop in a loop."""
    out = []
    for i in range(2):
        for j in range(2):
            out.append(fetch(i * 10 + j))
    return out


@program(overlaps=3)
def several_calls_in_one_expression() -> Any:
    """Several calls in one expression."""
    return fetch(1) + fetch(2) * second(3)


@program(overlaps=4)
def calls_in_displays() -> Any:
    """Calls in list, tuple, dict and set displays."""
    return [fetch(1), (fetch(2), {"k": fetch(3)}), {fetch(4)}]


@program(overlaps=2)
def calls_in_a_comparison() -> Any:
    """Calls on both sides of a comparison."""
    return fetch(1) < fetch(2)


@program(overlaps=3, meet=("document",))
def strands_first_links() -> Any:
    """Each iteration is a strand: the first links overlap."""
    out = []
    for i in range(3):
        d = document(i)
        out.append(ask(d["text"]))
    return out


@program(overlaps=3, meet=("ask",))
def strands_second_links() -> Any:
    """Each iteration is a strand: the second links overlap."""
    out = []
    for i in range(3):
        d = document(i)
        out.append(ask(d["text"]))
    return out


@program(overlaps=3, meet=("ask",))
def strands_in_a_comprehension() -> Any:
    """Chained calls in a comprehension's element."""
    return [ask(document(i)["text"]) for i in range(3)]


@program(overlaps=3, meet=("second",))
def strands_of_three_links() -> Any:
    """Three links in each strand."""
    out = {}
    for i in range(3):
        a = fetch(i)
        b = ask(f"q{a}")
        out[b] = second(b)
    return out


@program(overlaps=6)
def two_loops_in_a_row() -> Any:
    """Two independent loops in a row overlap with each other."""
    a = []
    for i in range(3):
        a.append(fetch(i))
    b = []
    for i in range(3):
        b.append(second(i))
    return a, b


@program(overlaps=5)
def comprehension_then_statements() -> Any:
    """A comprehension and statements overlap."""
    a = [fetch(i) for i in range(3)]
    b = second(1)
    c = ask("x")
    return a, b, c


@program(overlaps=2, arguments=lambda: (True,))
def branch_on_known_value(deep: bool) -> Any:
    """if/else on a known value."""
    a = fetch(1)
    if deep:
        b = fetch(2)
    else:
        b = second(2)
    return a, b


@program(overlaps=2, arguments=lambda: (0,))
def untaken_branch_on_known_value(level: int) -> Any:
    """The else-branch of a known condition."""
    a = fetch(1)
    if level > 1:
        b = fetch(2)
    elif level == 0:
        b = second(2)
    else:
        b = 0
    return a, b


@program(overlaps=3)
def branches_in_a_loop() -> Any:
    """Branches on the loop variable."""
    out = []
    for i in range(3):
        if i == 1:
            out.append(second(i))
        else:
            out.append(fetch(i))
    return out


@program(overlaps=2)
def continue_on_known_value() -> Any:
    """`continue` on a known condition."""
    out = []
    for i in range(4):
        if i % 2:
            continue
        out.append(fetch(i))
    return out


@program(overlaps=3)
def break_on_known_value() -> Any:
    """`break` on a known condition."""
    out = []
    for i in range(10):
        if i == 3:
            break
        out.append(fetch(i))
    return out


@program(overlaps=3)
def loop_with_else() -> Any:
    """for … else."""
    out = []
    for i in range(3):
        out.append(fetch(i))
    else:
        out.append(-1)
    return out


@program(overlaps=2)
def conditional_expression_on_known_value() -> Any:
    """A conditional expression on a known value."""
    mode = "long"
    a = fetch(1) if mode == "long" else second(1)
    b = fetch(2) if mode == "short" else second(2)
    return a, b


@program(overlaps=2)
def assert_on_known_value() -> Any:
    """An assertion on a known value stops nothing."""
    limit = 3
    a = fetch(1)
    assert limit > 2
    b = fetch(2)
    return a, b


@program(overlaps=2)
def inside_try() -> Any:
    """The body of a try statement."""
    try:
        a = fetch(1)
        b = fetch(2)
    except ValueError:
        return None
    finally:
        c = 3
    return a, b, c


@program(overlaps=2)
def inside_while() -> Any:
    """The body of a while loop, iteration by iteration."""
    out = []
    n = 0
    while n < 2:
        a = fetch(n)
        b = second(n)
        out.append(a + b)
        n = n + 1
    return out


@program(overlaps=2)
def inside_match() -> Any:
    """The body of a match case."""
    match 3:
        case 1:
            return 0
        case n:
            a = fetch(n)
            b = second(n)
    return a, b


@program(overlaps=2)
def around_a_lambda() -> Any:
    """A function that contains a lambda."""
    key = lambda x: -x
    a = fetch(1)
    b = fetch(2)
    return sorted([a, b], key=key)


@program(overlaps=2)
def local_alias() -> Any:
    """An operation under a local name."""
    get = fetch
    a = get(1)
    b = get(2)
    return a, b


@program(overlaps=3)
def loop_over_functions() -> Any:
    """A loop over functions."""
    out = []
    for f in (fetch, second, ask):
        out.append(f(1))
    return out


@program(overlaps=2, arguments=lambda: (Client(5),))
def calls_on_a_client(client: Client) -> Any:
    """Declared methods of a client object."""
    a = client.get(1)
    b = client.complete("x")
    return a, b


@program(overlaps=2, arguments=lambda: (Sdk(),))
def calls_deep_in_a_client(sdk: Sdk) -> Any:
    """client.part.part.method(…)."""
    a = sdk.api.items.get(1)
    b = sdk.api.items.get(2)
    return a, b


@factory(overlaps=3)
def calls_on_self(adaptive: Any) -> Any:
    """Methods of self and of a client held by self."""

    class Service(Client):
        def __init__(self) -> None:
            super().__init__(7)
            self.client = Client(1)

        @adaptive
        def run(self, key: int) -> Any:
            a = self.get(key)
            b = self.client.get(key)
            c = self.client.complete(f"{self.base} {key}")
            return a, b, c

    return lambda: Service().run(4)


@factory(overlaps=2)
def static_and_class_methods_below(adaptive: Any) -> Any:
    """@adaptive under @staticmethod and @classmethod."""

    class Service:
        start = 5

        @staticmethod
        @adaptive
        def fixed(key: int) -> Any:
            a = fetch(key)
            b = fetch(key + 1)
            return a, b

        @classmethod
        @adaptive
        def named(cls, key: int) -> Any:
            a = fetch(key + cls.start)
            b = fetch(key + 1)
            return cls.__name__, a, b

    return lambda: (Service.fixed(1), Service().named(2))


@factory(overlaps=2)
def static_and_class_methods_above(adaptive: Any) -> Any:
    """@adaptive above @staticmethod and @classmethod."""

    class Service:
        start = 5

        @adaptive
        @staticmethod
        def fixed(key: int) -> Any:
            a = fetch(key)
            b = fetch(key + 1)
            return a, b

        @adaptive
        @classmethod
        def named(cls, key: int) -> Any:
            a = fetch(key + cls.start)
            b = fetch(key + 1)
            return cls.__name__, a, b

    return lambda: (Service.fixed(1), Service().named(2))


@factory(overlaps=2)
def closure_variables(adaptive: Any) -> Any:
    """A closure over operations and values."""
    offset = 10
    get = fetch

    @adaptive
    def inner(key: int) -> Any:
        a = get(key + offset)
        b = get(key + offset + 1)
        return a, b

    return lambda: inner(1)


def _summary(key: int) -> str:
    return ask(f"summary of {key}")


def _labelled(key: int) -> dict[str, Any]:
    text = _summary(key)
    return {"key": key, "label": text}


@program(overlaps=2)
def proved_helpers() -> Any:
    """Helpers whose source shows that they only read need no declaration."""
    a = _summary(1)
    b = _summary(2)
    return a, b


@program(overlaps=2)
def proved_helpers_of_helpers() -> Any:
    """Nor do helpers that call such helpers."""
    a = _labelled(1)
    b = _labelled(2)
    return a["label"], b["label"]


@program(overlaps=2)
def default_and_keyword_arguments(key: int = 1, *, other: int = 2) -> Any:
    """Defaults and keyword-only arguments."""
    a = fetch(key=key)
    b = fetch(key=other)
    return a, b


@program(overlaps=3, arguments=lambda: (1, 2, 3))
def star_parameters(*keys: int, **rest: int) -> Any:
    """Functions with *args and **kwargs."""
    return [fetch(k) for k in keys], rest


@program(overlaps=2)
def discarded_before_nothing() -> Any:
    """Reads before a discarded operation overlap with each other."""
    a = fetch(1)
    b = fetch(2)
    second(3)
    return a, b


@program(overlaps=2)
def printing_between() -> Any:
    """Console output between two reads stops nothing and keeps its place."""
    a = fetch(1)
    print("between", a)
    b = fetch(2)
    print("after", b)
    return a, b


@program(overlaps=2)
def printing_errors_between() -> Any:
    """What is printed to the process's own error stream stops nothing either."""
    a = fetch(1)
    print("between", a, file=sys.stderr)
    b = fetch(2)
    print("after", b, file=sys.stdout)
    return a, b


@program(overlaps=0)
def printing_into_memory_between() -> Any:
    """Twin: a buffer that the program reads is its own; nothing passes what changes it."""
    buffer = io.StringIO()
    a = fetch(1)
    print("between", file=buffer)
    b = fetch(2)
    return a, b, buffer.getvalue()


@program(overlaps=3, threads=False)
def loop_under_a_progress_display() -> Any:
    """A progress display iterates as what it is given."""
    out = []
    for i in track([1, 2, 3], disable=True):
        out.append(fetch(i))
    return out
