"""Arguments that carry hidden work: iterators, generators and callbacks lower an effect."""

from __future__ import annotations

import functools
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, Final

from adaptive_jit.effects.known_callbacks import is_known_callback
from adaptive_jit.runtime.exact import ids

HARMLESS: Final = ids(
    *(type(None), bool, int, float, complex, str, bytes, bytearray, range, slice, type(...), type)
)
_CONTAINERS: Final = ids(list, tuple, dict, set, frozenset)

_CALLBACKS: Final = ids(FunctionType, MethodType, BuiltinFunctionType, functools.partial)

_LOOKED_AT = 1000
"""Elements of an argument that are looked at; larger ones are data, not callbacks."""


def hidden_work(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """What in the arguments may run when the callee uses them, in words; ``None`` if nothing.

    Containers are looked into one level deep.
    """
    for value in args:
        if id(type(value)) not in HARMLESS:
            found = _hidden(value)
            if found is not None:
                return found
    for value in kwargs.values():
        if id(type(value)) not in HARMLESS:
            found = _hidden(value)
            if found is not None:
                return found
    return None


def _hidden(value: Any) -> str | None:
    kind = type(value)
    if id(kind) not in _CONTAINERS:
        return _live(value)
    elements = value.values() if kind is dict else value
    if HARMLESS.issuperset(map(id, map(type, elements))):
        return None
    for _, element in zip(range(_LOOKED_AT), elements, strict=False):
        inner = id(type(element))
        if inner not in HARMLESS and inner not in _CONTAINERS:
            found = _live(element)
            if found is not None:
                return found
    return None


def _live(value: Any) -> str | None:
    kind = type(value)
    if is_known_callback(value):
        return None
    if id(kind) in _CALLBACKS:
        return f"an argument is a callback, `{getattr(value, '__qualname__', kind.__name__)}`"
    if _has(kind, "__next__"):
        return f"an argument is an iterator, a `{kind.__name__}`"
    return None


def _has(kind: type, name: str) -> bool:
    return any(name in base.__dict__ for base in kind.__mro__)
