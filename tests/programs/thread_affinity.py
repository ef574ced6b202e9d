"""Pairs: declared operations that use what belongs to the calling thread, and twins that do not.

The hazards' functions are named after what binds them; each is followed by its
twin, ``…__twin``.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sqlite3
import sys
import threading
from typing import Any

from world.model import current
from world.operations import fetch
from world.registry import factory, fresh_copy, program

from adaptive_jit import reads, unordered


def _read(name: str, key: Any, value: Any = None) -> Any:
    return current().perform(name, "reads", key, lambda v: (key, v, value))


# ------------------------------------------------------------------ locks


class Shelf:
    """State behind a re-entrant lock, as many clients keep it."""

    def __init__(self, lock: Any) -> None:
        self.lock = lock
        self.used = 0

    @reads
    def read(self, key: Any) -> Any:
        """Return a value, after a look at the state."""
        with self.lock:
            used = self.used
        return _read("read", key, used)


def _both(decorate: Any) -> Any:
    def both(shelf: Any) -> Any:
        a = shelf.read(1)
        b = shelf.read(2)
        return a, b

    # Closures of one code learn together: each program needs its own.
    return decorate(fresh_copy(both))


@factory(overlaps=0)
def reentrant_lock_held_by_the_caller(decorate: Any) -> Any:
    """A worker would wait for the caller, which waits for the worker."""
    both = _both(decorate)

    def run() -> Any:
        shelf = Shelf(threading.RLock())
        with shelf.lock:
            return both(shelf)

    return run


@factory(overlaps=2)
def reentrant_lock_held_by_the_caller__twin(decorate: Any) -> Any:
    """The same lock, which nobody holds."""
    both = _both(decorate)
    return lambda: both(Shelf(threading.RLock()))


class Cabinet:
    """Shelves' locks in a dictionary, one for each resource."""

    def __init__(self) -> None:
        self.locks = {"db": threading.RLock()}
        self.used = 0

    @reads
    def read(self, key: Any) -> Any:
        """Return a value, after a look at the state."""
        with self.locks["db"]:
            used = self.used
        return _read("read", key, used)


@factory(overlaps=0)
def reentrant_lock_in_a_dictionary_held_by_the_caller(decorate: Any) -> Any:
    """The code names the dictionary only."""
    both = _both(decorate)

    def run() -> Any:
        cabinet = Cabinet()
        with cabinet.locks["db"]:
            return both(cabinet)

    return run


@factory(overlaps=2)
def reentrant_lock_in_a_dictionary_held_by_the_caller__twin(decorate: Any) -> Any:
    """The same dictionary; nobody holds the lock."""
    both = _both(decorate)
    return lambda: both(Cabinet())


@factory(overlaps=0)
def condition_held_by_the_caller(decorate: Any) -> Any:
    """A condition stands on a re-entrant lock."""
    both = _both(decorate)

    def run() -> Any:
        shelf = Shelf(threading.Condition())
        with shelf.lock:
            return both(shelf)

    return run


@factory(overlaps=2)
def condition_held_by_the_caller__twin(decorate: Any) -> Any:
    """One that nobody holds."""
    both = _both(decorate)
    return lambda: both(Shelf(threading.Condition()))


@factory(overlaps=0)
def lock_held_when_an_earlier_result_arrives(decorate: Any) -> Any:
    """The second operation is judged by the worker that ended the first."""

    def chain(shelf: Shelf) -> Any:
        a = fetch(1)
        return shelf.read(a)

    adaptive = decorate(chain)

    def run() -> Any:
        shelf = Shelf(threading.RLock())
        with shelf.lock:
            return adaptive(shelf)

    return run


@factory(overlaps=2)
def lock_held_when_an_earlier_result_arrives__twin(decorate: Any) -> Any:
    """Two such chains, with a lock that is free."""

    def chains(shelf: Shelf) -> Any:
        a = fetch(1)
        b = fetch(2)
        return shelf.read(a), shelf.read(b)

    adaptive = decorate(chains)
    return lambda: adaptive(Shelf(threading.RLock()))


_counting = threading.Lock()


