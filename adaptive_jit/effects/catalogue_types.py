"""Entries of the catalogue for types: which attributes may be read without consequences.

An attribute is transparent if reading it runs nothing but code of the library
that is known to be harmless: lazy parts of a client, properties of an answer
that has been read, fields of a model. For values that are not there yet
`TypeRule.member` says what reading an attribute or calling a method would
give; names of results chain, so that a proof can follow
``answer.choices[0].message.content`` before there is any answer.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cached_property
from types import FunctionType, MethodDescriptorType, NoneType, WrapperDescriptorType
from typing import TYPE_CHECKING, Any, NamedTuple

from adaptive_jit.effects.catalogue_answers import is_text_only
from adaptive_jit.effects.catalogue_names import is_own
from adaptive_jit.effects.catalogue_values import SCALARS, is_model
from adaptive_jit.records.effects import Effect, EffectKind, Source

if TYPE_CHECKING:
    from adaptive_jit.effects.catalogue_load import Shelf
    from adaptive_jit.effects.catalogue_rules import Rule

BUILTIN = "builtin"
ATTRIBUTE = Effect(EffectKind.PURE, None, Source.CATALOGUE, leaves_arguments=True, quick=True)
"""What reading a transparent attribute does."""

BUILTIN_TYPES: frozenset[type] = frozenset(
    {str, bytes, int, float, complex, bool, NoneType, list, tuple, dict, set, frozenset, range}
)
_ABSENT = object()


class Member(NamedTuple):
    """What an attribute or method of a value that is not there yet would be.

    ``kind`` is ``"attribute"`` or ``"method"``. ``result`` names the type rule
    of what reading or calling gives, ``None`` if it is not known. ``effect``
    holds, for a method, on a receiver that nobody else has and for arguments
    that the lowering of ``rule`` accepts.
    """

    kind: str
    result: str | None
    effect: Effect
    rule: Rule | None = None


class TypeRule:
    """What the catalogue knows of one type.

    ``name`` is its entry (``"httpx:Response"``); ``item`` names the type rule
    of its elements, if it has any. ``is_bound`` values belong to the thread
    that made them: connections and cursors.

    ``looked_up`` lists the methods behind ``value[key]`` and ``key in value``
    that run the library's own code only, for keys that are scalars; ``store``
    names the dict or list of the instance in which these methods look.
    """

    def __init__(self, name: str, kind: type | None, entry: dict[str, Any], shelf: Shelf) -> None:
        self.name = name
        self.kind = kind
        self.item: str | None = entry.get("item")
        self.is_bound: bool = entry.get("bound", False)
        self._fields: str | None = entry.get("fields")
        self._settable: dict[str, list[str]] = entry.get("settable", {})
        self._attributes: dict[str, str] = entry.get("attributes", {})
        self._once_read: dict[str, str] = entry.get("once_read", {})
        self._ready: str = entry.get("ready", "")
        self.is_true: bool = entry.get("truth", False)
        self._lazy: dict[str, str] = entry.get("lazy", {})
        self._asked: frozenset[str] = frozenset(entry.get("asked", ()))
        self._asked_result: str | None = entry.get("asked_result")
        self._text_only: list[str] = entry.get("text_only", [])
        self._keys: dict[str, str] = entry.get("keys", {})
        self._shelf = shelf
        self._store: str | None = entry.get("store")
        self._looked_up = {
            method: in_mro(kind, method)
            for method in entry.get("looked_up", ())
            if kind is not None and _is_lookup(in_mro(kind, method), name)
        }
        self._seen = {
            attribute: in_mro(kind, attribute)
            for attribute in (*self._attributes, *self._once_read)
            if kind is not None and _is_harmless(in_mro(kind, attribute), name)
        }

    def attribute(self, owner: object, name: str) -> bool:
        """Whether reading *name* of this very object is transparent now."""
        found = in_mro(type(owner), name)
        state = getattr(owner, "__dict__", {})
        if name in self._once_read:
            return found is self._seen.get(name, _ABSENT) and self._has_been_read(state)
        if name in self._attributes:
            if name in state and not hasattr(type(found), "__set__"):
                return True
            return found is not _ABSENT and found is self._seen.get(name, _ABSENT)
        if name in state:
            return not hasattr(type(found), "__set__")
        if name in self._asked:
            # The library's own ``__getattr__`` answers, as long as it is its own.
            return found is _ABSENT and self._shelf.guard.intact()
        if isinstance(found, cached_property):
            return is_own(found.func, self.name.partition(":")[0])
        return type(found) in (FunctionType, MethodDescriptorType)

    def looks_up(self, owner: object, method: str) -> bool:
        """Whether *method* (``"__getitem__"``) of this very object runs the library's code only."""
        kind = type(owner)
        return (
            kind is self.kind
            and in_mro(kind, method) is self._looked_up.get(method)
            and self._shelf.guard.intact()
            and (self._store is None or _stores_plainly(vars(owner).get(self._store)))
        )

    def may_hold(self, name: str, value: object) -> bool:
        """Whether *value* may be stored under *name* without consequences."""
        for wanted in self._settable.get(name, ()):
            module, _, attribute = wanted.partition(":")
            found = getattr(sys.modules.get(module), "__dict__", {}).get(attribute, _ABSENT)
            if value is found or (wanted == BUILTIN and type(value) in SCALARS):
                return True
        return False

    def member(self, name: str) -> Member | None:
        """What *name* of a value of this type would be, or ``None`` if that is not known."""
        for known in (self._attributes, self._once_read, self._lazy):
            if name in known:
                return Member("attribute", known[name] or None, ATTRIBUTE)
        if name in self._asked and in_mro(self.kind or object, name) is _ABSENT:
            return Member("attribute", self._asked_result, ATTRIBUTE)
        self._shelf.refresh()
        rule = self._shelf.by_name.get(f"{self.name}.{name}")
        if rule is None and self._fields is not None and not name.startswith("_"):
            return Member("attribute", self._fields, ATTRIBUTE)
        return None if rule is None else Member("method", rule.result, rule.fresh, rule)

    def element(self, key: object) -> str | None:
        """The type rule of ``value[key]`` where the key tells it; ``""`` if nothing is known."""
        return self._keys.get(key, self._keys.get("*")) if type(key) is str else None

    def _has_been_read(self, state: dict[str, Any]) -> bool:
        # A default encoding may be a callback, which the text of an answer would call.
        return type(state.get(self._ready)) is bytes and (
            type(state.get("default_encoding", "")) is str
        )

    def __repr__(self) -> str:
        return f"<TypeRule {self.name}>"


