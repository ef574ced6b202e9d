"""Which classes may be made in proved code, and which objects carry hidden work."""

from __future__ import annotations

import dataclasses
import functools
import tokenize
from types import FunctionType, MemberDescriptorType
from typing import Any

from adaptive_jit.effects.attributes import (
    MISSING,
    class_member,
    is_class,
    is_data_descriptor,
    is_stock_lookup,
)
from adaptive_jit.effects.proof_values import Bound, Closure, Record, Stream, Thing, Value

_GETTER: type = type(vars(tokenize.TokenInfo.__base__)["type"])
"""What a named tuple finds its fields with."""


def is_plain_exception(kind: type) -> bool:
    """Whether making and showing such an exception runs the interpreter's own code only."""
    return is_exception(kind) and not _defines(kind, ("__init__",))


def is_exception(kind: type) -> bool:
    """Whether nothing but ``__init__`` of such an exception may be code of the user's."""
    if type(kind) is not type or not issubclass(kind, BaseException):
        return False
    names = ("__new__", "__del__", "__str__", "__repr__", "__setattr__", "__getattribute__")
    return not _defines(kind, names)


def _defines(kind: type, names: tuple[str, ...]) -> bool:
    return any(
        name in base.__dict__
        for base in kind.__mro__
        if base.__module__ != "builtins"
        for name in names
    )


def is_plain_record(kind: type) -> bool:
    """Whether *kind* is a dataclass whose making stores its fields and does nothing else."""
    fields = kind.__dict__.get("__dataclass_fields__") if type(kind) is type else None
    made = class_member(kind, "__init__")
    if not fields or type(made) is not FunctionType:
        return False
    if made.__code__.co_filename != "<string>" or "__init__" not in kind.__dict__:
        return False
    stock = (("__new__", object.__new__), ("__post_init__", MISSING), ("__del__", MISSING))
    if any(class_member(kind, name) is not expected for name, expected in stock):
        return False
    setter: Any = class_member(kind, "__setattr__")
    if setter is not object.__setattr__ and not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return False
    return is_stock_lookup(kind) and all(
        field.default_factory in (dataclasses.MISSING, list, dict, set)
        and _is_stored(class_member(kind, name))
        and field._field_type is dataclasses._FIELD  # type: ignore[attr-defined]
        for name, field in fields.items()
    )


def _is_stored(member: object) -> bool:
    return type(member) is MemberDescriptorType or not is_data_descriptor(member)


def is_plain_tuple(kind: type) -> bool:
    """Whether *kind* is a named tuple just as ``collections.namedtuple`` makes it."""
    if type(kind) is not type or kind.__bases__ != (tuple,) or "__init__" in kind.__dict__:
        return False
    made: Any = getattr(kind.__dict__.get("__new__"), "__func__", None)
    fields = kind.__dict__.get("_fields")
    return (
        type(made) is FunctionType
        and type(fields) is tuple
        and made.__code__.co_filename.startswith("<")
        and class_member(kind, "__getattribute__") is tuple.__getattribute__
        and all(class_member(kind, name) is MISSING for name in ("__getattr__", "__del__"))
        and all(type(kind.__dict__.get(name)) is _GETTER for name in fields)
    )


def answers_plainly(value: Value) -> bool:
    """Whether ``isinstance`` of *value* asks nothing of its class: ``__class__`` may be faked."""
    if not isinstance(value, (Thing, Record)):
        return True
    kind = value.kind if isinstance(value, Record) else type(value.obj)
    stock = class_member(object, "__class__")
    return is_stock_lookup(kind) and class_member(kind, "__class__") is stock


def is_environment(value: object) -> bool:
    """Whether *value* is ``os.environ``."""
    import os

    return value is os.environ  # noqa: TID251 - looked at, not read


def is_live(value: Value) -> bool:
    """An iterator or a callable: handing it on hands on what it will do."""
    if isinstance(value, (Stream, Closure, Bound)):
        return True
    return (
        isinstance(value, Thing)
        and not is_class(value.obj)
        and (hasattr(type(value.obj), "__next__") or callable(value.obj))
    )


def unprovable(callee: object) -> str | None:
    """Why a callable of this kind is never followed, ``None`` if it may be."""
    kind = type(callee)
    if type(callee) is functools._lru_cache_wrapper:
        return "memoised: what it does depends on earlier calls"
    if kind.__module__.startswith("unittest.mock"):
        return "a mock"
    return None
