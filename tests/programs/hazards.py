"""Pairs: a program with one hazard, and its twin without, which must overlap.

The hazards' functions are named after what stands in the way; each is followed by
its twin, ``…__twin``.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import tempfile
import time
from types import SimpleNamespace
from typing import Any
from unittest import mock

from world.model import current
from world.objects import Client, Guarded
from world.operations import (
    Refused,
    apply,
    ask,
    chat,
    combine,
    commit,
    document,
    draw,
    fetch,
    flag,
    mystery,
    note,
    numbers,
    read_back,
    read_order,
    read_user,
    refuse,
    second,
    tally,
    write_order,
)
from world.registry import factory, program

from adaptive_jit import reads

# ------------------------------------------------------------------ barriers


@program(overlaps=0)
def unknown_call() -> Any:
    """Nothing crosses an unknown call."""
    a = fetch(1)
    b = mystery(a)
    c = fetch(2)
    return a, b, c


@program(overlaps=2)
def unknown_call__twin() -> Any:
    """A pure call stops nothing."""
    a = fetch(1)
    b = combine(a)
    c = fetch(2)
    return a, b, c


@program(overlaps=0)
def unknown_call_hidden_in_a_condition() -> Any:
    """An unknown call inside a conditional expression (d2)."""
    c = 1
    a = fetch(1)
    b = [mystery(i) for i in [1]] if c else 0
    e = fetch(3)
    return a, b, e


@program(overlaps=2)
def unknown_call_hidden_in_a_condition__twin() -> Any:
    """The branch that is known not to be taken hides nothing."""
    c = 0
    a = fetch(1)
    b = [mystery(i) for i in [1]] if c else 0
    e = fetch(3)
    return a, b, e


@program()
def unknown_call_hidden_in_a_short_circuit() -> Any:
    """An unknown call on the right of `and`."""
    a = fetch(1)
    b = fetch(2) and mystery()
    e = fetch(3)
    return a, b, e


@program(overlaps=0)
def unknown_call_hidden_in_a_lambda() -> Any:
    """An unknown call through a lambda (d6)."""
    hidden = lambda: mystery(1)
    a = fetch(1)
    b = hidden() + 1
    e = fetch(2)
    return a, b, e


@program(overlaps=0)
def unknown_call_in_every_iteration() -> Any:
    """An unknown call keeps the iterations of its loop apart."""
    out = []
    for i in range(3):
        a = fetch(i)
        out.append(mystery(a))
    return out


@program(overlaps=3)
def unknown_call_in_every_iteration__twin() -> Any:
    """Without it they overlap."""
    out = []
    for i in range(3):
        a = fetch(i)
        out.append(combine(a))
    return out


@program(overlaps=0, arguments=lambda: (SimpleNamespace(mode="a"),))
def attribute_store(state: Any) -> Any:
    """A stored attribute may be read by anybody."""
    a = read_back(state)
    state.mode = "b"
    b = read_back(state)
    return a, b


@program(overlaps=2, arguments=lambda: (SimpleNamespace(mode="a"),))
def attribute_store__twin(state: Any) -> Any:
    """A stored local is read by nobody else."""
    a = fetch(1)
    mode = state.mode
    b = fetch(2)
    return a, b, mode


@program(overlaps=0, arguments=lambda: ({"mode": "a"},))
def subscript_store_on_an_argument(state: dict[str, str]) -> Any:
    """A container that came from outside may be read by anybody."""
    a = read_back("x", state)
    state["mode"] = "b"
    b = read_back("y", state)
    return a, b


@program(overlaps=2)
def subscript_store_on_an_argument__twin() -> Any:
    """A fresh container is read by nobody else."""
    state = {}
    a = fetch(1)
    state["mode"] = a
    b = fetch(2)
    return state, b


_SHARED: dict[str, Any] = {}


def _reset_shared() -> None:
    _SHARED.clear()


def _seen() -> Any:
    return fetch(len(_SHARED))


@program(overlaps=0, threads=False, setup=_reset_shared)
def subscript_store_on_an_escaped_container() -> Any:
    """A fresh container that was handed on is no longer private."""
    box: dict[str, Any] = {}
    _SHARED["box"] = box
    a = read_back(1, _SHARED["box"])
    box["k"] = 1
    b = read_back(2, _SHARED["box"])
    return a, b


_HELD: list[Any] = []


@reads
def _held() -> Any:
    return read_back(str(_HELD[-1]))


@program(overlaps=0, threads=False, setup=_HELD.clear)
def change_of_a_list_that_others_hold() -> Any:
    """A list that was given away is seen by a declared read without being handed to it."""
    items = [1]
    _HELD.append(items)
    a = _held()
    items.append(2)
    b = _held()
    return a, b


@program(overlaps=2, threads=False, setup=_HELD.clear)
def change_of_a_list_that_others_hold__twin() -> Any:
    """A list that is given away behind its last change is seen by none of those before."""
    _HELD.append([1])
    items = [1]
    a = _held()
    items.append(2)
    b = _held()
    _HELD.append(items)
    return a, b


@program(overlaps=0)
def tuple_that_the_callee_returns() -> Any:
    """A declared read may tell which of two equal tuples it was given: none is made for it."""
    n = flag(1, 3)
    both = (n, 2)
    back = flag(2, both)
    return back is both, back


@program(overlaps=2, meet=("flag",))
def tuple_that_the_callee_returns__twin() -> Any:
    """A number is handed on: nobody can tell two equal ones apart."""
    n = fetch(3)
    back = flag(2, n)
    others = flag(3, n), flag(4, n), flag(5, n)
    return back is n, others


@program(threads=False, setup=_reset_shared)
def mutation_through_an_alias() -> Any:
    """A second name for a fresh container, through which it changes."""
    box: list[int] = []
    alias = box
    a = read_back(1, box)
    alias.append(1)
    b = read_back(2, box)
    alias.append(2)
    c = read_back(3, alias)
    return a, b, c


@program()
def mutation_through_a_container() -> Any:
    """A fresh list inside another fresh list."""
    inner: list[int] = []
    outer = [inner]
    a = read_back(1, outer)
    inner.append(1)
    b = read_back(2, outer)
    outer[0].append(2)
    c = read_back(3, inner)
    return a, b, c


@program(overlaps=0, arguments=lambda: ({"a": 1, "b": 2},))
def delete_from_a_container(state: dict[str, int]) -> Any:
    """`del d[k]` on what others can see."""
    a = read_back(1, state)
    del state["a"]
    b = read_back(2, state)
    return a, b


class _Finalised:
    def __del__(self) -> None:
        mystery("gone")


@program(overlaps=0)
def delete_a_local_with_a_finaliser() -> Any:
    """`del x` runs a finaliser in its place."""
    x = _Finalised()
    a = fetch(1)
    del x
    b = fetch(2)
    return a, b


@program(overlaps=0)
def rebinding_runs_a_finaliser() -> Any:
    """A rebound name runs a finaliser in its place."""
    x = _Finalised()
    a = fetch(1)
    x = None
    b = fetch(2)
    return a, b, x


@program(overlaps=0)
def import_statement() -> Any:
    """`import` in a function runs code."""
    a = fetch(1)
    import programs.imported_quietly as module

    b = fetch(2)
    return a, b, module.VALUE


@program(overlaps=2)
def import_statement__twin() -> Any:
    """A module imported before stops nothing."""
    a = fetch(1)
    text = json.__name__
    b = fetch(2)
    return a, b, text


def _loud_decorator(function: Any) -> Any:
    mystery("decorated")
    return function


@program(overlaps=0)
def decorated_definition() -> Any:
    """A decorated nested function runs its decorator."""
    a = fetch(1)

    @_loud_decorator
    def inner() -> int:
        return 1

    b = fetch(2)
    return a, b, inner()


@program(overlaps=0)
def class_definition() -> Any:
    """A class body runs code."""
    a = fetch(1)

    class Inner:
        seen = mystery("class body")

    b = fetch(2)
    return a, b, Inner.seen


@program()
def default_of_a_nested_function() -> Any:
    """The default of a nested function is evaluated in its place."""
    a = fetch(1)

    def inner(x: int = mystery(3)) -> int:
        return x

    b = fetch(2)
    return a, b, inner()


@program(overlaps=0)
def with_block() -> Any:
    """Nothing crosses the entry and exit of an unknown context manager."""
    a = fetch(1)
    with Guarded("g"):
        b = fetch(2)
    c = fetch(3)
    return a, b, c


@program(overlaps=0)
def with_block_around_two() -> Any:
    """The body of an unknown context manager stays in order (locks, modes, transactions)."""
    with Guarded("g") as g:
        a = fetch(1)
        b = fetch(2)
    return a, b, g.name


@program(overlaps=2)
def with_block__twin() -> Any:
    """Without it the same reads overlap."""
    a = fetch(1)
    b = fetch(2)
    c = fetch(3)
    return a, b, c


@program(overlaps=0)
def suppressing_with() -> Any:
    """A context manager that suppresses what is raised inside."""
    out = []
    with Guarded("g", suppress=True):
        out.append(refuse(1))
        out.append(fetch(2))
    out.append(fetch(3))
    return out


@program()
def standard_suppress() -> Any:
    """contextlib.suppress."""
    out = []
    with contextlib.suppress(Refused):
        out.append(refuse(1))
        out.append(fetch(2))
    out.append(fetch(3))
    return out


@program()
def with_and_exception() -> Any:
    """An exception leaves a `with` whose exit sees it, after what began inside has ended."""
    with Guarded("outer"):
        a = fetch(1)
        with Guarded("inner"):
            b = refuse(2)
            c = fetch(3)
    return a, b, c


@program(overlaps=0)
def discarded_result() -> Any:
    """A result that is thrown away: the call is there for its effect."""
    fetch(1)
    a = fetch(2)
    return a


@program(overlaps=2)
def discarded_result__twin() -> Any:
    """A result that is kept stops nothing."""
    x = fetch(1)
    a = fetch(2)
    return x, a


@program(overlaps=0)
def discarded_results_in_a_loop() -> Any:
    """A loop of discarded calls keeps its order."""
    for i in range(3):
        ask(f"warm {i}")


@program(overlaps=0)
def generator_of_reads() -> Any:
    """`any` over a generator stops at the first hit."""
    return any(fetch(i) == 1 for i in range(4))


# ------------------------------------------------------------------ no speculation


@program(overlaps=0)
def branch_on_fetched_value() -> Any:
    """Nothing inside an undecided branch starts, and nothing that it could prevent."""
    x = flag(1, False)
    if x:
        a = fetch(1)
        return a
    b = fetch(2)
    return b


@program(overlaps=2)
def branch_on_fetched_value__twin() -> Any:
    """A known condition is followed."""
    x = flag(1, False)
    known = False
    if known:
        a = fetch(1)
        return a
    b = fetch(2)
    return x, b


@program()
def branch_on_fetched_value_without_exits() -> Any:
    """Arms that cannot leave; the operations of the untaken arm never run."""
    x = flag(1, True)
    if x:
        a = fetch(1)
    else:
        a = fetch(2)
    b = second(3)
    return a, b


@program(overlaps=0)
def early_return() -> Any:
    """Nothing after a possible return starts."""
    x = fetch(0)
    if x == 0:
        return "early"
    a = fetch(1)
    b = fetch(2)
    return a, b


@program(overlaps=0)
def assertion() -> Any:
    """Nothing after an assertion on a fetched value starts."""
    x = fetch(0)
    assert x, f"no {x}"
    a = fetch(1)
    b = fetch(2)
    return a, b


@program(overlaps=2)
def assertion__twin() -> Any:
    """An assertion on a known value is followed."""
    known = 1
    x = fetch(0)
    assert known, f"no {x}"
    a = fetch(1)
    return x, a


@program(overlaps=0)
def break_on_fetched_value() -> Any:
    """Nothing after a possible break starts."""
    out = []
    for i in range(5):
        x = fetch(i)
        if x == 2:
            break
        out.append(x)
    return out


@program(overlaps=5)
def break_on_fetched_value__twin() -> Any:
    """Without the break the iterations overlap."""
    out = []
    for i in range(5):
        x = fetch(i)
        out.append(x)
    return out


@program(overlaps=0)
def return_in_a_loop() -> Any:
    """Nothing after a possible return in a loop starts."""
    for i in range(5):
        x = fetch(i)
        if x == 2:
            return i
    return None


@program()
def continue_on_fetched_value() -> Any:
    """`continue` on a fetched value: the skipped operations never run."""
    out = []
    for i in range(4):
        x = fetch(i)
        if x % 2:
            continue
        out.append(second(i))
    return out


@program(overlaps=0)
def short_circuit_or() -> Any:
    """The right side of `or` may not be reached."""
    a = fetch(1) or fetch(2)
    return a


@program(overlaps=0)
def short_circuit_and() -> Any:
    """The right side of `and` may not be reached."""
    a = fetch(0) and fetch(2)
    return a


@program(overlaps=0)
def conditional_expression_on_fetched_value() -> Any:
    """The arms of a conditional expression on a fetched value."""
    a = fetch(1) if flag(1, 0) else second(2)
    return a


@program()
def chained_comparison() -> Any:
    """The third operand of a chained comparison may not be reached."""
    return fetch(5) < fetch(1) < fetch(9)


@program(overlaps=0)
def while_on_fetched_value() -> Any:
    """Each round of `while` is decided by the last."""
    n = 0
    while fetch(n) < 3:
        n = n + 1
    return n


@program()
def filter_on_fetched_value() -> Any:
    """A comprehension filtered by an operation: the element of a rejected item never runs."""
    return [second(i) for i in range(5) if fetch(i) % 2]


@program(overlaps=0)
def possible_raise() -> Any:
    """Nothing after a possible raise starts."""
    x = fetch(0)
    if x == 0:
        raise ValueError("zero")
    a = fetch(1)
    return a


@program()
def guard_that_fails() -> Any:
    """What a failing check protects has not run (F5: except after an exception, reads only)."""
    permitted = refuse("permission")
    launched = commit("launch")
    return permitted, launched


@program()
def subscript_that_raises() -> Any:
    """A KeyError in the program's own expression between two reads."""
    d = document(1)
    missing = d["nothing"]
    a = fetch(2)
    return missing, a


