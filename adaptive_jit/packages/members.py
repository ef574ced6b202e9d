"""The functions that a module defines, found without running any code of its own.

Walked are its globals; its classes with their nested classes, static and class
methods, properties and slots of descriptors; and what wrappers lead to. Only
dictionaries are read: a module's ``__getattr__``, lazy objects and proxies stay
asleep.
"""

from __future__ import annotations

import functools
from types import FunctionType, GenericAlias, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_CLASS_DICT: Any = type.__dict__["__dict__"]
_PARTIALS = (functools.partial, functools.partialmethod, functools.cached_property)
_PLAIN = (ModuleType, GenericAlias, str, bytes, int, float, complex, list, tuple, dict, set)
"""Kinds of globals that lead to no function of the module (tables of functions hold globals)."""


def functions_of(
    namespace: dict[str, Any], owns: Callable[[FunctionType], bool]
) -> Iterator[FunctionType]:
    """Return the functions that *namespace*, a module's globals, leads to and that *owns* allows.

    Functions that are kept only in a table, a registry or a default value are
    not found, nor are those that are made later, by a call.
    """
    name = namespace.get("__name__")
    seen: set[int] = set()
    waiting = list(namespace.values())[::-1]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if type(value) is FunctionType:
            if owns(value):
                yield value
            waiting.extend(_behind(value))
        elif issubclass(type(value), type):
            members = _CLASS_DICT.__get__(value)
            if members.get("__module__") == name:
                waiting.extend(reversed(members.values()))
        elif not issubclass(type(value), _PLAIN):
            waiting.extend(_held(value))


def _behind(wrapper: FunctionType) -> Iterable[Any]:
    """What a function may wrap: what it says itself, and the functions that it captures."""
    if wrapper.__dict__:
        yield wrapper.__dict__.get("__wrapped__")
    for cell in wrapper.__closure__ or ():
        try:
            value = cell.cell_contents
        except ValueError:
            continue  # not assigned yet
        if type(value) is FunctionType:
            yield value


def _held(value: Any) -> Iterable[Any]:
    """The functions in a method, a property, a partial, or another object that stands for one."""
    kind = type(value)
    if issubclass(kind, staticmethod | classmethod | MethodType):
        return (value.__func__,)
    if issubclass(kind, property):
        return (value.fget, value.fset, value.fdel)
    if issubclass(kind, _PARTIALS):
        return (value.func,)
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return ()
    if type(attributes) is not dict:
        return ()
    kinds = (FunctionType, functools.partial, MethodType)
    return [held for held in attributes.values() if type(held) in kinds]
