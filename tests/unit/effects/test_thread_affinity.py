"""Declared callees that use what belongs to the calling thread stay in it, and say why."""

from __future__ import annotations

import asyncio
import functools
import inspect
import multiprocessing
import signal
import sqlite3
import sys
import threading
import time
import types
from typing import Any

import pytest

from adaptive_jit.effects import (
    affinity,
    effect_of,
    pure,
    reads,
    register,
    resolve,
    unordered,
    writes,
)
from adaptive_jit.effects.affinity_paths import paths_of
from adaptive_jit.records.effects import EffectKind

LOCAL = threading.local()
RLOCK = threading.RLock()
BOXES: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _forget():
    resolve.forget_proofs()
    BOXES.clear()
    yield
    resolve.forget_proofs()
    register.forget_all()


def stays(callee, *args, **kwargs):
    """Whether a call is kept in the calling thread; the reason says so then, and only then."""
    effect = effect_of(callee, args, kwargs)
    assert effect.caller_thread == ("in the calling thread" in effect.reason)
    assert effect.may_start_early != effect.caller_thread
    return effect.caller_thread


def why(callee, *args):
    """The reason of a call that is kept."""
    assert stays(callee, *args)
    return effect_of(callee, args, {}).reason


# Where things are found -----------------------------------------------------------------------


class Client:
    """One of each in attributes."""

    def __init__(self, held):
        self.held = held
        self.inner = types.SimpleNamespace(held=held)

    @reads
    def direct(self, key):
        return key, self.held

    @reads
    def deeper(self, key):
        return key, self.inner.held

    @reads
    def through_a_name(self, key):
        found = self.inner
        return key, found.held

    @reads
    def through_a_method(self, key):
        return self._look(key)

    @reads
    def through_a_property(self, key):
        return key, self.seen

    @reads
    def through_a_function(self, key):
        return look_at(self, key)

    @reads
    def in_a_function_made_inside(self, keys):
        return [(lambda: self.held)() for _ in keys]

    @property
    def seen(self):
        return self.held

    def _look(self, key):
        return key, self.held


def look_at(client, key):
    return client.held, key


METHODS = [
    "direct", "deeper", "through_a_name", "through_a_method", "through_a_property",
    "through_a_function", "in_a_function_made_inside",
]  # fmt: skip


@pytest.fixture
def methods():
    """The declared methods, declared again for this test."""
    for name in METHODS:
        reads(vars(Client)[name])


@pytest.mark.parametrize("name", METHODS)
def test_what_the_receiver_holds_is_found_by_every_way(methods, name):
    """Attributes, their attributes, local names, methods, properties, functions, lambdas."""
    assert stays(getattr(Client(threading.local()), name), 1)
    assert not stays(getattr(Client(threading.Lock()), name), 1)


@pytest.mark.parametrize("name", METHODS)
def test_a_receiver_is_looked_at_again_when_it_has_changed(methods, name):
    """By type, at each start; what has gone is forgotten, too."""
    client = Client([])
    call = getattr(client, name)
    assert not stays(call, 1)
    client.held = client.inner.held = threading.local()
    assert stays(call, 1)
    client.held = client.inner.held = {}
    assert not stays(call, 1)


def test_globals_are_found_also_in_called_functions():
    """Transitively, with the way in the reason."""

    def below(key):
        return LOCAL.value, key

    @reads
    def top(key):
        return below(key)

    assert "`LOCAL` (in `below`), values kept for each thread" in why(top, 1)


def test_a_global_is_looked_at_again(monkeypatch):
    """A module may exchange what it holds."""

    @reads
    def f(key):
        return LOCAL, key

    assert stays(f, 1)
    monkeypatch.setattr(sys.modules[__name__], "LOCAL", types.SimpleNamespace())
    assert not stays(f, 1)


def test_a_called_function_is_looked_at_again():
    """Its code may be exchanged."""

    def below():
        return 1

    @reads
    def top(key):
        return below(), key

    assert not stays(top, 1)
    other = lambda: threading.get_ident()  # noqa: E731
    below.__code__ = other.__code__
    assert stays(top, 1)


