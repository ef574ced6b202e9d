"""How the arguments of database calls lower their effects.

A statement that only reads reads its database (`sql`); every other one
writes. A connection that the same function has opened is nobody else's, so
its calls run wherever the function runs; a shared one stays in the calling
thread, or takes its calls one at a time where its library allows that.

Statements and parameters are looked at and forgotten: no reason holds any.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_values import exact, exact_all
from adaptive_jit.effects.receivers_databases import Shared, standing
from adaptive_jit.effects.sql import asks_clock, objection
from adaptive_jit.records.effects import Effect, EffectKind

if TYPE_CHECKING:
    from adaptive_jit.effects.catalogue_rules import Rule

_STATEMENTS = ("sql", "query", "statement")
_ARGUMENT = "an argument is of a type that the catalogue does not know"
_SQLITE_POSITIONS = (
    "database", "timeout", "detect_types", "isolation_level", "check_same_thread", "factory",
    "cached_statements", "uri",
)  # fmt: skip

_in_thread: dict[int, tuple[Effect, Effect]] = {}
"""By identity; both are kept alive, so that no id is used again."""


def sql(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """A statement with its parameters, on a connection or cursor."""
    statement, parameters = _statement(args, kwargs)
    if type(statement) is not str:
        return rule.unknown("its statement is not a str")
    dialect = rule.options["dialect"]
    if not exact(parameters, leaves=dialect != "sqlite"):
        return rule.unknown(_ARGUMENT)
    reason = objection(statement, dialect)
    is_reading = reason is None and not asks_clock(parameters)
    effect = rule.of_kind(EffectKind.READS if is_reading else EffectKind.WRITES)
    return placed(rule, receiver, effect)


def in_thread(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """A method of a connection or cursor, with arguments of builtin types."""
    if not exact_all(args, kwargs):
        return rule.unknown(_ARGUMENT)
    return placed(rule, receiver, rule.base)


def in_thread_plain(
    rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """As `in_thread`, without arguments: they would name a class or a cursor on the server."""
    if args or kwargs:
        return rule.unknown("it makes a cursor of a kind of its own")
    return placed(rule, receiver, rule.base)


def placed(rule: Rule, receiver: Any, effect: Effect) -> Effect:
    """*effect* where the receiver allows it; own receivers, ``None``, allow it anywhere."""
    if receiver is None:
        return effect
    found = standing(receiver)
    if type(found) is str:
        return rule.unknown(found)
    if found is Shared.CALLER:
        return in_caller(effect)
    if effect.kind >= EffectKind.WRITES:
        return effect
    return replace(effect, lane=found)


def in_caller(effect: Effect) -> Effect:
    """*effect*, kept in the calling thread."""
    known = _in_thread.get(id(effect))
    if known is None:
        if len(_in_thread) > 1000:
            _in_thread.clear()
        known = _in_thread[id(effect)] = (effect, replace(effect, caller_thread=True))
    return known[1]


def sqlite_connect(
    rule: Rule, _receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Effect:
    """``sqlite3.connect`` of a database that exists, without code of the user's in it.

    It is made where it is used: a function that keeps it to itself may open it
    in any thread (`own_thread` in the file), and is proved to.
    """
    given = {**dict(zip(_SQLITE_POSITIONS, args, strict=False)), **kwargs}
    if not exact_all((), given, leaves=True):
        return rule.unknown(_ARGUMENT)
    if given.get("detect_types"):
        return rule.unknown("its rows are made by converters")
    library = sys.modules["sqlite3"]
    if not library.threadsafety:
        return rule.unknown("this SQLite is built for a single thread")
    if _has_adapters(library):
        return rule.unknown("adapters for builtin types are registered")
    exists = makes_no_file(given.get("database"), is_uri=bool(given.get("uri")))
    return in_caller(rule.of_kind(EffectKind.READS if exists else EffectKind.WRITES))


def makes_no_file(database: Any, *, is_uri: bool) -> bool:
    """Whether opening it makes no file. Memory is private to its connection."""
    if database in (":memory:", b":memory:", "", b""):
        return True
    try:
        name = os.fsdecode(database)
    except TypeError:
        return False
    if is_uri and name.startswith("file:"):
        options = name.partition("?")[2].split("&")
        return "mode=ro" in options or "immutable=1" in options
    return os.path.isfile(name)


def _has_adapters(library: Any) -> bool:
    """Whether somebody's function turns builtin values into others (``register_adapter``)."""
    return any(kind.__module__ == "builtins" for kind, _protocol in list(library.adapters))


def _statement(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, tuple[Any, ...]]:
    """The statement, and everything else that the call is given."""
    if args:
        return args[0], (*args[1:], *kwargs.values())
    for name in _STATEMENTS:
        if name in kwargs:
            rest = {key: value for key, value in kwargs.items() if key != name}
            return kwargs[name], tuple(rest.values())
    return None, ()
