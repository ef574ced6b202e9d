"""Own connections in proofs: they may be opened in any thread as long as they do not leave."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from adaptive_jit import reads
from adaptive_jit.effects.resolve import effect_of
from adaptive_jit.records.effects import EffectKind

PURE, READS, UNORDERED, WRITES, UNKNOWN = EffectKind


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A database that exists."""
    name = str(tmp_path / "people.db")
    connection = sqlite3.connect(name)
    connection.execute("CREATE TABLE people (id INTEGER, name TEXT)")
    connection.close()
    return name


@dataclasses.dataclass
class Store:
    """Something that holds a connection."""

    connection: Any


def declared(_value: Any) -> int:
    return 1


@pytest.fixture(autouse=True)
def _declarations() -> None:
    reads(declared)


def fetched(path: str) -> Any:
    with sqlite3.connect(path) as connection:
        return connection.execute("SELECT name FROM people").fetchall()


def by_a_cursor(path: str) -> Any:
    connection = sqlite3.connect(path)
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT name FROM people WHERE id > ?", (1,))
        row = cursor.fetchone()
        return row[0].upper() if row else None
    finally:
        connection.close()


def iterated(path: str) -> Any:
    with closing(sqlite3.connect(path)) as connection:
        return {name: key for key, name in connection.execute("SELECT id, name FROM people")}


def by_names(path: str) -> Any:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM people")]


def _query(connection: Any, table: str) -> Any:
    return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def through_another(path: str) -> Any:
    with sqlite3.connect(path) as connection:
        return _query(connection, "people")


@contextlib.contextmanager
def dropped_connections() -> Iterator[None]:
    """Since 3.13 a connection warns that goes without being closed, as many programs let it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@pytest.mark.parametrize("function", [fetched, by_a_cursor, iterated, by_names, through_another])
def test_a_connection_that_does_not_leave_is_opened_anywhere(function: Any, path: str) -> None:
    """The usual forms; each gives the same when it is run."""
    found = effect_of(function, (path,), {})
    assert (found.kind, found.resource, found.caller_thread) == (READS, "database", False)
    assert found.builtin_result == (function is not by_names)
    with contextlib.suppress(IndexError), dropped_connections():
        assert function(path) is not object


def returned(path: str) -> Any:
    return sqlite3.connect(path)


def returned_inside(path: str) -> Any:
    return {"rows": [sqlite3.connect(path).execute("SELECT 1")]}


def returned_as_a_method(path: str) -> Any:
    return sqlite3.connect(path).execute


def returned_in_a_function(path: str) -> Any:
    connection = sqlite3.connect(path)
    return lambda: connection


def returned_in_a_record(path: str) -> Any:
    return Store(sqlite3.connect(path))


def returned_sometimes(path: str) -> Any:
    connection = sqlite3.connect(path)
    return connection if path else None


def handed_on(path: str) -> Any:
    return declared(sqlite3.connect(path))


def handed_on_inside(path: str) -> Any:
    return declared([sqlite3.connect(path)])


@pytest.mark.parametrize(
    "function",
    [
        returned,
        returned_inside,
        returned_as_a_method,
        returned_in_a_function,
        returned_in_a_record,
        returned_sometimes,
        handed_on,
        handed_on_inside,
    ],
)
def test_one_that_may_leave_stays_in_the_thread_of_the_caller(function: Any, path: str) -> None:
    """Whoever has it would use it in another thread than the one that opened it."""
    found = effect_of(function, (path,), {})
    assert found.kind is READS
    assert found.caller_thread
    assert not found.may_start_early


def changed(path: str, statement: str) -> Any:
    with sqlite3.connect(path) as connection:
        return connection.execute(statement).fetchall()


def committed(path: str) -> None:
    connection = sqlite3.connect(path)
    connection.commit()
    connection.close()


def test_the_statement_of_each_call_decides(path: str) -> None:
    """Known only when the call is there; a commit of nothing is not seen by anyone."""
    assert effect_of(changed, (path, "SELECT 1"), {}).kind is READS
    assert effect_of(changed, (path, "DELETE FROM people"), {}).kind is WRITES
    assert effect_of(changed, (path, "SELECT 1"), {}).kind is READS
    assert effect_of(committed, (path,), {}).kind is READS
    assert effect_of(fetched, (path + "x",), {}).kind is WRITES


def with_a_factory(path: str, factory: Any) -> Any:
    connection = sqlite3.connect(path)
    connection.row_factory = factory
    return connection.execute("SELECT 1").fetchall()


def with_a_text_factory(path: str) -> Any:
    connection = sqlite3.connect(path)
    connection.text_factory = bytes
    return connection.execute("SELECT 1").fetchall()


def with_a_list(path: str) -> Any:
    connection = sqlite3.connect(path)
    connection.row_factory = [path]
    return connection.execute("SELECT 1").fetchall()


def set_on_a_shared_one(connection: Any) -> Any:
    connection.row_factory = sqlite3.Row
    return connection.execute("SELECT 1").fetchall()


def beside_a_declared_call(path: str) -> Any:
    with sqlite3.connect(path) as connection:
        count = connection.execute("SELECT count(*) FROM people").fetchone()[0]
    return declared(count)


def closing_others(thing: Any) -> Any:
    with closing(thing) as opened:
        return opened


def test_factories_and_closers_of_one_s_own_are_not_proved(path: str) -> None:
    """``sqlite3.Row`` is the library's; what others opened is not closed early."""

    def factory(_cursor: Any, row: Any) -> Any:
        return row

    assert effect_of(with_a_factory, (path, sqlite3.Row), {}).kind is READS
    assert effect_of(with_a_factory, (path, factory), {}).kind is UNKNOWN
    connection = sqlite3.connect(path)
    for function, argument in (
        (with_a_text_factory, path),
        (with_a_list, path),
        (set_on_a_shared_one, connection),
    ):
        found = effect_of(function, (argument,), {})
        assert found.kind is UNKNOWN
        assert "stores in" in found.reason
    assert "closes what is not known" in effect_of(closing_others, (connection,), {}).reason
    connection.close()
    assert effect_of(iterated, (path,), {}).kind is READS
    with mock.patch.object(closing, "__exit__", lambda *_: None):
        assert effect_of(iterated, (path,), {}).kind is UNKNOWN
    assert effect_of(iterated, (path,), {}).kind is READS


def test_what_a_declared_call_is_given_matters_not_that_there_is_one(path: str) -> None:
    """A number from the database is no connection."""
    assert not effect_of(beside_a_declared_call, (path,), {}).caller_thread


def test_a_patched_connect_is_somebody_else_s(path: str) -> None:
    """``mock.patch`` puts another object in its place."""
    assert effect_of(fetched, (path,), {}).kind is READS
    with mock.patch("sqlite3.connect"):
        assert effect_of(fetched, (path,), {}).kind is UNKNOWN


def shared(connection: Any, key: int) -> Any:
    return connection.execute("SELECT name FROM people WHERE id = ?", (key,)).fetchall()


def test_a_function_on_a_shared_connection_reads_in_the_caller_s_thread(path: str) -> None:
    """Its rows may be of another kind, so nothing is promised of them."""
    connection = sqlite3.connect(path)
    found = effect_of(shared, (connection, 1), {})
    assert (found.kind, found.caller_thread, found.builtin_result) == (READS, True, False)
    connection.close()
