"""The pool of threads: how it grows, shrinks, forks and ends."""

from __future__ import annotations

import os
import threading
import weakref

import pytest

from adaptive_jit.settings import override
from adaptive_jit.strategies import thread as module
from adaptive_jit.strategies.thread import ThreadStrategy

PATIENCE = 20.0

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")


class Operation:
    """Begins, says so, and ends when it is told to (or at once)."""

    def __init__(self, held=False):
        self.begun, self.may_end, self.ended = (threading.Event() for _ in range(3))
        self.thread = None
        if not held:
            self.may_end.set()

    def run(self):
        self.thread = threading.current_thread()
        self.begun.set()
        self.may_end.wait(PATIENCE)
        self.ended.set()


class Pools:
    """Makes pools and ends them; their workers are idle for long unless a test says else."""

    def __init__(self):
        self.made = []

    def __call__(self, limit=64, idle_seconds=1000.0):
        pool = ThreadStrategy(lambda: limit, idle_seconds)
        self.made.append(pool)
        return pool


@pytest.fixture
def pools():
    made = Pools()
    yield made
    for pool in made.made:
        pool.end_workers()


def begin(pool, count):
    operations = [Operation(held=True) for _ in range(count)]
    for operation in operations:
        pool.start(operation)
    for operation in operations:
        assert operation.begun.wait(PATIENCE)
    return operations


def end(operations):
    for operation in operations:
        operation.may_end.set()
    for operation in operations:
        assert operation.ended.wait(PATIENCE)


def until_idle(pool):
    """Wait until each worker waits for an operation."""
    while not all(worker.idle for worker in pool.workers()):
        threading.Event().wait(0.0001)


def test_no_thread_exists_before_it_is_needed(pools):
    assert pools().workers() == ()


def test_an_idle_worker_is_used_before_another_is_started(pools):
    pool = pools()
    for _ in range(5):
        end(begin(pool, 1))
        until_idle(pool)
    assert len(pool.workers()) == 1


def test_the_pool_grows_while_no_worker_is_idle(pools):
    pool = pools()
    operations = begin(pool, 5)
    assert len(pool.workers()) == 5
    end(operations)


def test_the_pool_never_has_more_threads_than_allowed(pools, monkeypatch):
    pool = pools(limit=3)
    operations = begin(pool, 3)
    monkeypatch.setattr(module, "_Worker", None)  # not even an unused one is made
    waiting = Operation()
    pool.start(waiting)
    assert len(pool.workers()) == 3
    assert not waiting.begun.is_set()
    end(operations)
    assert waiting.ended.wait(PATIENCE)


def test_two_callers_cannot_exceed_the_limit_together(pools, monkeypatch):
    """One has grown the pool while the other was about to."""
    pool, make = pools(limit=1), module._Worker
    first = Operation(held=True)

    def make_later(*arguments):
        monkeypatch.setattr(module, "_Worker", make)
        pool.start(first)
        return make(*arguments)

    monkeypatch.setattr(module, "_Worker", make_later)
    second = Operation()
    pool.start(second)
    assert len(pool.workers()) == len(pool._pool.workers) == 1
    # The one worker takes whichever was put first, and then the other.
    assert second.begun.wait(PATIENCE)
    end([first])


def test_the_limit_is_the_setting_at_the_time_of_growth():
    pool = ThreadStrategy()
    with override(max_workers=2):
        operations = begin(pool, 2)
        waiting = Operation()
        pool.start(waiting)
        assert len(pool.workers()) == 2
    pool.start(Operation())
    assert len(pool.workers()) == 3
    end(operations)
    assert waiting.ended.wait(PATIENCE)
    pool.end_workers()


def test_idle_workers_end(pools):
    pool = pools(idle_seconds=0.001)
    operations = begin(pool, 4)
    workers = pool.workers()
    end(operations)
    for worker in workers:
        worker.join(PATIENCE)
    assert pool.workers() == ()


def test_a_pool_whose_workers_have_ended_starts_new_ones(pools):
    pool = pools(idle_seconds=0.001)
    threads = []
    for _ in range(3):
        (operation,) = operations = begin(pool, 1)
        end(operations)
        operation.thread.join(PATIENCE)
        threads.append(operation.thread)
    assert len(set(threads)) == 3


def test_rest_waits_for_operations_that_end(pools):
    """At exit no worker may keep what it has just run."""
    pool = pools()
    operations = begin(pool, 3)
    for operation in operations:
        operation.may_end.set()
    kept = [weakref.ref(operation) for operation in operations]
    del operation, operations
    pool.rest(PATIENCE)
    assert [one() for one in kept] == [None] * 3


