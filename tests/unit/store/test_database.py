"""What survives the process, and what happens when the file cannot be used."""

import contextlib
import sqlite3
import warnings
from dataclasses import replace

import pytest

from adaptive_jit.errors import StoreWarning
from adaptive_jit.records import OperationStats
from adaptive_jit.store import Store, database, install
from tests.unit.reporting.samples import ANSWER, CPU_LOOP, REVERTED


@pytest.fixture(autouse=True)
def _no_file_has_been_warned_about(monkeypatch):
    monkeypatch.setattr(database, "_warned", set())


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "cache"))


@contextlib.contextmanager
def quiet():
    """Fails on any warning, also where the runner would only count it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def names(functions):
    return [stats.name for stats in functions]


def test_what_is_saved_is_found_again(store):
    """All but the literals of the operations."""
    store.save((CPU_LOOP, REVERTED))
    assert store.load() == (CPU_LOOP, REVERTED)


def test_a_newer_record_takes_the_place_of_the_older(store):
    store.save((CPU_LOOP,))
    store.save((replace(CPU_LOOP, calls=999),))
    assert [stats.calls for stats in store.load()] == [999]


def test_another_source_is_another_record(store):
    """What was learnt of an edited function says nothing about the new one."""
    store.save((replace(CPU_LOOP, source_hash="a"),))
    store.save((replace(CPU_LOOP, source_hash="b"),))
    assert [stats.source_hash for stats in store.load()] == ["b", "a"]


def test_the_last_run_can_be_told_from_earlier_ones(store):
    """``adaptive-jit report`` shows one program, not all that ever ran."""
    store.save((CPU_LOOP, REVERTED))
    store.save((ANSWER, REVERTED))
    assert names(store.load(last_run=True)) == [ANSWER.name, REVERTED.name]
    assert set(names(store.load())) == {ANSWER.name, REVERTED.name, CPU_LOOP.name}


def test_the_file_does_not_grow_without_end(store, monkeypatch):
    """The oldest records give way."""
    monkeypatch.setattr(database, "MOST_ROWS", 3)
    for number in range(5):
        store.save((replace(CPU_LOOP, name=f"f{number}"),))
    assert names(store.load()) == ["f4", "f3", "f2"]


def test_no_literal_reaches_the_file(store):
    """Neither in the table nor in freed pages or the journal."""
    secret = "SELECT salary FROM staff"
    operation = replace(ANSWER.operations[0], text=f"db.execute('{secret}')")
    assert isinstance(operation, OperationStats)
    store.save((replace(ANSWER, operations=(operation,)),))
    for file in store.path.parent.iterdir():
        assert secret.encode() not in file.read_bytes()


def test_looking_creates_nothing(store):
    """A program that only reads leaves no trace."""
    with quiet():
        assert store.load() == ()
        assert store.clear() == 0
    assert not store.path.parent.exists()


def test_saving_nothing_creates_nothing(store):
    store.save(())
    assert not store.path.exists()


def test_without_a_folder_nothing_is_stored():
    """The platform may name no folder for caches."""
    with quiet():
        Store(None).save((CPU_LOOP,))
        assert Store(None).load() == ()
        assert Store(None).clear() == 0


def test_one_function_can_be_forgotten(store):
    store.save((CPU_LOOP, REVERTED))
    assert store.clear(CPU_LOOP.name) == 1
    assert names(store.load()) == [REVERTED.name]


def test_everything_can_be_forgotten(store):
    store.save((CPU_LOOP, REVERTED))
    assert store.clear() == 2
    assert store.load() == ()


def test_the_file_is_in_the_mode_that_lets_readers_go_on(store):
    """WAL: a report can be shown while a program saves."""
    store.save((CPU_LOOP,))
    with contextlib.closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.execute("BEGIN IMMEDIATE")
        with quiet():
            assert store.load() == (CPU_LOOP,)


# ------------------------------------------------------------ what can go wrong


def damaged(store):
    store.path.parent.mkdir()
    store.path.write_bytes(b"not a database, " * 100)


def cut_off(store):
    """A page of the table lost, the header intact."""
    store.save(tuple(replace(ANSWER, name=f"f{number}") for number in range(50)))
    content = store.path.read_bytes()
    store.path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def of_a_newer_version(store):
    store.save((CPU_LOOP,))
    with contextlib.closing(sqlite3.connect(store.path)) as connection:
        connection.execute(f"PRAGMA user_version = {database.VERSION + 1}")


def foreign(store):
    store.path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(store.path)) as connection:
        connection.execute("CREATE TABLE treasure (x)")


def of_another_record(store):
    store.save((CPU_LOOP,))
    with contextlib.closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        connection.execute("UPDATE functions SET stats = '{}'")


def not_a_file(store):
    store.path.mkdir(parents=True)


def below_a_file(store):
    store.path.parent.write_text("in the way")


@pytest.mark.parametrize(
    "spoil", [damaged, cut_off, of_a_newer_version, foreign, of_another_record, not_a_file]
)
def test_a_file_that_cannot_be_read_is_ignored_with_one_warning(store, spoil):
    """However often it is tried, and by however many objects."""
    spoil(store)
    with pytest.warns(StoreWarning, match="is ignored") as caught:
        assert store.load() == ()
        assert Store(str(store.path.parent)).load() == ()
    assert len(caught) == 1


@pytest.mark.parametrize("spoil", [damaged, of_a_newer_version, foreign, not_a_file, below_a_file])
def test_a_file_that_cannot_be_written_is_ignored_with_one_warning(store, spoil):
    spoil(store)
    with pytest.warns(StoreWarning, match="is ignored") as caught:
        store.save((CPU_LOOP,))
        store.save((CPU_LOOP,))
    assert len(caught) == 1


def test_a_locked_file_is_given_up_soon(store, monkeypatch):
    """A program must not wait at its end for another one that hangs."""
    store.save((CPU_LOOP,))
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.0)
    with contextlib.closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.warns(StoreWarning, match="locked"):
            store.save((REVERTED,))
    assert names(store.load()) == [CPU_LOOP.name]


@pytest.mark.parametrize("spoil", [damaged, of_a_newer_version])
def test_clearing_replaces_a_damaged_file(store, spoil):
    """What the warning advises works."""
    spoil(store)
    with quiet():
        store.clear()
        store.save((REVERTED,))
        assert names(store.load()) == [REVERTED.name]


def test_clearing_never_removes_another_program_s_file(store):
    foreign(store)
    before = store.path.read_bytes()
    with pytest.warns(StoreWarning, match="another program"):
        assert store.clear() == 0
    assert store.path.read_bytes() == before


def test_clearing_one_function_keeps_a_damaged_file(store):
    """Only the wish to forget everything allows to remove it."""
    damaged(store)
    with pytest.warns(StoreWarning):
        assert store.clear("app.answer") == 0
    assert store.path.exists()


def test_a_save_that_fails_midway_changes_nothing(store, monkeypatch):
    """One transaction."""
    store.save((CPU_LOOP,))
    monkeypatch.setattr(database, "MOST_ROWS", "not a number")
    with pytest.warns(StoreWarning):
        store.save((REVERTED,))
    assert names(store.load()) == [CPU_LOOP.name]


def test_saving_happens_once_at_exit_and_only_what_was_called(store, monkeypatch):
    """Never in the path of a call; nothing can be learnt from what never ran."""
    registered = []
    monkeypatch.setattr("atexit.register", registered.append)
    never = replace(CPU_LOOP, name="app.never", calls=0)
    install(lambda: (CPU_LOOP, never), str(store.path.parent))
    assert not store.path.exists()
    registered[0]()
    assert names(store.load()) == [CPU_LOOP.name]


def test_a_program_without_calls_leaves_no_file(store, monkeypatch):
    registered = []
    monkeypatch.setattr("atexit.register", registered.append)
    install(lambda: (replace(CPU_LOOP, calls=0),), str(store.path.parent))
    registered[0]()
    assert not store.path.exists()
