"""Statements with clauses: `match`, `with`, `try` with `finally`, `else` and jumps."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import world.operations as operations
from world.model import current
from world.objects import Guarded, Loud
from world.operations import (
    Refused,
    ask,
    caught,
    document,
    fetch,
    flag,
    mystery,
    note,
    pair,
    refuse,
    second,
)
from world.registry import factory, program

from adaptive_jit import reads

# ------------------------------------------------------------------ match


@program(overlaps=3, arguments=lambda: ({"kind": "b", "n": 4},))
def match_on_a_mapping(order: dict[str, Any]) -> Any:
    """A mapping pattern over a known dict; what follows starts beside its body."""
    a = fetch(1)
    match order:
        case {"kind": "a"}:
            b = 0
        case {"kind": "b", "n": n, **rest}:
            b = second(n)
        case _:
            b = -1
    c = ask("x")
    return a, b, c, rest


@program(overlaps=4, arguments=lambda: ([(1, 2), [3], "x", 7, (1, 2, 3, 4)],))
def match_in_a_loop(items: list[Any]) -> Any:
    """Sequence, class and value patterns on the items of a loop."""
    out = []
    for item in items:
        match item:
            case (a, b):
                out.append(fetch(a + b))
            case [a] | [a, _, _]:
                out.append(second(a))
            case str(text):
                out.append(ask(text))
            case int() | float():
                out.append(fetch(item))
            case [first, *others, last]:
                out.append((fetch(first), others, last))
    return out, item


@program(overlaps=3, arguments=lambda: ([1, 5, 8, 12],))
def match_with_guards(items: list[int]) -> Any:
    """Guards on known values decide; what a failed one has captured stays bound."""
    out = []
    for item in items:
        match item:
            case n if n > 10:
                out.append(fetch(n))
            case k if k % 2:
                out.append(second(k))
            case None | True:
                out.append(0)
            case _:
                out.append(ask(f"{n}{k}"))
    return out


@program(overlaps=3, meet=("document",))
def match_on_fetched_values() -> Any:
    """Each round waits for its own subject only."""
    out = []
    for i in range(3):
        match document(i):
            case {"id": 1, "text": text}:
                out.append(ask(text))
            case {"id": number}:
                out.append(second(number))
    return out


@program(overlaps=0)
def match_that_leaves_on_a_fetched_value() -> Any:
    """No speculation: a case that may return is waited for."""
    for i in range(3):
        match flag(i, i):
            case 1:
                return "found"
            case n:
                last = n
    return last


@program(overlaps=0)
def unknown_call_in_a_case() -> Any:
    """A case with an unknown call keeps what follows behind it."""
    a = flag(0, 1)
    match a:
        case 1:
            b = mystery(1)
        case _:
            b = 0
    c = fetch(2)
    return b, c


@program(overlaps=2)
def unknown_call_in_a_case__twin() -> Any:
    """Without it what follows overlaps."""
    a = 1
    match a:
        case 1:
            b = fetch(1)
        case _:
            b = mystery(1)
    c = fetch(2)
    return b, c


@program(overlaps=0, arguments=lambda: (Loud(1),))
def match_on_an_unknown_value(value: Any) -> Any:
    """A comparison with a value of the user's runs its code."""
    a = fetch(1)
    match value:
        case 5:
            b = fetch(2)
        case _:
            b = fetch(3)
    c = fetch(4)
    return a, b, c


@program(arguments=lambda: ([1, Loud(1)],))
def match_on_an_unknown_element(value: Any) -> Any:
    """So does one with an element of a builtin container."""
    a = fetch(1)
    match value:
        case [1, 5]:
            b = fetch(2)
        case _:
            b = fetch(3)
    c = fetch(4)
    return a, b, c


@program(overlaps=3, arguments=lambda: ([1, Loud(1)],))
def match_on_an_unknown_element__twin(value: Any) -> Any:
    """An element that no pattern looks at may be anything."""
    a = fetch(1)
    match value:
        case [_, _]:
            b = fetch(2)
        case _:
            b = fetch(3)
    c = fetch(4)
    return a, b, c


@program(settles=False, arguments=lambda: ([1, 2, Loud(1), 4, 5],))
def match_on_values_that_become_unknown(values: list[Any]) -> Any:
    """Rounds may have been overtaken that then meet a value of the user's."""
    out = []
    for i in range(5):
        match flag(i, values[i]):
            case 7:
                out.append(second(i))
            case _:
                out.append(fetch(i))
    return out


