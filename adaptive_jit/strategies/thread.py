"""Operations run in a small pool of daemon threads.

Why not ``concurrent.futures``: its futures and conditions cost 7 to 13 µs per
operation against 0.2 to 0.6 µs here, its workers never end, and the
interpreter waits for them at exit.

The pool keeps no lock. What threads share are a ``SimpleQueue``, whose
``put`` may be re-entered by signal handlers and finalisers, and a list and
dicts of which only single operations are used that the interpreter lock makes
atomic. The rules that hold in every order of events:

* ``start`` puts the operation first and then compares the number of
  operations put and not ended with the number of workers; if there are more
  operations, it adds a worker.
* A worker that ends takes itself off the list first and then looks into the
  queue once more. So an operation put meanwhile is seen by one of the two.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
from itertools import count
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING
from weakref import WeakSet

from adaptive_jit.clock import SYSTEM
from adaptive_jit.interrupts import Starting
from adaptive_jit.settings import current
from adaptive_jit.strategies.base import Capabilities, Startable, Strategy, measure_dispatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

IDLE_SECONDS = 2.0
"""How long a worker waits for an operation before it ends; starting one costs about 50 µs."""

FORK_GRACE = 0.005
FORK_PATIENCE = 1.0
"""Seconds that ``fork`` waits for workers about to become idle, and for idle ones to end.

The first is the interpreter's switch interval: a worker whose operation has
just ended needs no longer to get where it counts as idle.
"""

EXIT_GRACE = 0.05
"""Seconds that the end of the interpreter waits at most for operations that are about to end.