@program()
def division_by_zero_on_known_values() -> Any:
    """A ZeroDivisionError of known values: nothing after it is needed."""
    zero = 0
    a = fetch(1)
    b = 1 // zero
    c = fetch(2)
    return a, b, c


@program()
def unbound_local() -> Any:
    """An UnboundLocalError in its place."""
    a = fetch(1)
    if a > 5:
        b = 2
    c = fetch(b)
    return a, c


@program()
def unknown_global() -> Any:
    """A NameError in its place."""
    a = fetch(1)
    b = never_defined(a)
    c = fetch(2)
    return a, b, c


@program()
def wrong_arguments() -> Any:
    """A TypeError of a call with wrong arguments."""
    a = fetch(1)
    b = fetch(2, 3)
    c = fetch(3)
    return a, b, c


@program()
def unpacking_that_fails() -> Any:
    """Too many values to unpack."""
    a = fetch(1)
    b, c, d = pair_of(2)
    return a, b, c, d


def pair_of(key: int) -> tuple[int, int]:
    """Return a pair, proved to read."""
    return fetch(key), fetch(key + 1)


# ------------------------------------------------------------------ exceptions and handlers


@program(overlaps=0)
def reads_in_a_handler() -> Any:
    """Nothing starts early while an exception is being handled."""
    try:
        raise ValueError("x")
    except ValueError:
        a = fetch(1)
        b = fetch(2)
    return a, b


