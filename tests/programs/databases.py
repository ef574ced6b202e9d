"""What users write around databases: own connections in functions, shared ones, pools, clients."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import text

# SQLite -----------------------------------------------------------------------------------------


def _name(path: str, key: int) -> Any:
    with sqlite3.connect(path) as connection:
        return connection.execute("SELECT name FROM people WHERE id = ?", (key,)).fetchone()[0]


def _closed_name(path: str, key: int) -> Any:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT * FROM people WHERE id = ?", (key,)).fetchall()
        return [dict(row) for row in rows]


def _rename(path: str, key: int, name: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE people SET name = ? WHERE id = ?", (name, key))
        connection.commit()


def _count(path: str, table: str) -> Any:
    with sqlite3.connect(path) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def _opened(path: str) -> Any:
    return sqlite3.connect(path)


def own_connections(path: str) -> Any:
    """Three lookups, each on a connection of its own."""
    names = []
    for key in range(3):
        names.append(_name(path, key))
    return names


def own_rows(path: str) -> Any:
    """The same with ``closing`` and a row factory."""
    a = _closed_name(path, 0)
    b = _closed_name(path, 1)
    c = _closed_name(path, 2)
    return a, b, c


def own_write_between(path: str) -> Any:
    """A write that the second lookup must see."""
    before = _name(path, 0)
    _rename(path, 0, before + "!")
    after = _name(path, 0)
    _rename(path, 0, before)
    return before, after


def counted(path: str) -> Any:
    """The name of a table is part of the statement."""
    a = _count(path, "people")
    b = _count(path, "people WHERE id > 0")
    return a + b


def two_statements(path: str) -> Any:
    """The same text would now be two statements, which SQLite refuses."""
    a = _count(path, "people")
    try:
        b = _count(path, "people; DELETE FROM people")
    except Exception as error:
        b = type(error).__name__
    c = _count(path, "people")
    return a, b, c


def shared_connection(path: str) -> Any:
    """One connection for all: it belongs to this thread."""
    connection = sqlite3.connect(path, check_same_thread=True)
    names = []
    for key in range(3):
        names.append(connection.execute("SELECT name FROM people WHERE id = ?", (key,)).fetchone())
    connection.close()
    return names


def shared_beside_own(path: str) -> Any:
    """Lookups on own connections overlap around one on the shared connection."""
    connection = sqlite3.connect(path)
    a = _name(path, 0)
    b = connection.execute("SELECT count(*) FROM people").fetchall()
    c = _name(path, 1)
    connection.close()
    return a, b, c


def opened_elsewhere(path: str) -> Any:
    """A function returns the connection that it opens: it must have opened it in this thread."""
    connection = _opened(path)
    other = _opened(path)
    rows = connection.execute("SELECT count(*) FROM people").fetchall()
    rows += other.execute("SELECT max(id) FROM people").fetchall()
    connection.close()
    other.close()
    return rows


# PostgreSQL -------------------------------------------------------------------------------------


def _pg_name(address: str, key: int) -> Any:
    with psycopg.connect(address) as connection:
        return connection.execute("SELECT name FROM people WHERE id = %s", (key,)).fetchone()[0]


def _pg_row(address: str, key: int) -> Any:
    with psycopg.connect(address, row_factory=dict_row) as connection, connection.cursor() as rows:
        rows.execute("SELECT * FROM people WHERE id = %(key)s", {"key": key})
        return [row["name"] for row in rows]


def _pg_rename(address: str, key: int, name: str) -> None:
    with psycopg.connect(address) as connection:
        connection.execute("UPDATE people SET name = %s WHERE id = %s", (name, key))


def _pg_draw(address: str) -> Any:
    with psycopg.connect(address) as connection:
        return connection.execute("SELECT nextval('numbers')").fetchone()[0]


def _pooled(pool: Any, key: int) -> Any:
    with pool.connection() as connection:
        return connection.execute("SELECT name FROM people WHERE id = %s", (key,)).fetchall()


def pg_own(address: str) -> Any:
    """Three lookups, each on a connection of its own."""
    a = _pg_name(address, 0)
    b = _pg_name(address, 1)
    c = _pg_row(address, 2)
    return a, b, c


def pg_write_between(address: str) -> Any:
    """A write that the second lookup must see."""
    before = _pg_name(address, 0)
    _pg_rename(address, 0, before + "!")
    after = _pg_name(address, 0)
    _pg_rename(address, 0, before)
    return before, after


def pg_draws(address: str) -> Any:
    """Each draw changes the sequence: the order of draws is part of the result."""
    a = _pg_draw(address)
    b = _pg_draw(address)
    c = _pg_draw(address)
    return b - a, c - b


def pg_pool(pool: Any) -> Any:
    """More lookups than the pool has connections."""
    names = []
    for key in (0, 1, 2, 0, 1, 2):
        names.append(_pooled(pool, key))
    return names


def pg_shared(connection: Any, other: Any) -> Any:
    """Two shared connections."""
    a = connection.execute("SELECT name FROM people WHERE id = 0").fetchall()
    b = other.execute("SELECT name FROM people WHERE id = 1").fetchall()
    return a, b


def pg_failing(connection: Any, divisors: list[int]) -> Any:
    """Within a transaction a query that fails takes all later ones along, never earlier ones."""
    found = []
    for divisor in divisors:
        a = connection.execute("SELECT %s::int / 1", (divisor,)).fetchone()[0]
        b = connection.execute("SELECT 6 / %s::int", (a,)).fetchone()[0]
        c = connection.execute("SELECT %s::int + 1", (b,)).fetchone()[0]
        found.append((a, b, c))
    return found


# Redis ------------------------------------------------------------------------------------------


def _setting(client: Any, key: str) -> Any:
    value = client.get(key)
    return value.decode() if value is not None else None


def redis_reads(client: Any) -> Any:
    """Three commands that read."""
    a = client.get("a")
    b = _setting(client, "b")
    c = client.hgetall("c")
    return a, b, c


def redis_write_between(client: Any) -> Any:
    """What is written must be read."""
    a = client.get("a")
    client.set("a", (a or b"") + b"!")
    b = client.get("a")
    client.set("a", "1")
    return a, b


def redis_counts(client: Any) -> Any:
    """Each count depends on those before it."""
    client.set("n", 0)
    a = client.incr("n")
    b = client.incr("n")
    c = client.get("n")
    return a, b, c


# SQLAlchemy -------------------------------------------------------------------------------------


def _found(engine: Any, key: int) -> Any:
    with engine.connect() as connection:
        found = connection.execute(text("SELECT name FROM people WHERE id = :key"), {"key": key})
        return found.scalar_one()


def _renamed(engine: Any, key: int, name: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE people SET name = :name WHERE id = :key"), {"name": name, "key": key}
        )


def engine_reads(engine: Any) -> Any:
    """Three lookups on connections of the engine's pool."""
    a = _found(engine, 0)
    b = _found(engine, 1)
    c = _found(engine, 2)
    return a, b, c


def engine_write_between(engine: Any) -> Any:
    """A write that the second lookup must see."""
    before = _found(engine, 0)
    _renamed(engine, 0, before + "!")
    after = _found(engine, 0)
    _renamed(engine, 0, before)
    return before, after


def session_reads(session: Any, engine: Any) -> Any:
    """A session belongs to one thread, whatever runs beside it."""
    a = _found(engine, 0)
    b = session.execute(text("SELECT name FROM people WHERE id = 1")).scalar_one()
    c = _found(engine, 2)
    return a, b, c
