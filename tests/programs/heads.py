"""Programs whose loops are headed by more than a list: `while`, pages, itertools."""

from __future__ import annotations

import itertools
from typing import Any

from world.operations import ask, document, fetch, flag, mystery, numbers, page, refuse, second
from world.registry import program


@program(overlaps=4, meet=("second",))
def pages_beside_each_other() -> Any:
    """Items of two pages are in flight at once."""
    out = []
    key = 1
    while key is not None:
        found = page(key)
        for item in found["items"]:
            out.append(second(item))
        key = found["next"]
    return out


@program(overlaps=3, meet=("second",))
def pages_until_a_break() -> Any:
    """`while True` with a break on what has been fetched."""
    out = []
    number = 0
    while True:
        items = numbers(2 - number % 3)
        if not items:
            break
        for item in items:
            out.append(second(item + 10 * number))
        number += 1
    return out


@program(overlaps=4, meet=("second",))
def pages_by_number() -> Any:
    """A known number of pages."""
    out = []
    for number in range(2):
        found = numbers(number + 2)
        for item in found:
            out.append(second(item + 10 * number))
    return out


@program(overlaps=3, meet=("second",))
def call_in_the_condition() -> Any:
    """A condition that is asked each round: what follows runs beside the next question."""
    n = 0
    out = []
    while flag(n, n < 3):
        out.append(second(n))
        n += 1
    return out


@program(overlaps=3, meet=("second",))
def walrus_in_the_condition() -> Any:
    """`while (found := get(n))`."""
    n = 0
    out = []
    while found := numbers(2 - n % 3):
        for item in found:
            out.append(second(item))
        n += 1
    return out


@program(overlaps=3, meet=("second",), settles=False)
def while_on_a_chain() -> Any:
    """Each round is decided by a fetched value, and does more beside."""
    n = 0
    out = []
    while n < 3:
        out.append(second(n))
        n = flag(n, n + 1)
    return out


@program(overlaps=4)
def over_enumerate_and_zip() -> Any:
    """Builtins around builtins."""
    out = []
    for i, (a, b) in enumerate(zip([1, 2], (3, 4))):
        out.append(fetch(a) + second(b) + i)
    return out


@program(overlaps=3)
def over_reversed() -> Any:
    """Backwards."""
    out = []
    for i in reversed([1, 2, 3]):
        out.append(fetch(i))
    return out


@program(overlaps=3)
def over_sorted(xs: Any = (3, 1, 2)) -> Any:
    """In order."""
    return [fetch(x) for x in sorted(xs)]


@program(overlaps=4)
def over_items() -> Any:
    """The items of a dict."""
    out = {}
    for key, value in {"a": 1, "b": 2}.items():
        out[key] = (fetch(value), ask(key))
    return out


@program(overlaps=4)
def over_chain() -> Any:
    """Two lists in a row."""
    return [fetch(i) for i in itertools.chain([1, 2], (3, 4))]


@program(overlaps=4)
def over_product() -> Any:
    """All pairs."""
    return [fetch(i * 10 + j) for i, j in itertools.product([1, 2], (3, 4))]


@program(overlaps=3)
def over_islice() -> Any:
    """The first ones."""
    return [fetch(i) for i in itertools.islice([1, 2, 3, 4], 3)]


@program(overlaps=3)
def over_pairwise() -> Any:
    """Neighbours."""
    return [fetch(a + b) for a, b in itertools.pairwise([1, 2, 3, 4])]


@program(overlaps=3)
def over_zip_longest() -> Any:
    """The longest of both."""
    out = []
    for a, b in itertools.zip_longest([1, 2, 3], [4], fillvalue=0):
        out.append(fetch(a * 100 + b))
    return out


@program(overlaps=3)
def over_repeat() -> Any:
    """The same again, so often."""
    return [fetch(i) for i in itertools.repeat(7, 3)]


@program(overlaps=3)
def over_zip_with_count() -> Any:
    """Numbers beside items."""
    return [fetch(i * x) for i, x in zip(itertools.count(5), [1, 2, 3])]


@program(overlaps=3)
def over_islice_of_count() -> Any:
    """The first numbers."""
    return [fetch(i) for i in itertools.islice(itertools.count(5), 3)]


@program(overlaps=3)
def over_the_keys_of_a_dict() -> Any:
    """A dict by its keys, a text by its letters."""
    return [ask(k) for k in {"a": 1, "b": 2}], [ask(c) for c in "cd"]


@program(overlaps=0)
def over_calls_until_a_sentinel() -> Any:
    """`iter(callable, sentinel)` draws what it decides on: in order."""
    out = []
    state = [0]

    def read() -> Any:
        state[0] += 1
        return fetch(state[0])

    for chunk in iter(read, 3):
        out.append(second(chunk))
    return out


@program(overlaps=0)
def over_a_generator_of_the_program(xs: Any = (1, 2, 3)) -> Any:
    """A generator of the user's own may do anything between its items."""

    def walk() -> Any:
        for x in xs:
            mystery(x)
            yield x

    return [fetch(x) for x in walk()]


@program(overlaps=0)
def over_an_iterator_used_twice() -> Any:
    """An iterator that the program holds is left to its statements."""
    it = iter([1, 2, 3, 4])
    out = []
    for x in it:
        out.append(fetch(x))
        out.append(next(it))
    return out


@program(overlaps=0)
def over_a_list_that_grows() -> Any:
    """The loop sees what an unknown call appended."""
    xs = [1, 2]
    out = []
    for x in xs:
        out.append(fetch(x))
        if len(xs) < 4:
            xs.append(mystery(x) + 5)
    return out


@program(settles=False)
def error_in_a_condition() -> Any:
    """A condition that raises in the second round."""
    n = 0
    out = []
    while refuse(n, n == 1) < 9:
        out.append(second(n))
        n += 1
    return out


@program(settles=False)
def error_in_a_page() -> Any:
    """A page that is missing a key."""
    out = []
    key = 1
    while key:
        found = document(key)
        out.append(second(found["id"]))
        key = found["next"]
    return out
