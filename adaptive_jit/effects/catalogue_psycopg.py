"""How the arguments of psycopg's own calls lower their effects: connecting, pools and cursors."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_databases import in_caller, placed
from adaptive_jit.effects.catalogue_values import exact_all
from adaptive_jit.effects.known_callbacks import is_known_callback
from adaptive_jit.effects.receivers_databases import CONNECTIONS_AT_ONCE, lane_of
from adaptive_jit.effects.receivers_psycopg import adapters_objection

if TYPE_CHECKING:
    from adaptive_jit.effects.catalogue_rules import Rule
    from adaptive_jit.records.effects import Effect

_ARGUMENT = "an argument is of a type that the catalogue does not know"


def connect(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """``psycopg.connect`` with plain parameters; kept by its function, like any own connection."""
    library = sys.modules["psycopg"]
    if receiver is not library.Connection:
        return rule.unknown("it makes a connection of a kind of its own")
    reason = (
        options_objection(kwargs)
        or adapters_objection(library.adapters)
        or (None if exact_all(args, {}) else _ARGUMENT)
    )
    if reason is not None:
        return rule.unknown(reason)
    return replace(in_caller(rule.base), lane=lane_of(library.Connection, CONNECTIONS_AT_ONCE))


def pool(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """``with pool.connection()``: as many at once as the pool keeps connections."""
    if not exact_all(args, kwargs):
        return rule.unknown(_ARGUMENT)
    reason = _pool_objection(receiver)
    if reason is not None:
        return rule.unknown(reason)
    return replace(in_caller(rule.base), lane=lane_of(receiver, receiver.max_size))


def cursor(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """``connection.cursor``: rows stay with the client unless the cursor has a name."""
    if args or not kwargs.keys() <= {"binary", "row_factory"}:
        return rule.unknown("it makes a cursor on the server")
    reason = options_objection(kwargs)
    return placed(rule, receiver, rule.base) if reason is None else rule.unknown(reason)


def options_objection(options: dict[str, Any]) -> str | None:
    """What in the parameters of a connection brings code of the user's along."""
    rest = dict(options)
    factory = rest.pop("row_factory", None)
    if factory is not None and not is_known_callback(factory):
        return "its rows are made by a row factory"
    if not exact_all((), rest):
        return _ARGUMENT
    return None


def _pool_objection(pool: Any) -> str | None:
    library = sys.modules["psycopg"]
    state = pool.__dict__
    if state.get("connection_class") is not library.Connection:
        return "its pool makes connections of a kind of its own"
    for name in ("_check", "_configure", "_reset", "_reconnect_failed"):
        if state.get(name) is not None and not _is_stock_check(pool, state[name]):
            return "its pool has callbacks"
    if type(state.get("conninfo")) is not str or type(state.get("kwargs")) not in (
        dict,
        type(None),
    ):
        return "the parameters of its pool are made by a callback"
    return options_objection(state.get("kwargs") or {}) or adapters_objection(library.adapters)


def _is_stock_check(pool: Any, function: Any) -> bool:
    return getattr(function, "__func__", function) is getattr(
        type(pool).__dict__.get("check_connection"), "__func__", None
    )