@program(overlaps=2)
def reads_in_a_handler__twin() -> Any:
    """The same reads in the body of the `try` overlap."""
    try:
        a = fetch(1)
        b = fetch(2)
    except ValueError:
        a = b = 0
    return a, b


@factory(overlaps=0)
def adaptive_call_from_a_handler(adaptive: Any) -> Any:
    """A function called while an exception is handled starts nothing early."""

    @adaptive
    def inner() -> Any:
        a = fetch(1)
        b = fetch(2)
        return a, b

    def run() -> Any:
        try:
            raise ValueError("x")
        except ValueError:
            return inner()

    return run


@program()
def exception_in_a_handler() -> Any:
    """An operation that raises in a handler has the handled exception as its context."""
    try:
        a = refuse(1)
    except Refused:
        b = refuse(2)
        return b
    return a


@program()
def locals_seen_by_a_handler() -> Any:
    """A handler sees the locals as they were at the raise."""
    a = b = c = "unset"
    try:
        a = fetch(1)
        b = refuse(2)
        c = fetch(3)
    except Refused as error:
        note(a, b, c, str(error))
    return a, b, c


@program()
def finally_sees_the_locals() -> Any:
    """So does `finally`."""
    a = b = c = "unset"
    try:
        a = fetch(1)
        b = refuse(2)
        c = fetch(3)
    finally:
        note(a, b, c)
    return a


