"""Database calls: what statements, parameters and receivers make of their effects."""

from __future__ import annotations

import datetime as dt
import sqlite3
import sys
import types
from pathlib import Path
from typing import Any
from unittest import mock

import database_receivers as made
import psycopg
import psycopg_pool
import pytest
import redis
import redis.asyncio
from psycopg.rows import class_row, dict_row
from redis.backoff import NoBackoff
from redis.retry import Retry

from adaptive_jit.effects.catalogue import lookup
from adaptive_jit.effects.catalogue_models import awaited
from adaptive_jit.effects.receivers_databases import Lanes, lane_of
from adaptive_jit.effects.resolve import effect_of
from adaptive_jit.records.effects import Effect, EffectKind

PURE, READS, UNORDERED, WRITES, UNKNOWN = EffectKind
QUERY = "SELECT name FROM people WHERE id = "


class Text(str):
    """A str that may do anything when it is looked at."""

    __slots__ = ()


def effect(callee: Any, *args: Any, **kwargs: Any) -> Effect:
    return effect_of(callee, args, kwargs)


def kind(callee: Any, *args: Any, **kwargs: Any) -> EffectKind:
    return effect(callee, *args, **kwargs).kind


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A database that exists."""
    name = str(tmp_path / "people.db")
    connection = sqlite3.connect(name)
    connection.execute("CREATE TABLE people (id INTEGER, name TEXT)")
    connection.close()
    return name


@pytest.fixture
def connection(path: str) -> Any:
    """A shared connection."""
    opened = sqlite3.connect(path)
    yield opened
    opened.close()


# Connecting to SQLite ---------------------------------------------------------------------------


def test_opening_a_database_that_exists_reads_and_one_that_does_not_makes_a_file(path: str) -> None:
    """It stays with the caller, whose thread the connection will belong to."""
    found = effect(sqlite3.connect, path, timeout=3.0)
    assert (found.kind, found.resource, found.caller_thread) == (READS, "database", True)
    assert kind(sqlite3.connect, Path(path)) is READS
    assert kind(sqlite3.connect, path.encode()) is READS
    assert kind(sqlite3.connect, ":memory:") is READS
    assert kind(sqlite3.connect, path + "x") is WRITES
    assert kind(sqlite3.connect, str(Path(path).parent)) is WRITES
    assert kind(sqlite3.connect, "file:nowhere?mode=ro", uri=True) is READS
    assert kind(sqlite3.connect, "file:nowhere?immutable=1", uri=True) is READS
    assert kind(sqlite3.connect, path, uri=True) is READS
    assert kind(sqlite3.connect, "file:nowhere?mode=rwc", uri=True) is WRITES
    assert kind(sqlite3.connect, "file:nowhere?mode=ro") is WRITES
    for odd in (3, 1.5, None, (path,)):
        assert kind(sqlite3.connect, odd) is WRITES
    assert kind(sqlite3.connect) is WRITES


def test_code_of_the_user_s_in_a_connection_makes_it_unknown(path: str) -> None:
    """Factories, converters and adapters run within later statements."""
    assert kind(sqlite3.connect, path, factory=sqlite3.Connection) is UNKNOWN
    assert kind(sqlite3.connect, path, 5.0, 0, "", True, sqlite3.Connection) is UNKNOWN
    assert kind(sqlite3.connect, path, detect_types=sqlite3.PARSE_DECLTYPES) is UNKNOWN
    assert kind(sqlite3.connect, path, detect_types=0) is READS
    assert kind(sqlite3.connect, Text(path)) is UNKNOWN
    with mock.patch.dict(sqlite3.adapters, {(str, sqlite3.PrepareProtocol): str.upper}):
        assert kind(sqlite3.connect, path) is UNKNOWN
    with mock.patch.dict(sqlite3.adapters, {(Path, sqlite3.PrepareProtocol): str}):
        assert kind(sqlite3.connect, path) is READS
    with mock.patch.object(sqlite3, "threadsafety", 0):
        assert kind(sqlite3.connect, path) is UNKNOWN


# Statements -------------------------------------------------------------------------------------


def test_a_statement_on_a_shared_connection_stays_with_its_caller(connection: Any) -> None:
    """A query reads, anything else writes, on the connection and on its cursors."""
    for receiver in (connection, connection.cursor()):
        found = effect(receiver.execute, QUERY + "?", (1,))
        assert (found.kind, found.resource, found.caller_thread) == (READS, "database", True)
        assert found.leaves_arguments
        assert kind(receiver.execute, "DELETE FROM people") is WRITES
        assert effect(receiver.execute, "DELETE FROM people").caller_thread
        assert kind(receiver.executemany, "DELETE FROM people WHERE id = ?", [(1,)]) is WRITES
        assert kind(receiver.executemany, "DELETE FROM people", [object()]) is UNKNOWN
        assert kind(receiver.executescript, "SELECT 1") is WRITES


def test_parameters_are_of_builtin_types_and_name_no_moment(connection: Any) -> None:
    """Adapters turn other types into values; ``'now'`` asks the clock wherever it comes from."""
    assert kind(connection.execute, QUERY + ":key", {"key": 1}) is READS
    assert kind(connection.execute, QUERY + "?", [1]) is READS
    assert kind(connection.execute, QUERY + "?", (Text("a"),)) is UNKNOWN
    assert kind(connection.execute, QUERY + "?", (dt.date(2026, 1, 1),)) is UNKNOWN
    assert kind(connection.execute, "SELECT date(?)", ("2026-01-01",)) is READS
    assert kind(connection.execute, "SELECT date(?)", ("now",)) is WRITES
    assert kind(connection.execute, "SELECT date(:day)", {"day": " NOW "}) is WRITES
    assert kind(connection.execute, "SELECT ?", ("now" + "!" * 50,)) is READS
    endless: list[Any] = []
    endless.append(endless)
    assert kind(connection.execute, QUERY + "?", endless) is READS
    assert kind(connection.execute, Text("SELECT 1")) is UNKNOWN
    assert kind(connection.execute) is UNKNOWN


def test_no_reason_holds_a_statement(connection: Any) -> None:
    """Reasons are reported and kept; statements are private."""

    def secret(one: Any) -> Any:
        return one.execute("SELECT hush(salary) FROM people").fetchall()[0].name

    def nested(one: Any) -> Any:
        return len(one.execute("SELECT salary FROM people WHERE name = 'Eve'"))

    for found in (
        effect(connection.execute, "SELECT hush(salary) FROM people"),
        effect(secret, connection),
        effect(nested, connection),
    ):
        assert "salary" not in found.reason
        assert "hush" not in found.reason
    assert 'len(one.execute("…"))' in effect(nested, connection).reason


def test_row_and_text_factories_of_one_s_own_are_unknown(connection: Any) -> None:
    """``sqlite3.Row`` is the library's."""
    cursor = connection.cursor()
    assert kind(cursor.fetchall) is READS
    connection.row_factory = sqlite3.Row
    assert kind(connection.execute, "SELECT 1") is READS
    connection.row_factory = lambda _cursor, row: row
    assert kind(connection.execute, "SELECT 1") is UNKNOWN
    connection.row_factory = None
    connection.text_factory = lambda text: text
    assert kind(connection.execute, "SELECT 1") is UNKNOWN
    assert kind(cursor.fetchall) is UNKNOWN
    connection.text_factory = bytes
    assert kind(cursor.fetchall) is READS
    cursor.row_factory = sqlite3.Row
    assert kind(cursor.fetchall) is READS
    cursor.row_factory = lambda _cursor, row: row
    assert kind(cursor.fetchall) is UNKNOWN
    assert kind(connection.execute, "SELECT 1") is READS
    assert kind(connection.create_function, "f", 0, print) is UNKNOWN
    assert kind(connection.cursor) is READS
    assert kind(connection.cursor, sqlite3.Cursor) is UNKNOWN
    assert kind(connection.cursor, factory=sqlite3.Cursor) is UNKNOWN


