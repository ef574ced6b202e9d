"""Does it judge real operations rightly, on a quiet machine and on a busy one?

Each verdict is the most frequent of several runs: the machine may be shared.
"""

from __future__ import annotations

import hashlib
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from adaptive_jit.classify import OperationProfile, classify
from adaptive_jit.profiling import Sampler, difference, overhead_ns, read
from adaptive_jit.records import ThreadState, Verdict
from adaptive_jit.settings import Settings
from tests.quality.classification import profiled
from tests.quality.real_operations import busy_cores, busy_gil, python_loop

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")

CPU = {Verdict.CPU_HOLDING_GIL, Verdict.CPU_RELEASING_GIL, Verdict.CORE_WAIT}
RUNS = 5

data = os.urandom(4_000_000)


def join_a_computing_thread() -> None:
    thread = threading.Thread(target=python_loop)
    thread.start()
    thread.join()


@pytest.fixture(scope="module")
def fetch():
    """A request to a loopback service in a process of its own; it says after how many ms."""
    program = (
        "import socket, time\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "print(server.getsockname()[1], flush=True)\n"
        "while True:\n"
        "    peer, _ = server.accept()\n"
        "    time.sleep(int(peer.recv(100)) / 1000); peer.sendall(b'answer'); peer.close()\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as service:
        port = int(service.stdout.readline())

        def request(milliseconds: int = 20) -> bytes:
            with socket.create_connection(("127.0.0.1", port)) as peer:
                peer.sendall(b"%d" % milliseconds)
                return peer.recv(100)

        yield request
        service.kill()


@pytest.fixture(scope="module")
def sampler():
    made = Sampler()
    yield made
    made.stop()


def usual(sampler, operation, calls: int = 5) -> Verdict:
    """The most frequent verdict of several runs, after one call to warm up."""
    operation()
    found = Counter(
        classify(profiled(sampler, operation, calls), Settings()).verdict for _ in range(RUNS)
    )
    return found.most_common(1)[0][0]


@pytest.mark.parametrize(("seconds", "calls"), [(0.001, 3), (0.001, 20), (0.02, 2), (0.15, 1)])
def test_a_sleep_waits_outside(sampler, seconds, calls):
    """Decided after three short calls, two of 20 ms, or one long one."""
    assert usual(sampler, lambda: time.sleep(seconds), calls) is Verdict.WAITS


def test_a_request_waits_outside(sampler, fetch):
    """A real socket, a real wait."""
    assert usual(sampler, fetch) is Verdict.WAITS


def test_a_python_loop_computes_with_the_gil(sampler):
    """It never waits, and no other Python thread could run."""
    assert usual(sampler, python_loop) is Verdict.CPU_HOLDING_GIL


def test_hashing_computes_without_the_gil(sampler):
    """C code that lets other Python threads run."""
    found = usual(sampler, lambda: hashlib.sha256(data), calls=10)
    assert found in (Verdict.CPU_RELEASING_GIL, Verdict.CORE_WAIT)


def test_a_lock_is_not_outside(sampler):
    """Its futex shows in the samples."""
    lock = threading.Lock()
    lock.acquire()
    assert usual(sampler, lambda: lock.acquire(timeout=0.03)) is Verdict.LOCK


def test_waiting_for_an_own_computing_thread_is_not_io(sampler):
    """CPU / wall is 0.02, yet nothing outside is waited for."""
    assert usual(sampler, join_a_computing_thread) in (
        Verdict.DELEGATED, Verdict.GIL_WAIT, Verdict.IN_PROCESS, Verdict.UNDECIDED,
    )  # fmt: skip


def test_another_process_is_outside(sampler):
    """A child that sleeps."""
    program = ["sleep", "0.02"]
    assert usual(sampler, lambda: subprocess.run(program, check=True)) is Verdict.WAITS


def test_computing_and_waiting_by_turns_is_undecided(sampler):
    """Neither threshold is reached."""

    def both() -> None:
        start = time.thread_time()
        while time.thread_time() - start < 0.01:
            python_loop(1_000)
        time.sleep(0.01)

    assert usual(sampler, both) is Verdict.UNDECIDED


def test_on_a_machine_without_a_free_core_computing_is_not_io(sampler):
    """Plain CPU / wall is far below 0.5 there."""
    with busy_cores():
        assert usual(sampler, python_loop) in CPU | {Verdict.UNDECIDED}
        assert usual(sampler, lambda: hashlib.sha256(data)) in CPU | {Verdict.UNDECIDED}


def test_on_a_machine_without_a_free_core_a_request_still_waits(sampler, fetch):
    """Late wake-ups belong to the wait."""
    with busy_cores():
        assert usual(sampler, fetch) is Verdict.WAITS


def test_beside_a_busy_python_thread_computing_is_not_io(sampler):
    """The GIL is waited for, nothing outside."""
    with busy_gil():
        assert not usual(sampler, python_loop).is_io
        assert not usual(sampler, lambda: hashlib.sha256(data)).is_io


def test_beside_a_busy_python_thread_a_request_still_waits(sampler, fetch):
    """Samples tell it from a wait for that thread.

    It waits some 15 ms for the GIL in addition, longer on a loaded machine, so that
    the answer must take clearly longer than that to be what is mostly waited for.
    """
    with busy_gil():
        assert usual(sampler, lambda: fetch(80), calls=8) is Verdict.WAITS


def test_threads_that_wait_for_the_gil_are_seen_as_such(sampler):
    """The address of the GIL is the one that was found."""
    with busy_gil():
        profile = profiled(sampler, lambda: time.sleep(0), calls=200)
    assert profile.states.get(ThreadState.GIL, 0) > profile.states.get(ThreadState.LOCK, 0)


def test_a_reading_costs_little_more_than_the_clocks_it_reads():
    """Less than twice the three clocks alone, medians of interleaved rounds."""

    def seconds(function, times=2_000) -> float:
        start = time.perf_counter()
        for _ in range(times):
            function()
        return time.perf_counter() - start

    def clocks() -> None:
        time.perf_counter_ns(), time.thread_time_ns(), resource.getrusage(resource.RUSAGE_THREAD)

    ratios = sorted(seconds(read) / seconds(clocks) for _ in range(15))
    assert ratios[7] < 2.0


def test_an_empty_operation_takes_next_to_no_time():
    """The cost of the readings is taken off."""
    samples = [difference(read(), read()) for _ in range(201)]
    walls = sorted(sample.wall for sample in samples)
    assert walls[100] < 0.5 * overhead_ns()[0] * 1e-9
