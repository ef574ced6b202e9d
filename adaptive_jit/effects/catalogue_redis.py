"""How a stock Redis client's commands lower their effects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_databases import in_caller
from adaptive_jit.effects.catalogue_values import exact_all
from adaptive_jit.effects.receivers_databases import Shared
from adaptive_jit.effects.receivers_redis import client_standing, is_asynchronous
from adaptive_jit.records.effects import Effect, EffectKind

if TYPE_CHECKING:
    from adaptive_jit.effects.catalogue_rules import Rule

_STORING = ("storedist", "store", "destkey", "dest")
"""Arguments that let a command that reads store what it has found."""


def command(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """A command of a client that is the library's own, unchanged."""
    if is_asynchronous(receiver):
        return rule.unknown("it makes a coroutine, which runs where it is awaited")
    return awaited(rule, receiver, args, kwargs)


def awaited(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """What a command does once it runs, whichever client it is of."""
    if not exact_all(args, kwargs):
        return rule.unknown("an argument is of a type that the catalogue does not know")
    found = client_standing(receiver)
    if type(found) is str:
        return rule.unknown(found)
    effect = rule.base
    if any(kwargs.get(name) for name in _STORING):
        effect = rule.of_kind(EffectKind.WRITES)
    if found is Shared.CALLER:
        return in_caller(effect)
    return effect if found is None else replace(effect, lane=found)
