"""What every strategy promises."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

PATIENCE = 20.0
"""Seconds after which something that should have happened counts as failed."""


class Operation:
    """A startable: claimed by whoever runs it first, its outcome kept."""

    def __init__(self, function, *arguments):
        self.function = function
        self.arguments = arguments
        self.claim = iter((1,))
        self.runs = 0
        self.value = self.error = self.thread = None
        self.ended = threading.Event()

    def run(self):
        if next(self.claim, 0):
            self.runs += 1
            self.thread = threading.get_ident()
            try:
                self.value = self.function(*self.arguments)
            except BaseException as error:
                self.error = error
            self.ended.set()

    def result(self):
        """What the caller does when the result is needed: help, then wait."""
        self.run()
        assert self.ended.wait(PATIENCE), "the operation has begun and does not end"
        if self.error is not None:
            raise self.error
        return self.value


def test_a_strategy_that_is_not_tested_here_is_visible(reason_for_absence):
    if reason_for_absence is not None:
        pytest.skip(reason_for_absence)


def test_an_operation_runs_without_help(any_strategy):
    operation = Operation(lambda: 42)
    any_strategy.start(operation)
    assert operation.ended.wait(PATIENCE)
    assert operation.value == 42


def test_an_operation_runs_exactly_once_though_the_caller_helps(any_strategy):
    operations = [Operation(pow, number, 2) for number in range(200)]
    for operation in operations:
        any_strategy.start(operation)
    assert [operation.result() for operation in operations] == [n * n for n in range(200)]
    fence = Operation(int)
    any_strategy.start(fence)
    fence.result()
    assert {operation.runs for operation in operations} == {1}


def test_an_operation_that_the_caller_has_begun_is_left_alone(any_strategy):
    operation = Operation(threading.get_ident)
    operation.run()
    any_strategy.start(operation)
    after = Operation(int)
    any_strategy.start(after)
    assert after.ended.wait(PATIENCE)
    assert operation.runs == 1
    assert operation.value == threading.get_ident()


def test_an_exception_stays_in_its_operation(any_strategy):
    """Also one that would end a thread or a program."""
    for kind in (ValueError, SystemExit, KeyboardInterrupt, StopIteration):
        failing, next_one = Operation(_raise, kind), Operation(int)
        any_strategy.start(failing)
        any_strategy.start(next_one)
        with pytest.raises(kind):
            failing.result()
        assert next_one.result() == 0


def _raise(kind):
    raise kind


def test_thousands_at_once_all_run(any_strategy):
    operations = [Operation(int) for _ in range(3000)]
    for operation in operations:
        any_strategy.start(operation)
    for operation in operations:
        assert operation.ended.wait(PATIENCE)


def test_many_callers_at_once_are_served(any_strategy):
    def caller():
        operations = [Operation(int) for _ in range(100)]
        for operation in operations:
            any_strategy.start(operation)
        return sum(operation.result() for operation in operations)

    values = []
    threads = [threading.Thread(target=lambda: values.append(caller())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert values == [0] * 8


def test_operations_that_start_operations_cannot_deadlock(any_strategy):
    """Far more operations wait for others than there can be workers."""

    def tree(depth):
        if depth == 0:
            return 1
        branches = [Operation(tree, depth - 1) for _ in range(2)]
        for branch in branches:
            any_strategy.start(branch)
        return sum(branch.result() for branch in branches)

    assert tree(9) == 2**9


def test_a_start_inside_a_signal_handler_cannot_deadlock(any_strategy):
    """The signal may interrupt another ``start`` in the same thread."""
    if not hasattr(signal, "setitimer"):
        pytest.skip("no interval timers here")
    inner = []

    def interrupted(*_):
        inner.append(Operation(int))
        any_strategy.start(inner[-1])

    before = signal.signal(signal.SIGALRM, interrupted)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        rounds = 0
        while len(inner) < 20:
            rounds += 1
            outer = Operation(int)
            any_strategy.start(outer)
            outer.result()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    for operation in inner:
        assert operation.ended.wait(PATIENCE)


def test_what_ahead_means(any_strategy):
    """``start`` returns before the end of the operation, or else runs it where it stands."""
    release, operation = threading.Event(), None
    if any_strategy.capabilities.ahead:
        operation = Operation(release.wait, PATIENCE)
        any_strategy.start(operation)
        assert not operation.ended.is_set()
        release.set()
        assert operation.result() is True
    else:
        operation = Operation(int)
        any_strategy.start(operation)
        assert operation.thread == threading.get_ident()


def test_operations_of_a_strategy_that_runs_ahead_are_in_flight_together(any_strategy):
    if not any_strategy.capabilities.ahead:
        pytest.skip("runs in order")
    meeting = threading.Barrier(8)
    operations = [Operation(meeting.wait, PATIENCE) for _ in range(8)]
    for operation in operations:
        any_strategy.start(operation)
    for operation in operations:
        assert operation.ended.wait(PATIENCE)
        assert operation.error is None


def test_dispatch_is_measured_once(any_strategy):
    seconds = any_strategy.dispatch_seconds()
    assert seconds > 0
    assert any_strategy.dispatch_seconds() == seconds


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_it_works_on_both_sides_of_a_fork(any_strategy):
    any_strategy.start(Operation(int))
    child = os.fork()
    if child == 0:
        operation = Operation(int)
        any_strategy.start(operation)
        os._exit(0 if operation.ended.wait(PATIENCE) else 1)
    assert os.waitpid(child, 0)[1] == 0
    operation = Operation(int)
    any_strategy.start(operation)
    assert operation.ended.wait(PATIENCE)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")  # rightly so
def test_an_operation_may_fork(any_strategy):
    """The child that goes on inside the operation has a strategy of its own."""

    def forks():
        child = os.fork()
        if child == 0:
            inner = Operation(int)
            any_strategy.start(inner)
            os._exit(0 if inner.ended.wait(PATIENCE) else 1)
        return os.waitpid(child, 0)[1]

    operation = Operation(forks)
    any_strategy.start(operation)
    assert operation.result() == 0


AT_EXIT = """
import atexit, os, sys, threading
from adaptive_jit.strategies import strategy

chosen = strategy(sys.argv[1])

class Operation:
    def __init__(self, function):
        self.function, self.claim = function, iter((1,))
    def run(self):
        if next(self.claim, 0):
            self.function()

class Late:
    def __init__(self, when):
        self.when, self.start, self.write = when, chosen.start, os.write
    def __del__(self):
        operation = Operation(lambda: None)
        self.start(operation)
        operation.run()
        self.write(1, self.when + b" done\\n")

if chosen.capabilities.ahead:
    begun = threading.Event()
    for _ in range(3):
        chosen.start(Operation(lambda: (begun.set(), threading.Event().wait())))
    begun.wait()
sys.late = Late(b"torn down")
atexit.register(lambda: Late(b"at exit"))
"""


def test_interpreter_exit_is_never_held_up(any_strategy):
    """Neither by operations under way nor by what is started while everything is torn down."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", AT_EXIT, any_strategy.name],
        capture_output=True,
        text=True,
        timeout=PATIENCE * 2,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["at exit done", "torn down done"]