def test_captured_variables_are_found_for_each_closure():
    """Functions made from one code differ in what they hold."""

    def make(held):
        @reads
        def f(key):
            return held, key

        return f

    bound, free = make(threading.local()), make([])
    assert stays(bound, 1)
    assert not stays(free, 1)


def test_arguments_are_looked_at_in_every_call():
    """Alone, by keyword, or one level down in a container."""

    @reads
    def f(key, other=None):
        return key, other

    assert not stays(f, 1)
    connection = sqlite3.connect(":memory:")
    try:
        for call in (f, functools.partial(reads(f), 1)):
            assert stays(call, connection)
            assert stays(call, [connection])
            assert stays(call, other={"c": connection})
    finally:
        connection.close()
    assert not stays(f, 1)


def test_what_an_argument_holds_is_looked_at_whatever_came_before():
    """A number first, then an object."""

    @reads
    def f(context):
        return context.held

    assert not stays(f, 1)
    assert stays(f, types.SimpleNamespace(held=threading.local()))
    assert not stays(f, types.SimpleNamespace(held=1))


def test_attributes_that_come_later_are_looked_at():
    """A connection opened at the first use."""

    class Lazy:
        @reads
        def get(self, key):
            return self.opened, key

    lazy = Lazy()
    assert not stays(lazy.get, 1)
    lazy.opened = threading.local()
    assert stays(lazy.get, 1)


def test_defaults_count_as_arguments():
    """They are used where nothing is given."""

    @reads
    def f(key, *, local=LOCAL):
        return key, local.x

    assert stays(f, 1)
    assert not stays(f, 1, local=types.SimpleNamespace(x=1))


def test_containers_are_looked_into_when_they_have_grown():
    """A registry is empty at the first start."""

    @reads
    def f(key):
        return BOXES.get(key)

    assert not stays(f, 1)
    BOXES["a"] = 1
    assert not stays(f, 1)
    BOXES["b"] = threading.local()
    assert stays(f, 1)


def test_partial_objects_can_be_declared():
    """Their function and what they bind are looked at."""

    def f(local, key):
        return local.x

    bound = functools.partial(f, LOCAL)
    free = functools.partial(f, types.SimpleNamespace())
    reads(bound, free)
    assert stays(bound, 1)
    assert not stays(free, 1)


def user_name():
    return "nobody"


def test_a_called_function_may_be_exchanged(monkeypatch):
    """A global is known by identity where it is code."""

    @reads
    def f(key):
        return user_name(), key

    assert not stays(f, 1)
    monkeypatch.setattr(sys.modules[__name__], "user_name", lambda: LOCAL.user)
    assert stays(f, 1)


def test_callable_objects_are_looked_at():
    """What calling an attribute runs."""

    class Bound:
        def __call__(self, key):
            return LOCAL.x

    class Free:
        def __call__(self, key):
            return key

    class Service:
        def __init__(self, load):
            self.load = load

        @reads
        def get(self, key):
            return self.load(key)

    assert stays(Service(Bound()).get, 1)
    assert not stays(Service(Free()).get, 1)


def test_declared_classes_and_instances_are_looked_at():
    """Through what a call of them runs."""

    class Made:
        def __init__(self, key):
            self.key = LOCAL.x

    class Called:
        def __call__(self, key):
            return LOCAL.x

    instance = Called()
    reads(Made, instance)
    assert stays(Made, 1)
    assert stays(instance, 1)


def test_wrapped_functions_are_looked_at():
    """A decorator's closure holds the function."""

    def traced(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)

        return wrapper

    @reads
    @traced
    def f(key):
        return LOCAL.x

    @reads
    @traced
    def g(key):
        return key

    assert stays(f, 1)
    assert not stays(g, 1)


def test_methods_of_base_classes_are_looked_at():
    """Through `super()`."""

    class Base:
        def get(self, key):
            return LOCAL.x

    class Derived(Base):
        @reads
        def get(self, key):
            return super().get(key)

    assert stays(Derived().get, 1)


