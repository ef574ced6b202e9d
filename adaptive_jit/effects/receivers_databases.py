"""Connections, sessions and pools that a program shares: where their operations may run.

Three answers. A `str` is a reason against the receiver: code of the user's
would run in it. `Shared.CALLER`: it stays in the calling thread, in order,
while other operations run ahead. Any other object is the *lane* of the
receiver: its operations may start early, one at a time; a pool has as many
lanes as connections that it keeps, so that running ahead never waits for one
longer than the program's own threads would.

Checked at each start, by identity and type; nothing is called that talks to
a server.
"""

from __future__ import annotations

import enum
import itertools
import sys
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Shared(enum.Enum):
    """Where operations of a shared receiver run."""

    CALLER = enum.auto()


Standing = str | Shared | object


def standing(receiver: Any) -> Standing:
    """What is known of this very receiver now."""
    home = type(receiver).__module__.partition(".")[0]
    for base in type(receiver).__mro__:
        check = _CHECKS.get((base.__module__.partition(".")[0], base.__name__))
        if check is not None:
            return check(receiver)
    return f"receivers of {home} are not known"


def _sqlite_connection(connection: Any) -> Standing:
    """Rows and texts are made by C code; callbacks of SQLite itself cannot be seen."""
    factory = connection.row_factory
    if factory is not None and factory is not sys.modules["sqlite3"].Row:
        return "its rows are made by a row factory"
    if connection.text_factory not in (str, bytes, bytearray):
        return "its texts are made by a text factory"
    return Shared.CALLER


def _sqlite_cursor(cursor: Any) -> Standing:
    factory = cursor.row_factory
    if factory is not None and factory is not sys.modules["sqlite3"].Row:
        return "its rows are made by a row factory"
    return _sqlite_connection(cursor.connection)


class Lanes:
    """The lanes of one pool, taken evenly.

    An operation's effect may be looked at several times before it starts, so
    taking them in turn could give every operation the same one. Multiples of
    the golden ratio, without their whole part, are spread evenly whatever
    stride they are taken with (Weyl's theorem).
    """

    __slots__ = ("_lanes", "_numbers", "count")

    def __init__(self, count: int) -> None:
        self.count = count
        self._lanes = [object() for _ in range(count)]
        self._numbers = itertools.count()

    def next(self) -> object:
        """The lane whose turn it is."""
        place = next(self._numbers) * GOLDEN_RATIO % 1.0
        return self._lanes[int(place * self.count)]


GOLDEN_RATIO = 0.6180339887498949

_lanes: weakref.WeakKeyDictionary[Any, Lanes] = weakref.WeakKeyDictionary()

CONNECTIONS_AT_ONCE = 8
"""Connections to a server that are opened early at a time where no pool says how many there may
be: servers refuse more than they are set up for, often twenty or a hundred."""

MOST_LANES = 64
"""Lanes of a pool without a bound: as many as operations run ahead at most."""


def lane_of(owner: Any, count: int = 1) -> object:
    """A lane of *owner*, of which it has *count*."""
    wanted = max(1, min(count, MOST_LANES))
    known = _lanes.get(owner)
    if known is None or known.count != wanted:
        known = _lanes[owner] = Lanes(wanted)
    return known.next()


def _psycopg_connection(connection: Any) -> Standing:
    from adaptive_jit.effects.receivers_psycopg import connection_standing

    return connection_standing(connection)


def _psycopg_cursor(cursor: Any) -> Standing:
    from adaptive_jit.effects.receivers_psycopg import cursor_standing

    return cursor_standing(cursor)


def _sqlalchemy_holder(receiver: Any) -> Standing:
    from adaptive_jit.effects.receivers_sqlalchemy import holder_standing

    return holder_standing(receiver).reason or Shared.CALLER


def _in_memory(_result: Any) -> Standing:
    """Rows of a result: fetching them moves its place, and may draw from its connection."""
    return Shared.CALLER


_CHECKS: dict[tuple[str, str], Callable[[Any], Standing]] = {
    ("sqlite3", "Connection"): _sqlite_connection,
    ("sqlite3", "Cursor"): _sqlite_cursor,
    ("psycopg", "Connection"): _psycopg_connection,
    ("psycopg", "AsyncConnection"): _psycopg_connection,
    ("psycopg", "Cursor"): _psycopg_cursor,
    ("psycopg", "AsyncCursor"): _psycopg_cursor,
    ("sqlalchemy", "Connection"): _sqlalchemy_holder,
    ("sqlalchemy", "Result"): _in_memory,
    ("sqlalchemy", "FilterResult"): _in_memory,
}
"""By the library and the name of a class or of one of its bases."""
