"""``parallel_map`` and ``parallel``: order, overlap, bounds, errors and ends."""

from __future__ import annotations

import asyncio
import collections
import contextvars
import functools
import gc
import itertools
import logging
import os
import signal
import threading
import traceback
import warnings
import weakref

import pytest

from adaptive_jit import adaptive, fanout, settings, unordered
from adaptive_jit.errors import (
    ConfigurationError,
    FallbackWarning,
    StrategyUnavailable,
    UnsupportedCallable,
)
from adaptive_jit.fanout import ParallelMap, parallel, parallel_map, register_code
from adaptive_jit.settings import override
from adaptive_jit.strategies import Capabilities, strategy
from adaptive_jit.testing.clock import FakeClock

PATIENCE = 20.0


class Stepping:
    """A strategy that runs nothing until the test says so."""

    name = "stepping"
    capabilities = Capabilities(ahead=True, shares_memory=True, overlaps_python=False)

    def __init__(self):
        self.started = []

    def start(self, operation):
        self.started.append(operation)

    def dispatch_seconds(self):
        return 1e-5

    def step(self, index=0):
        self.started.pop(index).run()


def stepping(function, items, *, limit=64, window=64, clock=None):
    """A map under the test's control; its strategy is in ``.strategy``."""
    chosen = Stepping()
    options = {} if clock is None else {"clock": clock}
    results = ParallelMap(function, iter(items), chosen, limit=limit, window=window, **options)
    results.strategy = chosen
    return results


class Meeting:
    """A function of which *count* calls must be under way at once."""

    def __init__(self, count):
        self.barrier = threading.Barrier(count)

    def __call__(self, item):
        self.barrier.wait(PATIENCE)
        return item


# ---- results ----------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_items():
    assert list(parallel_map(str, range(500))) == [str(number) for number in range(500)]


def test_results_come_in_order_though_calls_end_in_reverse():
    second = threading.Event()

    def call(item):
        if item == "first":
            assert second.wait(PATIENCE)
        else:
            second.set()
        return item

    assert list(parallel_map(call, ["first", "second"])) == ["first", "second"]


def test_calls_are_under_way_at_the_same_time():
    assert list(parallel_map(Meeting(8), range(8))) == list(range(8))


def test_no_items_give_no_results():
    assert list(parallel_map(str, [])) == []


def test_one_item_is_enough():
    assert list(parallel_map(str, [1])) == ["1"]


def test_each_item_is_called_exactly_once():
    calls = []
    list(parallel_map(calls.append, range(300)))
    assert sorted(calls) == list(range(300))


def test_it_is_an_iterator_that_stays_at_its_end():
    results = parallel_map(str, [1])
    assert iter(results) is results
    assert next(results) == "1"
    for _ in range(2):
        with pytest.raises(StopIteration):
            next(results)


# ---- streaming and bounds -------------------------------------------------------------------


def test_nothing_happens_before_the_first_result_is_asked_for():
    """As with ``map``."""
    items = iter(range(3))
    results = stepping(str, items)
    assert next(items) == 0
    assert results.strategy.started == []


def test_an_endless_iterable_is_read_only_as_far_as_the_window():
    read = []
    items = (read.append(number) or number for number in itertools.count())
    results = stepping(str, items, window=5)
    assert next(results) == "0"
    assert read == [0, 1, 2, 3, 4]
    assert next(results) == "1"
    assert read == [0, 1, 2, 3, 4, 5]
    results.close()


def test_no_more_calls_than_max_workers_are_handed_over():
    results = stepping(str, range(100), limit=3, window=10)
    assert next(results) == "0"  # run by the caller, which makes room for one more
    assert len(results.strategy.started) == 4
    results.strategy.step(1)
    assert len(results.strategy.started) == 4


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_more_calls_than_max_workers_are_under_way(limit):
    """Whoever runs them: workers and the caller together."""
    under_way, most = [], []

    def call(item):
        under_way.append(item)
        most.append(len(under_way))
        threading.Event().wait(0.0005)
        under_way.remove(item)
        return item

    assert list(parallel_map(call, range(40), max_workers=limit)) == list(range(40))
    assert max(most) <= limit


