"""The sampler's thread: when it exists, what it is told, and that it is never in the way."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from adaptive_jit.profiling import Sampler
from adaptive_jit.profiling import sampler as module
from adaptive_jit.records import ThreadState


class Slot:
    def __init__(self) -> None:
        self.states: dict[ThreadState, int] = {}


class Watches:
    """All threads wait; a test can wait until one was looked at so many times."""

    def __init__(self) -> None:
        self.looked = threading.Semaphore(0)
        self.threads: set[threading.Thread] = set()
        self.closed = threading.Event()

    def watch(self, native_id):
        return self

    def look(self, late):
        self.threads.add(threading.current_thread())
        self.looked.release()
        return ThreadState.WAITING

    def own_delay_ns(self):
        return 0

    def close(self):
        self.closed.set()


@pytest.fixture
def watches():
    return Watches()


@pytest.fixture
def sampler(watches, monkeypatch):
    monkeypatch.setattr(module, "SLOW_NS", 100_000)
    made = Sampler(watches)
    yield made
    made.stop()


def test_a_sampler_has_no_thread_until_something_is_entered(sampler):
    """Making one costs nothing."""
    assert not sampler.running
    sampler.enter(1, Slot())
    assert sampler.running


def test_what_is_entered_is_counted_until_it_is_left(sampler, watches):
    """States are counted in the slot, by the sampler's own daemon thread."""
    slot = Slot()
    sampler.enter(1, slot)
    for _ in range(3):
        assert watches.looked.acquire(timeout=60)
    sampler.leave(slot)
    sampler.stop()
    assert slot.states[ThreadState.WAITING] >= 2
    (thread,) = watches.threads
    assert thread.daemon
    assert not thread.is_alive()
    assert not os.path.exists(f"/proc/self/task/{thread.native_id}")


def test_leaving_an_operation_leaves_all_inside_it(sampler):
    """An exception may skip the inner ``leave``."""
    outer, inner = Slot(), Slot()
    sampler.enter(1, outer)
    sampler.enter(1, inner)
    assert sampler._stacks == {1: [outer, inner]}
    sampler.leave(outer)
    assert sampler._stacks == {}


def test_leaving_the_inner_one_keeps_the_outer(sampler):
    """Operations nest."""
    outer, inner = Slot(), Slot()
    sampler.enter(1, outer)
    sampler.enter(1, inner)
    sampler.leave(inner)
    assert sampler._stacks == {1: [outer]}


def test_leaving_what_was_never_entered_is_harmless(sampler):
    """A function may be entered before its sampler exists."""
    sampler.leave(Slot())
    assert sampler._stacks == {}


def test_one_slot_may_be_run_by_two_threads(sampler):
    """Each thread leaves for itself only."""
    slot = Slot()
    sampler.enter(1, slot)

    def other() -> None:
        sampler.enter(2, slot)
        sampler.leave(slot)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert sampler._stacks == {1: [slot]}


def test_a_stopped_sampler_starts_again(sampler, watches):
    """``stop`` joins the thread; the next ``enter`` makes another."""
    slot = Slot()
    sampler.enter(1, slot)
    assert watches.looked.acquire(timeout=60)
    sampler.stop()
    assert not sampler.running
    assert watches.closed.is_set()
    sampler.enter(1, slot)
    assert sampler.running
    watches.looked = threading.Semaphore(0)
    assert watches.looked.acquire(timeout=60)


def test_stopping_waits_for_the_system_to_see_the_end(monkeypatch):
    """A joined thread exists a moment longer for the system, which a fork would count."""
    answers, slept = [True, True, False], []
    monkeypatch.setattr(module.os.path, "exists", lambda path: answers.pop(0))
    monkeypatch.setattr(module, "sleep", slept.append)
    module._wait_for_system(1)
    assert answers == []
    assert len(slept) == 2


def test_stopping_twice_or_never_started_is_harmless(sampler):
    """``stop`` may be called at any time."""
    sampler.stop()
    sampler.enter(1, Slot())
    sampler.stop()
    sampler.stop()


def test_an_idle_thread_ends_by_itself(watches, monkeypatch):
    """Nothing entered for the idle time: no thread, and a new one when needed."""
    monkeypatch.setattr(module, "SLOW_NS", 100_000)
    monkeypatch.setattr(module, "IDLE_LOOKS", 1)
    sampler = Sampler(watches, idle_seconds=0.0)
    slot = Slot()
    sampler.enter(1, slot)
    thread = sampler._thread
    sampler.leave(slot)
    thread.join(60)
    assert not thread.is_alive()
    assert not sampler.running
    sampler.enter(1, slot)
    assert sampler.running
    sampler.stop()


