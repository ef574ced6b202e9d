"""Undeclared use of real databases: equal answers; own connections overlap, writes keep order."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import harness
import programs.databases
import psycopg
import psycopg_pool
import pytest
import redis
import sqlalchemy
from psycopg.rows import class_row
from sqlalchemy.orm import Session
from world.freezing import freeze
from world.model import Meeting
from world.registry import fresh_copy
from world.servers import NotInstalled, PostgreSQL, Redis, Relay, address

# The programs leave connections to the collector, as users do; since 3.13 that warns.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PEOPLE = [(0, "ada"), (1, "grace"), (2, "emmy")]
_connecting: Meeting | None = None
_threads: set[int] = set()


def _hook(event: str, _args: Any) -> None:
    """SQLite answers at once: its connections meet while they are being opened."""
    if event == "sqlite3.connect":
        _threads.add(threading.get_ident())
        if _connecting is not None:
            _connecting.attend("")


sys.addaudithook(_hook)


@contextlib.contextmanager
def _meet(meeting: Meeting | None) -> Iterator[None]:
    global _connecting
    _connecting = meeting
    _threads.clear()
    yield
    _connecting = None


def _result(function: Any, arguments: tuple[Any, ...]) -> Any:
    try:
        return ("value", freeze(function(*arguments)))
    except Exception as error:
        return ("raised", type(error).__name__, str(error))


def _check(
    name: str,
    arguments: tuple[Any, ...],
    attending: Callable[[Meeting | None], contextlib.AbstractContextManager[None]],
    overlaps: int = 0,
    calls: int = 4,
) -> None:
    """Compare adaptive calls with plain ones; in the last, *overlaps* requests must meet."""
    plain: Any = getattr(programs.databases, name)
    decorated = harness.forced()(fresh_copy(plain))
    for number in range(calls):
        expected = _result(fresh_copy(plain), arguments)
        meeting = Meeting(overlaps) if overlaps and number == calls - 1 else None
        with attending(meeting):
            assert _result(decorated, arguments) == expected
        assert meeting is None or meeting.met, f"{name}: {overlaps} were never in flight at once"


# SQLite -----------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A file with three people."""
    name = str(tmp_path / "people.db")
    connection = sqlite3.connect(name)
    connection.execute("CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)")
    connection.executemany("INSERT INTO people VALUES (?, ?)", PEOPLE)
    connection.commit()
    connection.close()
    return name


