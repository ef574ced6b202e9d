"""Entries of the catalogue for callables, and how arguments lower their effects.

A `Rule` is what the catalogue says of one function, method or class. Its
effect for one call is found by a *lowering*: a function that looks at the
receiver and the arguments and answers with one of the rule's prepared
effects, or with "unknown" and the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import (
    BuiltinMethodType,
    GetSetDescriptorType,
    MethodType,
    NoneType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_values import SCALARS, exact, exact_all, shallow
from adaptive_jit.records.effects import HTTP_ELSEWHERE, Effect, EffectKind, Source

if TYPE_CHECKING:
    from adaptive_jit.effects.catalogue_names import Guard

Lowering = Callable[["Rule", Any, tuple[Any, ...], dict[str, Any]], Effect]

KINDS = {kind.name.lower(): kind for kind in EffectKind}
_BOUND = (MethodType, BuiltinMethodType)


class Rule:
    """What the catalogue knows of one callable.

    ``name`` is its entry (``"httpx:Client.get"``). ``base`` is the effect of
    a harmless call; ``fresh`` that of the same call on a receiver which the
    same code has just made and nobody else has (reading a file object draws
    from a stream, unless one has opened it oneself). ``lowering`` names what
    the arguments must be for that: ``"exact"``, ``"shallow"``, ``"http"``, ….
    ``result`` names the type rule of the result; ``"builtin"`` stands for
    exact builtin types at every depth. ``latency`` marks pure waiting.
    """

    __slots__ = (
        "_effects",
        "_resources",
        "_unknown",
        "base",
        "check",
        "context_manager",
        "fresh",
        "guard",
        "latency",
        "lower",
        "lowering",
        "name",
        "options",
        "owner",
        "result",
        "value",
    )

    def __init__(
        self,
        name: str,
        value: Any,
        owner: type | None,
        entry: Mapping[str, Any],
        guard: Guard,
        check: Callable[[Any], Any] | None,
        lower: Lowering,
    ) -> None:
        self.name = name
        self.value = value
        self.owner = owner
        self.guard = guard
        self.check = check
        self.lower = lower
        self.options = entry
        self.lowering: str = entry.get("lower", "any")
        self.result: str | None = entry.get("result")
        self.context_manager: bool = entry.get("context_manager", False)
        self.latency: bool = entry.get("latency", False)
        self._effects: dict[EffectKind, Effect] = {}
        self._resources: dict[str, Effect] = {}
        self._unknown: dict[str, Effect] = {}
        self.base = self.of_kind(KINDS[entry["effect"]])
        self.fresh = self.of_kind(KINDS[entry["fresh"]]) if "fresh" in entry else self.base

    @property
    def title(self) -> str:
        """The dotted name, for reports: ``httpx.Client.get``."""
        name = self.name
        if "shown_as" in self.options:
            name = f"{self.options['shown_as']}.{name.rpartition('.')[2]}"
        return name.replace(":", ".").removeprefix("builtins.")

    def effect(self, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
        """The effect of calling *callee*, which this rule is for, with these arguments now."""
        if not self.guard.intact():
            return self.unknown(f"{self.guard.patched} is patched")
        receiver = None
        if self.owner is not None:
            if issubclass(type(callee), _BOUND):
                receiver = callee.__self__
            elif args and type(args[0]) is self.owner:
                receiver, args = args[0], args[1:]
            else:
                return self.unknown(f"its receiver is not exactly a {self.owner.__name__}")
        return self.lower(self, receiver, args, kwargs)

    def of_kind(self, kind: EffectKind) -> Effect:
        """The rule's effect as *kind*, made once."""
        known = self._effects.get(kind)
        if known is None:
            entry = self.options
            is_known = kind is not EffectKind.UNKNOWN
            known = self._effects[kind] = Effect(
                kind,
                entry.get("resource") if is_known else None,
                Source.CATALOGUE,
                entry.get("reason", ""),
                leaves_arguments=is_known and entry.get("leaves_arguments", False),
                builtin_result=is_known
                and _is_builtin(self.result)
                and not entry.get("library_values", False),
                quick=is_known and entry.get("quick", False),
            )
        return known

    def elsewhere(self) -> Effect:
        """Reading from another machine, made once: apart from this one's files."""
        return self.of_resource(HTTP_ELSEWHERE, self.of_kind(EffectKind.READS))

    def of_resource(self, resource: str, effect: Effect, reason: str = "") -> Effect:
        """*effect*, one of the rule's, on another resource than the catalogue says; made once."""
        known = self._resources.get(resource)
        if known is None:
            known = replace(effect, resource=resource, reason=reason or effect.reason)
            self._resources[resource] = known
        return known

    def unknown(self, reason: str) -> Effect:
        """The effect of a call that the catalogue says nothing about, and why."""
        known = self._unknown.get(reason)
        if known is None:
            if len(self._unknown) > 100:
                self._unknown.clear()
            text = f"{self.title}: {reason}"
            known = self._unknown[reason] = Effect(EffectKind.UNKNOWN, None, Source.CATALOGUE, text)
        return known

    def __repr__(self) -> str:
        return f"<Rule {self.name}: {self.base.kind.name.lower()}>"


