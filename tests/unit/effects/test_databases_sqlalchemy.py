"""SQLAlchemy: engines, connections, sessions and statements, each hazard beside its twin."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import database_receivers as made
import pytest
import sqlalchemy as sa
import sqlalchemy.ext.asyncio as asynchronous
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column, sessionmaker
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from adaptive_jit.effects.catalogue import lookup
from adaptive_jit.effects.catalogue_models import awaited
from adaptive_jit.effects.resolve import effect_of
from adaptive_jit.effects.sql_statements import statement_objection, unfit
from adaptive_jit.records.effects import Effect, EffectKind

PURE, READS, UNORDERED, WRITES, UNKNOWN = EffectKind
QUERY = text("SELECT name FROM people WHERE id = :key")


class Base(DeclarativeBase):
    """The base of mapped classes."""


class Person(Base):
    """A mapped class without code of its own."""

    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Mood(sa.TypeDecorator[str]):
    """A type whose values go through code of the user's."""

    impl = sa.String
    cache_ok = True


class Money(sa.types.UserDefinedType[int]):
    """A type of the user's from the ground up."""

    cache_ok = True


class Guest(Base):
    """A mapped class with such a column."""

    __tablename__ = "guests"
    id: Mapped[int] = mapped_column(primary_key=True)
    mood: Mapped[str] = mapped_column(Mood)


class Watched(Base):
    """A mapped class that is told when it is loaded."""

    __tablename__ = "watched"
    id: Mapped[int] = mapped_column(primary_key=True)


class Listener:
    """An object that listens."""

    def __call__(self, *_parts: Any) -> None:
        """Do nothing, for all that is known."""


event.listen(Watched, "load", lambda *_: None)
GUESTS, PEOPLE = Guest.__table__, Person.__table__
OTHERS = sa.table("others", sa.column("id", sa.Integer))


def effect(callee: Any, *args: Any, **kwargs: Any) -> Effect:
    return effect_of(callee, args, kwargs)


def kind(callee: Any, *args: Any, **kwargs: Any) -> EffectKind:
    return effect(callee, *args, **kwargs).kind


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    """An engine on a file with a pool of two."""
    made = sa.create_engine(
        f"sqlite:///{tmp_path}/people.db", poolclass=QueuePool, pool_size=2, max_overflow=0
    )
    Base.metadata.create_all(made)
    yield made
    made.dispose()


# Own connections --------------------------------------------------------------------------------


def _all(engine: Any, key: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(QUERY, {"key": key}).all()


def _names(engine: Any) -> Any:
    with engine.begin() as connection:
        found = connection.execute(text("SELECT id, name FROM people"))
        return [f"{row.name}: {row[0]}" for row in found]


def _first(engine: Any) -> Any:
    with engine.connect() as connection:
        row = connection.execute(text("SELECT name FROM people")).first()
        return row.name if row is not None else None


def _scalars(engine: Any) -> Any:
    with engine.connect() as connection:
        return connection.execute(text("SELECT name FROM people")).scalars().all()


def _mappings(engine: Any) -> Any:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(text("SELECT * FROM people")).mappings()]


def _statement(engine: Any, statement: Any) -> Any:
    with engine.connect() as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.parametrize("function", [_names, _first, _scalars, _mappings])
def test_a_function_that_keeps_its_connection_reads(function: Any, engine: Any) -> None:
    """In any thread, as many at once as the pool keeps connections."""
    found = [effect(function, engine) for _ in range(20)]
    assert {(one.kind, one.resource, one.caller_thread) for one in found} == {
        (READS, "database", False)
    }
    assert len({id(one.lane) for one in found}) == 2
    assert not any(one.builtin_result for one in found)


def test_statements_given_as_arguments_are_looked_at_at_each_start(engine: Any) -> None:
    """``text`` and ``select`` of the library's own types, read in both dialects."""
    assert kind(_all, engine, 1) is READS
    assert kind(_statement, engine, text("SELECT name FROM people")) is READS
    assert kind(_statement, engine, text("DELETE FROM people")) is WRITES
    assert kind(_statement, engine, select(PEOPLE.c.name)) is READS
    assert kind(_statement, engine, select(PEOPLE.c.name).with_for_update()) is WRITES
    assert kind(_statement, engine, text("SELECT [name] FROM people")) is READS
    assert kind(_statement, engine, text("SELECT `name` FROM people")) is WRITES
    assert kind(_statement, engine, text("SELECT 'now'")) is WRITES
    assert kind(_statement, engine, GUESTS.select()) is UNKNOWN


def _leaves(engine: Any) -> Any:
    return engine.connect()


def _result_leaves(engine: Any) -> Any:
    with engine.connect() as connection:
        return connection.execute(text("SELECT 1"))