class _Asking(type):
    def __instancecheck__(cls, instance: object) -> bool:
        mystery("instance")
        return True


class _Any(metaclass=_Asking):
    pass


@dataclass
class _Point:
    x: int
    y: int

    @property
    def z(self) -> int:
        mystery("z")
        return 3


@program(overlaps=0, arguments=lambda: (3,))
def match_on_a_class_that_answers(value: Any) -> Any:
    """A class pattern of the user's runs its code."""
    a = fetch(1)
    match value:
        case _Any():
            b = fetch(2)
        case _:
            b = fetch(3)
    c = fetch(4)
    return a, b, c


@program(overlaps=0, arguments=lambda: (_Point(1, 2),))
def match_on_attributes(value: Any) -> Any:
    """Attributes in a class pattern may be properties."""
    a = fetch(1)
    match value:
        case _Point(x=1, z=n):
            b = fetch(n)
        case _:
            b = fetch(3)
    c = fetch(4)
    return a, b, c


@program(overlaps=0, arguments=lambda: (3,))
def match_with_a_guard_that_calls(value: Any) -> Any:
    """An unknown call in a guard is made in its turn."""
    a = fetch(1)
    match value:
        case n if mystery(n) is not None:
            b = fetch(2)
        case _:
            b = fetch(3)
    return a, b


@program(overlaps=2, meet=("second",), arguments=lambda: (3,))
def match_with_a_guard_that_asks(value: Any) -> Any:
    """A guard that is fetched is waited for; what its case holds overlaps with what follows."""
    match value:
        case n if flag(n, 0):
            b = 0
        case 3:
            b = second(2)
        case _:
            b = second(3)
    c = second(4)
    return b, c


@factory(overlaps=0)
def match_on_a_builtin_that_was_replaced(adaptive: Any) -> Any:
    """A global of the name of a builtin class."""
    import types

    def run(value: Any) -> Any:
        a = fetch(1)
        match value:
            case int():
                b = fetch(2)
            case _:
                b = fetch(3)
        c = fetch(4)
        return a, b, c

    replaced = types.FunctionType(run.__code__.replace(), {**globals(), "int": _Any}, "run")
    replaced.__qualname__ = run.__qualname__
    decorated = adaptive(replaced)
    return lambda: decorated(3)


@program(settles=False, arguments=lambda: ([1, 2, 3, 4, 5],))
def match_with_jumps(items: list[int]) -> Any:
    """`continue` and `break` in cases, an error in one of them."""
    out = []
    for item in items:
        match item:
            case 1:
                continue
            case 2 | 3:
                out.append(refuse(item, item == 3))
            case _:
                break
        out.append(fetch(item))
    return out


@program(overlaps=0, arguments=lambda: ([1, 2, 3], {"a": 1, "b": 2}))
def match_that_collects_the_rest(items: list[int], table: dict[str, int]) -> Any:
    """What is left over is a new list or dict: a read of it is not started with another."""
    match items:
        case [_, *others]:
            a = fetch(others)
    match table:
        case {"a": _, **others}:
            b = fetch(others)
    return a, b


# ------------------------------------------------------------------ try


@program(overlaps=3)
def try_between_statements() -> Any:
    """What stands in a `try` overlaps with what stands around it."""
    a = fetch(1)
    try:
        b = fetch(2)
    except Refused:
        b = 0
    c = fetch(3)
    return a, b, c


@program(overlaps=3, meet=("fetch",))
def try_with_all_clauses_in_a_loop() -> Any:
    """`except`, `else` and `finally` in each round."""
    out = []
    done = 0
    for i in range(3):
        try:
            x = fetch(i)
        except operations.Refused as error:
            out.append(error)
            continue
        else:
            out.append(second(x))
        finally:
            done += 1
    return out, done


@program(settles=False)
def try_with_all_clauses_that_catches() -> Any:
    """The same, with errors."""
    out = []
    done = 0
    for i in range(5):
        try:
            x = refuse(i, i % 2 == 1)
        except operations.Refused:
            out.append(-1)
            continue
        else:
            out.append(second(x))
        finally:
            done += 1
        out.append(fetch(done))
    return out, done


@program(overlaps=2)
def return_out_of_a_try() -> Any:
    """A `return` in a `try` ends what is started; its expression is."""
    a = fetch(1)
    try:
        return a, second(2)
    except Refused:
        pass
    finally:
        note("left")
    return fetch(3)