# Lanes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
def test_lanes_are_taken_evenly_whatever_the_stride(stride: int) -> None:
    """An effect that is looked at twice per operation still uses all lanes alike."""
    lanes = Lanes(4)
    taken = [lanes.next() for _ in range(400 * stride)][::stride]
    counts = [taken.count(lane) for lane in set(taken)]
    assert len(counts) == 4
    assert max(counts) - min(counts) <= 8


def test_a_receiver_keeps_its_lane() -> None:
    """One receiver, one lane, unless it has more."""

    class Receiver:
        """Something with a lane."""

    one, other = Receiver(), Receiver()
    assert lane_of(one) is lane_of(one)
    assert lane_of(one) is not lane_of(other)
    assert len({id(lane_of(one, 3)) for _ in range(30)}) == 3


# psycopg ----------------------------------------------------------------------------------------


@pytest.fixture
def idle() -> Any:
    """A connection in autocommit that says it is idle."""
    opened = made.database_receiver(psycopg.Connection)
    opened._autocommit = True
    closed, opened.pgconn = opened.pgconn, types.SimpleNamespace(transaction_status=0, status=1)
    yield opened
    opened.pgconn = closed


def test_connecting_reads_and_stays_with_the_caller() -> None:
    """Nobody else's connection; a class or function of the user's makes it unknown."""
    found = effect(psycopg.connect, "host=x", autocommit=True)
    assert (found.kind, found.caller_thread) == (READS, True)
    assert kind(psycopg.connect, "host=x", row_factory=dict_row) is READS
    assert kind(psycopg.connect, "host=x", row_factory=class_row(dict)) is UNKNOWN
    assert kind(psycopg.connect, "host=x", cursor_factory=psycopg.ClientCursor) is UNKNOWN
    assert kind(psycopg.connect, Text("host=x")) is UNKNOWN
    assert kind(type("Mine", (psycopg.Connection,), {}).connect, "host=x") is UNKNOWN


