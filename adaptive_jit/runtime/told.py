"""Exceptions whose text is made by builtin code only."""

from __future__ import annotations

from typing import Any

_STOCK = {
    "__str__": (BaseException.__str__, KeyError.__str__, OSError.__str__),
    "__repr__": (BaseException.__repr__,),
    "__format__": (object.__format__,),
}
_order_of = type.__dict__["__mro__"].__get__
_names_of = type.__dict__["__dict__"].__get__
"""Of a class itself, whatever its metaclass answers."""

_args_of = BaseException.__dict__["args"].__get__
_fields_of = tuple(
    OSError.__dict__[name].__get__ for name in ("errno", "strerror", "filename", "filename2")
)


def told_by(error: Any) -> tuple[Any, ...] | None:
    """What ``str(error)`` and ``repr(error)`` are made of; ``None`` if that is not known."""
    kind = type(error)
    if not issubclass(kind, BaseException):
        return None
    for name, stock in _STOCK.items():
        found = next(
            names[name] for owner in _order_of(kind) if name in (names := _names_of(owner))
        )
        if not any(found is known for known in stock):
            return None
    parts: tuple[Any, ...] = _args_of(error)
    if issubclass(kind, OSError):
        parts += tuple(field(error) for field in _fields_of)
    return parts