@unordered
def _counted(key: Any) -> Any:
    with _counting:
        pass
    return current().perform("counted", "unordered", key, lambda _: key)


@unordered
def _tried(key: Any) -> Any:
    if not _counting.acquire(blocking=False):
        return "busy"
    try:
        return current().perform("tried", "unordered", key, lambda _: key)
    finally:
        _counting.release()


@program(overlaps=0, threads=False)
def lock_taken_only_if_it_is_free() -> Any:
    """Whether it is free shows in the answer."""
    a = _tried(1)
    b = _tried(2)
    return a, b


@program(overlaps=2)
def lock_taken_only_if_it_is_free__twin() -> Any:
    """A plain lock that guards private state."""
    a = _counted(1)
    b = _counted(2)
    return a, b


@reads
def _with_own_lock(key: Any) -> Any:
    lock = threading.RLock()
    with lock:
        return _read("with_own_lock", key)


@reads
def _with_given_lock(key: Any, lock: Any) -> Any:
    with lock:
        pass
    return _read("with_given_lock", key)


@factory(overlaps=0)
def lock_as_an_argument(decorate: Any) -> Any:
    """The caller holds the lock that it hands on."""

    def both(lock: Any) -> Any:
        a = _with_given_lock(1, lock)
        b = _with_given_lock(2, lock)
        return a, b

    adaptive = decorate(both)

    def run() -> Any:
        lock = threading.RLock()
        with lock:
            return adaptive(lock)

    return run


@program(overlaps=2)
def lock_as_an_argument__twin() -> Any:
    """A lock that the operation makes for itself."""
    a = _with_own_lock(1)
    b = _with_own_lock(2)
    return a, b


# ------------------------------------------------------------------ values of a thread


_of_thread = threading.local()
_of_context: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")


def _user() -> Any:
    return getattr(_of_thread, "user", "nobody")


@reads
def _as_user(key: Any) -> Any:
    return _read("as_user", key, _user())


@reads
def _as_user_of_context(key: Any) -> Any:
    return _read("as_user_of_context", key, _of_context.get())


@factory(overlaps=0)
def thread_local_in_a_called_function(decorate: Any) -> Any:
    """The caller's value is seen by the caller's thread only."""

    def both() -> Any:
        a = _as_user(1)
        b = _as_user(2)
        return a, b

    adaptive = decorate(both)

    def run() -> Any:
        _of_thread.user = "ada"
        return adaptive()

    return run


@factory(overlaps=2)
def thread_local_in_a_called_function__twin(decorate: Any) -> Any:
    """A context variable goes with the operation."""

    def both() -> Any:
        a = _as_user_of_context(1)
        b = _as_user_of_context(2)
        return a, b

    adaptive = decorate(both)

    def run() -> Any:
        token = _of_context.set("ada")
        try:
            return adaptive()
        finally:
            _of_context.reset(token)

    return run


def _through(key: Any) -> Any:
    return _as_user(key)


def _through_context(key: Any) -> Any:
    return _as_user_of_context(key)


@factory(overlaps=0)
def thread_local_behind_a_proved_function(decorate: Any) -> Any:
    """What a proved function calls stays, so it stays."""

    def both() -> Any:
        a = _through(1)
        b = _through(2)
        return a, b

    adaptive = decorate(both)

    def run() -> Any:
        _of_thread.user = "bob"
        return adaptive()

    return run


@program(overlaps=2)
def thread_local_behind_a_proved_function__twin() -> Any:
    """The same through a context variable."""
    a = _through_context(1)
    b = _through_context(2)
    return a, b


class _Settings(threading.local):
    mode = "plain"


