"""What begins when there is room: by resource, for all functions that meet it together."""

from __future__ import annotations

import gc
import weakref

import pytest

from adaptive_jit.engine import gate as module
from adaptive_jit.engine.gate import MOST_RESOURCES, Gate
from adaptive_jit.records import Effect, EffectKind, Source
from adaptive_jit.runtime.function import Site
from adaptive_jit.runtime.pending import Entry
from adaptive_jit.runtime.states import DEAD, DONE, QUEUED

READS = Effect(EffectKind.READS)


class Pool:
    """Keeps what was begun; a test says when it runs."""

    def __init__(self):
        self.begun = []

    def start(self, operation):
        self.begun.append(operation)

    def run(self, number=None):
        for operation in self.begun[:number]:
            self.begun.remove(operation)
            operation.run()


@pytest.fixture
def pool():
    return Pool()


@pytest.fixture
def alarms(monkeypatch):
    found = []
    monkeypatch.setattr(module.ALARMS, "after", lambda *args: found.append(args))
    return found


class Operation(Entry):
    """An entry that finishes without running anything."""

    __slots__ = ()

    def __init__(self, callee, effect=READS):
        super().__init__(QuietSite(0, 1, -1), (0, ()))
        self.callee, self.effect, self.state = callee, effect, QUEUED


class QuietSite(Site):
    __slots__ = ()

    @staticmethod
    def execute(entry):
        entry.finish(DONE)


def fetch():
    """A callee."""


def other():
    """Another callee."""


class Client:
    """A receiver."""

    def get(self):
        """One way to ask it."""

    def head(self):
        """Another one."""


def begin(gate, callee, number, **more):
    made = [Operation(callee, **more) for _ in range(number)]
    for one in made:
        gate.start(one)
    return made


def test_eight_begin_at_once_and_the_others_as_these_end(pool):
    gate = Gate(pool.start)
    made = begin(gate, fetch, 20)
    assert len(pool.begun) == 8
    pool.run(3)
    assert len(pool.begun) == 8
    while pool.begun:
        pool.run()
    assert all(one.state == DONE for one in made)


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        (fetch, fetch, True),
        (fetch, other, False),
        ((client := Client()).get, client.head, True),
        (client.get, Client().get, False),
    ],
    ids=["one function", "two functions", "one client", "two clients"],
)
def test_all_that_meet_one_resource_share_its_width(pool, first, second, shared):
    """Whichever function they are operations of."""
    gate = Gate(pool.start)
    begin(gate, first, 20)
    begin(gate, second, 20)
    assert len(pool.begun) == (8 if shared else 16)


def test_a_named_resource_is_shared_by_all_callees(pool):
    """A host, or what the user named; a kind of thing is no resource."""
    gate = Gate(pool.start)
    host = Effect(EffectKind.READS, "http://a.example", Source.CATALOGUE)
    begin(gate, fetch, 10, effect=host)
    begin(gate, other, 10, effect=host)
    assert len(pool.begun) == 8
    kind = Effect(EffectKind.READS, "http", Source.CATALOGUE)
    begin(gate, fetch, 10, effect=kind)
    begin(gate, other, 10, effect=kind)
    assert len(pool.begun) == 24
    begin(gate, fetch, 10, effect=Effect(EffectKind.READS, "http", Source.DECLARED))
    assert len(pool.begun) == 32


def test_what_other_machines_answer_is_not_one_resource():
    """Two callees that ask hosts elsewhere have a width each."""
    gate = Gate(Pool().start)
    kind = Effect(EffectKind.READS, "http elsewhere", Source.CATALOGUE)
    begin(gate, lambda: None, 1, effect=kind)
    begin(gate, fetch, 1, effect=kind)
    assert len(gate.resources()) == 2


@pytest.mark.parametrize(
    "effect",
    [
        Effect(EffectKind.PURE),
        Effect(EffectKind.READS, lane="one"),
        Effect(EffectKind.UNKNOWN, asserted=True),
    ],
    ids=["pure", "one at a time anyway", "declared independent"],
)
def test_what_meets_nobody_is_not_held_back(pool, effect):
    begin(Gate(pool.start), fetch, 20, effect=effect)
    assert len(pool.begun) == 20


def test_what_the_caller_runs_itself_makes_room(pool):
    """It never waits for the gate: it takes the operation, which then is passed over."""
    gate = Gate(pool.start)
    made = begin(gate, fetch, 10)
    for one in made[8:]:
        assert one.state == QUEUED
        assert next(one.claim) == 1
        one.finish(DEAD)
    pool.run()
    assert not pool.begun


def test_what_its_caller_has_claimed_is_not_run_a_second_time(pool):
    """It was begun already, but no worker had come to it yet."""
    (one,) = begin(Gate(pool.start), fetch, 1)
    assert next(one.claim) == 1
    one.finish(DEAD)
    pool.run()
    assert one.state == DEAD