def test_modules_imported_inside_are_looked_at():
    """`import` in the function."""

    @reads
    def f(key):
        from threading import get_ident

        return get_ident()

    @reads
    def g(key):
        import threading as t

        return t.current_thread()

    assert stays(f, 1)
    assert stays(g, 1)


# Locks ----------------------------------------------------------------------------------------


class Guarded:
    """State behind a lock."""

    def __init__(self, lock):
        self.lock = lock

    def read(self, key):
        with self.lock:
            return key

    def take(self, key):
        self.lock.acquire()
        self.lock.release()
        return key

    def try_to_take(self, key):
        if self.lock.acquire(blocking=False):
            self.lock.release()
        return key


@pytest.mark.parametrize("make", [threading.RLock, threading.Condition, threading._PyRLock])
@pytest.mark.parametrize("name", ["read", "take"])
def test_a_reentrant_lock_counts_while_the_caller_holds_it(make, name):
    """Asked at each start."""
    guarded = Guarded(make())
    reads(vars(Guarded)[name])
    call = getattr(guarded, name)
    assert not stays(call, 1)
    with guarded.lock:
        assert "`self.lock`, a lock that the calling thread may hold" in why(call, 1)
    assert not stays(call, 1)


@pytest.mark.parametrize(
    "make", [threading.Lock, threading.Semaphore, lambda: threading.Condition(threading.Lock())]
)
def test_a_plain_lock_does_not_count(make):
    """The program itself would wait for ever on one that it holds."""
    guarded = Guarded(make())
    unordered(Guarded.read)
    with guarded.lock:
        assert not stays(guarded.read, 1)


def test_a_condition_on_a_plain_lock_may_be_exchanged():
    """By one on a re-entrant lock, which counts."""
    guarded = Guarded(threading.Condition(threading.Lock()))
    reads(Guarded.read)
    assert not stays(guarded.read, 1)
    guarded.lock = threading.Condition()
    with guarded.lock:
        assert stays(guarded.read, 1)


def test_a_reentrant_lock_held_by_another_thread_does_not_count():
    """Waiting for it ends."""
    guarded = Guarded(threading.RLock())
    reads(Guarded.read)
    with held_elsewhere(guarded.lock):
        assert not stays(guarded.read, 1)


@pytest.mark.parametrize("make", [threading.RLock, threading._PyRLock])
def test_a_worker_cannot_tell_the_caller_from_others(make, monkeypatch):
    """What is judged in a worker counts every holder."""

    class Worker(threading.Thread):
        pass

    Worker.__module__ = "adaptive_jit.strategies.thread"
    guarded = Guarded(make())
    reads(Guarded.read)
    found = []

    def judge():
        found.append(effect_of(guarded.read, (1,), {}).caller_thread)

    for held in (True, False):
        if held:
            guarded.lock.acquire()
        worker = Worker(target=judge)
        worker.start()
        worker.join()
        if held:
            guarded.lock.release()
    assert found == [True, False]


def test_a_lock_that_may_be_refused_shows():
    """Whether it is free is an answer."""
    reads(Guarded.try_to_take)
    assert "takes only if nobody holds it" in why(Guarded(threading.Lock()).try_to_take, 1)


def test_a_lock_that_the_function_makes_is_its_own():
    """Nobody else can hold it."""

    @reads
    def f(key):
        lock = threading.RLock()
        with lock:
            return key

    with RLOCK:
        assert not stays(f, 1)


def test_locks_as_arguments_and_globals_count():
    """As attributes do."""

    @reads
    def given(lock):
        with lock:
            return 1

    @reads
    def named(key):
        with RLOCK:
            return key

    assert not stays(given, RLOCK)
    assert not stays(named, 1)
    with RLOCK:
        assert stays(given, RLOCK)
        assert stays(named, 1)


def test_what_is_not_used_does_not_count():
    """An argument that no code names, of whatever type."""

    @reads
    def f(key, lock=None):
        return key

    for given in (RLOCK, threading.Condition(), held_elsewhere, Guarded(None).read):
        assert not effect_of(f, (1, given), {}).caller_thread