@program()
def else_of_a_try() -> Any:
    """The `else` of a try runs only without an exception."""
    out = []
    for i, bad in [(1, False), (2, True), (3, False)]:
        try:
            a = refuse(i, bad)
            b = fetch(i)
        except Refused:
            out.append("refused")
        else:
            out.append(a + b)
        finally:
            note(len(out))
    return out


@program()
def handler_that_goes_on() -> Any:
    """A loop that survives failures."""
    out = []
    for i in range(4):
        try:
            out.append(refuse(i, i == 2))
        except Refused as error:
            out.append(str(error))
    return out


@program()
def nested_handlers() -> Any:
    """The inner clause does not match, the outer does."""
    try:
        try:
            a = fetch(1)
            b = refuse(2)
        except KeyError:
            return "inner"
        finally:
            note("between")
        c = fetch(3)
    except Refused as error:
        return "outer", str(error), a
    return a, b, c


@program()
def raise_from() -> Any:
    """`raise … from` an operation's exception."""
    try:
        a = fetch(1)
        b = refuse(2)
    except Refused as error:
        raise KeyError("translated") from error
    return a, b


@program()
def exception_group() -> Any:
    """`except*` around operations."""
    out = []
    try:
        a = fetch(1)
        b = refuse(2)
        out.append(a + b)
    except* Refused as group:
        out.append(len(group.exceptions))
    c = fetch(3)
    d = fetch(4)
    return out, c, d


@program()
def return_in_finally() -> Any:
    """A `return` in `finally` swallows the exception."""
    try:
        a = fetch(1)
        b = refuse(2)
        return a, b
    finally:
        return "swallowed"


@program()
def later_failure_first_in_time() -> Any:
    """The first failure in program order is raised, whatever fails first in time."""
    a = fetch(1)
    b = refuse(2)
    c = fetch(3)
    d = refuse(4)
    return a, b, c, d


@program()
def failure_in_a_loop() -> Any:
    """The first failing iteration is raised, with the results before it."""
    out = []
    for i in range(6):
        out.append(refuse(i, i in (3, 5)))
    return out


@program()
def failure_in_a_comprehension() -> Any:
    """The same in a comprehension."""
    return [refuse(i, i in (1, 3)) for i in range(5)]


@program()
def failure_in_an_argument() -> Any:
    """The second argument fails."""
    return combine(fetch(1), refuse(2), fetch(3))


# ------------------------------------------------------------------ captured names


@program()
def captured_store() -> Any:
    """A store to a name that a nested function reads is a write (d5)."""
    k = 1

    def get() -> int:
        return fetch(k)

    a = get()
    k = 2
    b = get()
    k = 3
    return a, b, k


