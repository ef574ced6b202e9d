"""Exact builtin types: the values on which operators run no unknown code.

A subclass may override anything, so every test is on ``type(x)`` itself.
"""

from __future__ import annotations

import builtins
import contextlib
import struct
import sys
from itertools import islice
from types import BuiltinMethodType, FunctionType, MethodType, NoneType
from typing import TYPE_CHECKING, Any

from adaptive_jit.runtime.told import told_by

if TYPE_CHECKING:
    from collections.abc import Callable

_KEPT: list[object] = []
"""What identities stand for, so that none is given to another object."""


def ids(*objects: object) -> frozenset[int]:
    """The identities of *objects*: to look up a class by itself would ask its metaclass.

    A metaclass may have a ``__hash__`` or ``__eq__`` of its own, or make its classes unhashable.
    """
    _KEPT.extend(objects)
    return frozenset(map(id, objects))


_VIEWS = ids(type({}.keys()), type({}.values()), type({}.items()))

SCALARS = ids(int, float, str, bytes, bool, NoneType, complex)
SEQUENCES = ids(list, tuple)
CONTAINERS = ids(list, tuple, dict, range, str, bytes, set, frozenset)
SIZED = CONTAINERS | _VIEWS
ITERABLES = SIZED | ids(enumerate, zip, reversed)
ITERATORS = ids(enumerate, zip, reversed, map, filter)
MUTABLE = ids(list, dict, set, bytearray)
_KEYS = SCALARS | ids(tuple, frozenset, range)
_MOST_KEYS = 64
"""The types by their identities: ``id(type(x)) in SCALARS``."""

_DEEPEST = 8
"""Containers nested deeper than this are compared by identity only."""


class Stop(Exception):
    """Raised inside the issue slice where the next step could run unknown code."""


def is_scalar(value: Any) -> bool:
    """``str(value)``, ``value == value`` and arithmetic run builtin code only."""
    return id(type(value)) in SCALARS


def adds(value: Any) -> bool:
    """``+`` and ``*`` between such values run builtin code only."""
    kind = type(value)
    return id(kind) in SCALARS or id(kind) in SEQUENCES


def stays(value: Any) -> bool:
    """``+=`` and ``*=`` make another value of it, by builtin code only: a scalar or a tuple."""
    kind = type(value)
    return id(kind) in SCALARS or kind is tuple


def formats(value: Any, known: Callable[[Any], bool] | None = None, budget: int = 200) -> bool:
    """``str(value)`` and ``repr(value)`` run builtin code only, at every depth.

    *known* tells of further parts that theirs is a library's that is known. At most *budget* elements are looked at; a larger value counts as unknown.
    """
    if id(type(value)) in SCALARS:
        return True
    stack = [value]
    while stack:
        part = stack.pop()
        kind = type(part)
        if id(kind) in SCALARS:
            continue
        if id(kind) not in CONTAINERS:
            if known is not None and known(part):
                continue
            told = told_by(part)
            if told is None:
                return False
            part, kind = told, tuple
        budget -= len(part)
        if budget <= 0:
            return False
        if kind is dict:
            stack += part.keys()
            stack += part.values()
        elif kind is not range:
            stack += part
    return True


def is_path(value: Any) -> bool:
    """A path of the very class that ``pathlib.Path(...)`` makes: immutable, told by its text."""
    module = sys.modules.get("pathlib")
    if module is None:
        return False
    kind = type(value)
    return kind is module.PosixPath or kind is module.WindowsPath


def tells_membership(value: Any) -> bool:
    """``scalar in value`` compares with values of builtin types only."""
    kind = type(value)
    if id(kind) in SEQUENCES:
        return all(id(type(element)) in SCALARS for element in value)
    return id(kind) in CONTAINERS and has_plain_keys(value)


def is_truthy_plainly(value: Any) -> bool:
    """``bool(value)`` runs builtin code only."""
    kind = type(value)
    return id(kind) in SCALARS or id(kind) in CONTAINERS


def indexes(value: Any) -> bool:
    """``value[k]`` runs builtin code only, for a scalar *k*."""
    return id(type(value)) in CONTAINERS and has_plain_keys(value)


def has_plain_keys(value: Any) -> bool:
    """Whether a scalar is compared with keys and elements of builtin types only.

    A dict or set compares it with those of equal hash, whose ``__eq__`` could be
    anyone's. Looked at are the first ones: of more, the others are taken to be like them.
    """
    kind = type(value)
    if kind is dict or kind is set or kind is frozenset:
        return _KEYS.issuperset(map(id, map(type, islice(value, _MOST_KEYS))))
    return True


def matches(value: Any, depth: int, budget: int = 2_000) -> bool:
    """Patterns that look at *depth* levels of *value* run builtin code only.

    At most *budget* elements are looked at; a larger value counts as unknown.
    """
    level = [value]
    for _ in range(depth):
        further: list[Any] = []
        for part in level:
            kind = type(part)
            if id(kind) in SCALARS:
                continue
            if id(kind) not in CONTAINERS:
                return False
            if id(kind) in SEQUENCES:
                further += part
            elif kind is dict:
                further += part.values()
        if len(further) > budget:
            return False
        level = further
    return True


def are_builtin(names: tuple[str, ...], module: dict[str, Any]) -> bool:
    """Whether *names* are those of builtins to code whose globals are *module*."""
    return not any(
        name in module or vars(builtins).get(name) is not kind
        for name, kind in zip(names, map(_BUILTINS.get, names), strict=True)
    )