@program(overlaps=2)
def return_through_a_finally() -> Any:
    """What stands in a `finally` overlaps with what is returned."""
    done = 0
    try:
        return fetch(1)
    finally:
        done = fetch(2)
        note(done)


@program(settles=False)
def name_that_may_not_have_been_bound() -> Any:
    """What a `try` binds may hold its old value behind it: nothing starts with the new one."""
    out = []
    for i in range(8):
        n = 1
        try:
            out.append(refuse(i))
            n = 2
        except Refused:
            pass
        out.append(second(n))
    return out


@program(overlaps=3, meet=("flag",))
def except_that_was_never_needed() -> Any:
    """What has never been looked at in an `except` holds nothing back."""
    out = []
    failed = 0
    for i in range(4):
        try:
            out.append(second(i) if flag(i, 1) else 0)
        except Refused:
            failed += i
    return out, failed


log = logging.getLogger("programs.clauses")
log.addHandler(logging.NullHandler())
log.propagate = False


@program(overlaps=4)
def except_that_logs_and_goes_on() -> Any:
    """Logging in an `except` holds nothing back; `continue` passes the rest by."""
    out = []
    for i in range(5):
        try:
            n = refuse(i, i == 1)
        except Refused as error:
            log.warning("no %s", i)
            log.exception(str(error))
            out.append(f"{type(error).__name__} {error!r}")
            continue
        out.append(second(n))
    return out


@factory(overlaps=0)
def except_that_tells_an_unknown_one(decorate: Any) -> Any:
    """What only looks like a logger may do anything: nothing is started past it."""
    telling = SimpleNamespace(warning=mystery)

    @decorate
    def run() -> Any:
        out = []
        for i in range(4):
            try:
                out.append(refuse(i, i == 1))
            except Refused:
                telling.warning(i)
        return out

    return run


class Revealing(Exception):
    """Its text is made by code that changes what reads see."""

    def __str__(self) -> str:
        mystery("told")
        return "revealed"


@program(settles=False)
def except_that_tells_by_code_of_its_own() -> Any:
    """What was started behind the exception is read again behind the text that changes it."""
    out = []
    for i in range(5):
        try:
            n = fetch(i)
            if i == 2:
                raise Revealing
        except Revealing as error:
            out.append(str(error))
            log.warning("%s", error)
            continue
        out.append(n)
    return out


@program(settles=False, threads=False)
def except_whose_record_is_written_by_unknown_code() -> Any:
    """A logger that got an unknown sink meanwhile: its write comes before what follows it."""
    sink = Sink()
    out = []
    for i in range(6):
        try:
            out.append(refuse(i, i in (1, 3)))
        except Refused:
            log.addHandler(sink)
            log.warning("no %s", i)
            log.removeHandler(sink)
    return out


class Sink(logging.Handler):
    """Writes records to the world."""

    def emit(self, record: logging.LogRecord) -> None:
        mystery(record.getMessage())


@program(overlaps=4)
def except_that_looks_at_the_error() -> Any:
    """What every exception has by itself is read by nobody's code."""
    out: list[Any] = []
    for i in range(5):
        try:
            out.append(refuse(i, i == 1))
        except Refused as error:
            out.append((error.args, error.args[0], error.__class__.__name__, error.__cause__))
    return out


@factory(overlaps=0)
def except_that_has_run_unknown_code(decorate: Any) -> Any:
    """Once it has, nothing is started past it any more; at first what was is read again."""

    class Told(Refused):
        """Answers by code of its own."""

        @property
        def code(self) -> int:
            return mystery("code")

    def tell(key: int) -> int:
        current().raised += key == 1
        if key == 1:
            raise Told(key)
        return fetch(key)

    reads(tell)

    @decorate
    def run() -> Any:
        out = []
        for i in range(4):
            try:
                out.append(tell(i))
            except Told as error:
                out.append(error.code)
        return out

    return run


@program(overlaps=4)
def jumps_out_of_a_try_pass_its_finally() -> Any:
    """`continue` and `break` run the `finally` on their way out."""
    out = []
    n = 10
    for i in range(6):
        try:
            if i == 1:
                continue
            if i == 5:
                break
            out.append(fetch(n))
        finally:
            n += 1
    out.append(second(n))
    return out, n