@pytest.mark.parametrize(
    ("name", "overlaps"),
    [
        ("own_connections", 3),
        ("own_rows", 3),
        ("own_write_between", 0),
        ("counted", 2),
        ("two_statements", 0),
        ("shared_connection", 0),
        ("shared_beside_own", 2),
        ("opened_elsewhere", 0),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_sqlite(name: str, overlaps: int, path: str) -> None:
    """Connections that a function keeps to itself overlap; others stay in their thread."""
    _check(name, (path,), _meet, overlaps)


@pytest.mark.parametrize("name", ["own_write_between", "shared_connection", "opened_elsewhere"])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_must_not_start_early_opens_every_connection_in_the_caller_s_thread(
    name: str, path: str
) -> None:
    """The hazards beside `own_connections`, whose connections are opened in several threads."""
    decorated = harness.forced()(fresh_copy(getattr(programs.databases, name)))
    for _ in range(3):
        with _meet(None):
            decorated(path)
        assert _threads == {threading.get_ident()} or name == "own_write_between"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_database_that_is_not_there_is_not_made_early(tmp_path: Path) -> None:
    """Opening one makes its file, which is a write; the error names the missing table."""
    name = str(tmp_path / "absent.db")
    plain: Any = programs.databases.own_connections
    decorated = harness.forced()(fresh_copy(plain))
    expected = _result(plain, (name,))
    Path(name).unlink()
    assert _result(decorated, (name,)) == expected
    assert Path(name).exists()


# PostgreSQL -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Relay]:
    """A server with three people, behind a relay."""
    try:
        server = PostgreSQL()
    except NotInstalled as reason:
        pytest.skip(str(reason))
    with psycopg.connect(server.address, autocommit=True) as connection:
        connection.execute("CREATE TABLE people (id int PRIMARY KEY, name text)")
        connection.execute("CREATE SEQUENCE numbers")
        for key, name in PEOPLE:
            connection.execute("INSERT INTO people VALUES (%s, %s)", (key, name))
    relay = Relay(server.port)
    yield relay
    relay.close()
    server.close()


def _relayed(
    relay: Relay, mark: bytes
) -> Callable[[Meeting | None], contextlib.AbstractContextManager[None]]:
    @contextlib.contextmanager
    def attending(meeting: Meeting | None) -> Iterator[None]:
        relay.reset(meeting, mark)
        yield
        relay.reset()

    return attending


@pytest.mark.parametrize(
    ("name", "overlaps"), [("pg_own", 3), ("pg_write_between", 0), ("pg_draws", 0)]
)
def test_postgresql(name: str, overlaps: int, postgresql: Relay) -> None:
    """Own connections overlap; a write or a draw from a sequence keeps its place."""
    _check(name, (address(postgresql.port),), _relayed(postgresql, b"SELECT"), overlaps)


def test_a_pool_is_never_asked_for_more_than_it_has(postgresql: Relay) -> None:
    """Two connections, six lookups: two at once, and nobody waits, which this pool would refuse."""
    with psycopg_pool.ConnectionPool(
        address(postgresql.port),
        kwargs={"prepare_threshold": None},  # a prepared statement is sent without its text
        min_size=2,
        max_size=2,
        max_waiting=1,
        open=True,
    ) as pool:
        pool.wait()
        _check("pg_pool", (pool,), _relayed(postgresql, b"SELECT"), overlaps=2)
        assert pool.get_stats().get("requests_errors", 0) == 0


@pytest.mark.parametrize(("autocommit", "overlaps"), [(True, 2), (False, 0)])
def test_shared_connections(autocommit: bool, overlaps: int, postgresql: Relay) -> None:
    """In autocommit two connections overlap; in a transaction each keeps to the caller."""
    options: Any = {"autocommit": autocommit, "prepare_threshold": None}
    with (
        psycopg.connect(address(postgresql.port), **options) as one,
        psycopg.connect(address(postgresql.port), **options) as other,
    ):
        _check("pg_shared", (one, other), _relayed(postgresql, b"SELECT"), overlaps)


@pytest.mark.parametrize("autocommit", [True, False])
def test_a_query_that_fails_fails_alone(autocommit: bool, postgresql: Relay) -> None:
    """Had the later division started early, the transaction would be lost to the earlier ones."""
    plain: Any = programs.databases.pg_failing
    decorated = harness.forced()(fresh_copy(plain))
    with psycopg.connect(address(postgresql.port), autocommit=autocommit) as connection:
        for divisors in ([1, 2, 3], [1, 2, 3], [1, 0, 3], [0, 1], [3, 2, 0]):
            expected = _result(plain, (connection, divisors))
            connection.rollback()
            assert _result(decorated, (connection, divisors)) == expected
            connection.rollback()


def test_rows_made_by_a_class_of_one_s_own_keep_their_order(postgresql: Relay) -> None:
    """The row factory is code of the user's; the twin without it overlaps above."""
    made: list[str] = []

    class Person:
        def __init__(self, name: str) -> None:
            made.append(name)
            self.name = name

        def __repr__(self) -> str:
            return self.name

    decorated = harness.forced()(fresh_copy(programs.databases.pg_shared))
    with psycopg.connect(
        address(postgresql.port), autocommit=True, row_factory=class_row(Person)
    ) as connection:
        for _ in range(3):
            decorated(connection, connection)
    assert made == ["ada", "grace"] * 3


# Redis ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def redis_server() -> Iterator[Relay]:
    """A server with a few keys, behind a relay."""
    try:
        server = Redis()
    except NotInstalled as reason:
        pytest.skip(str(reason))
    with redis.Redis(port=server.port) as client:
        client.mset({"a": "1", "b": "2"})
        client.hset("c", mapping={"x": "3"})
    relay = Relay(server.port)
    yield relay
    relay.close()
    server.close()


@pytest.mark.parametrize(
    ("name", "overlaps"), [("redis_reads", 3), ("redis_write_between", 0), ("redis_counts", 0)]
)
def test_redis(name: str, overlaps: int, redis_server: Relay) -> None:
    """Commands that read overlap; what is written is read."""
    with redis.Redis(port=redis_server.port) as client:
        _check(name, (client,), _relayed(redis_server, b"GET"), overlaps)


def test_a_small_pool_that_refuses_is_never_asked_for_more(redis_server: Relay) -> None:
    """Its limit would become an error that the program has never seen."""
    with redis.Redis(port=redis_server.port, max_connections=1) as client:
        _check("redis_reads", (client,), _relayed(redis_server, b"GET"))
    pool = redis.BlockingConnectionPool(port=redis_server.port, max_connections=2, timeout=5)
    with redis.Redis(connection_pool=pool) as client:
        _check("redis_reads", (client,), _relayed(redis_server, b"GET"), overlaps=2)
    pool.disconnect()


# SQLAlchemy -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "overlaps"), [("engine_reads", 3), ("engine_write_between", 0)])
def test_engines(name: str, overlaps: int, postgresql: Relay) -> None:
    """Connections of an engine's pool overlap; writes keep their place."""
    place = f"postgresql+psycopg://tester@127.0.0.1:{postgresql.port}/postgres"
    engine = sqlalchemy.create_engine(place)
    _check(name, (engine,), _relayed(postgresql, b"SELECT name"), overlaps)
    engine.dispose()


def test_an_engine_on_memory_keeps_to_the_thread_whose_memory_it_is() -> None:
    """Another thread would find an empty database; the twin is a file, whose reads overlap."""
    engine = sqlalchemy.create_engine("sqlite://")
    _fill(engine)
    _check("engine_reads", (engine,), _meet)
    _check("engine_write_between", (engine,), _meet)
    engine.dispose()


def test_an_engine_on_a_file_overlaps(path: str) -> None:
    """Its connections may be used by any thread, one at a time."""
    engine = sqlalchemy.create_engine(f"sqlite:///{path}", poolclass=sqlalchemy.pool.NullPool)
    _check("engine_reads", (engine,), _meet, overlaps=3)
    engine.dispose()


def test_a_session_stays_while_others_run_ahead(path: str) -> None:
    """It is for one thread; the lookups before and behind it meet."""
    engine = sqlalchemy.create_engine(f"sqlite:///{path}", poolclass=sqlalchemy.pool.NullPool)
    with Session(engine) as session:
        session.execute(sqlalchemy.text("SELECT 1"))
        _check("session_reads", (session, engine), _meet, overlaps=2)
    engine.dispose()


def _fill(engine: Any) -> None:
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE people (id INTEGER, name TEXT)"))
        for key, name in PEOPLE:
            connection.execute(
                sqlalchemy.text("INSERT INTO people VALUES (:key, :name)"),
                {"key": key, "name": name},
            )
