"""Looks into containers, and what these hold, for what belongs to the calling thread.

Re-entrant locks are why: the code `self.locks["db"]` names only the
dictionary. Containers are read past any code of the user. Those that hold
locks are looked through at each start, since whether a lock is held shows
only then; the others when the number or the types of their elements changed.
"""

from __future__ import annotations

import functools
import gc
import weakref
from collections import deque
from itertools import islice
from types import (
    BuiltinFunctionType,
    FunctionType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.effects import affinity_types as types
from adaptive_jit.effects.attributes import MISSING, class_member, instance_values
from adaptive_jit.effects.catalogue_values import SCALARS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Reader = Callable[[Any], Iterable[Any]]
    Length = Callable[[Any], int]
    _Kind = tuple[type, Reader | None, Length | None]

DEPTH: Final = 3
"""Levels below a container that are looked at: its elements, theirs, and what these hold."""

MOST: Final = 100
"""Containers and objects that one look goes into."""

FIRST: Final = 50
"""Elements of one container that are looked at; where a lock is among them, all are."""

MARKED: Final = 12
"""Elements whose types tell whether a container is as it was: about 2 us for those, 1 us for five."""

MOST_LOCKS: Final = 1000
"""A container that holds locks among more elements than this may hold one that is held."""

HELD: Final = "a lock that the calling thread may hold"
_KEPT = 2000

_BUILTIN: Final[dict[type, tuple[Reader, Length]]] = {
    dict: (dict.values, dict.__len__),
    list: (list.__iter__, list.__len__),
    tuple: (tuple.__iter__, tuple.__len__),
    set: (set.__iter__, set.__len__),
    frozenset: (frozenset.__iter__, frozenset.__len__),
    deque: (deque.__iter__, deque.__len__),
}
_LIBRARY: Final = frozenset({"collections", "weakref", "_weakrefset"})
"""Homes of containers written in Python: ``UserDict``, ``ChainMap``, ``WeakValueDictionary``."""

_CODE = (FunctionType, BuiltinFunctionType, MethodType, ModuleType, functools.partial, type)
_plain: Final = frozenset(map(id, SCALARS))
_exact: Final = frozenset(map(id, _BUILTIN))
_kinds: dict[int, _Kind] = {}


class Contents:
    """What a container at one step of a scan held, and when to look at it again."""

    __slots__ = ("_mark", "_watched", "index", "path")

    def __init__(self, index: int, path: str) -> None:
        self.index = index
        self.path = path
        self._watched = False
        self._mark: object = None

    def verdict(self, container: Any) -> str | None:
        """What in *container* speaks for the calling thread now, in words."""
        try:
            mark = _mark(container)
            if not mark or (mark == self._mark and not self._watched):
                return None
            look = Look()
            said = look.through([container])
        except RuntimeError:
            # Another thread changes it: the next start looks again.
            return f"`{self.path}, which is being changed"
        if said is not None:
            return f"`{self.path}, which holds {said}"
        # Other objects are met at the same step: what one of them held, all may hold.
        if look.met_locks or _kind_of(type(container))[2] is None:
            self._watched = True
        self._mark = mark
        return None


class Look:
    """One look at containers and what they hold, level by level."""

    __slots__ = ("met_locks",)

    def __init__(self) -> None:
        self.met_locks = False

    def through(self, holders: list[Any]) -> str | None:
        """What one of *holders* has inside that speaks for the calling thread, in words."""
        left = MOST
        for _ in range(DEPTH):
            below: list[Any] = []
            holders = holders[:left]
            left -= len(holders)
            for holder in holders:
                said = self._into(holder, below)
                if said is not None:
                    return said
            holders = below
        return None

    def _into(self, holder: Any, below: list[Any]) -> str | None:
        reader = reader_of(type(holder))
        values = _fields(holder) if reader is None else self._elements(reader, holder)
        if values is None:
            return HELD
        for value in values:
            if id(type(value)) in _plain or is_code(value):
                continue
            lock = types.lock_of(value)
            if lock is not None:
                self.met_locks = True
                if types.is_held(lock):
                    return HELD
                continue
            # Objects that elements hold are theirs to keep: only their locks are asked for.
            said = None if reader is None else types.binding(value)
            if said is not None:
                return said
            below.append(value)
        return None

    def _elements(self, reader: Reader, container: Any) -> list[Any] | None:
        """The elements to look at; ``None`` for more locks than can be asked each time."""
        values = list(islice(reader(container), FIRST))
        if len(values) < FIRST or not any(types.lock_of(value) is not None for value in values):
            return values
        values = list(islice(reader(container), MOST_LOCKS + 1))
        return values if len(values) <= MOST_LOCKS else None


def reader_of(kind: type) -> Reader | None:
    """How to read the elements of a container of *kind*; ``None`` for what is none."""
    return _kind_of(kind)[1]


def _kind_of(kind: type) -> _Kind:
    known = _kinds.get(id(kind))
    if known is None:
        if len(_kinds) >= _KEPT:
            _kinds.clear()
        known = _kinds[id(kind)] = (kind, *_read_by(kind))
    return known


def _read_by(kind: type) -> tuple[Reader | None, Length | None]:
    if kind is MappingProxyType:
        # CPython's own way to the mapping that it shows, past the mapping's code.
        return gc.get_referents, None
    for base in kind.__mro__:
        if base is weakref.ref:
            return _referred, None
        if id(base) in _exact:
            return _BUILTIN[base]
        if base.__module__ in _LIBRARY and type(class_member(base, "__iter__")) is FunctionType:
            return _fields, None
    return None, None


def _referred(reference: Any) -> list[Any]:
    """What a weak reference still refers to."""
    return [weakref.ref.__call__(reference)]


def _fields(value: Any) -> list[Any]:
    """What an object keeps in its dictionary and its slots, read past any code of the user."""
    kept = instance_values(value)
    found = [] if kept is None else list(islice(kept.values(), FIRST))
    for base in type(value).__mro__[:-1]:
        for member in () if "__slots__" not in base.__dict__ else list(base.__dict__.values()):
            if type(member) is MemberDescriptorType:
                found.append(filled(member, value))
    return [one for one in found if one is not MISSING]


def is_code(value: Any) -> bool:
    """Whether *value* stands for code or a place of names: known by identity, not by type."""
    return issubclass(type(value), _CODE)


def filled(member: Any, owner: Any) -> Any:
    """What a slot of *owner* holds, `MISSING` if nothing."""
    if type(member) is not MemberDescriptorType:
        return MISSING
    try:
        return member.__get__(owner)
    except AttributeError:
        return MISSING


def _mark(container: Any) -> tuple[object, ...]:
    """What changes with the elements: which container, how many, of which types, how full.

    Empty where that shows that there is nothing to be found. The container is
    not kept alive, so that another one of exactly this shape may pass for it.
    """
    _, reader, length = _kind_of(type(container))
    values = list(islice(reader(container), MARKED)) if reader is not None else _fields(container)
    kinds = list(map(id, map(type, values)))
    size = length(container) if length is not None else len(values)
    if _plain.issuperset(kinds):
        return () if size <= MARKED else (id(container), size)
    inner = [len(one) for one, kind in zip(values, kinds, strict=True) if kind in _exact]
    return id(container), size, kinds, inner