_BUILTINS = dict(vars(builtins))


def is_quiet_manager(function: Any) -> bool:
    """A class of contextlib whose context managers do nothing on entry."""
    return any(function is kind for kind in _QUIET)


_QUIET = (contextlib.suppress, contextlib.nullcontext)


def iterates(value: Any) -> bool:
    """``iter(value)`` runs builtin code only."""
    return id(type(value)) in ITERABLES


def is_change_target(value: Any) -> bool:
    """``append``, ``add`` and ``x[k] = v`` run builtin code only."""
    return id(type(value)) in MUTABLE and has_plain_keys(value)


def same_callee(first: Any, second: Any) -> bool:
    """The same function, or the same method of the very same receiver."""
    if first is second:
        return True
    kind = type(first)
    if kind is not type(second):
        return False
    if kind is MethodType:
        same = first.__self__ is second.__self__ or (
            is_path(first.__self__) and same_value(first.__self__, second.__self__, deep=False)
        )
        return same and first.__func__ is second.__func__
    if issubclass(kind, BuiltinMethodType):
        if id(type(first.__self__)) in SCALARS:
            same = same_value(first.__self__, second.__self__, deep=False)
        else:
            same = first.__self__ is second.__self__
        return same and first.__name__ == second.__name__
    return False


def same_value(first: Any, second: Any, *, deep: bool, depth: int = 0) -> bool:
    """Identical; equal scalars of one type; with *deep* also equal exact containers."""
    if first is second:
        return True
    kind = type(first)
    if kind is not type(second):
        return False
    if kind is float:
        return struct.pack("d", first) == struct.pack("d", second)
    if kind is complex:
        return repr(first) == repr(second)
    if id(kind) in SCALARS:
        return bool(first == second)
    if is_path(first):
        return str(first) == str(second)
    if kind is MethodType or kind is BuiltinMethodType:
        return same_callee(first, second)
    if not deep or depth > _DEEPEST:
        return False
    if id(kind) in SEQUENCES:
        return len(first) == len(second) and all(
            same_value(a, b, deep=True, depth=depth + 1) for a, b in zip(first, second, strict=True)
        )
    if kind is dict:
        # Order counts: a callee may walk the dict.
        return len(first) == len(second) and all(
            same_value(a, b, deep=True, depth=depth + 1)
            and same_value(first[a], second[b], deep=True, depth=depth + 1)
            for a, b in zip(first, second, strict=True)
        )
    return False


def same_arguments(
    entry_args: tuple[Any, ...],
    args: tuple[Any, ...],
    entry_kwargs: dict[str, Any],
    kwargs: dict[str, Any],
    *,
    deep: bool,
) -> bool:
    """Whether a call with *args* is the call that was started with *entry_args*."""
    if len(entry_args) != len(args) or len(entry_kwargs) != len(kwargs):
        return False
    for first, second in zip(entry_args, args, strict=True):
        if first is not second and not same_value(first, second, deep=deep):
            return False
    for name, value in kwargs.items():
        if name not in entry_kwargs:
            return False
        first = entry_kwargs[name]
        if first is not value and not same_value(first, value, deep=deep):
            return False
    return True


CHECKS: dict[str, Callable[[Any], bool]] = {
    "s": is_scalar,
    "q": adds,
    "v": stays,
    "f": formats,
    "n": tells_membership,
    "m": is_change_target,
}
"""The checks by the letter of their guard, for operands."""

_CONSUMERS = ids(sum, max, min, sorted, list, tuple, set, dict, frozenset, any, all)


def is_consumer(function: Any) -> bool:
    """A builtin, or ``join`` of an exact str, that walks a generator at once, while it is called."""
    if id(function) in _CONSUMERS:
        return True
    if type(function) is not BuiltinMethodType:
        return False
    kind = type(function.__self__)
    return (kind is str or kind is bytes) and bool(function.__name__ == "join")


def parent_function(kind: Any, receiver: Any, name: str) -> FunctionType | None:
    """The plain function that ``super(kind, receiver).name`` binds; ``None`` if there is none."""
    behind = False
    for owner in _order_of(type(receiver)):
        if behind and name in (names := _names_of(owner)):
            found = names[name]
            return found if type(found) is FunctionType else None
        behind = behind or owner is kind
    return None


def has_parent(bound: Any, name: str) -> bool:
    """Whether ``bound.name``, of a ``super`` object, is a plain method."""
    return parent_function(bound.__thisclass__, bound.__self__, name) is not None


_order_of = type.__dict__["__mro__"].__get__
_names_of = type.__dict__["__dict__"].__get__
"""Of a class itself, whatever its metaclass answers."""


def is_usual(value: Any) -> bool:
    """Whether the class of *value*, or *value* if it is one, may be looked up by itself.

    Not if its metaclass has a hash or a comparison of its own, which it would be asked for.
    """
    kind = type(value)
    metaclass = type(kind)
    if kind is type or (metaclass is type and not issubclass(kind, type)):
        return True
    return all(map(_is_hashed_plainly, (kind, metaclass)))


def _is_hashed_plainly(metaclass: type) -> bool:
    if not issubclass(metaclass, type):
        return True
    for owner in _order_of(metaclass):
        if owner is type:
            break
        names = _names_of(owner)
        if "__hash__" in names or "__eq__" in names:
            return False
    return True