def _is_builtin(result: str | None) -> bool:
    """``"builtin"``, ``"builtins:int"``, ``"list[builtins:str]"``."""
    return result is not None and result.startswith(("builtin", "list[builtins:"))


def whatever(rule: Rule, _receiver: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Effect:
    """The arguments do not matter: no code of theirs is run."""
    return rule.base


def shallow_arguments(
    rule: Rule, _receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """Each argument's own type is builtin; its elements are handed on untouched."""
    for value in args:
        if not shallow(value):
            return rule.unknown(f"its argument is a {type(value).__name__}")
    for name, value in kwargs.items():
        if not shallow(value):
            return rule.unknown(f"{name}= is a {type(value).__name__}")
    return rule.base


def exact_arguments(
    rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """The arguments, and the receiver if it is a container, are builtin at every depth."""
    for value in args:
        if type(value) not in SCALARS and not exact(value):
            return rule.unknown("an argument is not made of exact builtin types")
    if not exact_all((), kwargs):
        return rule.unknown("a keyword argument is not made of exact builtin types")
    if receiver is not None and type(receiver) in _CONTAINERS and not exact(receiver):
        return rule.unknown("the container holds other than exact builtin types")
    return rule.base


def plain_arguments(
    rule: Rule, _receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """As `exact_arguments`, but known values of libraries (a path, a timeout) may be among them."""
    if not exact_all(args, kwargs, leaves=True):
        return rule.unknown("an argument is of a type that the catalogue does not know")
    return rule.base


def checked_receiver(
    rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """As `plain_arguments`; the receiver must pass its check, and has no lane."""
    if rule.check is not None:
        verdict = rule.check(receiver)
        if type(verdict) is str:
            return rule.unknown(verdict)
    return plain_arguments(rule, receiver, args, kwargs)


def instance_test(
    rule: Rule, _receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """``isinstance`` and ``issubclass`` against classes whose metaclass asks nobody."""
    if len(args) != 2 or kwargs:
        return rule.unknown("it takes two arguments")
    classes = args[1] if type(args[1]) is tuple else (args[1],)
    if any(type(one) is not type for one in classes):
        return rule.unknown("the class has a metaclass of its own")
    subject = args[0] if type(args[0]) is type else type(args[0])
    for base in subject.__mro__[:-1]:
        for name in ("__class__", "__getattribute__"):
            if type(base.__dict__.get(name)) not in _WRITTEN_IN_C:
                return rule.unknown(f"{subject.__name__} answers for its class itself")
    return rule.base


def one_argument(
    rule: Rule, _receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """``type(x)`` asks; with three arguments it makes a class."""
    return rule.base if len(args) == 1 and not kwargs else rule.unknown("it makes a class")


_CONTAINERS = frozenset({list, tuple, dict, set, frozenset})
_WRITTEN_IN_C = (NoneType, WrapperDescriptorType, GetSetDescriptorType)
