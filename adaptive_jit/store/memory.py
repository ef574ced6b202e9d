"""What is handed from one process to the next: rows of a key and a text, joined when written.

Whoever writes reads the row first, in the same transaction, and writes both
together: of eight processes that end at the same time none loses anything.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from adaptive_jit.records.codec import FormatError, decode_record, encode_record

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

T = TypeVar("T")

MOST_MEMORIES = 4000
"""Rows kept, newest first."""

_VARIABLES = 500
"""Keys asked for at once; SQLite before 3.32 allows 999 variables in a statement."""


class Row(NamedTuple):
    """One thing to remember: under which key, whose it is, and how it joins what is there.

    ``joined`` is given the text in the file (``None``: nothing, or nothing
    readable) and returns the one to write.
    """

    key: str
    name: str
    joined: Callable[[str | None], str]


def as_text(record: object) -> str:
    """Return *record* as JSON."""
    return json.dumps(encode_record(record), allow_nan=False, separators=(",", ":"))


def as_record(kind: type[T], text: str | None) -> T | None:
    """Return the record in *text*, ``None`` where it is not one: it counts as not there."""
    if text is None:
        return None
    try:
        return decode_record(kind, json.loads(text))
    except (ValueError, RecursionError):
        return None


def read_rows(connection: sqlite3.Connection, keys: Iterable[str]) -> dict[str, str]:
    """Return the texts under *keys*, as far as there are any."""
    if not has_table(connection):
        return {}
    wanted = list(keys)[:_VARIABLES]
    marks = ", ".join("?" * len(wanted))
    query = f"SELECT key, text FROM memory WHERE key IN ({marks})"  # noqa: S608
    found = dict(connection.execute(query, wanted))
    if not all(type(text) is str for text in found.values()):
        raise FormatError("a row of its memory is not text")
    return found


def write_rows(connection: sqlite3.Connection, rows: Iterable[Row], now: float) -> None:
    """Join *rows* with what is there; within the caller's transaction."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS memory "
        "(key TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, saved_at REAL NOT NULL, "
        "text TEXT NOT NULL)"
    )
    for row in rows:
        known = connection.execute("SELECT text FROM memory WHERE key = ?", (row.key,)).fetchone()
        text = row.joined(known[0] if known else None)
        connection.execute(
            "INSERT OR REPLACE INTO memory VALUES (?, ?, ?, ?)", (row.key, row.name, now, text)
        )
    connection.execute(
        "DELETE FROM memory WHERE rowid NOT IN "
        "(SELECT rowid FROM memory ORDER BY saved_at DESC, rowid DESC LIMIT ?)",
        (MOST_MEMORIES,),
    )


def has_table(connection: sqlite3.Connection) -> bool:
    """Whether the file has been written by a version that remembers."""
    query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'memory'"
    (tables,) = connection.execute(query).fetchone()
    return bool(tables)


def forget_rows(connection: sqlite3.Connection, name: str | None) -> None:
    """Forget the functions of that *name*, or everything."""
    if not has_table(connection):
        return
    if name is None:
        connection.execute("DELETE FROM memory")
    else:
        connection.execute("DELETE FROM memory WHERE name = ?", (name,))