def test_a_parked_thread_wakes_for_the_next_operation(watches, monkeypatch):
    """Parked is not ended: the same thread goes on."""
    monkeypatch.setattr(module, "SLOW_NS", 100_000)
    monkeypatch.setattr(module, "IDLE_LOOKS", 1)
    sampler = Sampler(watches, idle_seconds=60.0)
    slot = Slot()
    sampler.enter(1, slot)
    assert watches.looked.acquire(timeout=60)
    watches.closed.clear()
    sampler.leave(slot)
    assert watches.closed.wait(60)
    watches.looked = threading.Semaphore(0)
    sampler.enter(1, slot)
    assert watches.looked.acquire(timeout=60)
    assert len(watches.threads) == 1
    sampler.stop()


def test_what_is_entered_while_the_sampler_parks_is_seen(watches):
    """Entered before it says that it is parked, it rings no bell."""
    sampler = Sampler(watches, idle_seconds=0.0)
    sampler._parked = False
    sampler.enter(1, Slot())
    assert sampler._park()
    assert not sampler._parked


def test_a_thread_woken_at_the_last_moment_goes_on(watches):
    """The idle time is over, and something is entered before the thread has ended."""
    sampler = Sampler(watches, idle_seconds=0.0)

    class Signal:
        def acquire(self, timeout):
            sampler._parked = False
            return False

    sampler._signal = Signal()
    assert sampler._park()


def test_ringing_twice_is_ringing_once(sampler):
    """A bell that has not been heard yet is no error."""
    sampler._ring()
    sampler._ring()


def test_the_sampler_does_not_wait_for_itself(sampler, watches):
    """A finaliser that happens to run in its thread may fork."""
    failures = []

    def look(late):
        try:
            sampler.stop()
        except RuntimeError as failure:
            failures.append(failure)
        watches.looked.release()
        return ThreadState.WAITING

    watches.look = look
    sampler.enter(1, Slot())
    assert watches.looked.acquire(timeout=60)
    assert failures == []


def test_an_interrupted_wake_does_not_wait_for_itself(sampler):
    """A signal handler may enter while the interrupted code wakes the sampler."""

    class Held:
        def acquire(self, blocking=True):
            assert not blocking
            return False

    free, sampler._changing = sampler._changing, Held()
    sampler.enter(1, Slot())
    sampler._changing = free
    assert not sampler.running
    sampler.enter(1, Slot())
    assert sampler.running


def test_without_threads_profiling_goes_on(sampler, monkeypatch):
    """At interpreter shutdown no thread can be started; nothing is raised, nothing retried."""
    tried = []

    def refuse(self) -> None:
        tried.append(self)
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    for _ in range(2):
        sampler.enter(1, Slot())
    assert len(tried) == 1
    assert not sampler.running


def test_systems_without_proc_get_no_thread(monkeypatch):
    """There would be nothing to see."""
    monkeypatch.setattr(sys, "platform", "darwin")
    sampler = Sampler()
    sampler.enter(1, Slot())
    assert not sampler.running


def test_a_fork_finds_no_sampler_thread(sampler, watches):
    """All samplers are joined before; in the child none remembers the parent's operations."""
    sampler.enter(1, Slot())
    assert watches.looked.acquire(timeout=60)
    module._stop_all()
    assert not sampler.running
    module._forget_all()
    assert sampler._stacks == {}
    sampler.enter(1, Slot())
    assert sampler.running


FORK = """
import os, sys, threading, warnings
warnings.simplefilter("error")
from adaptive_jit.profiling import Sampler
class Slot:
    states = {}
sampler, slot = Sampler(), Slot()
sampler.enter(threading.get_native_id(), slot)
assert sampler.running
sampler._stacks[1] = [slot]
if os.fork() == 0:
    assert not sampler.running
    assert not sampler._stacks
    sampler.enter(threading.get_native_id(), slot)
    os._exit(0 if sampler.running else 3)
assert not sampler.running
code = os.waitstatus_to_exitcode(os.wait()[1])
sampler.enter(threading.get_native_id(), slot)
sys.exit(code)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs fork and /proc")
def test_fork_gives_no_warning_and_exit_is_not_held_up():
    """Python 3.12 warns of a fork beside threads; an interpreter ends with a sampler running."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORK], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
