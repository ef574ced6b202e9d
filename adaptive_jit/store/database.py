"""The SQLite file: who may write it, what it looks like, and what happens when it is broken.

WAL with ``synchronous=NORMAL`` and ``BEGIN IMMEDIATE``: eight processes with
500 writes each on 20 rows lost none; 99 % of the writes took below 0.5 ms
(study of the ecosystem, section 3). Losing the last run to a power failure is
acceptable, a damaged file is not.
"""

from __future__ import annotations

import os
import warnings
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from adaptive_jit.errors import StoreWarning
from adaptive_jit.store.codec import FORMAT, FormatError, from_text, to_text
from adaptive_jit.store.memory import Row, forget_rows, read_rows, write_rows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator

    from adaptive_jit.records import FunctionStats

FILE = "functions.sqlite3"
APPLICATION = 0x414A4954
"""``AJIT``: marks the file as ours (the field that SQLite reserves for this)."""
VERSION = FORMAT
BUSY_SECONDS = 2.0
"""Longest wait for another process; it holds up the end of a program, so not the usual 5."""
RECALL_SECONDS = 0.02
"""The same for a look within a call: readers wait for nobody in a file that is sound."""
MOST_ROWS = 2000
"""Rows kept, newest first: one per function and edition of its source."""

T = TypeVar("T")


class ForeignFileError(FormatError):
    """The file belongs to another program: it must not even be cleared."""


_warned: set[str] = set()
_held: set[str] = set()
"""Files that others held when a call looked: it is not looked at again within this process."""


class Store:
    """The records of earlier runs in *folder*; nothing is opened or created before it is needed.

    With ``None`` for *folder* nothing is stored and nothing is found.
    """

    def __init__(self, folder: str | None) -> None:
        self.path = Path(folder) / FILE if folder else None

    def save(self, functions: Iterable[FunctionStats], memories: Iterable[Row] = ()) -> None:
        """Remember *functions* in place of what was known under the same name and source.

        *memories* are joined with what other processes have written.
        """
        rows = [(stats.name, stats.source_hash, to_text(stats)) for stats in functions]
        more = tuple(memories)
        if rows or more:
            self._attempt(lambda path: _save(path, rows, more), None)

    def recall(self, keys: Iterable[str]) -> dict[str, str]:
        """Return what is remembered under *keys*: for a look within a call.

        Never raises or waits long; a file that could not be used once is not
        looked at again in this process.
        """
        path = self.path
        if path is None or str(path) in _warned | _held or not os.path.exists(path):
            return {}
        wanted = tuple(keys)
        try:
            return self._attempt(lambda found: _recall(found, wanted), {})
        except StoreWarning as warning:  # where warnings are errors: not within a call
            import logging

            logging.getLogger("adaptive_jit").warning("%s", warning)
            return {}

    def load(self, *, last_run: bool = False) -> tuple[FunctionStats, ...]:
        """Return what is known, newest first; with *last_run* only what was saved last."""
        return self._attempt(lambda path: _load(path, last_run), ())

    def clear(self, name: str | None = None) -> int:
        """Forget the functions of that *name*, or everything; return how many were forgotten.

        A damaged file is removed if everything is to be forgotten.
        """
        return self._attempt(lambda path: _clear(path, name), 0)

    def _attempt(self, action: Callable[[Path], T], otherwise: T) -> T:
        """Return what *action* returns; *otherwise*, after one warning for each file, if it fails."""
        import sqlite3

        if self.path is None:
            return otherwise
        try:
            return action(self.path)
        except (sqlite3.Error, OSError, FormatError) as error:
            if str(self.path) not in _warned:
                _warned.add(str(self.path))
                warnings.warn(
                    f"the store {self.path} is ignored: {error}; "
                    "'adaptive-jit clear' starts a new one",
                    StoreWarning,
                    stacklevel=3,
                )
            return otherwise


