"""Engines, connections and sessions of SQLAlchemy: no listeners, a known dialect, its own pool."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any, NamedTuple

from adaptive_jit.effects.receivers_databases import (
    CONNECTIONS_AT_ONCE,
    Shared,
    Standing,
    lane_of,
)
from adaptive_jit.effects.receivers_psycopg import adapters_objection
from adaptive_jit.effects.receivers_subclasses import overrides_nothing

_DRIVERS = frozenset(
    {("sqlite", "pysqlite"), ("postgresql", "psycopg"), ("postgresql", "psycopg_async")}
)
_OF_POOLS = ("connect", "first_connect", "checkout", "checkin", "reset", "close", "invalidate",
             "detach", "soft_invalidate", "close_detached")  # fmt: skip
_OF_SESSIONS = ("do_orm_execute", "after_begin", "before_flush", "loaded_as_persistent",
                "after_transaction_create", "after_transaction_end")  # fmt: skip


class HolderStanding(NamedTuple):
    """A reason against a connection or session, or the dialect that it speaks."""

    reason: str | None
    dialect: str = ""


def engine_standing(engine: Any) -> Standing:
    """A reason against it, a lane of its pool, or `Shared.CALLER`."""
    reason = _dialect_objection(engine) or _pool_objection(engine.pool)
    if reason is not None:
        return reason
    impl = sys.modules["sqlalchemy.pool.impl"]
    if type(engine.pool) is impl.QueuePool:
        return lane_of(engine.pool, engine.pool.size())
    if type(engine.pool) is impl.NullPool:
        return lane_of(engine.pool, CONNECTIONS_AT_ONCE)
    return Shared.CALLER


def holder_standing(receiver: Any) -> HolderStanding:
    """The same of a connection or session that a program shares; it stays with the caller."""
    for name in ("sync_connection", "sync_session"):
        receiver = getattr(receiver, name, None) or receiver
    if is_session(receiver):
        return _session_standing(receiver)
    if getattr(receiver, "_has_events", True):
        return HolderStanding("its connection has listeners")
    if receiver.get_execution_options():
        return HolderStanding("its connection has options of its own")
    return HolderStanding(_dialect_objection(receiver.engine), receiver.dialect.name)


def is_session(receiver: Any) -> bool:
    """Whether it is a session, whose statements may give objects."""
    module = sys.modules.get("sqlalchemy.orm.session")
    return module is not None and isinstance(receiver, module.Session)


def _session_standing(session: Any) -> HolderStanding:
    """A clean session: nothing is waiting to be written before its next statement."""
    stock = sys.modules["sqlalchemy.orm.session"].Session
    if not overrides_nothing(type(session), stock):
        return HolderStanding("its session is of a kind of its own")
    state = session.__dict__
    if state["_new"] or state["_deleted"] or state["identity_map"]._modified:
        return HolderStanding("its session has changes that it writes first")
    if any(len(list(getattr(session.dispatch, name))) for name in _OF_SESSIONS):
        return HolderStanding("its session has listeners")
    engine = state.get("bind")
    stock_engine = sys.modules["sqlalchemy.engine.base"].Engine
    # Of 2.0 and of 2.1: engines for single classes.
    if type(engine) is not stock_engine or state.get("_Session__binds") or state.get("binds"):
        return HolderStanding("the engine of its session is not known")
    return HolderStanding(_dialect_objection(engine), engine.dialect.name)


def _dialect_objection(engine: Any) -> str | None:
    dialect = engine.dialect
    if getattr(engine, "_has_events", True) or getattr(dialect, "_has_events", True):
        return "its engine has listeners"
    if (dialect.name, dialect.driver) not in _DRIVERS:
        return "the dialect of its engine is not known"
    if not type(dialect).__module__.startswith("sqlalchemy.dialects."):
        return "the dialect of its engine is not known"
    for name in ("_json_serializer", "_json_deserializer"):
        if getattr(dialect, name, None) is not None:
            return "its JSON is read by a function of one's own"
    if dialect.name == "postgresql":
        return adapters_objection(sys.modules["psycopg"].adapters)
    return None


def _pool_objection(pool: Any) -> str | None:
    if not _is_own(pool._creator_arg):
        return "its connections are made by a function of one's own"
    for name in _OF_POOLS:
        if not all(map(_is_own, list(getattr(pool.dispatch, name)))):
            return "its pool has listeners"
    return None


def _is_own(function: Any) -> bool:
    """A function of SQLAlchemy's that wraps none of somebody else's."""
    if type(function) is not FunctionType or not function.__module__.startswith("sqlalchemy."):
        return False
    inner = [cell.cell_contents for cell in function.__closure__ or ()]
    inner += [one for part in inner if type(part) is list for one in part]
    return all(_is_own(one) for one in inner if type(one) is FunctionType)