def test_an_idle_connection_in_autocommit_has_one_lane(idle: Any) -> None:
    """Within a transaction, a block or a pipeline its operations keep to the caller."""
    first, second = (effect(idle.execute, QUERY + "%s", (1,)) for _ in range(2))
    assert (first.kind, first.caller_thread) == (READS, False)
    assert first.lane is not None
    assert first.lane is second.lane
    assert effect(idle.execute, "DELETE FROM people").lane is None
    assert kind(idle.execute, query="SELECT 1") is READS
    assert kind(idle.execute, query="DELETE FROM people") is WRITES
    assert kind(idle.execute, query="SELECT %s", params=[object()]) is UNKNOWN
    for name, value in (("_autocommit", False), ("_num_transactions", 1), ("_pipeline", True)):
        with mock.patch.object(idle, name, value):
            assert effect(idle.execute, "SELECT 1").caller_thread, name
    idle.pgconn.transaction_status = 2
    assert effect(idle.execute, "SELECT 1").caller_thread


def test_a_connection_with_code_of_the_user_s_is_unknown(idle: Any) -> None:
    """Notices, row factories, cursor classes, adapters, and functions that read JSON."""
    assert kind(idle.execute, "SELECT 1") is READS
    for name, value in (
        ("_notice_handlers", [print]),
        ("_notify_handlers", [print]),
        ("row_factory", class_row(dict)),
        ("cursor_factory", type("Mine", (psycopg.Cursor,), {})),
    ):
        with mock.patch.object(idle, name, value):
            assert kind(idle.execute, "SELECT 1") is UNKNOWN, name

    class Loader(psycopg.types.string.TextLoader):
        """A loader of the user's."""

    idle.adapters.register_loader("text", Loader)
    assert kind(idle.execute, "SELECT 1") is UNKNOWN
    idle._adapters = None
    psycopg.types.json.set_json_loads(lambda data: data, idle)
    assert kind(idle.execute, "SELECT 1") is UNKNOWN
    idle._adapters = None
    with mock.patch("psycopg.types.json._JsonLoader._loads", lambda data: data):
        assert kind(idle.execute, "SELECT 1") is UNKNOWN
        assert kind(psycopg.connect, "host=x") is UNKNOWN
    with mock.patch("psycopg.types.json._JsonDumper._dumps", str):
        assert kind(psycopg.connect, "host=x") is UNKNOWN
    assert kind(idle.execute, "SELECT 1") is READS


def test_cursors_keep_to_the_caller(idle: Any) -> None:
    """A cursor holds the rows of its last statement; one with a name lives on the server."""
    cursor = psycopg.Cursor(idle)
    for method, args in ((cursor.execute, ("SELECT 1",)), (cursor.fetchall, ())):
        found = effect(method, *args)
        assert (found.kind, found.caller_thread) == (READS, True)
    assert kind(idle.cursor, row_factory=dict_row) is READS
    assert kind(idle.cursor, row_factory=class_row(dict)) is UNKNOWN
    assert kind(idle.cursor, "name") is UNKNOWN
    assert kind(idle.cursor, name="name") is UNKNOWN
    cursor._row_factory = class_row(dict)
    assert kind(cursor.fetchall) is UNKNOWN


def _pooled(pool: Any) -> Any:
    with pool.connection() as connection:
        return connection.execute("SELECT 1").fetchall()


def _pool(**options: Any) -> Any:
    return psycopg_pool.ConnectionPool(options.pop("conninfo", ""), open=False, **options)


def test_a_pool_has_as_many_lanes_as_connections() -> None:
    """Two connections, two lanes; one with callbacks is unknown."""
    pool = _pool(min_size=2, max_size=2)
    found = [effect(_pooled, pool) for _ in range(20)]
    assert {one.kind for one in found} == {READS}
    assert len({id(one.lane) for one in found}) == 2
    assert not any(one.caller_thread for one in found)
    assert kind(pool.connection, timeout=3.0) is READS
    assert kind(pool.connection, timeout=object()) is UNKNOWN
    assert kind(_pooled, _pool(kwargs={"row_factory": dict_row})) is READS
    assert kind(_pooled, _pool(check=psycopg_pool.ConnectionPool.check_connection)) is READS
    for options in (
        {"configure": print},
        {"check": print},
        {"reset": print},
        {"reconnect_failed": print},
        {"kwargs": {"row_factory": class_row(dict)}},
        {"kwargs": dict},
        {"conninfo": str},
        {"connection_class": type("Mine", (psycopg.Connection,), {})},
    ):
        assert kind(_pooled, _pool(**options)) is UNKNOWN, options


