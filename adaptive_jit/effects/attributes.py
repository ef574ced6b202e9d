"""Attributes found without running user code, and which attributes may be read at all.

CPython looks an attribute up in the classes of the object first; data
descriptors (properties, slots) win over the instance's own dictionary, which
wins over everything else that the classes hold. `class_member` repeats that
search without calling any descriptor.
"""

from __future__ import annotations

import functools
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    ModuleType,
    SimpleNamespace,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from adaptive_jit.runtime.exact import is_usual

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.effects.catalogue_types import TypeRule

MISSING: Final = object()

PLAIN_TYPES: Final = frozenset(
    {
        type(None), bool, int, float, complex, str, bytes, list, dict, tuple, set, frozenset,
        bytearray, range, slice, type(...),
    }
)  # fmt: skip
"""The exact types whose attributes and operators run no code but the interpreter's."""

_READABLE = (
    FunctionType,
    BuiltinFunctionType,
    staticmethod,
    classmethod,
    MethodDescriptorType,
    ClassMethodDescriptorType,
    WrapperDescriptorType,
)
"""Class members whose ``__get__`` is the interpreter's own and only binds."""

_order = type.__dict__["__mro__"].__get__
_namespace = type.__dict__["__dict__"].__get__

_STOCK_SEARCHES = (
    object.__getattribute__,
    ModuleType.__getattribute__,
    SimpleNamespace.__getattribute__,
    BaseException.__getattribute__,
)

_Verdict = tuple[object, str]
_cache: dict[tuple[type, str], _Verdict] = {}
_getters: dict[type, object] = {}
_CACHE_LIMIT = 4096


def class_member(owner: type, name: str) -> object:
    """What the classes of *owner* hold under *name*, as stored; `MISSING` if nothing."""
    for base in _order(owner):
        namespace = _namespace(base)
        if name in namespace:
            return namespace[name]
    return MISSING


def attribute_is_transparent(owner: object, name: str) -> bool:
    """Whether reading ``owner.name`` runs no unknown code and changes nothing.

    True for modules' own names, exact builtins, instance dictionaries, slots,
    methods and plain class values; for ``functools.cached_property`` once the
    value is there; and for what the catalogue says of its types. False where
    the attribute does not exist.
    """
    kind = type(owner)
    if kind is ModuleType:
        return name in owner.__dict__
    if type(kind) is not type and not is_usual(owner):
        return False
    if is_class(owner):
        return _of_class(owner, name)
    member = class_member(kind, name)
    found = _cache.get((kind, name))
    if found is None or found[0] is not member:
        found = (member, _judge(kind, member))
        if len(_cache) >= _CACHE_LIMIT:
            _cache.clear()
        _cache[kind, name] = found
    return _holds(found[1], owner, name)


def lookup_is_transparent(owner: object, method: str) -> bool:
    """Whether ``owner[key]`` or ``key in owner`` runs no unknown code, for keys that are scalars.

    *method* is the one behind it, ``"__getitem__"`` or ``"__contains__"``. Only for what the
    catalogue says of its types; exact builtin containers are not asked about here.
    """
    rule = None if is_class(owner) or not is_usual(owner) else _rule_of(type(owner))
    return rule is not None and searches_plainly(type(owner)) and rule.looks_up(owner, method)


def is_class(value: object) -> TypeGuard[type]:
    """Whether *value* is a class; unlike ``isinstance`` it never asks the object itself."""
    return issubclass(type(value), type)


def is_data_descriptor(member: object) -> bool:
    """Whether what a class holds wins over the instance's own dictionary."""
    return class_member(type(member), "__set__") is not MISSING


def instance_values(owner: object) -> dict[str, Any] | None:
    """The instance dictionary of *owner*, read past any user code; ``None`` if it has none."""
    kind = type(owner)
    usual = is_usual(owner)
    getter: Any = _getters.get(kind) if usual else None
    if getter is None:
        getter = class_member(kind, "__dict__")
        if len(_getters) >= _CACHE_LIMIT:
            _getters.clear()
        if usual:
            # A class cannot exchange where its instances keep their dictionary.
            _getters[kind] = getter
    if type(getter) not in (GetSetDescriptorType, MemberDescriptorType):
        return None
    values = getter.__get__(owner)
    return values if type(values) is dict else None


def is_stock_lookup(kind: type) -> bool:
    """Whether attribute access on instances of *kind* is the interpreter's own search."""
    return searches_plainly(kind) and class_member(kind, "__getattr__") is MISSING


def _judge(kind: type, member: object) -> str:
    """How what the classes hold as *member* is read from instances: a word for `_holds`."""
    if kind in PLAIN_TYPES:
        return "never" if member is MISSING else "always"
    if not searches_plainly(kind):
        return "catalogue"
    if member is MISSING:
        return "instance"
    if type(member) is MemberDescriptorType:
        return "slot"
    if type(member) is GetSetDescriptorType:
        return "always" if _is_of_builtin_exceptions(member) else "catalogue"
    if type(member) is functools.cached_property:
        return "cached"
    if type(member) in _READABLE or not _is_descriptor(type(member)):
        return "always"
    return "catalogue"


def _is_of_builtin_exceptions(member: GetSetDescriptorType) -> bool:
    """``args``, ``__cause__``, ``__class__`` and the like: the interpreter's own, which only tell."""
    owner: type = member.__objclass__
    return owner is object or (issubclass(owner, BaseException) and owner.__module__ == "builtins")


def searches_plainly(kind: type) -> bool:
    """``__getattr__`` is asked only for what is not found, so only its absence of effect counts."""
    return class_member(kind, "__getattribute__") in _STOCK_SEARCHES


def _is_descriptor(kind: type) -> bool:
    return class_member(kind, "__get__") is not MISSING


def _holds(how: str, owner: object, name: str) -> bool:
    if how == "always":
        return True
    if how == "slot":
        return _slot_is_filled(owner, name)
    if how in ("instance", "cached"):
        values = instance_values(owner)
        if values is not None and name in values:
            return True
    return how != "never" and _catalogued(owner, name)


def _slot_is_filled(owner: object, name: str) -> bool:
    member = class_member(type(owner), name)
    try:
        member.__get__(owner)  # type: ignore[attr-defined]
    except AttributeError:
        return False
    return True


def _of_class(owner: type, name: str) -> bool:
    """Attributes of a class object: its metaclass must search as ``type`` does."""
    if class_member(type(owner), "__getattribute__") is not type.__getattribute__:
        return False
    if class_member(type(owner), name) is not MISSING:
        return name in ("__name__", "__qualname__", "__module__", "__doc__", "__mro__")
    member = class_member(owner, name)
    if member is MISSING:
        return False
    # A property found through the class gives itself.
    return type(member) in (*_READABLE, property) or not _is_descriptor(type(member))


def _catalogued(owner: object, name: str) -> bool:
    rule = _rule_of(type(owner))
    return rule is not None and rule.attribute(owner, name)


def _rule_of(kind: type) -> TypeRule | None:
    """What the catalogue says of a type; its modules are loaded at the first question.

    Bound once: an import statement costs 10 us each time, many times what it looks up.
    """
    global _find_rule
    if _find_rule is None:
        from adaptive_jit.effects.catalogue import type_rule

        _find_rule = type_rule
    return _find_rule(kind)


_find_rule: Callable[[type], TypeRule | None] | None = None
