"""What processes leave to each other: joined when written, ignored when it cannot be read."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import warnings
from dataclasses import replace
from types import SimpleNamespace

import pytest

from adaptive_jit.engine.recall import _fits
from adaptive_jit.errors import StoreWarning
from adaptive_jit.numerics import LogTimes
from adaptive_jit.records import Classification, Phase, Verdict
from adaptive_jit.records.memory import (
    MOST_WEIGHT,
    Calibration,
    DecisionMemory,
    FunctionMemory,
    KnownWidth,
    KnownWidths,
    OperationMemory,
    Series,
    Sums,
)
from adaptive_jit.store import Store, database
from adaptive_jit.store.memory import Row, as_record, as_text
from tests.unit.reporting.samples import CPU_LOOP, REVERTED

WAITS = Classification(Verdict.WAITS, 0.01, 0.0, 0.05, 4, "waits")


@pytest.fixture(autouse=True)
def _no_file_has_been_warned_about(monkeypatch):
    monkeypatch.setattr(database, "_warned", set())
    monkeypatch.setattr(database, "_held", set())


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "cache"))


def series(*seconds):
    times = LogTimes()
    for wall in seconds:
        times.add(wall, 0.0)
    return Series(**{name: getattr(times, name) for name in Series.__slots__})


def operation(**more):
    values = {
        "index": 0, "sums": Sums(n=2, wall=0.1), "calls": 2, "early": True, "in_order": False,
        "why": "waits; may run ahead", "classification": WAITS,
    }  # fmt: skip
    return OperationMemory(**values | more)


def memory(phase=Phase.PARALLEL, guards="010", **more):
    values = {
        "runs": 1, "calls": 5, "invocations": 2, "decision": DecisionMemory(phase, 4.0),
        "direct": series(0.25, 0.26), "parallel": series(0.05), "guards": guards,
        "operations": (operation(),),
    }  # fmt: skip
    return FunctionMemory(**values | more)


def text_row(key, text, name="app.answer"):
    return Row(key, name, lambda _: text)


# ------------------------------------------------------------ records


def test_a_memory_survives_as_text():
    """Enumerations, verdicts and numbers."""
    assert as_record(FunctionMemory, as_text(memory())) == memory()


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"runs": "one"}', "[" * 10_000])
def test_what_is_not_a_memory_counts_as_not_there(text):
    assert as_record(FunctionMemory, text) is None


def test_times_of_two_runs_are_those_of_one_that_saw_both():
    """Pooled means and squares are exact."""
    both = series(0.1, 0.2, 0.4).with_(series(0.3, 0.15))
    whole = series(0.1, 0.2, 0.4, 0.3, 0.15)
    for name in Series.__slots__:
        assert getattr(both, name) == pytest.approx(getattr(whole, name))
    assert Series().with_(whole) == whole
    assert whole.with_(Series()) == whole


def test_earlier_runs_weigh_so_much_at_most():
    """A new run is heard after a hundred old ones."""
    old = memory(direct=series(*[0.1] * 500))
    new = memory(direct=series(*[0.9] * 16)).after(old)
    assert new.direct.n == MOST_WEIGHT + 16
    assert new.direct.raw == pytest.approx(0.5)
    assert new.direct.calls == 516


def test_sums_add_up_and_come_apart_again():
    one = Sums(n=3, wall=1.5, voluntary=2, delay_known=False)
    other = Sums(n=1, wall=0.25)
    assert one.with_(other) == Sums(n=4, wall=1.75, voluntary=2, delay_known=False)
    assert one.with_(other).without(other) == replace(one, delay_known=False)


def test_runs_calls_and_profiles_of_two_processes_add_up():
    both = memory().after(memory())
    assert (both.runs, both.calls, both.invocations) == (2, 10, 4)
    assert (both.operations[0].sums.n, both.operations[0].calls) == (4, 4)


def test_the_first_memory_is_kept_as_it_is():
    assert memory().after(None) == memory()


def test_a_guard_that_failed_anywhere_has_failed():
    """The states are ordered: not seen, always passed, once failed."""
    assert memory(guards="012").after(memory(guards="210")).guards == "212"


def test_what_once_was_started_in_vain_stays_in_order():
    """Exactly once matters more than the gain, also in later runs."""
    before = memory(operations=(operation(in_order=True),))
    assert memory().after(before).operations[0].in_order


def test_another_shape_takes_the_place_of_the_old_one():
    assert memory(guards="00").after(memory()).runs == 1


def test_after_a_reset_what_was_there_does_not_count():
    after = memory(replaces=True).after(memory())
    assert (after.runs, after.replaces) == (1, False)


def test_a_run_that_decided_nothing_keeps_the_decision():
    """It saw one call; eight others may have seen a thousand."""
    before = memory(Phase.PARALLEL)
    assert memory(Phase.PROFILING).after(before).decision == before.decision
    assert memory(Phase.DIRECT).after(before).decision.phase is Phase.DIRECT


def test_runs_that_only_went_by_a_decision_for_direct_are_counted():
    """Until one has looked at it."""
    unseen = memory(Phase.DIRECT, direct=Series(), parallel=Series())
    known = memory(Phase.DIRECT)
    for _ in range(3):
        known = unseen.after(known)
    assert known.decision.unchecked == 3
    assert memory(Phase.DIRECT).after(known).decision.unchecked == 0


def test_the_verdict_of_a_run_that_profiled_nothing_is_the_earlier_one():
    unprofiled = memory(operations=(operation(classification=None, early=False, why=None),))
    assert unprofiled.after(memory()).operations[0].classification == WAITS
    assert unprofiled.after(memory()).operations[0].early


def test_calibrations_are_averaged():
    both = Calibration(3e-5, 1).after(Calibration(1e-5, 1))
    assert (both.dispatch_seconds, both.runs) == (pytest.approx(2e-5), 2)


@pytest.mark.parametrize("seconds", [0.0, -1.0, 5.0, math.nan])
def test_a_hand_over_takes_some_time_but_not_for_ever(seconds):
    with pytest.raises(ValueError, match="calibration"):
        Calibration(seconds, 1)


def test_the_newest_width_of_each_resource_is_kept(monkeypatch):
    """And of all resources the last ones."""
    a, b, newer = KnownWidth("a", 8, None), KnownWidth("b", 4, 6), KnownWidth("a", 16, None)
    assert KnownWidths((newer,)).after(KnownWidths((a, b))).widths == (b, newer)
    monkeypatch.setattr("adaptive_jit.records.memory.MOST_WIDTHS", 1)
    assert KnownWidths((newer,)).after(KnownWidths((a, b))).widths == (newer,)


@pytest.mark.parametrize(("now", "ceiling"), [(0, None), (4, 0)])
def test_there_is_always_room_for_one(now, ceiling):
    with pytest.raises(ValueError, match="width"):
        KnownWidth("a", now, ceiling)


@pytest.mark.parametrize(
    ("damage", "fits"),
    [
        ({}, True),
        ({"guards": "01"}, False),
        ({"guards": "01x"}, False),
        ({"operations": (operation(index=7),)}, False),
        ({"savings": ((7, 0.1),)}, False),
    ],
)
def test_a_memory_of_another_shape_is_not_taken_over(damage, fits):
    """The key says that it is the same function; a file that was tampered with may not."""
    controller = SimpleNamespace(
        analysis=SimpleNamespace(operations=[SimpleNamespace(index=0)]),
        state=SimpleNamespace(guards=bytearray(3)),
    )
    assert _fits(controller, memory(**damage)) is fits


# ------------------------------------------------------------ the file


def test_what_was_left_is_found_under_its_key(store):
    store.save((), (text_row("a", "1"), text_row("b", "2")))
    assert store.recall(("a", "c")) == {"a": "1"}


def test_whoever_writes_is_given_what_is_there(store):
    """In the same transaction."""
    seen = []

    def joined(before):
        seen.append(before)
        return f"{before or ''}x"

    for _ in range(3):
        store.save((), (Row("a", "app.answer", joined),))
    assert seen == [None, "x", "xx"]
    assert store.recall(("a",)) == {"a": "xxx"}


def test_a_file_without_memories_has_none(store):
    """Written by an earlier version, or by functions that were never called adaptively."""
    store.save((CPU_LOOP,))
    assert store.recall(("a",)) == {}


def test_forgetting_one_function_forgets_its_memory(store):
    store.save((CPU_LOOP, REVERTED), (text_row("a", "1", CPU_LOOP.name), text_row("b", "2")))
    store.clear(CPU_LOOP.name)
    assert store.recall(("a", "b")) == {"b": "2"}


def test_forgetting_everything_forgets_all_memories(store):
    store.save((CPU_LOOP,), (text_row("a", "1"), text_row("b", "2")))
    store.clear()
    assert store.recall(("a", "b")) == {}


def test_memories_do_not_grow_without_end(store, monkeypatch):
    monkeypatch.setattr("adaptive_jit.store.memory.MOST_MEMORIES", 3)
    for number in range(5):
        store.save((), (text_row(str(number), "x"),))
    assert set(store.recall(map(str, range(5)))) == {"2", "3", "4"}


def test_looking_for_memories_creates_nothing_and_loads_no_database(store, monkeypatch):
    """The usual case of a first run."""
    monkeypatch.setattr(Store, "_attempt", None)
    assert store.recall(("a",)) == {}
    assert not store.path.parent.exists()


@pytest.mark.parametrize("spoil", ["damaged", "newer", "foreign", "a blob"])
def test_a_file_that_cannot_be_read_is_tried_once(store, spoil, monkeypatch):
    """One warning, and later first calls do not pay for it again."""
    if spoil == "damaged":
        store.path.parent.mkdir()
        store.path.write_bytes(b"not a database, " * 100)
    else:
        store.save((CPU_LOOP,), (text_row("a", "1"),))
        with contextlib.closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
            if spoil == "newer":
                connection.execute(f"PRAGMA user_version = {database.VERSION + 1}")
            elif spoil == "foreign":
                connection.execute("PRAGMA application_id = 1")
            else:
                connection.execute("UPDATE memory SET text = x'00ff'")
    with pytest.warns(StoreWarning, match="is ignored") as caught:
        assert store.recall(("a",)) == {}
    assert len(caught) == 1
    monkeypatch.setattr(Store, "_attempt", None)
    assert store.recall(("a",)) == {}


def test_within_a_call_no_warning_is_raised(store):
    """A program under ``-W error`` is told by its log: the call must not fail."""
    store.path.mkdir(parents=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert store.recall(("a",)) == {}


def test_a_look_within_a_call_does_not_wait_for_others(store, monkeypatch):
    """A hundredth of what the end of a program may wait."""
    waits = []
    connect = sqlite3.connect

    def connected(*args, timeout, **kwargs):
        waits.append(timeout)
        return connect(*args, timeout=timeout, **kwargs)

    store.save((), (text_row("a", "1"),))
    monkeypatch.setattr(sqlite3, "connect", connected)
    store.recall(("a",))
    assert waits == [database.RECALL_SECONDS]
    assert database.RECALL_SECONDS <= database.BUSY_SECONDS / 100


def test_a_file_that_others_hold_is_passed_over_in_silence(store, monkeypatch):
    """They may be making it just now; it is not waited for a second time."""
    store.save((), (text_row("a", "1"),))
    monkeypatch.setattr(database, "RECALL_SECONDS", 0.0)
    other = sqlite3.connect(store.path, isolation_level=None)
    with contextlib.closing(other), warnings.catch_warnings():
        warnings.simplefilter("error")
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN EXCLUSIVE")
        assert store.recall(("a",)) == {}
        other.execute("ROLLBACK")
        monkeypatch.setattr(Store, "_attempt", None)
        assert store.recall(("a",)) == {}


def test_whose_file_it_is_is_read_at_one_moment(store, monkeypatch):
    """Another process may be making it: half of its marks are no mark of a foreign file."""
    seen = []

    class Connection(sqlite3.Connection):
        def execute(self, query, *args):
            if query.startswith("PRAGMA user_version"):
                seen.append(self.in_transaction)
            return super().execute(query, *args)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, factory=Connection, **k))
    store.save((), (text_row("a", "1"),))
    store.recall(("a",))
    assert set(seen[:2] + seen[-1:]) == {True}


def test_a_folder_that_nobody_may_write_can_be_read(store, monkeypatch):
    """The journal's index cannot be made there, and nobody can change the file meanwhile."""
    store.save((), (text_row("a", "1"),))
    addresses = []
    connect = sqlite3.connect

    def connected(address, **kwargs):
        addresses.append(address)
        return connect(address, **kwargs)

    monkeypatch.setattr(sqlite3, "connect", connected)
    monkeypatch.setattr("os.access", lambda *_: False)
    assert store.recall(("a",)) == {"a": "1"}
    assert addresses[0].endswith("mode=ro&immutable=1")