def test_locks_between_processes_count_always():
    """Who holds them is not told."""
    reads(Guarded.read)
    assert stays(Guarded(multiprocessing.RLock()).read, 1)


class held_elsewhere:  # noqa: N801 - used as a function
    """A lock held by another thread meanwhile."""

    def __init__(self, lock):
        self.lock, self.taken, self.done = lock, threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._hold)

    def _hold(self):
        with self.lock:
            self.taken.set()
            self.done.wait(5)

    def __enter__(self):
        self.thread.start()
        self.taken.wait(5)

    def __exit__(self, *error):
        self.done.set()
        self.thread.join()


# Kinds of things ------------------------------------------------------------------------------


def _calls():
    def ident(key):
        return threading.get_ident()

    def thread(key):
        return threading.current_thread().name

    def frame(key):
        return sys._getframe(1)

    def stack(key):
        return inspect.stack()

    def loop(key):
        return asyncio.run(key)

    def present_loop(key):
        return asyncio.get_event_loop()

    def alarm(key):
        return signal.signal(signal.SIGTERM, key)

    def processor(key):
        return time.thread_time()

    return [ident, thread, frame, stack, loop, present_loop, alarm, processor]


@pytest.mark.parametrize("function", _calls(), ids=lambda f: f.__name__)
def test_functions_that_see_their_thread_are_known(function):
    """By what they are, wherever they are imported from."""
    assert stays(reads(function), 1)


def test_functions_beside_them_are_free():
    """The twin."""

    @reads
    def f(key):
        return time.monotonic(), threading.Event(), asyncio.sleep, signal.SIGTERM

    assert not stays(f, 1)


def test_event_loops_belong_to_their_thread():
    """An object of asyncio in an attribute."""
    loop = asyncio.new_event_loop()
    reads(Guarded.read)
    try:
        assert "an event loop" in why(Guarded(loop).read, 1)
    finally:
        loop.close()


def _library(monkeypatch, name, kinds, **names):
    """A stand-in for an installed library."""
    module = types.ModuleType(name)
    vars(module).update(names)
    monkeypatch.setitem(sys.modules, name, module)
    return [type(kind, (), {"__module__": name}) for kind in kinds]


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        ("sqlalchemy.orm.scoping", "scoped_session"),
        ("sqlalchemy.orm.session", "Session"),
        ("django.db.backends.sqlite3.base", "DatabaseWrapper"),
        ("django.db.models.query", "QuerySet"),
        ("peewee", "SqliteDatabase"),
        ("asgiref.local", "Local"),
        ("playwright.sync_api._generated", "Page"),
        ("gevent.event", "Event"),
        ("tkinter", "Tk"),
        ("torch.nn.modules.module", "Module"),
    ],
)
def test_objects_of_libraries_are_known_by_their_type_without_an_import(monkeypatch, module, kind):
    """Also of subclasses of the user's."""
    (found,) = _library(monkeypatch, module, [kind])
    mine = type("Mine", (found,), {"__module__": __name__})
    reads(Guarded.take)
    assert stays(Guarded(mine()).take, 1)


@pytest.mark.parametrize(
    ("module", "kind"), [("sqlalchemy.engine.url", "URL"), ("djangoish", "db")]
)
def test_other_objects_are_free(monkeypatch, module, kind):
    """The twin: the name of a module is not enough."""
    (found,) = _library(monkeypatch, module, [kind])
    reads(Guarded.take)
    assert not stays(Guarded(found()).take, 1)


def test_connections_of_database_modules_that_no_threads_share_are_known(monkeypatch):
    """DB-API 2.0: `threadsafety` below 2, for cursors below 3."""
    reads(Guarded.take)
    for level, expected in ((1, (True, True)), (2, (False, True)), (3, (False, False))):
        kinds = _library(
            monkeypatch, f"sql{level}", ["Connection", "Cursor"], apilevel="2.0", threadsafety=level
        )
        assert tuple(stays(Guarded(kind()).take, 1) for kind in kinds) == expected