A worker that is stopped with an operation in its hands keeps what that leads to, in the end the
program's module, whose files would not be flushed. One that waits for long is left where it is.
"""

_numbers = count(1)


class _Pool:
    """The workers started since the last fork, and what they share."""

    __slots__ = ("busy", "forked", "queue", "workers")

    def __init__(self) -> None:
        self.queue: SimpleQueue[Startable | None] = SimpleQueue()
        self.workers: dict[_Worker, None] = {}
        self.busy: list[None] = []  # one element per operation put and not ended
        self.forked = False


class _Worker(threading.Thread):
    """One thread of the pool.

    A ``threading.Thread``, not a bare one, so that ``threading.settrace`` and
    ``setprofile`` (debuggers, coverage) reach the user's code in it.
    """

    def __init__(self, pool: _Pool, every: dict[_Worker, None], idle_seconds: float) -> None:
        super().__init__(name=f"adaptive_jit-{next(_numbers)}", daemon=True)
        self.pool = pool
        self.every = every
        self.idle_seconds = idle_seconds
        self.idle = False
        self.starting = Starting()

    def run(self) -> None:
        """Run operations until none has come for a while."""
        self.starting.began()
        pool = self.pool
        try:
            while (operation := self._next(pool)) is not None:
                try:
                    operation.run()
                finally:
                    del operation  # and what it holds, while this worker is idle
                    pool.busy.pop()
                if pool.forked:  # this thread is the one that a child process began with
                    return
        finally:
            pool.workers.pop(self, None)
            self.every.pop(self, None)

    def _next(self, pool: _Pool) -> Startable | None:
        """Return the next operation; ``None`` if the worker has taken itself off the list."""
        self.idle = True
        try:
            operation = pool.queue.get(timeout=self.idle_seconds)
        except Empty:
            operation = None
        if operation is None:
            pool.workers.pop(self, None)
            try:
                operation = pool.queue.get_nowait()
            except Empty:
                return None
            if operation is None:  # meant for another worker, which is waiting for it
                pool.queue.put(None)
                return None
            pool.workers[self] = None
        self.idle = False
        return operation


class ThreadStrategy:
    """A pool that grows while no worker is idle, up to *limit* threads, and shrinks by itself."""

    name = "thread"
    capabilities = Capabilities(ahead=True, shares_memory=True, overlaps_python=False)

    # Kept here: finalisers may come when this module's names are gone already.
    _finalizing = staticmethod(sys.is_finalizing)

    def __init__(
        self,
        limit: Callable[[], int] = lambda: current().max_workers,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._limit = limit
        self._idle_seconds = idle_seconds
        self._pool = _Pool()
        self._every: dict[_Worker, None] = {}
        self._allowed = 0
        self._dispatch: float | None = None
        self.measured_dispatch: float | None = None
        _strategies.add(self)

    def start(self, operation: Startable) -> None:
        """Have a worker run *operation*; with every worker busy it waits for one."""
        pool = self._pool
        pool.busy.append(None)
        pool.queue.put(operation)
        if len(pool.busy) > len(pool.workers):
            self._grow(pool)

    def allow(self, workers: int) -> None:
        """Let the pool grow to *workers* even where the settings in force say fewer.

        For a function whose own argument asks for more than the rest of the process.
        """
        self._allowed = max(self._allowed, workers)

    def dispatch_seconds(self) -> float:
        """Return the seconds of an empty round trip through a worker, measured once."""
        if self._dispatch is None:
            measured = measure_dispatch(self.start, SYSTEM)
            if measured is None:  # every worker is busy: a question for later
                return 0.0
            self._dispatch = self.measured_dispatch = measured
        return self._dispatch

    def expect_dispatch(self, seconds: float) -> None:
        """Take *seconds*, measured by earlier processes, for the cost of a round trip."""
        if self._dispatch is None:
            self._dispatch = seconds

    def workers(self) -> tuple[threading.Thread, ...]:
        """Return the threads that have been started and have not ended."""
        return tuple(self._every)

    def _grow(self, pool: _Pool) -> None:
        """Add a worker unless there are enough, or the interpreter starts no more threads."""
        if self._finalizing():
            return
        limit = max(self._limit(), self._allowed)
        if len(self._every) >= limit:
            return
        worker = _Worker(pool, self._every, self._idle_seconds)
        self._every[worker] = pool.workers[worker] = None
        if len(self._every) > limit:  # another thread added one at the same time
            self._withdraw(worker)
            return
        try:
            with worker.starting:
                worker.start()
        except RuntimeError:
            # The system's limit, or interpreter exit since 3.12: the caller will
            # run what no worker has begun.
            self._withdraw(worker)
        except BaseException:
            self._withdraw(worker)
            raise

    def _withdraw(self, worker: _Worker) -> None:
        self._every.pop(worker, None)
        worker.pool.workers.pop(worker, None)

    def end_workers(self) -> None:
        """Tell all workers to end and wait for the idle ones: ``fork`` must not copy them.

        A new pool takes over; the old workers end after what they were given.
        """
        old, self._pool = self._pool, _Pool()
        leaving = tuple(old.workers)
        for _ in leaving:
            old.queue.put(None)
        _join(worker for worker in leaving if worker is not threading.current_thread())

    def rest(self, patience: float = EXIT_GRACE) -> None:
        """Wait *patience* seconds at most until no worker holds an operation."""
        limit = time.monotonic() + patience
        while self._pool.busy and self._every and time.monotonic() < limit:
            time.sleep(FORK_GRACE / 10)

    def forget_workers(self) -> None:
        """Begin anew in a child process, where no worker exists."""
        for worker in self._every:
            worker.pool.forked = True
        self._every = {}
        self._pool = _Pool()


def _join(workers: Iterable[_Worker]) -> None:
    """Wait until those of *workers* that are not busy have ended."""
    now = time.monotonic()
    grace, patience = now + FORK_GRACE, now + FORK_PATIENCE
    for worker in workers:
        while not worker.idle and worker.is_alive() and time.monotonic() < grace:
            time.sleep(FORK_GRACE / 10)
        while worker.idle and worker.is_alive() and time.monotonic() < patience:
            worker.join(FORK_GRACE)
        if not worker.is_alive():
            _wait_for_system(worker.native_id, time.monotonic() + FORK_GRACE)


def _wait_for_system(thread_id: int | None, deadline: float) -> None:
    """Wait until Linux has forgotten a thread that has been joined.

    Before 3.13 ``join`` returns shortly before the thread is gone, and since
    3.12 ``fork`` counts the threads that the system knows.
    """
    while os.path.exists(f"/proc/self/task/{thread_id}") and time.monotonic() < deadline:
        time.sleep(0)


def _before_fork() -> None:
    for strategy in tuple(_strategies):
        strategy.end_workers()


def _after_fork() -> None:
    for strategy in tuple(_strategies):
        strategy.forget_workers()


_strategies: WeakSet[ThreadStrategy] = WeakSet()


def _at_exit() -> None:
    for strategy in tuple(_strategies):
        strategy.rest()


# Before what the engine registers, so that it runs behind that.
atexit.register(_at_exit)

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)


def create() -> Strategy:
    """Return the strategy."""
    return ThreadStrategy()