class Session:
    """A client with settings, for each thread or for all."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        settings.mode = "special"

    @reads
    def ask(self, key: Any) -> Any:
        """Return a value and the mode."""
        return _read("ask", key, self.settings.mode)


class _Shared:
    mode = "plain"


@factory(overlaps=0)
def thread_local_of_the_receiver(decorate: Any) -> Any:
    """A subclass of `threading.local` in an attribute."""

    def both(session: Session) -> Any:
        a = session.ask(1)
        b = session.ask(2)
        return a, b

    adaptive = decorate(both)
    return lambda: adaptive(Session(_Settings()))


@factory(overlaps=2)
def thread_local_of_the_receiver__twin(decorate: Any) -> Any:
    """An attribute for all threads."""

    def both(session: Session) -> Any:
        a = session.ask(1)
        b = session.ask(2)
        return a, b

    adaptive = decorate(both)
    return lambda: adaptive(Session(_Shared()))


# ------------------------------------------------------------------ connections


class Store:
    """A connection of sqlite3, kept open or opened for each question."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")

    @reads
    def kept(self, key: int) -> Any:
        """Ask through the connection that is kept."""
        return _read("kept", key, self.connection.execute("SELECT ?", (key,)).fetchone())

    @reads
    def opened(self, key: int) -> Any:
        """Ask through a connection of its own."""
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            return _read("opened", key, connection.execute("SELECT ?", (key,)).fetchone())


@factory(overlaps=0)
def sqlite_connection_of_the_receiver(decorate: Any) -> Any:
    """It raises in any other thread."""

    def both(store: Store) -> Any:
        a = store.kept(1)
        b = store.kept(2)
        return a, b

    adaptive = decorate(both)

    def run() -> Any:
        store = Store()
        try:
            return adaptive(store)
        finally:
            store.connection.close()

    return run


@factory(overlaps=2)
def sqlite_connection_of_the_receiver__twin(decorate: Any) -> Any:
    """Each opens its own."""

    def both(store: Store) -> Any:
        a = store.opened(1)
        b = store.opened(2)
        return a, b

    adaptive = decorate(both)

    def run() -> Any:
        store = Store()
        try:
            return adaptive(store)
        finally:
            store.connection.close()

    return run


# ------------------------------------------------------------------ the thread itself


@reads
def _is_in(thread: int) -> Any:
    return _read("is_in", 0, threading.get_ident() == thread)


@reads
def _is_given(thread: int) -> Any:
    return _read("is_given", 0, thread == 0)


@factory(overlaps=0)
def identity_of_the_thread(decorate: Any) -> Any:
    """The answer tells which thread it was."""

    def both(thread: int) -> Any:
        a = _is_in(thread)
        b = _is_in(thread)
        return a, b

    adaptive = decorate(both)
    return lambda: adaptive(threading.get_ident())


@factory(overlaps=2)
def identity_of_the_thread__twin(decorate: Any) -> Any:
    """A number like any other."""

    def both(thread: int) -> Any:
        a = _is_given(thread)
        b = _is_given(thread)
        return a, b

    adaptive = decorate(both)
    return lambda: adaptive(threading.get_ident())


@reads
def _caller_of_caller(key: Any) -> Any:
    return _read("caller_of_caller", key, sys._getframe(2).f_code.co_name)


@reads
def _told(key: Any, name: str) -> Any:
    return _read("told", key, name)


@factory(overlaps=0)
def frames_of_the_callers(decorate: Any) -> Any:
    """A worker's stack has no callers."""

    def both() -> Any:
        a = _caller_of_caller(1)
        b = _caller_of_caller(2)
        return a, b

    adaptive = decorate(both)

    def run() -> Any:
        return adaptive()

    return run


@program(overlaps=2)
def frames_of_the_callers__twin() -> Any:
    """The name is handed on."""
    a = _told(1, "run")
    b = _told(2, "run")
    return a, b


async def _answer(key: Any) -> Any:
    return key


@reads
def _in_a_loop(key: Any) -> Any:
    return _read("in_a_loop", key, asyncio.run(_answer(key)))


@reads
def _without_a_loop(key: Any) -> Any:
    return _read("without_a_loop", key, key)


@program(overlaps=0, threads=False)
def event_loop_of_the_thread() -> Any:
    """`asyncio.run` asks whether its thread runs a loop, and leaves it without one."""
    a = _in_a_loop(1)
    b = _in_a_loop(2)
    return a, b


@program(overlaps=2)
def event_loop_of_the_thread__twin() -> Any:
    """No loop."""
    a = _without_a_loop(1)
    b = _without_a_loop(2)
    return a, b