def test_forced_operations_are_limited_by_a_refusal_only(pool, alarms):
    """``strategy="parallel"`` asks for all at once; the service's word counts more."""
    gate = Gate(pool.start)
    made = [Operation(fetch) for _ in range(20)]
    for one in made:
        gate.start(one, forced=True)
    assert len(pool.begun) == 20
    made[0].turn.refused(0.0)
    pool.run()
    for one in [Operation(fetch) for _ in range(20)]:
        gate.start(one, forced=True)
    assert len(pool.begun) == 4
    assert not alarms


def test_a_refusal_halves_the_width_once_for_a_crowd(pool):
    """All of them were too many together."""
    gate = Gate(pool.start)
    made = begin(gate, fetch, 20)
    for one in made[:8]:
        one.turn.refused(0.0)
    (resource,) = gate.resources()
    assert (resource.width.now, resource.width.ceiling) == (4, 8)
    pool.run()
    assert len(pool.begun) == 4


def test_retry_after_holds_everything_back_and_drops_nothing(pool, alarms, monkeypatch):
    """Until then nothing begins; then all do, in their order."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    gate = Gate(pool.start)
    made = begin(gate, fetch, 12)
    made[0].turn.refused(5.0)
    pool.run()
    begin(gate, fetch, 2)
    assert not pool.begun
    ((seconds, look),) = alarms
    assert seconds == 5.0
    now[0] += 4.9
    look()
    assert not pool.begun
    now[0] += 0.1
    look()
    assert len(pool.begun) == 4
    for _ in range(4):
        pool.run()
    assert all(one.state == DONE for one in made)


def test_the_gate_keeps_nothing_of_the_program(pool):
    """Neither callees nor clients nor ended operations."""
    gate = Gate(pool.start)
    client = Client()
    gone = weakref.ref(client)
    begin(gate, client.get, 3)
    pool.run()
    del client
    gc.collect()
    assert gone() is None


def test_another_object_at_the_same_address_is_another_resource(pool):
    """What was learnt of the one that is gone does not count for it."""
    gate = Gate(pool.start)
    client = Client()
    begin(gate, client.get, 1)[0].turn.refused(0.0)
    (known,) = gate.resources()
    gate._known[id(client)] = weakref.ref(Client()), known
    begin(gate, client.get, 1)
    assert [one.width.ceiling for one in gate.resources()] == [None]


def test_resources_do_not_grow_without_end(pool):
    gate = Gate(pool.start)
    clients = [Client() for _ in range(MOST_RESOURCES + 5)]
    for client in clients:
        begin(gate, client.get, 1)
    assert len(gate.resources()) == MOST_RESOURCES


def test_in_a_forked_child_nothing_is_under_way(pool):
    """Its threads do not exist there."""
    gate = Gate(pool.start)
    begin(gate, fetch, 20)
    gate.forget()
    pool.begun.clear()
    begin(gate, fetch, 20)
    assert len(pool.begun) == 8


def test_what_does_not_use_up_the_width_teaches_nothing(pool):
    """Three at a time say nothing about sixteen."""
    gate = Gate(pool.start)
    for _ in range(200):
        begin(gate, fetch, 3)
        pool.run()
    assert [one.width.now for one in gate.resources()] == [8]


def test_a_width_that_is_used_up_grows(pool):
    """The twin."""
    gate = Gate(pool.start)
    for _ in range(20):
        begin(gate, fetch, 12)
        while pool.begun:
            pool.run()
    assert gate.resources()[0].width.now > 8


def test_a_function_or_name_goes_on_with_the_width_that_another_process_found(pool):
    """Under a digest; a client's is its own, for another one may ask another host."""
    gate, later = Gate(pool.start), Gate(pool.start)
    named = Effect(EffectKind.READS, "orders", Source.DECLARED)
    client = Client()
    for callee, more in ((fetch, {}), (other, {"effect": named}), (client.get, {})):
        begin(gate, callee, 1, **more)[0].turn.refused(0.0)
    learnt = gate.learnt()
    assert [(one.now, one.ceiling) for one in learnt] == [(4, 8), (4, 8)]
    assert not any(word in str(learnt) for word in ("orders", "fetch"))
    later.remembered = {one.resource: one for one in learnt}
    pool.begun.clear()
    begin(later, fetch, 10)
    assert len(pool.begun) == 4
    begin(later, client.get, 10)
    assert len(pool.begun) == 12


def test_a_width_of_which_nothing_was_learnt_is_not_handed_on(pool):
    gate = Gate(pool.start)
    begin(gate, fetch, 3)
    assert gate.learnt() == ()