def test_models_of_an_orm_are_known_by_their_class(monkeypatch):
    """Django's managers ask through the thread's connection."""
    (base,) = _library(monkeypatch, "django.db.models.base", ["Model"])
    model = type("User", (base,), {"__module__": "django.db.models.base"})

    @reads
    def f(key):
        return model

    assert stays(f, 1)


# The effect -----------------------------------------------------------------------------------


def test_the_kind_stays_what_was_declared():
    """Only the thread is chosen."""

    @reads("orders")
    def f(key):
        return LOCAL.x

    effect = effect_of(f, (1,), {})
    assert (effect.kind, effect.resource) == (EffectKind.READS, "orders")
    assert effect is effect_of(f, (1,), {})


def test_declared_writes_are_looked_at_too():
    """In `parallel([...])` they may start early."""

    @writes
    def f(key):
        return LOCAL.x

    assert effect_of(f, (1,), {}).caller_thread


def test_many_kinds_of_receivers_end_in_the_calling_thread():
    """Looking through a function costs; it is not done for ever."""
    reads(look_at)
    for number in range(affinity._TRIES):
        receiver = type(f"Kind{number}", (), {})()
        receiver.held = number
        assert not stays(look_at, receiver, 1)
    receiver = type("Another", (), {})()
    receiver.held = 1
    assert "too many different kinds" in why(look_at, receiver, 1)


def test_a_function_is_looked_through_once(monkeypatch):
    """Then only what was met is compared."""

    @reads
    def f(key):
        return look_at, key

    assert not stays(f, 1)
    monkeypatch.setattr("adaptive_jit.effects.affinity_walk.scan", lambda *_: pytest.fail("again"))
    for key in (2, "three", None):
        assert not stays(f, key)


def test_scans_do_not_keep_functions_alive():
    """Closures come and go."""

    def make():
        @reads
        def f(key):
            return key

        effect_of(f, (1,), {})

    make()
    before = len(affinity._scans)
    make()
    assert len(affinity._scans) <= before


def test_paths_through_names_and_inner_functions_are_whole():
    """What the byte code names, longest first to end."""

    def f(self, x):
        lock = self.state.lock
        with lock:
            return [self.inner.value + x.a for _ in range(2)]

    found = {str(path) for path in paths_of(f.__code__)}
    assert {"self.state.lock", "self.inner.value", "x.a"} <= found


# Proofs ---------------------------------------------------------------------------------------


def _undeclared():
    lock, local = threading.RLock(), threading.local()

    def with_lock(key):
        with lock:
            return key

    def acquire(key):
        lock.acquire()
        return key

    def plain(key):
        return threading.Lock().locked()

    def of_thread(key):
        return local.x

    return [with_lock, acquire, plain, of_thread]


@pytest.mark.parametrize("function", [*_calls(), *_undeclared()], ids=lambda f: f.__name__)
def test_proofs_never_let_such_a_function_start_early(function):
    """They are refused, or kept in the calling thread."""
    assert not effect_of(function, (1,), {}).may_start_early


def test_a_proof_stays_where_a_declared_call_in_it_stays():
    """Its reason names the call and what was found."""

    @pure
    def who(key):
        return threading.get_ident(), key

    def through(key):
        return who(key)

    assert "`threading.get_ident`" in why(through, 1)
    assert not effect_of(through, (1,), {}).quick


def test_a_proof_asks_for_locks_at_each_start():
    """The same proof, held and free; receivers in slots too."""

    class Service:
        def __init__(self):
            self.guarded = Guarded(threading.RLock())

        def get(self, key):
            return self.guarded.read(key)

    reads(Guarded.read)
    one, two = Service(), Service()
    assert not stays(one.get, 1)
    with one.guarded.lock:
        assert stays(one.get, 1)
        assert not stays(two.get, 1)
    assert not stays(one.get, 1)


def test_a_proof_hands_on_arguments_to_declared_calls():
    """An argument of its own may belong to the thread."""

    @reads
    def given(held):
        return held

    def through(held):
        return given(held)

    assert not stays(through, types.SimpleNamespace())
    assert stays(through, threading.local())