@program(overlaps=2)
def nested_finally_blocks() -> Any:
    """A jump passes the blocks between itself and its loop, from the inside out."""
    out = []
    n = 1
    for i in range(3):
        try:
            for j in range(3):
                try:
                    try:
                        if j == 2:
                            break
                        out.append(fetch(n))
                    finally:
                        n += 1
                finally:
                    n *= 2
        finally:
            n += 100
    return out, second(n)


@program(overlaps=3)
def retries_of_each_item() -> Any:
    """Attempts of one item are made one after the other, those of several at once."""
    out = []
    for i in range(3):
        for attempt in range(2):
            try:
                value = fetch(i)
                break
            except Refused:
                if attempt == 1:
                    raise
        out.append(value)
    return out


@program(overlaps=2, meet=("refuse",), settles=False)
def retries_that_are_needed() -> Any:
    """Second attempts, and an item that is given up."""
    out = []
    for i in range(4):
        for attempt in range(3):
            try:
                value = refuse(10 * i + attempt, (i + attempt) % 3 == 1)
                break
            except Refused:
                continue
        else:
            value = -1
        out.append(value)
    return out


@program(settles=False)
def raise_in_an_except() -> Any:
    """Another exception, from and during the first one."""
    out = []
    for i in range(3):
        try:
            out.append(refuse(i, i == 1))
        except Refused as error:
            raise KeyError(i) from error
    return out


@program(settles=False)
def raise_again_in_an_except() -> Any:
    """The same exception again, with the frames of the plain run."""
    out = []
    for i in range(3):
        try:
            out.append(refuse(i, i == 2))
        except Refused:
            out.append(0)
            raise
    return out


@program(settles=False)
def exception_in_an_except() -> Any:
    """An error of the handler's own has the handled one as its context."""
    out: list[Any] = []
    for i in range(3):
        try:
            out.append(refuse(i, i == 1))
        except Refused:
            out.append(out[7])
    return out


@program(settles=False)
def exception_in_an_else() -> Any:
    """An error in an `else` is not for the clauses before it."""
    out = []
    for i in range(3):
        try:
            x = fetch(i)
        except Refused:
            out.append(-1)
        else:
            out.append(refuse(x, i == 1))
        finally:
            out.append(i)
    return out


@program(settles=False)
def exception_in_a_finally() -> Any:
    """An error in a `finally`, after another error and after none."""
    out = []
    for i in range(3):
        try:
            out.append(refuse(i, i == 1))
        finally:
            out.append(refuse(10 + i, i == 1))
    return out


@program(settles=False)
def finally_that_overrides() -> Any:
    """A `finally` that leaves swallows the exception."""
    out = []
    for i in range(3):
        try:
            out.append(refuse(i, i == 1))
            out.append(fetch(i))
        finally:
            continue
    try:
        out.append(fetch(7))
        return refuse(1)
    finally:
        return out


@program(settles=False)
def name_that_an_except_unbinds() -> Any:
    """What `as` has bound is gone behind the clause."""
    e = 5
    out = []
    for i in range(3):
        try:
            out.append(refuse(i, i == 1))
        except Refused as e:
            out.append(0)
        out.append(second(i))
    out.append(fetch(e))
    return out


@program(settles=False)
def exc_info_in_an_except() -> Any:
    """What is known of the exception that is being handled."""
    out = []
    for i in range(3):
        try:
            out.append(refuse(i, i == 1))
        except Refused:
            kind, value, trace = sys.exc_info()
            out.append((kind.__name__, str(value), trace.tb_lineno))
        out.append(sys.exc_info()[0] is None)
    return out


@program(settles=False)
def exception_that_no_clause_wants() -> Any:
    """Inner clauses do not match, the outer does; everything passes both `finally` blocks."""
    out = []
    for i in range(3):
        try:
            try:
                out.append(refuse(i, i == 1))
            except KeyError:
                out.append("inner")
            finally:
                out.append("between")
            out.append(fetch(i))
        except (ValueError, operations.Refused):
            out.append("outer")
        finally:
            out.append("end")
    return out


@program(overlaps=2, meet=("second",), settles=False)
def except_that_tells_of_the_error() -> Any:
    """The text of an exception without methods of its own is made by builtin code."""
    out: list[Any] = []
    for i in range(6):
        try:
            out.append(refuse(i, i == 0))
        except Refused as error:
            out.append(f"{i}: {error} {error!r}")
        out.append(second(i))
    return out


class _Loud(Refused):
    def __str__(self) -> str:
        mystery("str")
        return "loud"


