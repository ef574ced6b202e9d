"""What a reading holds, when its slow counters are renewed, and what lies between two."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from adaptive_jit.profiling import clocks, difference, proc, read, read_invocation
from adaptive_jit.records import Reading

linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


class FakeTime:
    """Clocks that stand still until a test moves them."""

    def __init__(self, monkeypatch) -> None:
        self.wall = 10**12
        self.process = 5_000
        self.thread = 2_000
        self.delay = 100
        self.renewals = 0
        self.renewal_ns = 0
        monkeypatch.setattr(clocks, "perf_counter_ns", lambda: self.wall)
        monkeypatch.setattr(clocks, "process_time_ns", self._process)
        monkeypatch.setattr(clocks, "thread_time_ns", lambda: self.thread)
        monkeypatch.setattr(proc, "thread_file", lambda native_id, name: self)
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(clocks, "_kept", threading.local())

    def _process(self) -> int:
        self.renewals += 1
        self.wall += self.renewal_ns
        return self.process

    def read(self) -> bytes:
        return b"77 %d 3\n" % self.delay


@pytest.fixture
def time(monkeypatch):
    return FakeTime(monkeypatch)


@pytest.fixture
def no_overhead(monkeypatch):
    monkeypatch.setattr(clocks, "_overhead", (0, 0))


def reading(wall=0, cpu=0, voluntary=0, involuntary=0, delay=0, others=0, **known) -> Reading:
    return Reading(wall, cpu, voluntary, involuntary, delay, others, **known)


def test_a_difference_is_in_seconds_without_the_cost_of_the_readings(monkeypatch):
    """Overhead is taken off wall and CPU time; counts are counts."""
    monkeypatch.setattr(clocks, "_overhead", (1_000, 400))
    start = reading(wall=1_000_000, cpu=500_000, voluntary=3, involuntary=1, delay=10_000)
    stop = reading(
        wall=3_001_000, cpu=1_500_400, voluntary=8, involuntary=2, delay=510_000, others=250_000
    )
    sample = difference(start, stop)
    assert sample.wall == pytest.approx(2e-3)
    assert sample.cpu == pytest.approx(1e-3)
    assert (sample.voluntary, sample.involuntary) == (5, 1)
    assert sample.delay == pytest.approx(0.5e-3)
    assert sample.process_cpu == pytest.approx(1e-3 + 0.25e-3, rel=1e-3)


def test_what_went_backwards_counts_as_nothing(no_overhead):
    """A fork between two readings starts counters anew; no sample is negative."""
    sample = difference(reading(9, 9, 9, 9, 9, 9), reading(1, 1, 1, 1, 1, 1))
    assert sample[:6] == (0.0, 0.0, 0, 0, 0.0, 0.0)


def test_an_operation_shorter_than_the_readings_takes_no_time(monkeypatch):
    """Noise of the overhead never makes a time negative."""
    monkeypatch.setattr(clocks, "_overhead", (1_000, 1_000))
    assert difference(reading(), reading(wall=900, cpu=900))[:2] == (0.0, 0.0)


@pytest.mark.parametrize("name", ["switches_known", "delay_known"])
def test_a_sample_is_known_only_if_both_readings_are(no_overhead, name):
    """Low confidence of either end is low confidence of the sample."""
    for start, stop in ((False, True), (True, False)):
        sample = difference(reading(**{name: start}), reading(**{name: stop}))
        assert getattr(sample, name) is False
    assert getattr(difference(reading(), reading()), name) is True


def test_the_overhead_is_measured_once_and_only_when_it_is_needed(monkeypatch):
    """Nothing is calibrated before the first difference, nor twice."""
    calls = []
    monkeypatch.setattr(clocks, "_overhead", None)
    monkeypatch.setattr(clocks, "read", lambda: calls.append(1) or reading(wall=len(calls) * 7))
    difference(reading(), reading())
    first = len(calls)
    assert clocks.overhead_ns() == (7, 0)
    difference(reading(), reading())
    assert len(calls) == first > 0


def test_slow_counters_are_renewed_only_when_they_are_stale(time):
    """Readings close to each other share the slow counters, later ones do not."""
    first = read()
    time.delay, time.process = 900, 9_000
    time.wall += clocks.STALE_NS - 1
    assert read()[4:6] == first[4:6] == (100, 3_000)
    time.wall += 2
    assert read()[4:6] == (900, 7_000)
    assert time.renewals == 2


def test_the_wall_clock_is_read_after_a_renewal(time):
    """A renewal lies before the operation that begins with this reading."""
    time.renewal_ns = 1_500
    assert read().wall_ns == time.wall == 10**12 + 1_500


def test_an_invocation_always_gets_present_counters(time):
    """``read_invocation`` renews however young the counters are."""
    read()
    time.delay = 900
    assert read().delay_ns == 100
    assert read_invocation().delay_ns == 900


def test_what_the_thread_itself_did_is_not_the_others_work(time):
    """CPU time that the thread spent since the last renewal is no other thread's."""
    start = read()
    time.wall += clocks.STALE_NS + 1
    time.thread += 40_000
    time.process += 40_000
    assert read().others_ns == start.others_ns