def test_rest_leaves_operations_that_last(pools):
    """The interpreter's exit is not held up by them."""
    pool = pools()
    operations = begin(pool, 1)
    pool.rest(0.0)
    assert not operations[0].ended.is_set()
    end(operations)


def test_an_operation_put_while_the_last_worker_ends_is_run(pools):
    """The worker has given up waiting and is still counted when ``start`` looks."""
    pool = pools()
    late = Operation()

    class Queue:
        def __init__(self, queue):
            self.queue, self.times = queue, 0

        def get(self, timeout):
            self.times += 1
            if self.times == 2:  # after the first operation: time out, as late as possible
                pool.start(late)
                raise module.Empty
            return self.queue.get(timeout=timeout)

        def __getattr__(self, name):
            return getattr(self.queue, name)

    pool._pool.queue = Queue(pool._pool.queue)
    end(begin(pool, 1))
    assert late.ended.wait(PATIENCE)
    until_idle(pool)
    assert list(pool._pool.workers) == [late.thread]  # it counts again


def test_an_idle_worker_holds_on_to_nothing(pools):
    """The results of its last operation may be large."""
    pool = pools()
    operations = begin(pool, 1)
    end(operations)
    until_idle(pool)
    gone = weakref.ref(operations.pop())
    assert gone() is None


def test_workers_are_daemons_that_say_whose_they_are(pools):
    pool = pools()
    (operation,) = operations = begin(pool, 1)
    assert operation.thread.daemon
    assert operation.thread.name.startswith("adaptive_jit-")
    end(operations)


def test_debuggers_and_coverage_reach_the_workers(pools):
    """``threading.settrace`` works on threads that ``threading`` has started."""
    seen = set()
    threading.settrace(lambda frame, event, argument: seen.add(frame.f_code.co_name))
    try:
        end(begin(pools(), 1))
    finally:
        threading.settrace(None)
    assert "run" in seen


def test_without_threads_the_caller_is_left_to_run_the_operation(pools, monkeypatch):
    """The system starts no more; later it does again."""

    def refuse(_worker):
        raise RuntimeError("can't start new thread")

    pool, operation = pools(), Operation()
    with monkeypatch.context() as patch:
        patch.setattr(module._Worker, "start", refuse)
        pool.start(operation)
    assert not operation.begun.is_set()
    assert pool.workers() == ()
    pool.start(Operation())
    assert operation.ended.wait(PATIENCE)


def test_an_interrupted_growth_is_not_counted(pools, monkeypatch):
    """Ctrl-C while a thread is being started."""

    def interrupted(_worker):
        raise KeyboardInterrupt

    pool = pools(limit=1)
    with monkeypatch.context() as patch:
        patch.setattr(module._Worker, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pool.start(Operation())
    operation = Operation()
    pool.start(operation)
    assert operation.ended.wait(PATIENCE)


def test_no_thread_is_started_while_the_interpreter_ends(pools, monkeypatch):
    """Before 3.12 ``Thread.start`` would wait for ever."""
    pool, operation = pools(), Operation()
    monkeypatch.setattr(pool, "_finalizing", lambda: True)
    pool.start(operation)
    assert pool.workers() == ()


def test_a_failing_operation_costs_no_more_than_its_worker(pools, monkeypatch):
    """``run`` never raises; if it does, it is shown, and the pool goes on counting right."""

    class Broken:
        def run(self):
            raise ValueError("broken")

    pool, shown, seen = pools(), [], threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda what: (shown.append(what), seen.set()))
    pool.start(Broken())
    assert seen.wait(PATIENCE)
    end(begin(pool, 1))
    assert pool._pool.busy == []
    assert [what.exc_type for what in shown] == [ValueError]


def test_idle_workers_are_gone_when_ended_for_a_fork(pools):
    """Since 3.12 ``fork`` warns of any other thread that the system knows."""
    pool = pools()
    operations = begin(pool, 8)
    threads = [operation.thread for operation in operations]
    end(operations)
    pool.end_workers()
    for thread in threads:
        assert not thread.is_alive()
        assert not os.path.exists(f"/proc/self/task/{thread.native_id}")
    assert pool.workers() == ()


def test_a_worker_that_has_just_ended_its_operation_counts_as_idle(pools):
    """A program that forks right after its last result must not be warned."""
    pool = pools()
    for _ in range(20):
        (operation,) = operations = begin(pool, 1)
        end(operations)  # the worker may still be on its way back to the queue
        pool.end_workers()
        assert not operation.thread.is_alive()


def test_fork_waits_a_moment_for_a_worker_on_its_way_back(pools, monkeypatch):
    """The result is out, and the worker about to become idle: it must not be copied."""
    waits = threading.Event()

    class Lingering(Operation):
        def run(self):
            super().run()
            waits.wait(PATIENCE)

    pool, operation = pools(), Lingering()
    pool.start(operation)
    assert operation.ended.wait(PATIENCE)
    monkeypatch.setattr(module, "FORK_GRACE", PATIENCE)
    monkeypatch.setattr(module.time, "sleep", lambda _seconds: waits.set())
    pool.end_workers()
    assert not operation.thread.is_alive()