@pytest.mark.parametrize("function", [_leaves, _result_leaves])
def test_a_connection_that_leaves_its_function_stays_with_the_caller(
    function: Any, engine: Any
) -> None:
    """So does a result that would still draw from it."""
    found = effect(function, engine)
    assert (found.kind, found.caller_thread) == (READS, True)


def test_an_engine_with_code_of_the_user_s_is_unknown(engine: Any, tmp_path: Path) -> None:
    """Listeners of the engine, of its pool, of its dialect, a creator, a pool of its own kind."""
    url = f"sqlite:///{tmp_path}/people.db"
    assert kind(_all, engine, 1) is READS
    event.listen(engine, "before_cursor_execute", lambda *_: None)
    assert kind(_all, engine, 1) is UNKNOWN
    for name in ("connect", "checkout", "checkin"):
        other = sa.create_engine(url, poolclass=NullPool)
        assert kind(_all, other, 1) is READS
        event.listen(other.pool, name, lambda *_: None)
        assert kind(_all, other, 1) is UNKNOWN, name
    for listener in (functools.partial(lambda *_: None), Listener()):
        other = sa.create_engine(url, poolclass=NullPool)
        event.listen(other.pool, "connect", listener)
        assert kind(_all, other, 1) is UNKNOWN
    other = sa.create_engine(url, poolclass=NullPool)
    with mock.patch.object(other.dialect, "driver", "other"):
        assert kind(_all, other, 1) is UNKNOWN
    dialect = type("Mine", (type(other.dialect),), {})(dbapi=other.dialect.dbapi)
    with mock.patch.object(other, "dialect", dialect):
        assert kind(_all, other, 1) is UNKNOWN
    once = sa.create_engine(url, poolclass=NullPool)
    event.listen(once, "connect", lambda *_: None, once=True)
    assert kind(_all, once, 1) is UNKNOWN
    spoken = sa.create_engine(url, poolclass=NullPool)
    event.listen(spoken, "do_execute", lambda *_: None)
    assert kind(_all, spoken, 1) is UNKNOWN
    made = sa.create_engine(url, poolclass=NullPool, creator=lambda: None)
    assert kind(_all, made, 1) is UNKNOWN
    own = sa.create_engine(url, poolclass=type("Pool", (NullPool,), {}))
    assert kind(_all, own, 1) is UNKNOWN


def test_an_engine_of_postgresql_makes_no_file_and_uses_the_adapters_of_psycopg() -> None:
    """A database's name is no path; a function of one's own that reads JSON is code."""
    engine = sa.create_engine("postgresql+psycopg://127.0.0.1:9/none", pool_size=3)
    found = [effect(_all, engine, 1) for _ in range(20)]
    assert {(one.kind, one.caller_thread) for one in found} == {(READS, False)}
    assert len({id(one.lane) for one in found}) == 3
    with mock.patch("psycopg.types.json._JsonLoader._loads", lambda data: data):
        assert kind(_all, engine, 1) is UNKNOWN
    for options in ({"json_deserializer": print}, {"json_serializer": print}):
        other = sa.create_engine("postgresql+psycopg://127.0.0.1:9/none", **options)
        assert kind(_all, other, 1) is UNKNOWN


def test_pools_that_keep_a_connection_for_each_thread_are_unknown(tmp_path: Path) -> None:
    """Another thread would find another database, or share a connection."""
    url = f"sqlite:///{tmp_path}/people.db"
    assert kind(_all, sa.create_engine("sqlite://"), 1) is UNKNOWN
    assert kind(_all, sa.create_engine(url, poolclass=StaticPool), 1) is UNKNOWN
    # Opening it makes the file.
    assert kind(_all, sa.create_engine(url, poolclass=NullPool), 1) is WRITES


# Shared connections and sessions ----------------------------------------------------------------


def test_a_shared_connection_stays_with_the_caller(engine: Any) -> None:
    """Queries read, everything else writes; listeners and options make it unknown."""
    with engine.connect() as connection:
        for statement, expected in (
            (text("SELECT 1"), READS),
            (text("DELETE FROM people"), WRITES),
            (select(PEOPLE), READS),
            (select(Watched), READS),
            (PEOPLE.delete(), UNKNOWN),
        ):
            found = effect(connection.execute, statement)
            assert found.kind is expected
            assert found.caller_thread or expected is UNKNOWN
        assert effect(connection.execute(text("SELECT 1")).all).caller_thread
        assert kind(connection.execute, QUERY, {"key": 1}) is READS
        assert kind(connection.execute, QUERY, {"key": object()}) is UNKNOWN
        assert kind(connection.execute, QUERY, {"key": "now"}) is WRITES
        assert kind(connection.execute, QUERY, {"key": 1}, execution_options={}) is UNKNOWN
        found = effect(connection.commit)
        assert (found.kind, found.caller_thread) == (WRITES, True)
        optioned = connection.execution_options(logging_token="x")
        assert kind(optioned.execute, text("SELECT 1")) is UNKNOWN
    with engine.connect() as connection:
        event.listen(connection, "before_execute", lambda *_: None)
        assert kind(connection.commit) is UNKNOWN
        assert kind(connection.execute, text("SELECT 1")) is UNKNOWN


