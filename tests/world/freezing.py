"""Values as plain hashable data that compare by type and content."""

from __future__ import annotations

import types
from typing import Any

_PLAIN = frozenset(map(id, (int, float, str, bytes, bool, complex, type(None), range)))


def freeze(value: Any, depth: int = 8) -> Any:
    """Return *value* as nested tuples that are equal where type and content are equal."""
    kind = type(value)
    if depth == 0:
        return ("...", kind.__qualname__)
    if id(kind) in _PLAIN:  # a metaclass may be watching
        return (kind.__name__, repr(value))
    if kind is list or kind is tuple:
        return (kind.__name__, tuple(freeze(one, depth - 1) for one in value))
    if kind is dict:
        return (
            "dict",
            tuple((freeze(k, depth - 1), freeze(v, depth - 1)) for k, v in value.items()),
        )
    if kind is set or kind is frozenset:
        return (kind.__name__, tuple(sorted((freeze(one, depth - 1) for one in value), key=repr)))
    return _freeze_object(value, depth)


def _freeze_object(value: Any, depth: int) -> Any:
    kind = type(value)
    if isinstance(value, BaseException):
        arguments = tuple(freeze(one, depth - 1) for one in value.args)
        return ("exception", kind.__qualname__, arguments)
    if isinstance(value, (types.FunctionType, types.MethodType, type)):
        return ("named", kind.__name__, value.__qualname__)
    names = getattr(kind, "__slots__", ())
    slots = {name: getattr(value, name) for name in names if hasattr(value, name)}
    fields = {**slots, **object.__getattribute__(value, "__dict__")} if _has_dict(value) else slots
    return ("object", kind.__qualname__, freeze(fields, depth - 1))


def _has_dict(value: Any) -> bool:
    try:
        return type(object.__getattribute__(value, "__dict__")) is dict
    except AttributeError:
        return False
