"""One SQLite connection for all entries that ask for one, closed when the tests have ended.

Since 3.13 a connection warns that is dropped without being closed.
"""

from __future__ import annotations

import functools
import sqlite3


@functools.cache
def connection() -> sqlite3.Connection:
    """A connection to a database in memory."""
    return sqlite3.connect(":memory:")


def close() -> None:
    """Close it if it was opened."""
    if connection.cache_info().currsize:
        connection().close()
        connection.cache_clear()