def test_a_slow_first_call_does_not_hold_up_those_behind_it():
    """Workers go on up to the window while the first result is awaited."""
    done = threading.Semaphore(0)

    def call(item):
        if item == 0:
            for _ in range(9):
                assert done.acquire(timeout=PATIENCE)
        else:
            done.release()
        return item

    assert list(parallel_map(call, range(10), max_workers=2)) == list(range(10))


def test_a_result_that_is_there_is_not_held_up_by_slow_items():
    """Once the result asked for has come, at most one more item is read."""
    read = []

    def items():
        for number in range(10):
            read.append(number)
            yield number
            while results.strategy.started:  # done before the next item is asked for
                results.strategy.step()

    results = stepping(str, items())
    assert next(results) == "0"
    assert read == [0, 1]
    assert next(results) == "1"
    assert read == [0, 1, 2]


def test_a_call_that_no_worker_has_begun_is_run_by_the_caller():
    results = stepping(lambda _: threading.get_ident(), range(3))
    assert list(results) == [threading.get_ident()] * 3


def test_a_call_that_the_caller_has_run_is_not_run_again():
    calls = []
    results = stepping(calls.append, range(3))
    list(results)
    while results.strategy.started:
        results.strategy.step()
    assert calls == [0, 1, 2]


def test_results_are_dropped_when_they_are_taken():
    """Memory stays bounded however large the results are."""

    class Large:
        pass

    alive = weakref.WeakSet()

    def call(_item):
        large = Large()
        alive.add(large)
        return large

    most = 0
    for result in parallel_map(call, range(200), max_workers=4):
        del result
        most = max(most, len(alive))
    assert most <= 64 + 1
    gc.collect()
    assert len(alive) == 0


# ---- exceptions ------------------------------------------------------------------------


def fails_at(*numbers, kind=ValueError):
    def call(item):
        if item in numbers:
            raise kind(item)
        return item

    return call


def test_the_first_exception_in_order_is_raised_in_its_turn():
    """Though the second comes first on the clock."""
    results = stepping(fails_at(2, 4), range(6))
    taken = []
    assert next(results) == 0
    while results.strategy.started:
        results.strategy.step(-1)
    with pytest.raises(ValueError, match="2"):
        for result in results:
            taken.append(result)
    assert taken == [1]


def test_after_an_exception_nothing_more_begins():
    calls = []

    def call(item):
        calls.append(item)
        raise ValueError(item)

    results = stepping(call, range(10))
    with pytest.raises(ValueError, match="0"):
        next(results)
    while results.strategy.started:
        results.strategy.step()
    assert calls == [0]
    assert list(results) == []


def test_the_traceback_begins_in_the_code_of_the_function():
    """One line of this library, whoever ran the call."""
    for held in (False, True):
        results = stepping(fails_at(0, 1), range(2))
        if held:
            results._read_ahead()
            results.strategy.step()
        with pytest.raises(ValueError) as caught:
            next(results)
        frames = traceback.extract_tb(caught.value.__traceback__)[1:]
        assert [frame.name for frame in frames] == ["__next__", "call"]


def test_an_exception_is_the_very_object_without_context():
    error = KeyError("x")

    def call(_item):
        raise error

    with pytest.raises(KeyError) as caught:
        next(parallel_map(call, [1]))
    assert caught.value is error
    assert error.__context__ is None


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_exceptions_that_end_programs_come_in_their_turn_too(kind):
    def call(item):
        if item == 1:
            raise kind
        return item

    results = parallel_map(call, range(3))
    assert next(results) == 0
    with pytest.raises(kind):
        next(results)