def test_a_clean_session_reads_in_its_thread(engine: Any) -> None:
    """One with changes writes them first; listeners and subclasses are unknown."""
    with Session(engine) as session:
        for call in (
            (session.execute, select(Person)),
            (session.scalars, select(Person.name)),
            (session.scalar, text("SELECT 1")),
            (session.get, Person, 1),
        ):
            found = effect(*call)
            assert (found.kind, found.caller_thread) == (READS, True)
        assert kind(session.execute, text("DELETE FROM people")) is WRITES
        assert kind(session.execute, "SELECT 1") is UNKNOWN
        assert kind(session.commit) is UNKNOWN
        session.add(Person(id=1, name="ada"))
        assert kind(session.scalars, select(Person.name)) is UNKNOWN
        assert kind(session.get, Person, 1) is UNKNOWN
        session.flush()
        person = session.get(Person, 1)
        assert kind(session.get, Person, 1) is READS
        session.delete(person)
        assert kind(session.get, Person, 1) is UNKNOWN
        session.expunge(person)
        assert kind(session.get, Person, 2) is READS
        person = session.get(Person, 1)
        person.name = "grace"
        assert kind(session.get, Person, 1) is UNKNOWN
        session.rollback()
    with Session(engine) as session:
        event.listen(session, "do_orm_execute", lambda *_: None)
        assert kind(session.execute, select(Person)) is UNKNOWN
    with sessionmaker(engine, class_=Session)() as session:
        assert kind(session.execute, select(Person)) is READS

    class Mine(Session):
        def get_bind(self, *args: Any, **kwargs: Any) -> Any:
            return super().get_bind(*args, **kwargs)

    with Mine(engine) as session:
        assert kind(session.execute, select(Person)) is UNKNOWN
    with Session() as session:
        assert kind(session.execute, select(Person)) is UNKNOWN
    with Session(engine, binds={Person: engine}) as session:
        assert kind(session.execute, select(Person)) is UNKNOWN
    with Session(engine) as session:
        assert kind(session.execute, QUERY, params={"key": 1}) is READS
        assert kind(session.execute, QUERY, params={"key": object()}) is UNKNOWN


def test_awaiting_reads_in_the_thread_of_the_loop(engine: Any) -> None:
    """The call itself makes a coroutine; the session inside is looked at as any other."""

    class Mine(Session):
        """A session of the user's."""

        def get_bind(self, *args: Any, **kwargs: Any) -> Any:
            return super().get_bind(*args, **kwargs)

    stock = asynchronous.AsyncSession(made.ASYNCHRONOUS_ENGINE)
    own = asynchronous.AsyncSession(made.ASYNCHRONOUS_ENGINE, sync_session_class=Mine)
    for session, expected in ((stock, READS), (own, UNKNOWN)):
        assert kind(session.scalar, text("SELECT 1")) is UNKNOWN
        found = awaited(lookup(session.scalar), session.scalar, (text("SELECT 1"),), {})
        assert (found.kind, found.caller_thread) == (expected, expected is READS)


def test_a_program_that_uses_connections_only_has_no_sessions(engine: Any) -> None:
    """The object-relational part of the library need not be imported."""
    with engine.connect() as connection, mock.patch.dict(sys.modules):
        del sys.modules["sqlalchemy.orm.session"]
        assert kind(connection.execute, text("SELECT 1")) is READS


def test_objects_that_are_loaded_with_code_of_the_user_s_are_unknown(engine: Any) -> None:
    """Type decorators and listeners of the class; the twin is `Person`."""
    with Session(engine) as session:
        assert kind(session.get, Guest, 1) is UNKNOWN
        assert kind(session.get, Watched, 1) is UNKNOWN
        assert kind(session.scalars, select(Guest)) is UNKNOWN
        assert kind(session.scalars, select(Watched)) is UNKNOWN
        assert kind(session.scalars, select(Watched.id)) is UNKNOWN
        assert kind(session.scalars, select(aliased(Watched))) is UNKNOWN
        assert kind(session.scalars, select(aliased(Person))) is READS
        assert kind(session.get, Person, object()) is UNKNOWN
        assert kind(session.get, Person) is UNKNOWN
        assert kind(session.get, Person, 1, with_for_update=True) is UNKNOWN
        for odd in (dict, Person(), None, "Person"):
            assert kind(session.get, odd, 1) is UNKNOWN


