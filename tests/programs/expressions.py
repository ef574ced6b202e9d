"""Programs with operations inside one expression: displays, keys, filters, formats."""

from __future__ import annotations

from typing import Any

from world.objects import Loud
from world.operations import (
    ask,
    document,
    fetch,
    flag,
    mystery,
    pair,
    read_user,
    refuse,
    second,
    write_order,
)
from world.registry import program


@program(overlaps=3)
def calls_in_a_format() -> Any:
    """Three calls in one f-string, one with a format of its own."""
    return f"{fetch(1)}-{second(2):05d}-{ask('x')!r}"


@program(overlaps=4)
def key_and_value_of_a_dict_comprehension() -> Any:
    """A call in the key and one in the value."""
    return {fetch(i): second(i) for i in range(2)}


@program(overlaps=4)
def keys_and_values_of_a_dict() -> Any:
    """A dict display: each key before its value."""
    return {fetch(1): second(1), fetch(2): second(2)}


@program(overlaps=3)
def calls_in_a_set() -> Any:
    """A set display."""
    return {fetch(1), fetch(2), fetch(3)}


@program(overlaps=3)
def set_of_a_chain() -> Any:
    """A set comprehension over two clauses."""
    return {fetch(i + j) for i in range(2) for j in range(2)}


@program(overlaps=3)
def starred_displays(xs: Any = (1, 2)) -> Any:
    """Lists and tuples that unpack others beside calls."""
    return [fetch(1), *xs, fetch(2)], (*xs, fetch(3))


@program(overlaps=3)
def merged_dicts() -> Any:
    """Dicts that unpack others beside calls."""
    base = {"a": 1}
    return {**base, "b": fetch(1), "c": fetch(2), **{"d": fetch(3)}}


@program(overlaps=3)
def joined() -> Any:
    """A text of answers."""
    return ", ".join(ask(str(i)) for i in range(3))


@program(overlaps=3)
def sum_of_a_condition() -> Any:
    """How many pass."""
    return sum(1 for i in range(3) if flag(i, i != 1))


@program(overlaps=2, meet=("second", "fetch"))
def any_of_two_calls_each() -> Any:
    """Inside one element everything may run at once; the next one waits."""
    return any(fetch(i) + second(i) > 100 for i in range(2))


@program(overlaps=2, meet=("second", "fetch"))
def all_of_two_calls_each() -> Any:
    """Inside one element everything may run at once; the next one waits."""
    return all(fetch(i) + second(i) < 100 for i in range(2))


@program(overlaps=4)
def any_of_a_list() -> Any:
    """A list first is made in full whatever its values are: the line to write."""
    return any([flag(i, i == 1) for i in range(4)])


@program(overlaps=0)
def next_of_calls() -> Any:
    """next() draws one."""
    return next(fetch(i) for i in range(3) if flag(i, i == 1))


@program(overlaps=0)
def membership_of_calls() -> Any:
    """`in` stops where it is found."""
    return 1 in (fetch(i) for i in range(3))


@program(overlaps=2)
def membership_in_a_list() -> Any:
    """`in` over a list that is there."""
    return fetch(2) in [1, 2, fetch(3)]


@program(overlaps=2)
def chained_comparison() -> Any:
    """The first two of a chain are always evaluated; the third is not."""
    return fetch(1) < second(2) < flag(3, 9)


@program(overlaps=2)
def first_operands_of_a_condition() -> Any:
    """The first operand of and/or is always evaluated."""
    a = fetch(1) and second(1)
    b = fetch(2) or second(2)
    return a, b


@program(overlaps=3)
def best_by_a_key(xs: Any = (1, 2, 3)) -> Any:
    """The item of the best score."""
    return max(xs, key=lambda x: fetch(x))


@program(overlaps=3)
def sorted_by_a_key(xs: Any = (3, 1, 2)) -> Any:
    """All keys are computed first."""
    return sorted(xs, key=lambda x: fetch(x), reverse=True)


@program(overlaps=0)
def worst_by_a_named_key(xs: Any = (3, 1, 2)) -> Any:
    """A function by its name is called by the builtin itself: a lambda is the line to write."""
    return min(xs, key=fetch)


@program(overlaps=2, meet=("second",))
def calls_on_what_was_sorted(xs: Any = (3, 1, 2), query: Any = 5) -> Any:
    """A key with a local in it; what has been sorted is walked over when all keys are there."""
    out = []
    for x in sorted(xs, key=lambda x: -fetch(x + query)):
        out.append(second(x))
    return out, max(xs, key=lambda x: x), min([], key=lambda x: fetch(x), default=7)