@pytest.mark.parametrize("kind", [StopIteration, type("Subclass", (StopIteration,), {})])
@pytest.mark.parametrize("strategy", ["auto", "direct"])
def test_a_stop_iteration_does_not_look_like_the_end(kind, strategy):
    """As in generators (PEP 479), in its turn; nothing begins afterwards."""
    stop = kind("value")

    def call(item):
        if item == 2:
            raise stop
        return item

    taken = []
    with override(strategy=strategy):
        results = parallel_map(call, range(6))
        with pytest.raises(RuntimeError, match="parallel_map raised StopIteration") as caught:
            taken.extend(results)
    assert taken == [0, 1]
    assert caught.value.__cause__ is stop
    assert list(results) == []


def test_what_came_before_a_stop_iteration_is_given():
    results = stepping(fails_at(1, kind=StopIteration), range(3))
    results._read_ahead()
    while results.strategy.started:
        results.strategy.step(-1)
    assert next(results) == 0
    with pytest.raises(RuntimeError):
        next(results)


def test_the_end_of_the_items_is_still_the_end():
    """Also where an iterator says so by hand."""

    class Items:
        def __iter__(self):
            return self

        def __next__(self):
            raise StopIteration

    assert list(parallel_map(str, Items())) == []


@pytest.mark.parametrize("strategy", ["auto", "direct"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_items_that_end_the_program_end_it_at_once(kind, strategy):
    """Results that were still to come are dropped, as if the program had been interrupted."""

    def items():
        yield 1
        raise kind

    with override(strategy=strategy):
        results = parallel_map(str, items())
        if strategy == "direct":
            assert next(results) == "1"
        with pytest.raises(kind):
            list(results)
    assert list(results) == []


def test_a_failing_iterable_raises_after_the_results_before_it():
    """It is read ahead; its exception keeps its place."""

    def items():
        yield 1
        yield 2
        raise OSError("no more")

    results = parallel_map(str, items())
    assert [next(results), next(results)] == ["1", "2"]
    with pytest.raises(OSError, match="no more") as caught:
        next(results)
    frames = traceback.extract_tb(caught.value.__traceback__)[1:]
    assert [frame.name for frame in frames] == ["__next__", "items"]
    assert list(results) == []


def test_an_interrupt_while_items_are_read_surfaces_at_once():
    def items():
        yield 1
        raise KeyboardInterrupt

    calls = []
    results = stepping(calls.append, items())
    with pytest.raises(KeyboardInterrupt):
        next(results)
    while results.strategy.started:
        results.strategy.step()
    assert calls == []


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs pthread_kill")
def test_an_interrupt_while_waiting_surfaces_at_once():
    """The call that is awaited goes on; the others never begin."""
    may_end, calls = threading.Event(), []
    main = threading.get_ident()

    def call(item):
        calls.append(item)
        while results._calls[0].item == item:  # until it is asked for
            threading.Event().wait(0.0001)
        signal.pthread_kill(main, signal.SIGINT)
        may_end.wait(PATIENCE)

    results = stepping(call, range(5))
    results._read_ahead()
    worker = threading.Thread(target=results.strategy.step)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        worker.start()
        with pytest.raises(KeyboardInterrupt):
            next(results)
    finally:
        signal.signal(signal.SIGINT, before)
        may_end.set()
        worker.join(PATIENCE)
    while results.strategy.started:
        results.strategy.step()
    assert calls == [0]


def test_an_exception_leaves_no_reference_circle():
    """The traceback holds our frame, which must not hold the exception."""

    class Noticed(Exception):
        pass

    def call(_item):
        raise Noticed

    gc.collect()
    gc.disable()
    try:
        try:
            next(parallel_map(call, [1]))
        except Noticed as error:
            gone = weakref.ref(error)
        assert gone() is None
    finally:
        gc.enable()


# ---- ends ------------------------------------------------------------------------------


def test_close_cancels_what_has_not_begun():
    calls = []
    results = stepping(calls.append, range(10), limit=4)
    next(results)
    results.close()
    operations = tuple(results.strategy.started)
    for operation in operations:
        operation.run()
    assert calls == [0]
    assert list(results) == []
    assert tuple(results.strategy.started) == operations  # none was handed over since


def test_a_call_that_ends_after_close_hands_over_no_other():
    results = stepping(lambda _: results.close(), range(3), limit=1)
    results._read_ahead()
    results.strategy.step()
    assert results.strategy.started == []


def test_dropping_the_iterator_cancels_what_has_not_begun():
    """So the end of a user's generator stops its calls."""
    calls = []

    def generator():
        inner = stepping(calls.append, range(10))
        started.append(inner.strategy.started)
        yield from inner

    started = []
    outer = generator()
    next(outer)
    outer.close()
    del outer
    gc.collect()
    for operation in started[0]:
        operation.run()
    assert calls == [0]


def test_a_call_under_way_does_not_keep_a_dropped_iterator_going():
    """The end of that call must not start the next."""
    calls = []
    results = stepping(calls.append, range(10), limit=1)
    results._read_ahead()
    operations = results.strategy.started
    del results
    gc.collect()
    while operations:
        operations.pop(0).run()
    assert calls == []


# ---- nesting and surroundings -----------------------------------------------------------


def test_nested_use_cannot_deadlock():
    def tree(depth):
        return 1 if depth == 0 else sum(parallel_map(tree, [depth - 1] * 2))

    with override(max_workers=2):
        assert tree(7) == 2**7


def test_each_call_has_a_copy_of_the_context_of_the_map():
    """What a call sets is seen by no other, also when the caller runs it."""
    variable = contextvars.ContextVar("variable", default=0)
    variable.set(1)

    def call(item):
        seen = variable.get()
        variable.set(100 + item)
        return seen

    for results in (parallel_map(call, range(50)), stepping(call, range(5))):
        assert set(results) == {1}
    with override(strategy="direct"):
        assert set(parallel_map(call, range(5))) == {1}
    assert variable.get() == 1


def test_what_calls_log_appears_in_the_order_of_the_items():
    lines, order = [], []

    class Collecting(logging.Handler):
        def emit(self, record):
            lines.append((record.getMessage(), threading.get_ident()))

    log = logging.getLogger("tests.unit.test_fanout")
    log.propagate = False
    log.setLevel("INFO")
    log.addHandler(handler := Collecting())
    try:
        results = stepping(lambda item: log.info("%d", item) or order.append(item), range(4))
        results._read_ahead()
        for _ in range(4):
            worker = threading.Thread(target=results.strategy.step, args=(-1,))
            worker.start()
            worker.join()
        assert (order, lines) == ([3, 2, 1, 0], [])
        next(results)
        assert [line for line, _ in lines] == ["0"]
        list(results)
    finally:
        log.removeHandler(handler)
    assert lines == [(str(number), threading.get_ident()) for number in range(4)]


def test_what_a_failing_call_logged_comes_before_its_exception():
    log = logging.getLogger("tests.unit.test_fanout.failing")
    lines = []

    def call(_item):
        log.warning("going wrong")
        raise ValueError

    log.addFilter(lambda record: lines.append(record.getMessage()))
    results = stepping(call, range(1))
    results._read_ahead()
    results.strategy.step()
    with pytest.raises(ValueError):
        next(results)
    assert lines == ["going wrong"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_process_runs_what_stayed_in_its_parent():
    """A call that a worker of the parent has begun will not end in the child."""
    may_end = threading.Event()
    parent = os.getpid()

    def call(item):
        if os.getpid() == parent:
            may_end.wait(PATIENCE)
        return item

    results = stepping(call, range(2))
    results._read_ahead()
    worker = threading.Thread(target=results.strategy.step)
    worker.start()
    while results._calls[0].state < fanout.RUNNING:
        threading.Event().wait(0.0001)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a thread is running, on purpose
        child = os.fork()
    if child == 0:
        os._exit(0 if list(results) == [0, 1] else 1)
    assert os.waitpid(child, 0)[1] == 0
    may_end.set()
    worker.join()
    assert list(results) == [0, 1]


# ---- in order ----------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"strategy": "direct"}, {"enabled": False}])
def test_switched_off_it_is_a_plain_map(settings):
    """Each item is read and called when its result is asked for."""
    events = []

    def items():
        for number in range(3):
            events.append(("read", number))
            yield number

    def call(item):
        events.append(("call", threading.get_ident()))
        return item

    with override(**settings):
        results = parallel_map(call, items())
    assert next(results) == 0
    assert events == [("read", 0), ("call", threading.get_ident())]
    assert list(results) == [1, 2]


@pytest.mark.parametrize("name", ["auto", "parallel", "thread"])
def test_every_setting_that_runs_ahead_uses_threads(name):
    with override(strategy=name):
        assert list(parallel_map(Meeting(3), range(3))) == [0, 1, 2]


def test_tiny_calls_are_run_in_order_after_a_while():
    """Handing them over would take longer than running them."""
    clock = FakeClock()
    results = stepping(lambda _: clock.advance(5e-6), itertools.count(), clock=clock)
    for _ in range(fanout.SMALL_CALLS):
        assert results._ahead
        next(results)
    assert not results._ahead
    handed_over = len(results.strategy.started)
    for _ in range(100):
        next(results)
    assert len(results.strategy.started) == handed_over


def test_calls_that_become_longer_run_ahead_again():
    clock, lengths = FakeClock(), iter([5e-6] * 100 + [1.0] * 100)
    results = stepping(lambda _: clock.advance(next(lengths)), itertools.count(), clock=clock)
    for _ in range(100):
        next(results)
    assert not results._ahead
    next(results)
    assert results._ahead


def test_calls_run_in_order_make_no_room_for_others():
    """Room is what a call that was handed over gives back."""
    clock, lengths = FakeClock(), iter([5e-6] * 100 + [1.0] * 100)
    results = stepping(
        lambda _: clock.advance(next(lengths)), itertools.count(), limit=2, clock=clock
    )
    for _ in range(101):
        next(results)
    assert results._ahead
    results.strategy.started.clear()
    results._read_ahead()
    assert len(results.strategy.started) == 2


def test_a_call_added_while_another_thread_holds_the_last_room_is_started():
    """The one found no room, the other nothing to start: one of them must look again."""
    results = stepping(str, [1], limit=1)
    call = results._read()

    class Contended(collections.deque):
        emptied = False

        def __bool__(self):
            return not self.emptied or len(self) > 0

        def popleft(self):
            if not self.emptied:  # a third thread took what was there; now the call is added
                self.emptied = True
                self.append(call)
                raise IndexError
            return super().popleft()

    results._flow.waiting = Contended()
    results._flow.start_more()
    assert results.strategy.started == [call]


def test_one_call_of_some_length_among_tiny_ones_is_enough_to_go_on():
    clock = FakeClock()
    lengths = itertools.cycle([5e-6] * (fanout.SMALL_CALLS - 1) + [2e-5])
    results = stepping(lambda _: clock.advance(next(lengths)), range(500), clock=clock)
    for _ in results:
        assert results._ahead


def test_dispatch_is_not_measured_for_long_calls():
    """The measurement would delay the first results of a short map."""
    clock = FakeClock()
    results = stepping(lambda _: clock.advance(0.05), range(20), clock=clock)
    results.strategy.dispatch_seconds = None
    assert len(list(results)) == 20


def test_calls_run_directly_never_turn_parallel():
    clock = FakeClock()
    direct = strategy("direct")
    results = ParallelMap(
        lambda _: clock.advance(1.0), iter(range(3)), direct, limit=64, window=64, clock=clock
    )
    for _ in results:
        assert not results._ahead


# ---- arguments --------------------------------------------------------------------------


async def coroutine(_item):
    """Refused."""


async def asynchronous_generator(_item):
    """Refused as well."""
    yield


class Asynchronous:
    async def __call__(self, _item):
        """Refused as an instance."""

    async def method(self, _item):
        """Refused as a bound method."""


@pytest.mark.parametrize(
    "function",
    [
        coroutine,
        asynchronous_generator,
        functools.partial(coroutine),
        functools.partial(functools.partial(coroutine)),
        Asynchronous(),
        Asynchronous().method,
        asyncio.sleep,
    ],
)
def test_asynchronous_functions_are_refused(function):
    with pytest.raises(UnsupportedCallable, match="returns coroutines; use asyncio.gather"):
        parallel_map(function, [])


@pytest.mark.parametrize(
    "function", [len, str, "x".join, functools.partial(int, base=2), Asynchronous, lambda x: x]
)
def test_every_other_callable_is_taken(function):
    parallel_map(function, [])


def test_what_cannot_be_called_is_refused():
    with pytest.raises(UnsupportedCallable, match="parallel_map needs a function, not 3"):
        parallel_map(3, [])


def test_what_cannot_be_iterated_is_refused_at_once():
    with pytest.raises(TypeError, match="not iterable"):
        parallel_map(str, 3)


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "4", True])
def test_a_wrong_number_of_workers_is_refused(wrong):
    with pytest.raises(ConfigurationError, match="^max_workers="):
        parallel_map(str, [], max_workers=wrong)


def test_a_strategy_that_is_not_there_is_refused_at_once(monkeypatch):
    monkeypatch.setenv("ADAPTIVE_JIT_STRATEGY", "process")
    settings.refresh()
    try:
        with pytest.raises(StrategyUnavailable, match="^ADAPTIVE_JIT_STRATEGY='process'"):
            parallel_map(str, [])
    finally:
        monkeypatch.undo()
        settings.refresh()


# ---- parallel([...]) -----------------------------------------------------------------------


@pytest.fixture
def not_warned(monkeypatch):
    monkeypatch.setattr(fanout, "_warned", False)


def test_parallel_returns_its_list():
    values = [1, 2]
    assert in_adaptive(values) is values
    assert in_adaptive(iter(values)) == values
    assert in_adaptive((1, 2)) == [1, 2]


def in_adaptive(elements):
    return parallel(elements)


register_code(in_adaptive.__code__)


@unordered
def meets(barrier, kind, item):
    """Return *item* once three calls are under way; the second raises."""
    barrier.wait(PATIENCE)
    if item == 2:
        raise kind(item)
    return item


def three_at_once(barrier, kind):
    return parallel([meets(barrier, kind, 1), meets(barrier, kind, 2), meets(barrier, kind, 3)])


@pytest.mark.parametrize(
    "kind", [StopIteration, GeneratorExit, KeyboardInterrupt, SystemExit, ValueError]
)
def test_parallel_raises_what_an_element_raises(kind):
    """Elements are ordinary expressions: a ``StopIteration`` too comes as it is, and is no end."""
    adaptive(strategy="parallel")(three_at_once)
    with pytest.raises(kind, match="2"):
        three_at_once(threading.Barrier(3), kind)


def test_parallel_outside_an_adaptive_function_warns_once(not_warned):
    with pytest.warns(FallbackWarning, match="use parallel_map") as caught:
        assert parallel([1]) == [1]
    assert caught[0].filename == __file__
    assert parallel([2]) == [2]  # a second warning would be an error here


def test_parallel_inside_an_adaptive_function_does_not_warn(not_warned):
    assert in_adaptive([1]) == [1]


def test_parallel_does_not_warn_where_everything_is_switched_off(not_warned):
    for settings in ({"enabled": False}, {"strategy": "direct"}):
        with override(**settings):
            assert parallel([1]) == [1]
    with pytest.warns(FallbackWarning):
        parallel([1])


def test_codes_are_known_by_identity(not_warned):
    """A copy of a function is not adaptive because its code is equal."""

    def other():
        return parallel([1])

    code = other.__code__
    register_code(code)
    other()
    other.__code__ = code.replace()
    assert other.__code__ == code
    with pytest.warns(FallbackWarning):
        other()


def test_codes_are_forgotten_with_their_function():
    before = len(fanout._adaptive_codes)
    namespace = {}
    exec("def temporary(): pass", namespace)
    register_code(namespace["temporary"].__code__)
    assert len(fanout._adaptive_codes) == before + 1
    namespace.clear()
    gc.collect()
    assert len(fanout._adaptive_codes) == before
