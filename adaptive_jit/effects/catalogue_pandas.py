"""What ``pandas.read_…`` reads: a local file, a web address, or a connection.

The first argument tells. A buffer that somebody holds is a stream of its own,
a connection belongs to its thread, and callables among the options are the
user's code.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_files import is_device
from adaptive_jit.effects.catalogue_values import exact, is_leaf
from adaptive_jit.records.effects import EffectKind

if TYPE_CHECKING:
    from adaptive_jit.effects.catalogue_rules import Rule
    from adaptive_jit.records.effects import Effect

_SOURCES = ("filepath_or_buffer", "path_or_buf", "path_or_buffer", "path", "io")
_LAZY = ("chunksize", "iterator")
_TYPES = frozenset({bool, bytes, complex, float, int, object, str})
"""Classes that may stand in ``dtype=``: making one from text runs builtin code only."""


def read(rule: Rule, _receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """``pandas.read_csv(where, …)`` and its relatives, by what *where* is."""
    where, options = _taken(args, kwargs)
    reason = _objection(options)
    if reason is not None:
        return rule.unknown(reason)
    if type(where) is not str and not is_leaf(type(where)):
        return rule.unknown("it reads from an object that somebody may hold: a stream in order")
    target = os.fspath(where) if type(where) is not str else where
    if target.startswith(("http://", "https://")):
        return _of_resource(rule, "http")
    if "://" in target:
        return rule.unknown("it reads through a file system of another library")
    if is_device(target):
        return rule.unknown("it reads from a device")
    return rule.base


def read_sql(rule: Rule, _receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """``pandas.read_sql(query, connection)``: one SELECT reads, in the connection's thread."""
    from adaptive_jit.effects import sql

    statement = args[0] if args else kwargs.get("sql")
    connection: Any = args[1] if len(args) > 1 else kwargs.get("con")
    options = [*args[2:], *(kwargs[name] for name in kwargs if name not in ("sql", "con"))]
    if type(statement) is not str or not exact(options):
        return rule.unknown("an argument is of a type that the catalogue does not know")
    if any(kwargs.get(name) for name in _LAZY):
        return rule.unknown("it reads its rows later, part by part")
    library = sys.modules.get("sqlite3")
    if library is None or type(connection) is not library.Connection:
        return rule.unknown("its connection is not a plain sqlite3 connection")
    if connection.row_factory is not None or connection.text_factory is not str:
        return rule.unknown("its connection makes rows with code of its own")
    reason = sql.objection(statement, "sqlite")
    return rule.unknown(reason) if reason else replace(rule.base, caller_thread=True)


def _taken(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Where it reads from, and all other arguments."""
    rest = {f"argument {number}": value for number, value in enumerate(args[1:], 2)}
    where = args[0] if args else None
    for name, value in kwargs.items():
        if not args and name in _SOURCES:
            where = value
        else:
            rest[name] = value
    return where, rest


def _objection(options: dict[str, Any]) -> str | None:
    for name, value in options.items():
        known = _are_types(value) if name == "dtype" else exact(value, leaves=True)
        if not known:
            return f"{name} is of a type that the catalogue does not know"
        if name in _LAZY and value:
            return "it reads its rows later, part by part"
    return None


def _are_types(value: Any) -> bool:
    """``str``, ``{"id": str, "n": "Int64"}``: names and builtin classes."""
    given = list(value.values()) if type(value) is dict else [value]
    return exact(list(value) if type(value) is dict else None) and all(
        one in _TYPES if type(one) is type else exact(one) for one in given
    )


def _of_resource(rule: Rule, resource: str) -> Effect:
    return replace(rule.of_kind(EffectKind.READS), resource=resource)
