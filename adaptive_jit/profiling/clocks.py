"""Readings of the calling thread's clocks and counters, and what lies between two of them.

A reading of wall time, thread CPU time and context switches costs 1.3 us
(`perf_counter_ns` 0.04, `thread_time_ns` 0.4, `getrusage` 0.35). The run-queue
delay (0.9 us) and the CPU time of other threads (0.9 us) are *slow counters*:
``read`` renews them only when its thread's are more than 100 us old, so that
they cost operations long enough to be judged at most 3 %, and short ones
nothing. ``read_invocation`` always renews them. They are renewed before the
clocks are read: at the end of a long operation, never inside a short one.

What the reading itself costs is measured once, when the first difference is
asked for, and taken off each sample.
"""

from __future__ import annotations

import os
import sys
import threading
from time import perf_counter_ns, process_time_ns, thread_time_ns
from typing import Any

from adaptive_jit.profiling import proc
from adaptive_jit.records.profiles import OperationSample, Reading

STALE_NS = 100_000
"""Age in ns from which ``read`` renews the slow counters of its thread."""

STALE_PORTABLE_NS = 1_000_000
"""The same where ``psutil`` has to be asked, which takes about 20 us."""

_CALIBRATION_PAIRS = 51


class _Slow:
    """The slow counters of one thread as of their last renewal."""

    __slots__ = ("delay_known", "delay_ns", "due_ns", "others_ns", "schedstat")

    def __init__(self) -> None:
        self.delay_known = False
        self.delay_ns = 0
        self.others_ns = 0
        self.due_ns = 0
        self.schedstat: proc.KeptFile | None = None
        if sys.platform == "linux":
            self._open()

    def _open(self) -> None:
        try:
            self.schedstat = proc.thread_file(threading.get_native_id(), "schedstat")
        except OSError:
            # No /proc, no descriptor left, or a kernel without these statistics.
            return
        self._renew_delay()

    def renew(self) -> None:
        """Read the slow counters and note when they will be stale."""
        # Not the CPU time of the whole process: until the next renewal that would count what this
        # thread does between operations as done by others during the next one.
        self.others_ns = process_time_ns() - thread_time_ns()
        if self.schedstat is not None:
            self._renew_delay()
        self.due_ns = perf_counter_ns() + STALE_NS

    def _renew_delay(self) -> None:
        if self.schedstat is None:
            return
        try:
            ran, self.delay_ns = proc.parse_schedstat(self.schedstat.read())
        except (OSError, ValueError):
            # The program closed all descriptors; the number may mean another file now.
            self.schedstat = None
            self.delay_known = False
            return
        # Without CONFIG_SCHED_INFO all three numbers stay 0.
        self.delay_known = ran > 0


_kept = threading.local()
"""The slow counters of each thread; gone, file and all, when the thread ends."""


def _slow() -> _Slow:
    """The calling thread's slow counters, made at its first reading."""
    try:
        found: _Slow = _kept.slow
    except AttributeError:
        found = _kept.slow = _Slow()
    return found


def _forget_kept() -> None:
    """Open anew in a forked child: the kept file still speaks of the parent's thread."""
    global _kept
    _kept = threading.local()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_kept)

# ``Reading(...)`` goes through a Python function; this saves 0.2 us.
_new: Any = tuple.__new__


def _portable_read() -> Reading:
    """``read`` for systems that do not count context switches per thread (macOS, Windows)."""
    global _switches
    slow = _slow()
    if perf_counter_ns() > slow.due_ns:
        slow.renew()
        slow.due_ns += STALE_PORTABLE_NS - STALE_NS
        _switches = _process_switches()
    voluntary, involuntary = _switches
    return Reading(
        perf_counter_ns(), thread_time_ns(), voluntary, involuntary,
        slow.delay_ns, slow.others_ns, switches_known=False, delay_known=slow.delay_known,
    )  # fmt: skip


_switches = (0, 0)


def _process_switches() -> tuple[int, int]:
    """Voluntary and involuntary switches of the whole process; zeros without ``psutil``.

    On macOS the second is always 0, on Windows the first counts both.
    """
    try:
        import psutil

        counts = psutil.Process().num_ctx_switches()
    except (ImportError, AttributeError, OSError, NotImplementedError):
        return 0, 0
    return counts.voluntary, counts.involuntary


try:
    from resource import RUSAGE_THREAD, getrusage
except ImportError:
    read = _portable_read
else:

    def read() -> Reading:
        """Return the calling thread's clocks and counters of now, in 1.3 us.

        The run-queue delay and the CPU time of other threads are at most 100 us old.
        """
        try:
            slow = _kept.slow
        except AttributeError:
            slow = _slow()
        wall = perf_counter_ns()
        if wall > slow.due_ns:
            slow.renew()
            wall = perf_counter_ns()
        usage = getrusage(RUSAGE_THREAD)
        reading: Reading = _new(Reading, (
            wall, thread_time_ns(), usage[14], usage[15],
            slow.delay_ns, slow.others_ns, True, slow.delay_known,
        ))  # fmt: skip
        return reading


def read_invocation() -> Reading:
    """Return what ``read`` returns with all counters as of now (about 4 us)."""
    _slow().due_ns = 0
    return read()


_overhead: tuple[int, int] | None = None


def overhead_ns() -> tuple[int, int]:
    """Return (wall, CPU) ns that two readings in a row lie apart; measured once per process.

    The median of 51 pairs: the minimum would leave part of the usual cost in
    each sample, the mean would take off the interruptions of the calibration.
    """
    global _overhead
    if _overhead is None:
        pairs = [(read(), read()) for _ in range(_CALIBRATION_PAIRS)]
        _overhead = (
            _median([stop.wall_ns - start.wall_ns for start, stop in pairs]),
            _median([stop.cpu_ns - start.cpu_ns for start, stop in pairs]),
        )
    return _overhead


def _median(values: list[int]) -> int:
    # ``statistics`` would import ``decimal`` and ``fractions``.
    return sorted(values)[len(values) // 2]


def difference(start: Reading, stop: Reading) -> OperationSample:
    """Return what the calling thread did between two readings, without their own cost.

    Counters that went backwards (a fork between the two) count as 0.
    """
    wall_ns, cpu_ns = _overhead or overhead_ns()
    wall = stop.wall_ns - start.wall_ns - wall_ns
    cpu = stop.cpu_ns - start.cpu_ns - cpu_ns
    return OperationSample(
        wall * 1e-9 if wall > 0 else 0.0,
        cpu * 1e-9 if cpu > 0 else 0.0,
        max(stop.voluntary - start.voluntary, 0),
        max(stop.involuntary - start.involuntary, 0),
        max(stop.delay_ns - start.delay_ns, 0) * 1e-9,
        max(stop.cpu_ns - start.cpu_ns + stop.others_ns - start.others_ns, 0) * 1e-9,
        start.switches_known and stop.switches_known,
        start.delay_known and stop.delay_known,
    )