# Statements -------------------------------------------------------------------------------------

P = PEOPLE.c
STATEMENTS: dict[str, tuple[Any, bool]] = {
    "columns": (select(P.id, P.name), True),
    "conditions": (select(P.id).where(sa.or_(P.id == 1, P.name.like("a%"), ~P.id.in_([1]))), True),
    "aggregates": (select(func.count(), func.max(P.id)).group_by(P.name), True),
    "a window": (select(func.row_number().over(order_by=P.id)), True),
    "a case": (select(sa.case((P.id == 1, "a"), else_="b")), True),
    "a join": (select(P.id).join(OTHERS, OTHERS.c.id == P.id), True),
    "a subquery": (select(select(P.id).subquery()), True),
    "a common table": (select(select(P.id).cte("c").c.id), True),
    "a range": (select(P.id).order_by(P.id.desc()).limit(3).offset(1).distinct(), True),
    "a cast": (select(sa.cast(P.id, sa.String)), True),
    "a day of a column": (select(func.date(P.name)), True),
    "a clock as a value": (select(func.date("now")), False),
    "a clock in a list": (select(P.id).where(P.name.in_(["a", "today"])), False),
    "a clock in a text": (text("SELECT date(:a)").bindparams(a="now"), False),
    "a value in a text": (text("SELECT date(:a)").bindparams(a="2026-01-01"), True),
    "many parts": (select(P.id).where(sa.or_(*[P.id == n for n in range(300)])), False),
    "a lock": (select(P.id).with_for_update(), False),
    "a lock inside": (select(select(P.id).with_for_update().subquery()), False),
    "an unknown function": (select(func.nextval("x")), False),
    "a clock": (select(func.now()), False),
    "a clock by name": (select(sa.func.current_timestamp()), False),
    "a function of a schema": (select(sa.func.own.lower("x")), False),
    "a literal column": (select(sa.literal_column("f()")), False),
    "a text inside": (select(P.id).where(text("f()")), False),
    "an operator": (select(P.id.op("<@>")(1)), False),
    "a prefix": (select(P.id).prefix_with("/* x */"), False),
    "a suffix": (select(P.id).suffix_with("FOR UPDATE"), False),
    "a hint": (select(P.id).with_hint(PEOPLE, "x"), False),
    "a statement hint": (select(P.id).with_statement_hint("x"), False),
    "a changing table": (select(PEOPLE.insert().returning(P.id).cte("c").c.id), False),
    "one added": (select(P.id).add_cte(PEOPLE.delete().cte("c")), False),
    "a sample": (select(sa.tablesample(PEOPLE, 10)), False),
    "a text": (text("SELECT 1"), True),
    "a changing text": (text("DELETE FROM people"), False),
}


@pytest.mark.parametrize("name", STATEMENTS)
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_what_a_statement_object_does(name: str, dialect: str) -> None:
    """Queries of known elements read; locks, texts, operators and changes do not."""
    statement, reads = STATEMENTS[name]
    assert unfit(statement, objects=False) is None
    assert (statement_objection(statement, dialect) is None) == reads


def test_functions_that_take_the_present_time_without_argument() -> None:
    """Of SQLite: ``date()`` is today."""
    assert statement_objection(select(func.date()), "sqlite") is not None
    assert statement_objection(select(func.strftime("%Y")), "sqlite") is not None
    assert statement_objection(select(func.strftime("%Y", P.name)), "sqlite") is None


def test_code_of_the_user_s_in_a_statement_makes_it_unfit() -> None:
    """Types, elements, callables and values of one's own."""

    class Element(sa.sql.expression.ColumnElement[int]):
        """An element of the user's."""

        inherit_cache = True

    assert unfit(select(P.id).where(P.id == sa.bindparam("a", 1)), objects=False) is None
    for statement in (
        select(GUESTS.c.mood),
        select(Element()),
        select(P.id).where(P.id == sa.bindparam("a", callable_=lambda: 1)),
        select(sa.literal(Path("x"), sa.String).label("p"), sa.literal(object, Mood)),
        text("SELECT :a").bindparams(sa.bindparam("a", "x", type_=Mood)),
        select(sa.type_coerce(P.name, Mood)),
        select(P.id).where(P.id == sa.bindparam("a", object())),
        select(sa.column("a", sa.PickleType)),
        select(sa.column("a", Money)),
        Person.__mapper__,
        PEOPLE.insert(),
        text("SELECT 1").columns(P.id),
        "SELECT 1",
        type("Mine", (sa.TextClause,), {"inherit_cache": True})("SELECT 1"),
    ):
        assert unfit(statement, objects=False) is not None, type(statement)