@program(overlaps=0)
def best_by_an_unknown_key(xs: Any = (3, 1, 2)) -> Any:
    """An unknown call in each key keeps the others behind it."""
    return max(xs, key=lambda x: (mystery(x), fetch(x))[1])


@program(overlaps=3)
def best_by_a_key_and_a_tuple(xs: Any = (3, 1, 2)) -> Any:
    """Keys that are not scalars: they are compared by the builtin, in the end."""
    a = sorted(xs, key=lambda x: (fetch(x), x))
    return a


@program(settles=False)
def error_in_a_sort_key(xs: Any = (3, 1, 2)) -> Any:
    """A key that raises."""
    return sorted(xs, key=lambda x: refuse(x, x == 1))


@program(settles=False)
def keys_that_do_not_compare(xs: Any = (3, 1, 2)) -> Any:
    """A comparison that raises between the calls."""
    return max(xs, key=lambda x: flag(x, None if x == 1 else x))


@program(overlaps=0, arguments=lambda: ([Loud(2), Loud(1), Loud(3)],))
def keys_of_unknown_values_compared(xs: list[Any]) -> Any:
    """Comparisons of the user's own between the keys of max()."""
    return max(range(3), key=lambda i: (fetch(i), xs[i])[1])


@program(overlaps=3)
def product_of_reads() -> Any:
    """Arguments before the call, keywords in their order."""
    return pair(fetch(1)), pair(key=fetch(2)), [document(fetch(3))["id"]]


@program(overlaps=0)
def any_that_leaves() -> Any:
    """A return on what any() says: nothing behind it may start."""
    if any(flag(i, i == 0) for i in range(4)):
        return 1
    return second(1) + second(2)


@program(overlaps=2, meet=("second",))
def all_over_two_clauses() -> Any:
    """Both clauses are left at the first false one."""
    good = all(flag(i + j, i + j < 1) for i in range(3) for j in range(2) if i + j != 5)
    return good, second(1), second(2)


@program(overlaps=0, arguments=lambda: ([Loud(2), Loud(0)],))
def truth_of_unknown_elements(xs: list[Any]) -> Any:
    """The elements' own truth is asked by any(): unknown code between the calls."""
    a = any(fetch(i) and x for i, x in enumerate(xs))
    b = fetch(5)
    return a, b


@program(settles=False)
def error_in_any() -> Any:
    """An element that raises."""
    a = fetch(1)
    b = any(refuse(i, i == 1) < 0 for i in range(3))
    return a, b, fetch(3)


@program(overlaps=0)
def comparison_that_stops() -> Any:
    """The third operand is not evaluated, nor started."""
    if 5 < flag(1, 3) < second(2):
        return second(3)
    return 0


@program(overlaps=0, arguments=lambda: (Loud(2),))
def comparison_with_unknown_values(x: Any) -> Any:
    """A comparison of the user's own between the calls."""
    return x < fetch(1) < fetch(2), fetch(3)


@program(overlaps=0)
def unknown_call_that_may_not_be_made() -> Any:
    """An arm may hold an unknown call: nothing behind it before it has been decided."""
    a = flag(1, 0) or mystery(1)
    b = fetch(2)
    return a, b


@program(overlaps=0)
def unknown_in_an_element() -> Any:
    """An unknown call in each element keeps the next one behind it."""
    return {mystery(i): fetch(i) for i in range(3)}


@program(overlaps=3, meet=("read_user",))
def written_in_an_element() -> Any:
    """What reads elsewhere passes a write to a named resource."""
    return [(write_order(i), read_user(i)) for i in range(3)]


@program(settles=False)
def error_in_a_key() -> Any:
    """A key that raises in the middle of a dict."""
    return {refuse(i, i == 1): fetch(i) for i in range(3)}


@program(settles=False)
def error_in_a_value() -> Any:
    """A value that raises in the middle of a dict."""
    return {fetch(i): refuse(i, i == 1) for i in range(3)}


@program(overlaps=0, arguments=lambda: ([Loud(2), Loud(1)],))
def keys_of_unknown_values(xs: list[Any]) -> Any:
    """Hashing an object of the user's runs code of theirs."""
    return {x: fetch(i) for i, x in enumerate(xs)}