@pytest.mark.parametrize("content", [b"0 0 0\n", b"not what was expected"])
def test_a_delay_that_the_system_does_not_count_is_not_known(time, content):
    """A kernel without scheduler statistics writes zeros; a foreign file writes anything."""
    assert read().delay_known
    time.read = lambda: content
    assert not read_invocation().delay_known


def test_without_proc_the_delay_is_not_known(time, monkeypatch):
    """A system without /proc (or without a free descriptor) still gives readings."""

    def refuse(native_id, name):
        raise OSError(2, name)

    monkeypatch.setattr(proc, "thread_file", refuse)
    monkeypatch.setattr(clocks, "_kept", threading.local())
    found = read_invocation()
    assert found.delay_ns == 0
    assert not found.delay_known


def test_systems_without_counts_per_thread_are_marked(time, monkeypatch):
    """The process's counts stand in for the thread's, and say that they do."""
    monkeypatch.setattr(clocks, "_process_switches", lambda: (11, 4))
    found = clocks._portable_read()
    assert (found.voluntary, found.involuntary) == (11, 4)
    assert not found.switches_known


def test_the_portable_counts_are_asked_for_rarely(time, monkeypatch):
    """``psutil`` takes 20 us: it is asked at most once a millisecond."""
    asked = []
    monkeypatch.setattr(clocks, "_process_switches", lambda: (asked.append(1), 0)[1:] * 2)
    for _ in range(3):
        clocks._portable_read()
        time.wall += clocks.STALE_NS + 1
    assert len(asked) == 1
    time.wall += clocks.STALE_PORTABLE_NS
    clocks._portable_read()
    assert len(asked) == 2


def test_without_psutil_the_counts_are_zero(monkeypatch):
    """The portable fallback needs no ``psutil``."""
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert clocks._process_switches() == (0, 0)


def test_psutil_gives_the_counts_of_the_process():
    """Where ``psutil`` is installed its counts are used."""
    pytest.importorskip("psutil")
    assert clocks._process_switches()[0] > 0


@linux
def test_the_kept_file_is_closed_when_its_thread_ends():
    """A thread leaves no open descriptor behind."""
    kept = []

    def run() -> None:
        read()
        kept.append(clocks._kept.slow.schedstat._descriptor)
        os.fstat(kept[0])

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(kept[0])


FORK = """
import os, threading
from adaptive_jit.profiling import clocks, read
read()
parent = clocks._kept.slow
held = parent.schedstat
if os.fork() == 0:
    read()
    mine = clocks._kept.slow
    path = os.readlink(f"/proc/self/fd/{mine.schedstat._descriptor}")
    os._exit(0 if mine is not parent and path.startswith(f"/proc/{os.getpid()}/") else 3)
assert clocks._kept.slow is parent
raise SystemExit(os.waitstatus_to_exitcode(os.wait()[1]))
"""


IMPORT = """
import sys
from adaptive_jit import profiling
assert "ctypes" not in sys.modules and "psutil" not in sys.modules
assert not hasattr(profiling.clocks._kept, "slow")
"""


def test_importing_opens_nothing():
    """Files and ``ctypes`` are for those who profile."""
    assert subprocess.run([sys.executable, "-c", IMPORT], timeout=60).returncode == 0


@linux
def test_a_forked_child_opens_its_own_file():
    """The parent's file goes on telling of the parent's thread."""
    assert subprocess.run([sys.executable, "-c", FORK], timeout=60).returncode == 0


@linux
def test_real_readings_never_go_back():
    """The counters of one thread only grow."""
    readings = [read_invocation() for _ in range(20)]
    for earlier, later in zip(readings, readings[1:]):
        assert later.wall_ns > earlier.wall_ns
        assert all(new >= old for old, new in zip(earlier[1:5], later[1:5]))
