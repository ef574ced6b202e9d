"""Locks that the caller holds are found through containers; nobody's locks change nothing."""

from __future__ import annotations

import collections
import dataclasses
import threading
import types
import weakref
from typing import Any

import pytest

from adaptive_jit.effects import affinity_contents, effect_of, register, resolve, unordered
from adaptive_jit.effects.affinity_contents import DEPTH, FIRST, MARKED, MOST, MOST_LOCKS

PLACE: dict[str, Any] = {}


class Held:
    """A lock that can be referred to weakly, in an attribute."""

    def __init__(self, lock):
        self.lock = lock


@dataclasses.dataclass(slots=True)
class Slots:
    """A lock in a slot."""

    lock: Any


@dataclasses.dataclass
class Fields:
    """A lock in a field."""

    lock: Any


class Table:
    """A container of the user's own."""

    def __init__(self, lock):
        self._locks = {"db": lock}

    def __getitem__(self, key):
        return self._locks[key]


class Entered:
    """A lock that is taken by entering something else."""

    def __init__(self, lock):
        self._lock = lock

    def __enter__(self):
        return self._lock.acquire()

    def __exit__(self, *error):
        self._lock.release()


Pair = collections.namedtuple("Pair", "lock name")
ALIVE: list[Any] = []


def weakly(lock):
    """A mapping that keeps its values weakly, as those of one lock for each key do."""
    ALIVE.append(lock)
    return weakref.WeakValueDictionary(db=lock)


CONTAINERS = {
    "dict": lambda lock: {"db": lock},
    "list": lambda lock: [1, lock],
    "tuple": lambda lock: (lock,),
    "set": lambda lock: {lock},
    "frozenset": lambda lock: frozenset({lock}),
    "deque": lambda lock: collections.deque([lock]),
    "defaultdict": lambda lock: collections.defaultdict(threading.RLock, db=lock),
    "OrderedDict": lambda lock: collections.OrderedDict(db=lock),
    "namedtuple": lambda lock: Pair(lock, "db"),
    "UserDict": lambda lock: collections.UserDict(db=lock),
    "ChainMap": lambda lock: collections.ChainMap({}, {"db": lock}),
    "mappingproxy": lambda lock: types.MappingProxyType({"db": lock}),
    "WeakValueDictionary": weakly,
    "dict of dict": lambda lock: {"a": {"db": lock}},
    "dict of dataclass": lambda lock: {"a": Fields(lock)},
    "dict of slots": lambda lock: {"a": Slots(lock)},
    "list of objects": lambda lock: [Held(lock)],
    "condition": lambda lock: {"db": threading.Condition(lock)},
}
OBJECTS = {"own container": Table, "entered": Entered}


@pytest.fixture(autouse=True)
def _forget():
    resolve.forget_proofs()
    yield
    resolve.forget_proofs()
    register.forget_all()
    PLACE.clear()
    ALIVE.clear()


def stays(callee, *args, **kwargs):
    """Whether a call is kept in the calling thread."""
    effect = effect_of(callee, args, kwargs)
    assert effect.may_start_early != effect.caller_thread
    return effect.caller_thread


def reader(value):
    """A declared function that names *value* only."""

    @unordered
    def f(key):
        return key, value

    return f


@pytest.mark.parametrize("name", [*CONTAINERS, *OBJECTS])
def test_a_lock_is_found_in_what_a_function_names_when_it_is_held(name):
    """Not before, not after, and at each time anew."""
    lock = threading.RLock()
    f = reader((CONTAINERS | OBJECTS)[name](lock))
    for _ in range(2):
        assert not stays(f, 1)
        with lock:
            assert stays(f, 1)
            assert "lock" in effect_of(f, (1,), {}).reason
    assert not stays(f, 1)


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_lock_is_found_in_an_argument_when_it_is_held(name):
    """The same containers, given to the call; also by name, and as what a method is called on."""

    @unordered
    def f(key, locks=None):
        return key

    lock = threading.RLock()
    given = CONTAINERS[name](lock)
    for _ in range(2):
        assert not stays(f, 1, given)
        with lock:
            assert stays(f, 1, given)
            assert stays(f, 1, locks=given)


def test_a_lock_is_found_in_a_container_in_an_attribute_and_in_a_global():
    """As in `self.locks["db"]` and `PLACE["db"]`."""

    class Store:
        def __init__(self):
            self.locks = {"db": threading.RLock()}

        @unordered
        def get(self, key):
            with self.locks["db"]:
                return key

    @unordered
    def f(key):
        with PLACE["db"]:
            return key

    store = Store()
    PLACE["db"] = threading.RLock()
    assert not stays(store.get, 1)
    assert not stays(f, 1)
    with store.locks["db"], PLACE["db"]:
        assert stays(store.get, 1)
        assert stays(f, 1)


def test_a_subclass_of_a_container_is_read_past_its_own_code():
    """An overridden `values` or `__iter__` is not run."""

    class Own(dict):
        def values(self):
            raise AssertionError

        def __iter__(self):
            raise AssertionError

        def __len__(self):
            raise AssertionError

    lock = threading.RLock()
    f = reader(Own(db=lock))
    assert not stays(f, 1)
    with lock:
        assert stays(f, 1)
        assert stays(unordered(lambda key, own: key), 1, Own(db=lock))