@reads
def shout(key: int, bad: bool) -> int:
    """Raise an exception that says itself what it is."""
    if bad:
        current().raised += 1
        raise _Loud(key)
    return fetch(key)


@program(settles=False)
def except_of_an_error_that_tells_itself() -> Any:
    """A method of its own is an unknown call."""
    out: list[Any] = []
    for i in range(6):
        try:
            out.append(shout(i, i == 0))
        except Refused as error:
            out.append(f"{i}: {error}")
        out.append(second(i))
    return out


class _Lazy:
    """A namespace whose attributes are looked up by unknown code."""

    def __getattr__(self, name: str) -> Any:
        mystery(name)
        return Refused


LAZY = _Lazy()


@program(settles=False)
def except_of_an_unknown_attribute() -> Any:
    """What an `except` names is looked up when there is an exception."""
    out = []
    for i in range(4):
        try:
            out.append(refuse(i, i == 1))
        except LAZY.Refused:
            out.append(-1)
    return out


@program(settles=False)
def unknown_call_in_a_finally() -> Any:
    """An unknown call in a `finally`, with and without an exception."""
    out = []
    for i in range(3):
        try:
            out.append(refuse(i, i == 2))
        finally:
            note(i, len(out))
    return out


@program(overlaps=0)
def unknown_call_in_a_finally_of_each_round() -> Any:
    """It keeps the next round behind it."""
    out = []
    for i in range(3):
        try:
            out.append(fetch(i))
        finally:
            mystery(i)
    return out


@program(settles=False)
def bare_except() -> Any:
    """An `except` without a type, and one behind a type."""
    out = []
    for i in range(4):
        try:
            out.append(refuse(i, i % 2 == 1))
        except KeyError:
            out.append(-1)
        except:
            out.append(-2)
    return out


# ------------------------------------------------------------------ with


@program(overlaps=2)
def body_of_a_suppress() -> Any:
    """The operations of the body overlap."""
    a = b = 0
    with contextlib.suppress(Refused):
        a = fetch(1)
        b = fetch(2)
    return a, b


@program(overlaps=3)
def suppress_around_each_call() -> Any:
    """Rounds overlap across a context manager that does nothing on entry."""
    out = []
    for i in range(3):
        with contextlib.suppress(Refused, KeyError):
            out.append(fetch(i))
    return out


@program(settles=False)
def suppress_that_suppresses() -> Any:
    """Effects behind the error are not made, those behind the `with` are."""
    out = []
    for i in range(4):
        with contextlib.suppress(operations.Refused):
            out.append(refuse(i, i % 2 == 1))
            note(i)
            out.append(second(i))
        out.append(fetch(i))
    return out


@program(settles=False)
def suppress_that_lets_through() -> Any:
    """Another error leaves."""
    out = []
    for i in range(4):
        with contextlib.suppress(KeyError):
            out.append(refuse(i, i == 2))
    return out


@program(overlaps=3)
def nothing_around_each_call() -> Any:
    """nullcontext."""
    out = []
    for i in range(3):
        with contextlib.nullcontext():
            out.append(fetch(i))
    return out


class suppress:
    """A context manager of the program's own, under a known name."""

    def __init__(self, *kinds: type[BaseException]) -> None:
        self.kinds = kinds
        mystery("made")

    def __enter__(self) -> None:
        mystery("enter")

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        mystery("exit")
        return True


@program(overlaps=0)
def suppress_of_the_programs_own() -> Any:
    """It is what it is, whatever its name."""
    out = []
    for i in range(3):
        with suppress(Refused):
            out.append(fetch(i))
    return out


@program(overlaps=0)
def unknown_manager_in_each_round() -> Any:
    """An unknown context manager keeps its body in order."""
    out = []
    for i in range(2):
        with Guarded("g"):
            out.append(fetch(i))
            out.append(second(i))
    return out


@program(overlaps=2)
def known_manager_in_each_round() -> Any:
    """Twin: the body of a known one overlaps."""
    out = []
    for i in range(2):
        with io.StringIO() as stream:
            out.append(fetch(i))
            out.append(second(i))
        out.append(stream.closed)
    return out


@program(overlaps=0)
def unknown_manager_around_a_known_one() -> Any:
    """Every one around the body counts."""
    with Guarded("g"), io.StringIO():
        a = fetch(1)
        b = fetch(2)
    with Guarded("h"):
        with io.StringIO():
            c = fetch(3)
            d = fetch(4)
    return a, b, c, d


