"""Connections of psycopg that a program shares: when they take operations early, one at a time."""

from __future__ import annotations

import json
import sys
from typing import Any

from adaptive_jit.effects.known_callbacks import is_known_callback
from adaptive_jit.effects.receivers_databases import Shared, Standing, lane_of

_HOMES = ("psycopg.", "psycopg_binary.", "psycopg_c.")
_IDLE = 0
"""``PQTRANS_IDLE`` of libpq: no transaction is open and nothing is running."""


def connection_standing(connection: Any) -> Standing:
    """A reason against it, its lane in autocommit and idle, else the calling thread."""
    library = sys.modules["psycopg"]
    state = connection.__dict__
    if not is_known_callback(state.get("row_factory")):
        return "its rows are made by a row factory"
    if state.get("cursor_factory") not in _cursor_classes(library):
        return "its cursors are of a kind of its own"
    if state.get("_notice_handlers") or state.get("_notify_handlers"):
        return "it has handlers for notices"
    adapters = state.get("_adapters")
    reason = adapters_objection(library.adapters if adapters is None else adapters)
    if reason is not None:
        return reason
    if not state.get("_autocommit") or state.get("_num_transactions") or state.get("_pipeline"):
        return Shared.CALLER
    if int(connection.pgconn.transaction_status) != _IDLE:
        return Shared.CALLER
    return lane_of(connection)


def cursor_standing(cursor: Any) -> Standing:
    """A cursor holds the rows of its last statement: what it does keeps its order."""
    if type(cursor) not in _cursor_classes(sys.modules["psycopg"]):
        return "it is a cursor of a kind of its own"
    if not is_known_callback(cursor._row_factory):
        return "its rows are made by a row factory"
    found = connection_standing(cursor._conn)
    return found if type(found) is str else Shared.CALLER


def adapters_objection(adapters: Any) -> str | None:
    """Whether somebody's classes turn values into parameters, or columns into values."""
    try:
        tables = (*adapters._dumpers.values(), *adapters._loaders)
        classes = [one for table in tables for one in list(table.values())]
    except (AttributeError, RuntimeError):
        return "its adapters are not known"
    if not all(map(_is_stock, classes)):
        return "adapters of one's own are registered"
    parts = sys.modules["psycopg.types.json"]
    if parts._JsonLoader._loads is not json.loads or parts._JsonDumper._dumps is not json.dumps:
        return "its JSON is read by a function of one's own"
    return None


def _is_stock(adapter: Any) -> bool:
    return f"{adapter.__module__}.".startswith(_HOMES) and not adapter.__name__.startswith("Custom")


def _cursor_classes(library: Any) -> tuple[Any, ...]:
    return (library.Cursor, library.ClientCursor, library.RawCursor,
            library.AsyncCursor, library.AsyncClientCursor, library.AsyncRawCursor)  # fmt: skip