@program(overlaps=2)
def captured_store__twin() -> Any:
    """A store to a name that nobody captures is none."""
    k = 1
    get = fetch
    a = get(k)
    k = 2
    b = get(k)
    k = 3
    return a, b, k


@program()
def captured_store_under_a_declared_helper() -> Any:
    """What a declared inner function reads of this one is stored before it runs."""
    k = 1

    def get() -> int:
        return fetch(k)

    declared = reads(get)
    a = declared()
    k = 2
    b = declared()
    k = 3
    return a, b, k


@program(overlaps=2)
def captured_store_under_a_declared_helper__twin() -> Any:
    """A name that is handed to it may be stored again meanwhile."""
    k = 1

    def get(key: int) -> int:
        return fetch(key)

    declared = reads(get)
    a = declared(k)
    k = 2
    b = declared(k)
    k = 3
    return a, b, k


@program(arguments=lambda: (1,))
def parameter_that_an_inner_function_binds_anew(k: int) -> Any:
    """What an unknown call binds is known only behind it."""

    def advance() -> int:
        nonlocal k
        k += 1
        return mystery(k)

    a = fetch(k)
    b = advance()
    c = fetch(k)
    d = fetch(k + 10)
    return a, b, c, d


@program(overlaps=2, arguments=lambda: (1,))
def parameter_that_an_inner_function_binds_anew__twin(k: int) -> Any:
    """A variable that inner functions only read is known ahead of its turn."""

    def shown() -> int:
        return mystery(k)

    a = shown()
    b = fetch(k)
    c = fetch(k + 10)
    return a, b, c


@program()
def late_binding() -> Any:
    """Closures made in a loop see the last value."""
    functions = []
    for i in range(3):
        functions.append(lambda: fetch(i))
    return [f() for f in functions]


@program()
def nonlocal_counter() -> Any:
    """A nested function that changes a name of ours."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return fetch(count)

    a = step()
    b = step()
    c = count
    d = step()
    return a, b, c, d


_COUNT = 0


def _reset_count() -> None:
    global _COUNT
    _COUNT = 0


def _counted() -> int:
    return fetch(_COUNT)


@program(threads=False, setup=_reset_count)
def global_store() -> Any:
    """A store to a global is seen by helpers."""
    global _COUNT
    a = _counted()
    _COUNT = 5
    b = _counted()
    _COUNT += 1
    c = _counted()
    return a, b, c


# ------------------------------------------------------------------ writes


@program(overlaps=0)
def write_between_reads() -> Any:
    """A write whose resource is unknown does not commute with reads."""
    a = fetch(1)
    b = commit(a)
    c = fetch(2)
    return a, b, c


@program(overlaps=2, meet=("ask",))
def write_between_reads__twin() -> Any:
    """Unordered operations commute with known writes."""
    a = ask("a")
    b = commit(1)
    c = ask("c")
    return a, b, c


@program()
def read_your_writes() -> Any:
    """A read after a write sees it (F4)."""
    write_order("k")
    a = read_order("k")
    write_order("l")
    b = read_order("k")
    return a, b


@program(overlaps=0)
def same_resource() -> Any:
    """A write stops reads of its own resource."""
    a = read_order(1)
    b = write_order(a)
    c = read_order(2)
    return a, b, c


@program(overlaps=2)
def same_resource__twin() -> Any:
    """It does not stop reads of another resource that the user named."""
    a = read_user(1)
    b = write_order(5)
    c = read_user(2)
    return a, b, c


@program()
def writes_keep_their_order() -> Any:
    """Writes are performed in their turn (F14)."""
    a = commit("debit")
    b = ask("x")
    c = commit("credit")
    d = write_order("o")
    e = ask("y")
    return a, b, c, d, e


@program()
def writes_in_a_loop() -> Any:
    """A loop of reads and writes."""
    out = []
    for i in range(3):
        d = ask(f"q{i}")
        out.append(commit(d))
    return out


# ------------------------------------------------------------------ arguments


@program(overlaps=0)
def list_that_grows() -> Any:
    """A chat history that grows between the calls (F2)."""
    history = [{"role": "user", "content": "hi"}]
    a = chat(history)
    history.append({"role": "assistant", "content": a})
    b = chat(history)
    history.append({"role": "assistant", "content": b})
    return history


@program(overlaps=0, arguments=lambda: ([3, 1, 2],))
def one_list_given_to_two(items: list[int]) -> Any:
    """One mutable object given to two operations that may change it."""
    a = tally(items)
    b = tally(items)
    return a, b, items


@program(overlaps=2)
def one_list_given_to_two__twin() -> Any:
    """Immutable arguments are free."""
    items = (3, 1, 2)
    a = read_back(items)
    b = read_back(items, "other")
    return a, b


@program(arguments=lambda: ([3, 1, 2],))
def list_given_and_then_read(items: list[int]) -> Any:
    """An argument that the operation changes is read by the program afterwards."""
    a = tally(items)
    b = len(items)
    c = fetch(2)
    d = items[-1]
    return a, b, c, d


@program(arguments=lambda: ([3, 1, 2],))
def list_read_before_its_turn(items: list[int]) -> Any:
    """An argument that the operation changes is read by the program before."""
    x = fetch(1)
    b = len(items)
    a = tally(items)
    c = fetch(2)
    return a, b, c, x


@program(overlaps=0)
def one_iterator_given_to_two() -> Any:
    """An iterator is hidden state."""
    it = iter([1, 2, 3])
    a = draw(it)
    b = draw(it)
    return a, b, list(it)


@program(overlaps=0)
def one_generator_given_to_two() -> Any:
    """So is a generator."""
    it = (n * 2 for n in range(5))
    a = draw(it)
    b = draw(it)
    c = next(it)
    return a, b, c


@program(overlaps=0)
def callback_argument() -> Any:
    """A callback of unknown effect as an argument."""
    a = apply(mystery, 1)
    b = apply(mystery, 2)
    return a, b


@program()
def lambda_argument() -> Any:
    """A lambda as an argument."""
    seen: list[int] = []
    a = apply(lambda k: seen.append(k) or len(seen), 1)
    b = apply(lambda k: seen.append(k) or len(seen), 2)
    return a, b, seen


@program()
def callback_hidden_in_a_container() -> Any:
    """A callback inside a dict argument."""
    a = read_back(1, {"f": mystery})
    b = fetch(2)
    return a[0], b


@program()
def identity_of_results() -> Any:
    """Results are the operation's own objects, and so are arguments passed through (F20)."""
    token = (1, 2)
    key = [1]
    a = flag(1, token)
    b = flag(2, token)
    c = flag(3, key)
    return a is token, b is a, c is key


