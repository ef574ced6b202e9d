"""Receivers of database libraries that talk to no server, for the checks of catalogue entries."""

from __future__ import annotations

import sqlite3
import sys
from typing import Any

import kept_open
import psycopg
import psycopg_pool
import redis
import redis.asyncio
import sqlalchemy
import sqlalchemy.ext.asyncio as asynchronous
from sqlalchemy.orm import Session

ENGINE = sqlalchemy.create_engine("sqlite://")
ASYNCHRONOUS_ENGINE = asynchronous.create_async_engine("postgresql+psycopg://127.0.0.1:9/none")
LOWERINGS = ("sql", "sa_execute", "sa_get", "sqlite_connect", "redis")


def _psycopg(kind: Any) -> Any:
    # Never opened, and closed at once, so that nothing is left to be closed.
    handle = psycopg.pq.PGconn.connect_start(b"host=127.0.0.1 port=9")
    handle.finish()
    return kind(handle)


def _result() -> Any:
    return ENGINE.connect().execute(sqlalchemy.text("SELECT 1 AS n"))


def _asynchronous_connection() -> Any:
    made = asynchronous.AsyncConnection(ASYNCHRONOUS_ENGINE)
    made.sync_connection = ENGINE.connect()
    return made


MAKERS: dict[type, Any] = {
    sqlite3.Connection: kept_open.connection,
    sqlite3.Cursor: lambda: kept_open.connection().cursor(),
    psycopg.Connection: lambda: _psycopg(psycopg.Connection),
    psycopg.AsyncConnection: lambda: _psycopg(psycopg.AsyncConnection),
    psycopg.Cursor: lambda: psycopg.Cursor(_psycopg(psycopg.Connection)),
    psycopg.AsyncCursor: lambda: psycopg.AsyncCursor(_psycopg(psycopg.AsyncConnection)),
    psycopg_pool.ConnectionPool: lambda: psycopg_pool.ConnectionPool("host=127.0.0.1", open=False),
    redis.Redis: redis.Redis,
    type(ENGINE): lambda: sqlalchemy.create_engine(
        "sqlite:///", poolclass=sqlalchemy.pool.QueuePool
    ),
    sqlalchemy.Connection: ENGINE.connect,
    sqlalchemy.Result: _result,
    sqlalchemy.ScalarResult: lambda: _result().scalars(),
    sqlalchemy.MappingResult: lambda: _result().mappings(),
    sqlalchemy.Row: lambda: _result().one(),
    type(sqlalchemy.text("x")): lambda: sqlalchemy.text("SELECT :n"),
    Session: lambda: Session(ENGINE),
    asynchronous.AsyncConnection: _asynchronous_connection,
    asynchronous.AsyncSession: lambda: asynchronous.AsyncSession(ASYNCHRONOUS_ENGINE),
}


def database_receiver(owner: type) -> Any:
    """A receiver for methods of *owner*, ``None`` for classes of other libraries."""
    if owner.__module__.startswith("redis.commands."):
        return redis.Redis()
    made = MAKERS.get(owner)
    return None if made is None else made()


class Person:
    """Stands for a class of the user's."""


def database_arguments(name: str, lower: str) -> tuple[Any, ...] | None:
    """Arguments of a harmless call, ``None`` where the lowering is of another library."""
    if lower not in LOWERINGS:
        return None
    if lower == "sqlite_connect":
        return (":memory:",)
    if lower == "sa_execute":
        return (sqlalchemy.text("SELECT 1"),)
    if lower == "sa_get":
        return (mapped_class(), 1)
    return ("SELECT 1",) if lower == "sql" else ()


def mapped_class() -> type:
    """A class that is mapped to a table without code of its own."""
    known = getattr(sys.modules[__name__], "_mapped", None)
    if known is None:
        registry = sqlalchemy.orm.registry()
        table = sqlalchemy.Table(
            "person",
            registry.metadata,
            sqlalchemy.Column("id", sqlalchemy.Integer, primary_key=True),
            sqlalchemy.Column("name", sqlalchemy.String),
        )
        registry.map_imperatively(Person, table)
        globals()["_mapped"] = known = Person
    return known  # type: ignore[no-any-return]


__all__ = ["database_arguments", "database_receiver", "mapped_class"]