class BuiltinRule(TypeRule):
    """Exact builtin types at every depth: each attribute is C code, elements are alike."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__(BUILTIN, None, {"item": BUILTIN}, shelf)

    def attribute(self, owner: object, name: str) -> bool:
        """Whether the exact builtin type has it."""
        return type(owner) in BUILTIN_TYPES and hasattr(type(owner), name)

    def member(self, name: str) -> Member | None:
        """A method counts only if it is pure in every builtin type that has it."""
        self._shelf.refresh()
        found = None
        for kind in BUILTIN_TYPES:
            if not hasattr(kind, name):
                continue
            found = self._shelf.by_name.get(f"builtins:{kind.__name__}.{name}")
            if found is None or found.base.kind is not EffectKind.PURE:
                return None
        return None if found is None else Member("method", found.result, found.base, found)


class ListRule(BuiltinRule):
    """A list, fresh from a library, whose elements have a type rule of their own."""

    def __init__(self, item: str, shelf: Shelf) -> None:
        super().__init__(shelf)
        self.name = f"list[{item}]"
        self.item = item

    def attribute(self, owner: object, name: str) -> bool:
        """Whether an exact list has it."""
        return type(owner) is list and hasattr(list, name)

    def member(self, name: str) -> Member | None:  # noqa: ARG002 (methods may take elements along)
        """Nothing: what its methods give holds elements that are not builtin."""
        return None


class ModelRule(TypeRule):
    """An answer class of the SDK: fields live in the instance's namespace."""

    def attribute(self, owner: object, name: str) -> bool:
        """Also whether the property is silent for this very answer."""
        return super().attribute(owner, name) and (
            name not in self._text_only or is_text_only(owner)
        )

    def looks_up(self, owner: object, method: str) -> bool:
        """Also whether no field is hidden by something that its class holds."""
        return super().looks_up(owner, method) and all(
            in_mro(type(owner), field) is _ABSENT for field in vars(owner)
        )

    def member(self, name: str) -> Member | None:
        """A field, by its annotation, or what the file says."""
        fields = getattr(self.kind, "__pydantic_fields__", {})
        if name in fields and name not in self._attributes:
            return Member("attribute", _or_none(annotated(fields[name].annotation)), ATTRIBUTE)
        return super().member(name)


def in_mro(kind: type, name: str) -> Any:
    """What the class has under *name*, as it is (no descriptor is asked)."""
    for base in kind.__mro__:
        if name in base.__dict__:
            return base.__dict__[name]
    return _ABSENT


def _is_harmless(found: object, name: str) -> bool:
    """A property of the library's own code, or a C descriptor."""
    module = name.partition(":")[0]
    if type(found) is property:
        return is_own(found, module)
    return found is not _ABSENT and type(found).__module__ == "builtins"


def _is_lookup(found: object, name: str) -> bool:
    """A function of the library's own, C code, or what ``collections.abc`` makes of the others."""
    if type(found) is FunctionType:
        return found is Mapping.__contains__ or is_own(found, name.partition(":")[0])
    return type(found) is WrapperDescriptorType


def _stores_plainly(store: object) -> bool:
    """An exact list, or a dict in which nobody else's code looks for a key."""
    kind = type(store)
    return kind is list or (
        in_mro(kind, "__getitem__") is dict.__getitem__
        and in_mro(kind, "__contains__") is dict.__contains__
        and in_mro(kind, "__missing__") is _ABSENT
    )


def annotated(annotation: Any) -> str | None:
    """The name of the type rule for a model's field; answers are built from parsed JSON."""
    import typing
    from types import UnionType

    if annotation in SCALARS or annotation in (object, Any):
        return BUILTIN
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return BUILTIN
    if origin is typing.Annotated:
        return annotated(typing.get_args(annotation)[0])
    if origin in (typing.Union, UnionType):
        names = {annotated(one) for one in typing.get_args(annotation) if one is not NoneType}
        return names.pop() if len(names) == 1 else None
    if origin is list:
        item = annotated(typing.get_args(annotation)[0])
        return item if item in (None, BUILTIN) else f"list[{item}]"
    if origin is dict or annotation in (list, dict):
        parts = typing.get_args(annotation)
        return BUILTIN if all(annotated(one) == BUILTIN for one in parts) else None
    if isinstance(annotation, type) and is_model(annotation):
        return f"{annotation.__module__}:{annotation.__qualname__}"
    return None


def _or_none(name: str | None) -> str | None:
    """A model in a field may be missing, whatever the annotation says: answers are not checked."""
    if name is None or name == BUILTIN or name.startswith("list["):
        return name
    return f"{name}?"


def loaded_class(name: str) -> type | None:
    """The class that a type name stands for, if its module is imported."""
    module, _, path = name.partition(":")
    found = getattr(sys.modules.get(module), "__dict__", {}).get(path)
    return found if isinstance(found, type) else None
