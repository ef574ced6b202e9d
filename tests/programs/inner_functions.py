"""Calls of functions that the adaptive function itself defines, and what they capture."""

from __future__ import annotations

from typing import Any

from world.operations import fetch, mystery, note, second
from world.registry import program


@program(overlaps=3)
def defined_inside(keys: Any = (1, 2, 3)) -> Any:
    """A function defined in front of the loop, as scripts have it."""

    def get(key: int) -> Any:
        return fetch(key)

    out = []
    for key in keys:
        out.append(get(key))
    return out


@program(overlaps=0)
def unknown_call_inside(keys: Any = (1, 2, 3)) -> Any:
    """One that makes an unknown call is itself unknown."""

    def get(key: int) -> Any:
        note(key)
        return fetch(key)

    return [get(key) for key in keys]


@program(overlaps=3)
def captures_a_parameter(base: int = 10, keys: Any = (1, 2, 3)) -> Any:
    """It reads a variable of its surroundings that nothing binds anew."""

    def get(key: int) -> Any:
        return fetch(base + key)

    return [get(key) for key in keys]


@program(overlaps=0)
def captures_what_is_bound_anew() -> Any:
    """A store to a variable that it reads is a barrier."""
    base = 10

    def get(key: int) -> Any:
        return fetch(base + key)

    a = get(1)
    base = 20
    b = get(2)
    return a, b


@program(overlaps=0)
def captures_the_variable_of_the_loop(keys: Any = (1, 2, 3)) -> Any:
    """Each round binds what it reads."""

    def get() -> Any:
        return fetch(key)

    out = []
    for key in keys:
        out.append(get())
    return out


@program(overlaps=0)
def binds_a_variable_of_its_surroundings(keys: Any = (1, 2, 3)) -> Any:
    """`nonlocal`: the order of its calls can be seen."""
    last = 0

    def get(key: int) -> Any:
        nonlocal last
        last = fetch(key + last % 2)
        return last

    return [get(key) for key in keys]


@program(overlaps=0)
def defined_anew_between() -> Any:
    """The name stands for another function behind the second definition."""

    def get(key: int) -> Any:
        return fetch(key)

    a = get(1)

    def get(key: int) -> Any:  # type: ignore[no-redef]  # noqa: F811
        return second(key)

    b = get(2)
    return a, b


@program(overlaps=2)
def defined_on_a_condition(kind: str = "b") -> Any:
    """Which of two functions it is shows when the name is read."""
    if kind == "a":

        def get(key: int) -> Any:
            return fetch(key)

    else:

        def get(key: int) -> Any:
            return second(key)

    first = get(1)
    other = fetch(2)
    third = fetch(3)
    return first, other, third


@program(overlaps=3)
def lambda_under_a_name(keys: Any = (1, 2, 3)) -> Any:
    """A lambda in front of all calls."""
    get = lambda key: fetch(key)
    return [get(key) for key in keys]


@program(overlaps=0)
def lambda_of_an_unknown_call(keys: Any = (1, 2, 3)) -> Any:
    """What it calls is not known."""
    get = lambda key: (mystery(key), fetch(key))[1]
    return [get(key) for key in keys]


@program(overlaps=0)
def lambda_bound_anew() -> Any:
    """The name is bound anew behind a call."""
    get = lambda key: fetch(key)
    a = get(1)
    get = lambda key: second(key)
    b = get(2)
    return a, b


@program(overlaps=0)
def deleted_again(keys: Any = (1, 2, 3)) -> Any:
    """A name that is deleted somewhere may be unbound anywhere."""

    def get(key: int) -> Any:
        return fetch(key)

    out = []
    for key in keys:
        out.append(get(key))
    del get
    return out


@program(overlaps=2, settles=False)
def calls_itself(keys: Any = (2, 1)) -> Any:
    """It is proved although it calls itself."""

    def get(key: int) -> Any:
        return fetch(key) if key < 2 else get(key - 1)

    return [get(key) for key in keys]
