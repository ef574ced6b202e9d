"""Memory, threads and object lifetimes are those of the plain run, plus the window."""

from __future__ import annotations

import gc
import signal
import threading
import time
import weakref
from collections.abc import Iterator
from types import FunctionType
from typing import Any

import harness
import programs.life
import pytest
from programs.life import Big
from world.model import Meeting, World, use
from world.registry import fresh_copy

import adaptive_jit
from adaptive_jit.strategies import strategy

WINDOW = 16
ITERATIONS = 20_000


@pytest.fixture(autouse=True)
def _fresh_count() -> Iterator[None]:
    gc.collect()
    Big.most = Big.alive
    yield
    gc.collect()


@pytest.mark.parametrize("name", ["sum_of_big", "sum_of_chained", "comprehension_of_keys"])
def test_memory_is_bounded_by_the_window(name: str) -> None:
    """A long loop over large results keeps no more of them than the window and the plain run."""
    function: FunctionType = getattr(programs.life, name)
    decorated = harness.forced(window=WINDOW)(fresh_copy(function))
    before = Big.alive
    assert decorated(ITERATIONS) == sum(range(ITERATIONS))
    assert Big.most - before <= 2 * WINDOW + 4
    assert Big.alive == before


@pytest.mark.slow
def test_memory_is_bounded_over_a_hundred_thousand_iterations() -> None:
    """The same for 100,000 iterations."""
    decorated = harness.forced(window=WINDOW)(fresh_copy(programs.life.sum_of_big))
    before = Big.alive
    assert decorated(100_000) == sum(range(100_000))
    assert Big.most - before <= 2 * WINDOW + 4


@pytest.mark.parametrize(("rounds", "ahead"), [(1_000, 2), (20_000, 1)])
def test_a_walk_without_a_start_is_given_up(rounds: int, ahead: int) -> None:
    """What lies behind a short loop starts early; a long one is not walked through twice."""
    decorated = harness.forced()(fresh_copy(programs.life.around_a_walk))
    with use(World()):
        assert decorated(rounds) == (3, 0)
    assert adaptive_jit.stats(decorated).counts.started == ahead


def test_a_replaced_result_is_released_at_once() -> None:
    """Only the result that the program holds is alive after the loop."""
    decorated = harness.forced(window=WINDOW)(fresh_copy(programs.life.last_of_many))
    before = Big.alive
    value = decorated(200)
    assert value.key == 199
    assert Big.alive == before + 1
    seen = weakref.ref(value)
    del value
    assert seen() is None


def test_a_deleted_result_is_released_at_once() -> None:
    """`del` of a taken result releases it without a collection."""
    decorated = harness.forced()(fresh_copy(programs.life.two_results))
    before = Big.alive
    for _ in range(20):
        value = decorated()
        assert Big.alive == before + 1
        del value
        assert Big.alive == before