@program()
def fetched_list_changes_later() -> Any:
    """A fetched list that the program changes between two operations on it."""
    items = numbers(2)
    a = read_back(1, items)
    items.append(9)
    b = read_back(2, items)
    items[0] = 7
    c = read_back(3, items)
    return a, b, c


# ------------------------------------------------------------------ callees that change


def _other(key: Any) -> str:
    return ask(f"other {key}")


@program()
def callee_rebound_locally() -> Any:
    """A local name for an operation is bound to another one between."""
    f = fetch
    a = f(1)
    f = _other
    b = f(1)
    return a, b


_CHOSEN: Any = fetch


def _reset_chosen() -> None:
    global _CHOSEN
    _CHOSEN = fetch


def _rechoose() -> None:
    global _CHOSEN
    _CHOSEN = _other
    mystery("rechosen")


@program(threads=False, setup=_reset_chosen)
def callee_rebound_by_an_unknown_call() -> Any:
    """A global operation is rebound by an unknown call between."""
    a = _CHOSEN(1)
    _rechoose()
    b = _CHOSEN(2)
    c = _CHOSEN(3)
    return a, b, c


@program(arguments=lambda: (Client(),))
def method_rebound_on_the_instance(client: Any) -> Any:
    """A client's method is replaced on the instance between."""
    a = client.get(1)
    client.get = _other
    b = client.get(2)
    return a, b


@program(overlaps=2, arguments=lambda: (Client(),))
def method_rebound_on_the_instance__twin(client: Any) -> Any:
    """Left in place, its calls overlap."""
    a = client.get(1)
    other = _other
    b = client.get(2)
    return a, b, other is _other


@program(threads=False)
def patched_between() -> Any:
    """mock.patch on the operation between two calls."""
    a = fetch(1)
    with mock.patch("programs.hazards.fetch", _other):
        b = fetch(2)
        c = fetch(3)
    d = fetch(4)
    return a, b, c, d


@program(arguments=lambda: (Client(),), threads=False)
def patched_method_between(client: Client) -> Any:
    """mock.patch.object on the client's class."""
    a = client.get(1)
    with mock.patch.object(Client, "get", lambda _self, key: _other(key)):
        b = client.get(2)
        c = client.get(3)
    d = client.get(4)
    return a, b, c, d


@program(overlaps=0, arguments=lambda: (Client(),))
def method_that_changes_self(client: Client) -> Any:
    """Undeclared methods are unknown: in order, and before what comes later."""
    a = client.get(1)
    b = client.bump()
    c = client.get(1)
    d = client.bump()
    return a, b, c, d


@program()
def per_site_shift() -> Any:
    """An untaken site must not hand its result to another iteration (d4)."""
    out = []
    for i in (1, 2, 3):
        if i == 1:
            x = fetch(i)
        else:
            x = 0
        if x == 0:
            out.append(second(i))
    return out


@program()
def same_site_other_arguments() -> Any:
    """One site with arguments that depend on what was fetched before."""
    out = []
    last = 0
    for _ in range(4):
        last = fetch(last + 1)
        out.append(last)
    return out


# ------------------------------------------------------------------ context


def _reset_context() -> None:
    current().state.clear()