# Redis ------------------------------------------------------------------------------------------


def test_commands_read_or_write() -> None:
    """Of a stock client, with arguments of builtin types."""
    client = redis.Redis()
    found = effect(client.get, "a")
    assert (found.kind, found.resource, found.caller_thread, found.lane) == (
        READS, "database", False, None,
    )  # fmt: skip
    assert found.builtin_result
    assert kind(client.set, "a", 1, ex=3) is WRITES
    assert kind(client.incr, "a") is WRITES
    assert kind(client.get, Text("a")) is UNKNOWN
    assert kind(client.pipeline) is UNKNOWN
    assert kind(client.scan_iter) is UNKNOWN
    assert kind(client.pipeline().get, "a") is UNKNOWN
    assert kind(client.zrange, "a", 0, 1) is READS


def test_the_commands_of_the_asynchronous_client_act_when_they_are_awaited() -> None:
    """The call only makes a coroutine; a function that takes one for a value is not proved."""

    def doubled(client: Any) -> Any:
        return client.get("a") * 2

    assert kind(doubled, redis.Redis()) is READS
    client = redis.asyncio.Redis()
    for method, args, expected in (
        (client.get, ("a",), READS),
        (client.set, ("a", 1), WRITES),
        (client.get, (Text("a"),), UNKNOWN),
    ):
        assert kind(method, *args) is UNKNOWN
        assert awaited(lookup(method), method, args, {}).kind is expected
    assert kind(doubled, client) is UNKNOWN


def test_what_awaiting_a_call_of_psycopg_does() -> None:
    """The call itself only makes a coroutine."""
    connection = made.database_receiver(psycopg.AsyncConnection)
    for statement, expected in (("SELECT 1", READS), ("DELETE FROM people", WRITES)):
        assert kind(connection.execute, statement) is UNKNOWN
        found = awaited(lookup(connection.execute), connection.execute, (statement,), {})
        assert (found.kind, found.caller_thread) == (expected, True)


def test_a_redis_client_that_is_not_as_shipped_is_unknown() -> None:
    """Readers of answers, replaced methods, pools, connections and providers of one's own."""

    class Pool(redis.ConnectionPool):
        """A pool of the user's."""

    class Connection(redis.Connection):
        """A connection of the user's."""

    class Provider(redis.CredentialProvider):
        """A provider of the user's."""

    clients = [redis.Redis() for _ in range(3)]
    clients[0].set_response_callback("GET", lambda answer, **_: answer)
    clients[1].execute_command = mock.Mock()
    clients[2].parse_response = mock.Mock()
    clients.append(redis.Redis(connection_pool=Pool()))
    clients.append(redis.Redis(connection_pool=redis.ConnectionPool(connection_class=Connection)))
    clients.append(redis.Redis(credential_provider=Provider()))
    clients.append(redis.Redis(redis_connect_func=print))
    clients.append(redis.Redis(retry=type("Mine", (Retry,), {})(NoBackoff(), 1)))
    clients.append(redis.Redis())
    clients[-1].connection_pool.cache = object()
    clients.append(redis.Redis())
    clients[-1].set_response_callback("GET", print)
    clients.append(type("Mine", (redis.Redis,), {"execute_command": lambda *_, **__: input()})())
    for number, client in enumerate(clients):
        assert kind(client.get, "a") is UNKNOWN, number
    with mock.patch.object(redis.Redis, "execute_command"):
        assert kind(redis.Redis().get, "a") is UNKNOWN
    provider = redis.UsernamePasswordCredentialProvider("ada", "secret")
    assert kind(redis.Redis(credential_provider=provider).get, "a") is READS


def test_a_pool_that_refuses_is_used_by_the_caller_alone_and_one_that_waits_in_lanes() -> None:
    """The default has plenty for all threads that run ahead."""
    assert effect(redis.Redis(max_connections=3).get, "a").caller_thread
    pool = redis.BlockingConnectionPool(max_connections=3)
    found = [effect(redis.Redis(connection_pool=pool).get, "a") for _ in range(30)]
    assert len({id(one.lane) for one in found}) == 3
    with mock.patch.dict(sys.modules):
        del sys.modules["redis.asyncio"]
        assert kind(redis.Redis().get, "a") is READS
    older = redis.Redis()
    older.connection = object()
    assert effect(older.get, "a").lane is effect(older.get, "b").lane is not None
    older.connection = None
    single = redis.Redis()
    single._single_connection_client = True
    assert effect(single.get, "a").lane is effect(single.get, "b").lane is not None
