"""Callables by name: what ``package.module:Class.method`` stands for, or why it stands for nothing.

Nothing is imported and no code of the user runs for it.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any, cast

from adaptive_jit.effects.attributes import MISSING, class_member, is_class


def named(target: str) -> object | None:
    """The object that *target* names, ``None`` if there is none yet."""
    module, _, path = target.partition(":")
    found: object = sys.modules.get(module)
    for name in path.split("."):
        found = _bound(found, name)
    return found


def missing(target: str) -> str | None:
    """Why *target* names nothing and never will, in words; ``None`` if it does or still may.

    It may while its module has not been imported to the end, and where a
    module or class makes attributes when they are asked for.
    """
    module, _, path = target.partition(":")
    holder: object = sys.modules.get(module)
    if holder is None or is_being_imported(target):
        return None
    place = f"module {module!r}"
    before = f"{module}:"
    for name in path.split("."):
        if not is_class(holder) and not isinstance(holder, ModuleType):
            return f"{place} is neither a module nor a class; declare the object itself"
        found = _bound(holder, name)
        if found is None:
            if _may_make(holder) or _is_submodule(holder, name):
                return None
            return f"{place} has no {name!r}{_hint(holder, name, before)}"
        holder, place, before = found, f"{before}{name}", f"{before}{name}."
    return None


def is_being_imported(target: str) -> bool:
    """Whether the module is half way through its body, so that the name may still come."""
    module = sys.modules.get(target.partition(":")[0])
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def unwrapped(target: object) -> object:
    """The function inside a ``staticmethod`` or ``classmethod`` object, else *target*."""
    return target.__func__ if isinstance(target, (staticmethod, classmethod)) else target


def _may_make(holder: object) -> bool:
    """Whether attributes of *holder* may come from code of its own."""
    if is_class(holder):
        return class_member(type(holder), "__getattr__") is not MISSING
    is_module = type(holder) is ModuleType
    return "__getattr__" in holder.__dict__ if is_module else isinstance(holder, ModuleType)


def _is_submodule(holder: object, name: str) -> bool:
    """Whether *holder* is a package that gets *name* when that module of it is imported."""
    if is_class(holder) or "__path__" not in holder.__dict__:
        return False
    full = f"{holder.__dict__.get('__name__')}.{name}"
    return PathFinder.find_spec(full, holder.__dict__["__path__"]) is not None


def _hint(holder: object, name: str, before: str) -> str:
    from difflib import get_close_matches

    spaces = holder.__mro__ if is_class(holder) else (holder,)
    known = sorted({key for one in spaces for key in one.__dict__ if type(key) is str})
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {before + near[0]!r}?" if near else ""


def _bound(holder: object, name: str) -> object | None:
    raw = _member(holder, name)
    if type(raw) is classmethod:
        return cast("object", raw.__get__(None, cast("type", holder)))
    return unwrapped(raw)


def _member(holder: object, name: str) -> Any:
    """What a module or class holds under *name*, ``None`` if nothing."""
    if is_class(holder):
        return next((own.__dict__[name] for own in holder.__mro__ if name in own.__dict__), None)
    return holder.__dict__.get(name) if isinstance(holder, ModuleType) else None