def test_a_worker_that_forks_does_not_wait_for_itself(pools, monkeypatch):
    pool, waited = pools(), []
    monkeypatch.setattr(module, "_join", lambda workers: waited.extend(workers))
    others = begin(pool, 1)

    class Forking(Operation):
        def run(self):
            self.others = pool.workers()
            pool.end_workers()
            super().run()

    operation = Forking()
    pool.start(operation)
    assert operation.ended.wait(PATIENCE)
    assert waited == [worker for worker in operation.others if worker is not operation.thread]
    end(others)


def test_the_system_may_take_a_moment_to_forget_a_thread(monkeypatch):
    """Looking goes on until the thread is gone, or too late."""
    may_end = threading.Event()
    thread = threading.Thread(target=may_end.wait, args=(PATIENCE,))
    thread.start()
    looks = []
    monkeypatch.setattr(module.time, "sleep", lambda _seconds: (looks.append(1), may_end.set()))
    module._wait_for_system(thread.native_id, 0.0)
    assert thread.is_alive()
    if os.path.exists("/proc/self/task"):
        module._wait_for_system(thread.native_id, float("inf"))
        assert looks
    thread.join()


def test_a_joined_worker_is_waited_for_in_the_system_too(pools, monkeypatch):
    pool, asked = pools(), []
    operations = begin(pool, 1)
    end(operations)
    monkeypatch.setattr(module, "_wait_for_system", lambda number, _: asked.append(number))
    pool.end_workers()
    assert asked == [operations[0].thread.native_id]


def test_busy_workers_do_not_hold_up_a_fork_and_end_afterwards(pools):
    pool = pools()
    operations = begin(pool, 2)
    workers = pool.workers()
    pool.end_workers()  # returns although both are busy
    after = Operation()
    pool.start(after)  # by a worker of the new pool
    assert after.ended.wait(PATIENCE)
    assert after.thread not in workers
    end(operations)
    for worker in workers:
        worker.join(PATIENCE)
        assert not worker.is_alive()


def test_busy_workers_from_before_a_fork_count_for_the_limit(pools, monkeypatch):
    pool = pools(limit=2)
    operations = begin(pool, 2)
    monkeypatch.setattr(module, "_Worker", None)
    pool.end_workers()
    after = Operation()
    pool.start(after)
    assert len(pool.workers()) == 2
    end(operations)


@needs_fork
@pytest.mark.filterwarnings("error::DeprecationWarning")
def test_fork_leaves_no_worker_behind_in_parent_or_child(pools):
    """The hooks are registered with the interpreter."""
    pool = pools()
    operations = begin(pool, 3)
    threads = [operation.thread for operation in operations]
    end(operations)
    child = os.fork()
    if child == 0:
        fresh = pool.workers() == () and not pool._pool.busy
        os._exit(0 if fresh else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert not any(thread.is_alive() for thread in threads)


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # rightly so
def test_a_child_forked_with_busy_workers_begins_anew(pools):
    """What is under way in the parent is neither counted nor waited for in the child."""
    pool = pools(limit=2)
    operations = begin(pool, 2)
    child = os.fork()
    if child == 0:
        operation = Operation()
        pool.start(operation)
        os._exit(0 if operation.ended.wait(5) else 1)
    assert os.waitpid(child, 0)[1] == 0
    end(operations)


@needs_fork
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # rightly so
def test_a_child_that_began_in_a_worker_ends_with_its_operation(pools):
    """What was put before belongs to the parent."""
    pool, children = pools(limit=1), []
    read, write = os.pipe()

    class Forking(Operation):
        def run(self):
            queued.wait(PATIENCE)
            child = os.fork()
            if child:
                children.append(child)
                super().run()

    class Next(Operation):
        def run(self):
            os.write(write, f"{os.getpid()} ".encode())
            super().run()

    queued, operation, next_one = threading.Event(), Forking(), Next()
    pool.start(operation)
    pool.start(next_one)
    queued.set()
    assert next_one.ended.wait(PATIENCE)
    assert os.waitpid(children[0], 0)[1] == 0
    assert os.read(read, 100) == f"{os.getpid()} ".encode()
    os.close(read)
    os.close(write)


def test_dispatch_is_asked_again_if_every_worker_was_busy(pools):
    pool = pools(limit=1)
    operations = begin(pool, 1)
    assert pool.dispatch_seconds() == 0.0
    end(operations)
    until_idle(pool)
    assert pool.dispatch_seconds() > 0.0