@program(overlaps=2)
def known_managers_around_one_another() -> Any:
    """Twin."""
    with contextlib.nullcontext() as nothing, contextlib.closing(io.StringIO()) as stream:
        a = fetch(1)
        b = fetch(2)
        with threading.Lock():
            c = fetch(3)
            d = fetch(4)
    return a, b, c, d, nothing, stream.closed


@program(overlaps=2)
def open_file_around_calls() -> Any:
    """What stands below an open file."""
    with open(Path(__file__), encoding="utf-8") as file:
        line = file.readline()
        a = ask(line)
        b = ask(line + "!")
    return a, b, file.closed


@program(overlaps=0)
def reentrant_lock() -> Any:
    """An operation that takes the lock again would wait for its caller, in another thread."""
    lock = threading.RLock()
    with lock:
        a = fetch(1)
        b = fetch(2)
    return a, b


@program(overlaps=0)
def semaphore() -> Any:
    """Someone bounds how much runs at once."""
    with threading.Semaphore(2):
        a = fetch(1)
        b = fetch(2)
    return a, b


@program(overlaps=0)
def exit_stack() -> Any:
    """What the stack has been given may be anything."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(Guarded("g"))
        a = fetch(1)
        b = fetch(2)
    return a, b


class _Watching(io.StringIO):
    """A subclass may do anything."""

    def __enter__(self) -> Any:
        mystery("enter")
        return super().__enter__()


@program(overlaps=0)
def subclass_of_a_known_manager() -> Any:
    """Of a subclass nothing is known."""
    with _Watching():
        a = fetch(1)
        b = fetch(2)
    return a, b


@program(settles=False)
def error_within_a_known_manager() -> Any:
    """An error leaves the `with` after what began inside has ended; later effects are unmade."""
    out = []
    with contextlib.suppress(Refused):
        with contextlib.closing(io.StringIO()) as stream:
            out.append(fetch(1))
            out.append(refuse(2))
            note("never")
            out.append(fetch(3))
    out.append(stream.closed)
    out.append(second(4))
    return out


class _Closed:
    """Tells what is under way when it is closed."""

    def __init__(self) -> None:
        self.in_flight = -1

    def close(self) -> None:
        self.in_flight = current().in_flight


@program(settles=False)
def nothing_is_under_way_when_it_is_left() -> Any:
    """Also when an exception leaves: what began inside has ended."""
    out: list[Any] = []
    for i in range(3):
        held = _Closed()
        with contextlib.suppress(Refused):
            with contextlib.closing(held):
                out.append(refuse(i, i == 1))
                out.append(fetch(i))
                out.append(second(i))
        out.append(held.in_flight)
    return out


@program(settles=False)
def return_within_a_known_manager() -> Any:
    """A `return` out of a `with` and a loop."""
    for i in range(3):
        with contextlib.nullcontext(i) as n:
            a = fetch(n)
            b = second(i)
            if i == 1:
                return a, b
    return None


@program(settles=False)
def error_on_entry() -> Any:
    """What cannot be entered is reported at its line."""
    a = fetch(1)
    with a as b:
        c = fetch(2)
        d = fetch(3)
    return b, c, d


@program()
def caught_within_a_known_manager() -> Any:
    """A handler inside the body, and one around it."""
    out: list[Any] = []
    try:
        with io.StringIO() as stream:
            try:
                out.append(fetch(1))
                out.append(refuse(2))
            except Refused as error:
                out.append(caught(error))
            out.append(fetch(3))
            out.append(refuse(4))
    except Refused as error:
        out.append(caught(error))
    out.append(stream.closed)
    return out


# ------------------------------------------------------------------ loops


@program(overlaps=3)
def for_else_behind_a_known_break() -> Any:
    """`for … else` with a `break` on a known value, in a loop."""
    out = []
    for i in range(3):
        for j in range(3):
            if j == i:
                break
            out.append(fetch(10 * i + j))
        else:
            out.append(-1)
        out.append(second(i))
    return out


@program(overlaps=2, meet=("second",))
def regions_behind_an_early_return() -> Any:
    """What is fetched decides whether to go on; behind it everything overlaps."""
    a, b = pair(1)
    if a > 100:
        return None
    c = second(a)
    d = second(b)
    for i in range(2):
        if flag(i, 0):
            return c
        c += fetch(i)
    out = []
    for i in range(2):
        out.append(fetch(i))
    return c, d, out
