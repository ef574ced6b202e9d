"""How statements and receivers of SQLAlchemy lower the effects of its calls."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.attributes import class_member, is_class
from adaptive_jit.effects.catalogue_databases import in_caller, makes_no_file
from adaptive_jit.effects.catalogue_values import exact
from adaptive_jit.effects.receivers_databases import Shared
from adaptive_jit.effects.receivers_sqlalchemy import engine_standing, holder_standing, is_session
from adaptive_jit.effects.sql import asks_clock
from adaptive_jit.effects.sql_statements import statement_objection, unfit
from adaptive_jit.records.effects import Effect, EffectKind

if TYPE_CHECKING:
    from adaptive_jit.effects.catalogue_rules import Rule

_DIALECTS = ("sqlite", "postgresql")
_ARGUMENT = "an argument is of a type that the catalogue does not know"


def connect(rule: Rule, receiver: Any, _args: tuple[Any, ...], _kwargs: dict[str, Any]) -> Effect:
    """``engine.connect()`` and ``engine.begin()``: a connection of the engine's pool."""
    found = engine_standing(receiver)
    if type(found) is str:
        return rule.unknown(found)
    effect = rule.base
    if receiver.dialect.name == "sqlite" and not makes_no_file(receiver.url.database, is_uri=False):
        effect = rule.of_kind(EffectKind.WRITES)
    if found is Shared.CALLER:
        return rule.unknown("its pool keeps a connection for each thread")
    return replace(in_caller(effect), lane=found)


def execute(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """A statement with its parameters on a connection or session."""
    statement, parameters = _split(args, kwargs)
    if parameters is None or not exact(parameters, leaves=True):
        return rule.unknown(_ARGUMENT)
    dialects: tuple[str, ...] = _DIALECTS
    if receiver is not None:
        standing = holder_standing(receiver)
        if standing.reason is not None:
            return rule.unknown(standing.reason)
        dialects = (standing.dialect,)
    reason = unfit(statement, objects=is_session(receiver))
    if reason is not None:
        return rule.unknown(reason)
    is_reading = not asks_clock(parameters) and all(
        statement_objection(statement, dialect) is None for dialect in dialects
    )
    effect = rule.of_kind(EffectKind.READS if is_reading else EffectKind.WRITES)
    return effect if receiver is None else in_caller(effect)


def get(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """``session.get(Class, key)`` of a class that is loaded without code of its own."""
    if len(args) != 2 or kwargs or not exact(args[1], leaves=True):
        return rule.unknown(_ARGUMENT)
    standing = holder_standing(receiver)
    if standing.reason is not None:
        return rule.unknown(standing.reason)
    # Asking the library itself could configure mappers, which has its own place in the program.
    mapper = class_member(args[0], "__mapper__") if is_class(args[0]) else None
    reason = unfit(mapper, objects=True)
    return in_caller(rule.base) if reason is None else rule.unknown(reason)


def _split(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, tuple[Any, ...] | None]:
    """The statement and its parameters; ``None`` for anything else that is given."""
    given = dict(zip(("statement", "parameters"), args, strict=False)) | kwargs
    statement = given.pop("statement", None)
    parameters = given.pop("parameters", None) or given.pop("params", None)
    return statement, None if given else (parameters,)