def test_results_are_released_after_an_exception() -> None:
    """Results that were never taken are not kept."""

    def run(count: int) -> Any:
        out = []
        for i in range(count):
            value = programs.life.big(i)
            out.append(value.key // (0 if i == 3 else 1))
        return out

    decorated = harness.forced(window=WINDOW)(run)
    before = Big.alive
    for _ in range(20):
        with pytest.raises(ZeroDivisionError):
            decorated(50)
    limit = time.monotonic() + 2
    while Big.alive > before and time.monotonic() < limit:
        gc.collect()
        time.sleep(0.002)
    assert Big.alive == before


def test_threads_do_not_grow_with_the_number_of_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thousand operations have the workers that are allowed, and no other threads."""
    pool = strategy("thread")
    # Functions of other tests have asked for more workers than this one does.
    monkeypatch.setattr(pool, "_allowed", 0)
    pool.end_workers()
    decorated = harness.forced(max_workers=8)(fresh_copy(programs.life.plain))
    with adaptive_jit.override(max_workers=8):
        for _ in range(50):
            harness.observe(decorated, (), World())
        others = set(threading.enumerate()) - set(pool.workers())
        for _ in range(1000):
            with use(World()):
                decorated()
        assert 1 <= len(pool.workers()) <= 8
        assert set(threading.enumerate()) - set(pool.workers()) <= others


def test_objects_do_not_grow_with_the_number_of_calls() -> None:
    """Nothing is retained per call (workers are: up to ``max_workers``, so there are few here)."""
    decorated = harness.forced()(fresh_copy(programs.life.plain))
    world = World()
    with use(world), adaptive_jit.override(max_workers=4):
        for _ in range(300):
            decorated()
        # What other tests have left behind ends when it likes; what a call retains comes each time.
        growth = [_growth(decorated, world) for _ in range(3)]
        assert min(growth) < 100


def _growth(function: Any, world: World) -> int:
    """How many objects more there are after five hundred calls."""
    world.events.clear()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(500):
        function()
    world.events.clear()
    gc.collect()
    return len(gc.get_objects()) - before


def _flying_after_an_interrupt() -> int:
    """Interrupt a function with three operations in flight; how many still are when it is out."""
    state = {
        "lock": threading.Lock(),
        "count": 0,
        "size": 3,
        "release": threading.Event(),
    }
    decorated = harness.forced()(fresh_copy(programs.life.interrupted))
    world = World()
    world.state = state
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with use(world), pytest.raises(KeyboardInterrupt):
            decorated()
        assert not state["release"].is_set()
        return world.in_flight
    finally:
        signal.signal(signal.SIGINT, previous)
        state["release"].set()
        world.settle()


def test_an_interrupt_surfaces_while_operations_are_in_flight() -> None:
    """Ctrl-C does not wait for what runs ahead.

    If it waited, nothing would ever be left in flight; when the machine is busy
    the signal may come so late that an attempt shows nothing.
    """
    assert any(_flying_after_an_interrupt() for _ in range(4))


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit, KeyboardInterrupt])
def test_exits_raised_by_an_operation_reach_the_caller(kind: type[BaseException]) -> None:
    """Exceptions that are no `Exception` surface at their operation."""
    decorated = harness.forced()(fresh_copy(programs.life.leaves))
    for meeting in (None, Meeting(2)):
        world = World(meeting=meeting)
        with use(world), pytest.raises(kind, match="leave"):
            decorated(kind)
        world.settle()


def test_two_workers_serve_nested_and_recursive_functions() -> None:
    """A tiny pool cannot deadlock: 3 levels, 27 leaves."""

    def leaf(key: int) -> int:
        return programs.life.fetch(key)

    leaf = harness.forced(max_workers=2)(leaf)

    def level(depth: int, key: int) -> int:
        if depth == 0:
            a = programs.life.fetch(key)
            b = programs.life.second(key)
            return a + b
        one = level(depth - 1, key)
        two = level(depth - 1, key + 1)
        three = level(depth - 1, key + 2)
        extra = [leaf(i) for i in range(3)]
        return one + two + three + sum(extra)

    standard = harness.observe(level, (3, 1), World()).value
    level = harness.forced(max_workers=2)(level)
    world = World(latency=lambda _: 0.0005)
    assert harness.observe(level, (3, 1), world).value == standard


def test_one_worker_serves_what_its_own_operation_asks_for() -> None:
    """Whoever needs a queued operation runs it: the only worker is inside the outer one."""

    def inner(key: int) -> int:
        a = programs.life.fetch(key)
        b = programs.life.second(key)
        return a + b

    inner = harness.forced(max_workers=1)(inner)
    asked = adaptive_jit.reads(lambda key: inner(key))

    def outer() -> int:
        one = asked(1)
        two = asked(2)
        three = asked(3)
        return one + two + three

    standard = harness.observe(outer, (), World()).value
    decorated = harness.forced(max_workers=1)(outer)
    found: list[Any] = []

    strategy("thread").end_workers()  # those of other tests would come to help

    def run() -> None:
        with adaptive_jit.override(max_workers=1):
            world = World(latency=lambda _: 0.0005)
            found.append(harness.observe(decorated, (), world, capture=False).value)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(20)
    assert found == [standard]
