"""`map` that is used up at once, and `map` that is not."""

from __future__ import annotations

from typing import Any

from world.objects import Client, Countdown
from world.operations import Refused, fetch, mystery, refuse, second
from world.registry import factory, program


@program(overlaps=3)
def list_of_map(keys: Any = (1, 2, 3)) -> Any:
    """Calls through `map` overlap like those of a comprehension."""
    return list(map(fetch, keys))


@program(overlaps=0)
def list_of_map_of_an_unknown_call(keys: Any = (1, 2, 3)) -> Any:
    """An unknown call is made by the `map` itself, in order."""
    return list(map(mystery, keys))


@program(overlaps=3)
def sum_of_map() -> Any:
    """Other builtins use it up as well."""
    return sum(map(fetch, range(4)))


@program(overlaps=2)
def map_between_statements() -> Any:
    """What stands around it overlaps with it."""
    a = fetch(1)
    found = sorted(map(second, [3, 1]), reverse=True)
    b = fetch(2)
    return a, found, b


@program(overlaps=3, arguments=lambda: (Client(5),))
def map_of_a_method(client: Client) -> Any:
    """A bound method, looked up once."""
    return tuple(map(client.get, [1, 2, 3]))


@program(overlaps=2, meet=("second",))
def map_over_what_was_fetched() -> Any:
    """The items are those of a list that has to arrive."""
    keys = [fetch(1), fetch(2)]
    return {"found": list(map(second, keys))}


@program(overlaps=3)
def join_of_map() -> Any:
    """What is joined is made by a builtin of no weight from what is fetched."""
    return ", ".join(map(str, list(map(fetch, range(4)))))


@program(overlaps=0)
def any_of_map() -> Any:
    """`any` stops at the first hit, so the next call waits for the last."""
    return any(map(fetch, [1, 2, 3]))


@program(overlaps=0, settles=False)
def map_that_is_kept(keys: Any = (1, 2, 3)) -> Any:
    """Somebody else walks it, whenever that is."""
    found = map(fetch, keys)
    return next(found), list(found)


@program(overlaps=0)
def map_over_an_iterator() -> Any:
    """What iterates may run code of its own."""
    return list(map(fetch, Countdown(3)))


@program(overlaps=0)
def map_of_two_iterables() -> Any:
    """It ends with the shorter one."""
    return list(map(fetch, [1, 2, 3], []))


@program(settles=False)
def error_in_a_map(keys: Any = (3, 1, 2)) -> Any:
    """One of the calls raises."""
    return list(map(refuse, keys))


@program(settles=False)
def error_in_a_map_is_handled(keys: Any = (3, 1, 2)) -> Any:
    """And is handled by the program, which goes on."""
    try:
        found = list(map(refuse, keys))
    except Refused:
        found = []
    return found, fetch(1)


@program(settles=False)
def map_of_what_cannot_be_called(keys: Any = (3, 1, 2)) -> Any:
    """The message names the type."""
    return fetch(1), list(map(7, keys))  # type: ignore[call-overload]


@program(settles=False)
def map_over_what_is_no_container() -> Any:
    """The message is that of `map`."""
    return fetch(1), list(map(fetch, 7))  # type: ignore[call-overload]


@factory(settles=False)
def stop_iteration_ends_a_map(adaptive: Any) -> Any:
    """A callee that raises it ends the `map` early, and silently."""

    def last(key: int) -> Any:
        if key > 2:
            raise StopIteration
        return fetch(key)

    @adaptive
    def run() -> Any:
        return list(map(last, [1, 2, 3])), fetch(4)

    return run


@factory(overlaps=0)
def map_of_the_program_s_own(adaptive: Any) -> Any:
    """A function that is called `map` does what it does."""

    def map(function: Any, items: Any) -> Any:  # noqa: A001  # what is tested
        for item in reversed(items):
            mystery(item)
            yield function(item)

    @adaptive
    def run() -> Any:
        return list(map(fetch, [1, 2, 3]))

    return run