@factory(overlaps=2)
def context_variables(adaptive: Any) -> Any:
    """Operations see the caller's context variables (F17)."""
    import contextvars

    request = contextvars.ContextVar("request", default="none")

    @adaptive
    def run() -> Any:
        a = seen(1)
        b = seen(2)
        return a, b

    from adaptive_jit import reads

    @reads
    def seen(key: int) -> str:
        return current().perform("seen", "reads", key, lambda _: f"{request.get()}{key}")

    def outer() -> Any:
        token = request.set("r1")
        try:
            return run()
        finally:
            request.reset(token)

    return outer


@program()
def context_set_between() -> Any:
    """A context variable set by an unknown call between."""
    a = read_decimal(1)
    set_precision(5)
    b = read_decimal(3)
    set_precision(9)
    c = read_decimal(3)
    set_precision(28)
    return a, b, c


def set_precision(digits: int) -> None:
    """Change the decimal context."""
    import decimal

    decimal.getcontext().prec = digits


def read_decimal(divisor: int) -> str:
    """Return 1/divisor in the caller's decimal context."""
    import decimal

    return str(decimal.Decimal(1) / decimal.Decimal(divisor)) + str(fetch(divisor))


# ------------------------------------------------------------------ recursion and nesting


@factory()
def recursion(adaptive: Any) -> Any:
    """A recursive adaptive function."""

    @adaptive
    def tree(depth: int) -> int:
        if depth == 0:
            return fetch(1)
        left = tree(depth - 1)
        right = tree(depth - 1)
        extra = fetch(depth)
        return left + right + extra

    return lambda: tree(3)


@factory(overlaps=2)
def nested_adaptive_functions(adaptive: Any) -> Any:
    """Adaptive functions that call adaptive functions."""

    @adaptive
    def leaf(key: int) -> Any:
        a = fetch(key)
        b = second(key)
        return a + b

    @adaptive
    def middle(key: int) -> Any:
        a = leaf(key)
        b = leaf(key + 10)
        return a + b

    @adaptive
    def top() -> Any:
        a = middle(1)
        b = middle(2)
        return a, b

    return top


# ------------------------------------------------------------------ files, pacing, streams

_FILE = pathlib.Path(tempfile.gettempdir()) / f"programs-{os.getpid()}.txt"


class _Shelf(type(pathlib.Path())):  # type: ignore[misc]
    """A path whose `/` and text are unknown operations."""

    def __truediv__(self, name: Any) -> str:
        mystery(name)
        return f"{name}."

    def __str__(self) -> str:
        mystery()
        return "shelf"


@program(overlaps=0, arguments=lambda: (_Shelf("a"),))
def path_of_a_class_of_its_own(folder: Any) -> Any:
    """A subclass of a path may do anything in `/`."""
    out = []
    for i in range(3):
        out.append(fetch(folder / f"{i}"))
    return out


@program(overlaps=3, arguments=lambda: (pathlib.Path("a"),))
def path_of_a_class_of_its_own__twin(folder: Any) -> Any:
    """Paths of pathlib itself are joined ahead, and are equal if their texts are."""
    out = []
    for i in range(3):
        out.append(fetch(folder / f"{i}"))
    return [out, [fetch("b" / folder / part) for part in ("c", "d")]]


@program(overlaps=0, arguments=lambda: (_Shelf("a"),))
def path_of_a_class_of_its_own_in_a_text(folder: Any) -> Any:
    """So may its text."""
    out = []
    for i in range(3):
        out.append(fetch(f"{folder}/{i}"))
    return out


@program(overlaps=3, arguments=lambda: (pathlib.Path("a"),))
def path_of_a_class_of_its_own_in_a_text__twin(folder: Any) -> Any:
    """Texts with paths in them, f-strings, `%` and `str`."""
    out = []
    for i in range(2):
        out.append(fetch(f"{folder}/{i}"))
        out.append(fetch("%s %r" % (folder, i)))
        out.append(fetch("%s." % folder))
        out.append(fetch(str(folder / "x")))
    return out


def _joined(folder: Any, name: Any) -> Any:
    mystery(name)
    return f"{folder.name}+{name}"


@program(overlaps=0, arguments=lambda: (pathlib.Path("a"),), threads=False)
def patched_join_of_paths(folder: Any) -> Any:
    """Somebody has replaced how all paths are joined."""
    out = []
    with mock.patch.object(pathlib.PurePath, "__truediv__", _joined):
        for i in range(3):
            out.append(fetch(folder / f"{i}"))
    return out


@program(threads=False)
def file_write_between_file_reads() -> Any:
    """A file is read as it was at that point."""
    path = _FILE
    path.write_text("one")
    a = path.read_text()
    path.write_text("two")
    b = path.read_text()
    path.unlink()
    return a, b


@program(overlaps=2, meet=("ask",), threads=False)
def file_write_between_file_reads__twin() -> Any:
    """A file write does not stop unordered operations."""
    path = _FILE
    a = ask("a")
    path.write_text("one")
    b = ask("b")
    path.unlink()
    return a, b