def _recall(path: Path, keys: tuple[str, ...]) -> dict[str, str]:
    import sqlite3

    try:
        with closing(_open(path, "ro", RECALL_SECONDS)) as connection:
            return read_rows(connection, keys) if _is_ours(connection) else {}
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
        # Someone is making the file, or hangs: the end of the program will see.
        _held.add(str(path))
        return {}


def _save(path: Path, rows: list[tuple[str, str, str]], memories: tuple[Row, ...]) -> None:
    import time

    path.parent.mkdir(parents=True, exist_ok=True)
    now = time.time()
    run = f"{now:.6f}-{os.getpid()}"
    with _writing(path) as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO functions VALUES (?, ?, ?, ?, ?)",
            [(name, source, now, run, text) for name, source, text in rows],
        )
        connection.execute(
            "DELETE FROM functions WHERE rowid NOT IN "
            "(SELECT rowid FROM functions ORDER BY saved_at DESC, rowid DESC LIMIT ?)",
            (MOST_ROWS,),
        )
        if memories:
            write_rows(connection, memories, now)


def _load(path: Path, last_run: bool) -> tuple[FunctionStats, ...]:
    if not path.exists():
        return ()
    where = (
        " WHERE run = (SELECT run FROM functions ORDER BY saved_at DESC, rowid DESC LIMIT 1)"
        if last_run
        else ""
    )
    with closing(_open(path, "ro")) as connection:
        if not _is_ours(connection):
            return ()
        query = f"SELECT stats FROM functions{where} ORDER BY saved_at DESC, rowid"  # noqa: S608
        return tuple(from_text(text) for (text,) in connection.execute(query))


def _clear(path: Path, name: str | None) -> int:
    import sqlite3

    if not path.exists():
        return 0
    try:
        with _writing(path) as connection:
            forget_rows(connection, name)
            if name is None:
                return connection.execute("DELETE FROM functions").rowcount
            return connection.execute("DELETE FROM functions WHERE name = ?", (name,)).rowcount
    except (sqlite3.OperationalError, ForeignFileError):  # locked, read-only: the file is sound
        raise
    except (sqlite3.DatabaseError, FormatError):
        if name is not None:
            raise
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return 0


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file, made ours if it is new, in one transaction that excludes other writers."""
    import sqlite3

    with closing(_open(path, "rwc")) as connection:
        _is_ours(connection)  # before the journal's mode, which would change a foreign file
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            # Another process is opening it; any journal is correct, WAL only faster.
            connection.execute("PRAGMA journal_mode")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        if not _is_ours(connection):
            _make_ours(connection)
        yield connection
        connection.execute("COMMIT")


def _open(path: Path, mode: str, seconds: float | None = None) -> sqlite3.Connection:
    import sqlite3

    address = f"{path.absolute().as_uri()}?mode={mode}"
    if mode == "ro" and not os.access(path.parent, os.W_OK):
        # Reading in this journal's mode writes an index beside the file, unless nobody can.
        address += "&immutable=1"
    timeout = BUSY_SECONDS if seconds is None else seconds
    return sqlite3.connect(address, uri=True, timeout=timeout, isolation_level=None)


def _is_ours(connection: sqlite3.Connection) -> bool:
    """Return `False` for a new, empty file; raise ``FormatError`` for anything but ours."""
    application, version, objects = _marks(connection)
    if (application, version) == (APPLICATION, VERSION):
        return True
    if (application, version, objects) == (0, 0, 0):
        return False
    if application == APPLICATION:
        raise FormatError(f"its format is {version}, known is {VERSION}")
    raise ForeignFileError("it belongs to another program")


def _marks(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """What tells whose file it is, at one moment: another process may be making it just now."""
    outside = not connection.in_transaction
    if outside:
        connection.execute("BEGIN")
    try:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    finally:
        if outside:
            connection.execute("ROLLBACK")
    return application, version, objects


def _make_ours(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute(
        "CREATE TABLE functions (name TEXT NOT NULL, source_hash TEXT NOT NULL, "
        "saved_at REAL NOT NULL, run TEXT NOT NULL, stats TEXT NOT NULL, "
        "PRIMARY KEY (name, source_hash))"
    )