@pytest.mark.parametrize("kind", [dict, collections.OrderedDict, collections.UserDict])
@pytest.mark.parametrize("before", [None, 1, threading.Lock()])
def test_an_element_that_takes_the_place_of_another_is_seen(before, kind):
    """The number of elements is the same."""
    kept = kind(db=before)
    f = reader(kept)
    assert not stays(f, 1)
    kept["db"] = threading.RLock()
    assert not stays(f, 1)
    with kept["db"]:
        assert stays(f, 1)


def test_a_lock_added_to_a_container_in_a_container_is_seen():
    """Only the inner one has changed."""
    kept: dict[str, Any] = {"locks": {}}
    f = reader(kept)
    assert not stays(f, 1)
    kept["locks"]["db"] = threading.RLock()
    with kept["locks"]["db"]:
        assert stays(f, 1)


def test_each_of_many_locks_is_asked():
    """One lock for each key: also behind the first ones, up to a number that can be asked."""
    kept = {number: threading.RLock() for number in range(FIRST * 3)}
    f = reader(kept)
    assert not stays(f, 1)
    with kept[FIRST * 2]:
        assert stays(f, 1)
    kept.update((number, kept[0]) for number in range(MOST_LOCKS + 1))
    assert stays(f, 1)


def test_each_of_many_arguments_elements_is_asked_where_the_first_hold_locks():
    """A list of objects, each with a lock of its own."""
    given = [Held(threading.RLock()) for _ in range(10)]
    f = unordered(lambda key, parts: key)
    assert not stays(f, 1, given)
    with given[-1].lock:
        assert stays(f, 1, given)


@pytest.mark.parametrize("element", [1, []])
def test_a_lock_behind_many_other_elements_is_seen(element):
    """There from the beginning, or put there later."""
    lock = threading.RLock()
    before = [element] * (MARKED + 3)
    kept = [*before, lock]
    early, late = reader(kept), reader(before)
    assert not stays(late, 1)
    before.append(lock)
    for f in (early, late):
        assert not stays(f, 1)
        with lock:
            assert stays(f, 1)


def test_large_data_is_not_read_at_each_start(monkeypatch):
    """What has no lock is only asked whether its size and its first types are the same."""
    looks = []

    class Counted(affinity_contents.Look):
        def __init__(self):
            looks.append(self)
            super().__init__()

    class Element:
        def __getattribute__(self, name):
            raise AssertionError

    monkeypatch.setattr(affinity_contents, "Look", Counted)
    kept = [Element() for _ in range(10_000)]
    f = reader(kept)
    for _ in range(3):
        assert not stays(f, 1)
    assert len(looks) == 1
    kept.append(Element())
    assert not stays(f, 1)
    assert len(looks) == 2
    small = reader(list(range(MARKED)))
    assert not stays(small, 1)
    assert len(looks) == 2
    assert not stays(unordered(lambda key, rows: key), 1, kept)


def test_circular_and_deep_containers_end():
    """A look goes a few levels down and no further."""
    kept: list[Any] = []
    kept.append(kept)
    assert not stays(reader(kept), 1)
    lock = threading.RLock()
    deep: list[Any] = [lock]
    for _ in range(DEPTH - 1):
        deep = [deep]
    with lock:
        assert stays(reader(deep), 1)
        assert not stays(reader([deep]), 1)


def test_a_look_goes_into_a_limited_number_of_things():
    """Into all on one level before any on the next."""
    lock = threading.RLock()

    def wide(place):
        rows = [[[[]] for _ in range(FIRST - 1)] for _ in range(FIRST)]
        rows[place // (FIRST - 1)][place % (FIRST - 1)] = [lock]
        return rows

    beyond = MOST - 1 - FIRST
    many = [threading.RLock(), *([[[]]] * MOST * 2)]
    many[1] = [[lock]]
    with lock:
        assert stays(reader(wide(beyond - 1)), 1)
        assert not stays(reader(wide(beyond)), 1)
        assert not stays(reader(many), 1)


def test_what_functions_and_modules_in_a_container_carry_is_theirs():
    """Only what their code names would count, and that they run is not known."""
    lock = threading.RLock()

    def carrying():
        return 1

    home = types.ModuleType("a_home")
    carrying.lock = home.lock = lock
    with lock:
        assert not stays(reader([carrying, threading.get_ident]), 1)
        assert not stays(unordered(lambda key, given: key), 1, [home])


def test_of_a_large_argument_the_first_elements_are_looked_at():
    """Data is large; locks are rarely among it."""
    f = unordered(lambda key, rows: key)
    assert not stays(f, 1, list(range(5000)))
    assert stays(f, 1, [threading.RLock(), *range(5000)])


def test_receivers_of_one_class_do_not_vouch_for_each_other():
    """What one holds in its containers says nothing of another, also of the same shape."""

    class Store:
        def __init__(self, lock):
            self.locks = {"db": {"lock": lock}}

        @unordered
        def get(self, key):
            return self.locks["db"]["lock"], key

    lock = threading.RLock()
    first, second = Store(1), Store(lock)
    for _ in range(2):
        assert not stays(first.get, 1)
        assert not stays(second.get, 1)
        assert not stays(first.get, 1)
        with lock:
            assert stays(second.get, 1)
            assert not stays(first.get, 1)


def test_values_of_a_thread_in_a_container_in_a_container_are_found():
    """As those in the container itself; in an argument too."""
    kept = {"a": collections.OrderedDict(b=threading.local())}
    assert stays(reader(kept), 1)
    assert stays(unordered(lambda key, given: key), 1, kept)