@program(overlaps=0, threads=False)
def file_write_between_declared_reads() -> Any:
    """It stops reads of which nobody said where they read."""
    a = fetch(1)
    with open(_FILE, "w") as stream:
        stream.write(str(a))
    b = fetch(2)
    _FILE.unlink()
    return a, b


@program(overlaps=0)
def loop_that_writes_what_it_reads() -> Any:
    """Each round begins with a read of what the round before has written."""
    out = []
    for i in range(4):
        before = read_order(i)
        answer = ask(before)
        write_order(answer)
        out.append(before)
    return out


@program(overlaps=3)
def loop_that_writes_what_it_reads__twin() -> Any:
    """The user has named another resource for what is read: the rounds overlap."""
    out = []
    for i in range(4):
        before = read_user(i)
        answer = ask(before)
        write_order(answer)
        out.append(before)
    return out


@program()
def loop_that_reads_what_it_has_just_written() -> Any:
    """A write whose text is still on its way, and whose result is used, is not overtaken."""
    out = []
    for i in range(4):
        answer = ask(i)
        number = write_order(answer)
        out.append(number + read_order(i))
    return out


@program(overlaps=4, meet=("read_user",))
def loop_that_reads_what_it_has_just_written__twin() -> Any:
    """Reads of another resource begin before such writes."""
    out = []
    for i in range(4):
        answer = ask(i)
        number = write_order(answer)
        out.append(number + read_user(i))
    return out


@program()
def write_that_lacks_an_input_before_a_read() -> Any:
    """The same without a loop."""
    answer = ask(1)
    number = write_order(answer)
    found = read_order(number)
    other = read_order(2)
    return answer, found, other


@program(overlaps=2)
def write_that_lacks_an_input_before_a_read__twin() -> Any:
    """A read of another resource begins beside the call that the write waits for."""
    answer = ask(1)
    number = write_order(answer)
    other = read_user(2)
    return answer, number, other


@program(overlaps=0)
def chains_between_unnamed_reads_and_writes() -> Any:
    """A read of which nobody said where it reads waits for every write."""
    out = []
    for i in range(3):
        first = fetch(i)
        out.append(write_order(combine(first)))
    return out


@program(overlaps=3)
def chains_between_unnamed_reads_and_writes__twin() -> Any:
    """Calls in any order pass every write, also those further down a chain."""
    out = []
    for i in range(5):
        first = ask(i)
        out.append(commit(ask(first)))
    return out


@program(overlaps=0)
def sleep_as_pacing() -> Any:
    """A sleep as a statement is pacing that someone asked for."""
    a = fetch(1)
    time.sleep(0.001)
    b = fetch(2)
    return a, b


@program(overlaps=2)
def sleep_as_pacing__twin() -> Any:
    """Without it the reads overlap."""
    a = fetch(1)
    float(0.001)
    b = fetch(2)
    return a, b


@program()
def next_between() -> Any:
    """next() on an iterator keeps its order."""
    items = iter(range(5))
    a = fetch(next(items))
    b = fetch(next(items))
    c = next(items)
    return a, b, c, list(items)


@program()
def null_context() -> Any:
    """A context manager that does nothing."""
    with contextlib.nullcontext(5) as five:
        a = fetch(five)
        b = fetch(2)
    c = fetch(3)
    return a, b, c


class _Harmless:
    def __enter__(self) -> int:
        return 3

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        return None


@program()
def harmless_context() -> Any:
    """A context manager of the user's that does nothing, left by an exception."""
    out = []
    try:
        with _Harmless() as three:
            out.append(fetch(three))
            out.append(refuse(2))
            out.append(fetch(5))
    except Refused:
        out.append(second(1))
    return out


class Batch:
    """Its list is what it submits."""

    def __init__(self) -> None:
        self.ids: list[int] = []

    def submit(self) -> Any:
        return read_back(tuple(self.ids))


reads(Batch.submit)


@program(overlaps=0)
def list_grown_under_another_name() -> Any:
    """`+=` on a list changes it in place, for all who know it by another name."""
    batch = Batch()
    ids = batch.ids
    out = []
    for i in range(4):
        ids += [i]
        out.append(batch.submit())
    return out


@program(overlaps=0)
def list_repeated_under_another_name() -> Any:
    """So does `*=`."""
    batch = Batch()
    batch.ids.append(1)
    ids = batch.ids
    a = batch.submit()
    ids *= 2
    b = batch.submit()
    return a, b


@program(overlaps=0, arguments=lambda: ([1],))
def parameter_grown_in_place(ids: list[int]) -> Any:
    """A parameter may be anyone's list."""
    out = []
    for i in range(3):
        ids += [i, *ids]
        out.append(read_back(tuple(ids)))
    return out, ids


@program(overlaps=3)
def list_grown_under_another_name__twin() -> Any:
    """A list that the function made for itself, and tuples and texts, are nobody else's."""
    ids: list[int] = []
    out = []
    seen: tuple[int, ...] = ()
    text = ""
    for i in range(4):
        ids += document(i)["items"]
        seen += (i,)
        text += str(i)
        out.append(read_back(seen, text))
    return out, ids
