"""The state of one thread of this process as ``/proc`` tells it, for the sampler."""

from __future__ import annotations

import threading
from time import perf_counter_ns
from typing import Protocol

from adaptive_jit.profiling import gil, proc
from adaptive_jit.records.profiles import ThreadState

RUNNING_SHARE = 0.5
"""From this share of the time in which it had a core a thread found waiting for the GIL was busy.

The sampler itself must take the GIL to look. It then finds the thread that
held it waiting for it, like any other that wants it; only the former has run
since the last look.
"""


class ThreadWatch(Protocol):
    """Whatever can be asked for the state of one thread."""

    def look(self, late: bool) -> ThreadState | None:
        """Return the state of now, ``None`` if it says nothing; ``OSError``: the thread ended."""


class ProcWatch:
    """The state of one thread from its ``stat``, ``syscall`` and ``schedstat`` files.

    Making one raises ``OSError`` where there are none. ``syscall`` may be
    refused (a process that is not dumpable): locks then count as waiting.
    """

    __slots__ = ("_before", "_call", "_runtime", "_schedstat", "_stat", "_syscall")

    def __init__(self, native_id: int, runtime: range, call: bytes) -> None:
        self._runtime = runtime
        self._call = call
        self._stat = proc.thread_file(native_id, "stat")
        self._schedstat = proc.thread_file(native_id, "schedstat")
        self._syscall = _if_allowed(native_id)
        self._before = self._now()

    def look(self, late: bool) -> ThreadState | None:
        """Return the state of now.

        *late*: the sampler had to wait for the GIL, so some thread held it.
        """
        letter = proc.parse_state(self._stat.read())
        address = self._futex() if letter == "S" else None
        before, self._before = self._before, self._now()
        if letter == "R":
            return ThreadState.RUNNING
        if letter == "D":
            return ThreadState.DISK
        if letter != "S":
            return None
        if address is None:
            return ThreadState.WAITING
        if address not in self._runtime:
            return ThreadState.LOCK
        return ThreadState.RUNNING if late and self._ran_since(before) else ThreadState.GIL

    def _now(self) -> tuple[int, int, int]:
        return (perf_counter_ns(), *proc.parse_schedstat(self._schedstat.read()))

    def _ran_since(self, before: tuple[int, int, int]) -> bool:
        wall, ran, delay = (now - then for now, then in zip(self._before, before, strict=True))
        return ran > RUNNING_SHARE * (wall - delay)

    def _futex(self) -> int | None:
        if self._syscall is None:
            return None
        return gil.parse_futex(self._syscall.read(), self._call)


def _if_allowed(native_id: int) -> proc.KeptFile | None:
    try:
        file = proc.thread_file(native_id, "syscall")
        file.read()
    except OSError:
        return None
    return file


class ProcWatches:
    """Makes watches of threads; finds out where the GIL is when the first one is made."""

    __slots__ = ("_call", "_own", "_runtime")

    def __init__(self) -> None:
        self._runtime: range | None = None
        self._call = b""
        self._own: proc.KeptFile | None = None

    def watch(self, native_id: int) -> ThreadWatch:
        """Return the watch of one thread; ``OSError`` or ``ValueError`` where there is none."""
        if self._runtime is None:
            self._runtime, self._call = gil.find_runtime(), gil.futex_call()
        return ProcWatch(native_id, self._runtime, self._call)

    def own_delay_ns(self) -> int:
        """Return how long the calling thread has had to wait for a core so far; 0 if unknown."""
        try:
            if self._own is None:
                self._own = proc.thread_file(threading.get_native_id(), "schedstat")
            return proc.parse_schedstat(self._own.read())[1]
        except (OSError, ValueError):
            return 0

    def close(self) -> None:
        """Forget the calling thread; to be called at its end."""
        self._own = None
