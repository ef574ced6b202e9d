"""The catalogue: what well-known libraries do to the outside world, by identity of their objects.

`lookup` finds the rule of a function, method, builtin or class; `type_rule`
and `type_named` what may be read of values. A name that a test or an
instrumentation has patched leads to another object, of which the catalogue
says nothing. Nothing is loaded before the first question, and a library's
file only when the program itself has imported the library.
"""

from __future__ import annotations

from types import BuiltinMethodType, FunctionType, MethodDescriptorType, MethodType, ModuleType
from typing import Any, cast

from adaptive_jit.effects.catalogue_boto import HOME as AWS
from adaptive_jit.effects.catalogue_boto import is_client_method, operation_rule
from adaptive_jit.effects.catalogue_load import FILES, Key, Shelf, shelf
from adaptive_jit.effects.catalogue_names import MIXINS
from adaptive_jit.effects.catalogue_rules import Rule
from adaptive_jit.effects.catalogue_types import (
    BUILTIN,
    BUILTIN_TYPES,
    BuiltinRule,
    ListRule,
    Member,
    ModelRule,
    TypeRule,
    loaded_class,
)
from adaptive_jit.effects.catalogue_values import is_model
from adaptive_jit.effects.plugins import plugin_shelf, strangers
from adaptive_jit.effects.receivers_subclasses import overrides_nothing

__all__ = ["Member", "Rule", "TypeRule", "lookup", "type_named", "type_rule"]

# By identity, since metaclasses and callables may hash as they like. Rules and entries keep the
# objects that they are for alive, so no id is used again.
_rules: dict[Key, Rule] = {}
_types: dict[int, tuple[type, TypeRule]] = {}
_named: dict[str, TypeRule] = {}
known_types = _named
"""Type rules by name; those that come from a client's own model are put here."""
_BUILTINS = frozenset(map(id, BUILTIN_TYPES))

MOST_STRANGERS = 4096
"""Names of modules that are kept because nobody speaks for them; a function may be given any."""


def lookup(callee: object) -> Rule | None:
    """The rule for this very callable, or ``None`` if the catalogue does not know it.

    A bound method has one only if its receiver is of the catalogued class or
    of a subclass that overrides nothing of it.
    """
    kind = type(callee)
    if kind is MethodType:
        return _method(callee.__func__, callee.__self__)  # type: ignore[attr-defined]
    # Also its subtype builtin_method, which newer C code uses (re.Pattern.match).
    if issubclass(kind, BuiltinMethodType) and type(callee.__self__) is not ModuleType:  # type: ignore[attr-defined]
        return _builtin_method(callee)
    if kind is MethodDescriptorType:
        key: Key = (id(callee.__objclass__), callee.__name__)  # type: ignore[attr-defined]
        rule = _find(key, callee.__objclass__.__module__)  # type: ignore[attr-defined]
        return rule if rule is not None and rule.value is callee else None
    rule = _rules.get(id(callee))
    if rule is not None:
        return rule
    home = _home(callee)
    return None if type(home) is str and home in strangers else _find(id(callee), home)


def type_rule(tp: type) -> TypeRule | None:
    """What the catalogue knows of values of exactly this type."""
    known = _types.get(id(tp))
    if known is not None:
        return known[1]
    if id(tp) in _BUILTINS:
        found = type_named(BUILTIN)
    else:
        home = _text_of_type(tp, "__module__")
        found = _type_in_file(tp, home) if home is not None else None
    if found is not None:
        _types[id(tp)] = (tp, found)
    return found


def type_named(name: str | None) -> TypeRule | None:
    """The type rule that a `Rule.result`, `Member.result` or `TypeRule.item` names.

    ``"re:Match?"`` is one or ``None``.
    """
    if name is None:
        return None
    name = name.removesuffix("?")
    if name.startswith("builtins:"):
        name = BUILTIN
    known = _named.get(name)
    if known is None:
        known = _make_type(name)
        if known is not None:
            _named[name] = known
    return known


def _method(function: Any, receiver: Any) -> Rule | None:
    kind = receiver if issubclass(type(receiver), type) else type(receiver)
    rule = _rules.get(id(function))
    if rule is None:
        if type(function) is not FunctionType:
            return None
        if function.__module__ == f"{MIXINS}.abc":
            return _mixin(function, kind)
        rule = _find(id(function), function.__module__)
        if rule is None:
            return operation_rule(function, receiver) if function.__module__ == AWS else None
    if kind is rule.owner or (rule.owner is not None and _is_stock(kind, rule)):
        return rule
    return rule if is_client_method(function, receiver) else None


def _mixin(function: Any, kind: type) -> Rule | None:
    """A method that the class has from ``collections.abc``: ``os.environ.get``."""
    key = (id(kind), function.__name__)
    rule = _rules.get(key) or _find(key, _text_of_type(kind, "__module__"))
    return rule if rule is not None and rule.owner is kind and rule.value is function else None


def _is_stock(kind: type, rule: Rule) -> bool:
    owner = rule.owner
    assert owner is not None
    if overrides_nothing(kind, owner):
        return True
    for name in rule.options.get("receivers", ()):
        stock = loaded_class(name)
        if stock is not None and overrides_nothing(kind, stock):
            return True
    return False


def _builtin_method(callee: Any) -> Rule | None:
    """A method of a C type on an instance of exactly that type, or of the class itself."""
    receiver = callee.__self__
    owner = receiver if issubclass(type(receiver), type) else type(receiver)
    key = (id(owner), callee.__name__)
    rule = _rules.get(key)
    if rule is None or rule.owner is not owner:
        rule = _find(key, _text_of_type(owner, "__module__"))
    return rule if rule is not None and rule.owner is owner else None


def _find(key: Key, home: object) -> Rule | None:
    """Look in the file for this home, after taking in what has been imported since."""
    file = _file_of(home)
    if file is None:
        return None
    file.refresh()
    rule = file.rules.get(key)
    if rule is not None:
        _rules[key] = rule
    return rule


def _file_of(home: object) -> Shelf | None:
    if type(home) is not str:
        return None
    top = home.partition(".")[0]
    name = FILES.get(top)
    found = plugin_shelf(top) if name is None else shelf(name)
    if found is None and len(strangers) < MOST_STRANGERS:
        strangers.add(home)
    return found


def _home(callee: object) -> object:
    """The module that a callable says it is from, asked only of kinds that run no user code."""
    kind = type(callee)
    if kind is FunctionType or kind is BuiltinMethodType:
        return callee.__module__
    if issubclass(type(callee), type):
        return _text_of_type(cast("type", callee), "__module__")
    return None


def _text_of_type(kind: type, name: str) -> str | None:
    value = type.__getattribute__(kind, name)
    return value if type(value) is str else None


def _type_in_file(tp: type, home: str) -> TypeRule | None:
    file = _file_of(home)
    if file is None:
        return None
    if is_model(tp):
        return type_named(f"{home}:{tp.__qualname__}")
    for name in file.types:
        if loaded_class(name) is tp:
            return type_named(name)
    return None


def _make_type(name: str) -> TypeRule | None:
    if name == BUILTIN:
        return BuiltinRule(shelf("builtins"))
    if name.startswith(("list[", "iter[")) and name.endswith("]"):
        return ListRule(name[5:-1], shelf("builtins"))
    file = _file_of(name.partition(":")[0])
    kind = loaded_class(name)
    if file is None or kind is None:
        return None
    entry = file.types.get(name, {})
    if is_model(kind):
        return ModelRule(name, kind, entry, file)
    return TypeRule(name, kind, entry, file) if name in file.types else None
