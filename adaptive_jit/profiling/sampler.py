"""Thread states of profiled operations, seen from one thread that is parked most of the time.

The profiled thread only notes what it is about to run (``enter``) and that it
has done so (``leave``). While there is anything to see the sampler looks every
10 ms, so operations shorter than that are seen in proportion to their length.
It looks every millisecond only while an operation is running of which it does
not know yet whether it holds the GIL: if the sampler, when it wakes, gets the
GIL late more often than not, the operation holds it.

States: adaptive_jit.records.profiles.ThreadState.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from time import perf_counter_ns, sleep

from adaptive_jit.interrupts import Starting
from adaptive_jit.profiling.observer import Observer, Sampled, Watches
from adaptive_jit.profiling.watch import ProcWatches

SLOW_NS = 10_000_000
"""Between two looks: 100 Hz cost 1.2 % of CPU time where it was worst (short system calls 7 %)."""

FAST_NS = 1_000_000
"""The same while the GIL is in question; 3 % where it was worst, hence the limit of knocks."""

IDLE_LOOKS = 20
"""Looks with nothing to see until the sampler is parked (0.2 s)."""

IDLE_SECONDS = 5.0
"""Parked for so long, the thread ends."""

JOIN_SECONDS = 1.0


class _Stack(threading.local):
    """What the calling thread is running now, outermost first, and the thread's native id."""

    def __init__(self) -> None:
        self.slots: list[Sampled] = []
        self.native_id = 0


class Sampler:
    """Counts the states of threads for what they are running.

    The thread starts at the first ``enter``, ends when nothing has been
    entered for some seconds, never holds up the interpreter's exit, and is
    joined before a fork. Systems without ``/proc`` get no states.
    *watches* says where states come from (default: ``/proc``);
    *idle_seconds* how long the thread stays when there is nothing to do.
    """

    def __init__(
        self, watches: Watches | None = None, *, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._observer = Observer(ProcWatches() if watches is None else watches)
        self._available = watches is not None or sys.platform == "linux"
        self._idle_seconds = idle_seconds
        _samplers.add(self)
        self._begin()

    def _begin(self) -> None:
        """The state of a sampler that has no thread."""
        self._stacks: dict[int, list[Sampled]] = {}
        self._own = _Stack()
        self._thread: threading.Thread | None = None
        self._stopping = False
        # Held by the sampler while it sleeps, released by whoever wakes it.
        self._signal = threading.Lock()
        self._signal.acquire()
        # Guards the start and the end of the thread.
        self._changing = threading.Lock()
        self._parked = self._available

    @property
    def running(self) -> bool:
        """Whether the sampler's thread exists."""
        return self._thread is not None

    def enter(self, native_id: int, slot: Sampled) -> None:
        """Note that the calling thread, whose native id is given, begins to run *slot*."""
        own = self._own
        if not own.slots:
            own.native_id = native_id
            self._stacks[native_id] = own.slots
        own.slots.append(slot)
        if self._parked:
            self._wake()

    def leave(self, slot: Sampled) -> None:
        """Note that the calling thread has run *slot*, and whatever it entered after it."""
        own = self._own
        slots = own.slots
        while slots:
            if slots.pop() is slot:
                break
        if not slots:
            self._stacks.pop(own.native_id, None)

    def stop(self) -> None:
        """End the sampler's thread and wait for it; the next ``enter`` starts another."""
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return
        self._stopping = True
        self._ring()
        thread.join(JOIN_SECONDS)
        _wait_for_system(thread.native_id)
        self._thread = None
        self._stopping = False
        self._parked = self._available

    def _wake(self) -> None:
        # Never waits: this may be a signal handler that interrupted this very method. Who loses
        # leaves the sampler parked, and the next ``enter`` tries again.
        if not self._changing.acquire(blocking=False):
            return
        try:
            self._parked = False
            if self._thread is None:
                self._start()
            else:
                self._ring()
        finally:
            self._changing.release()

    def _start(self) -> None:
        starting = Starting()

        def run() -> None:
            starting.began()
            self._run()

        thread = threading.Thread(target=run, name="adaptive_jit-sampler", daemon=True)
        try:
            with starting:
                thread.start()
        except RuntimeError:
            # No more threads, or the interpreter is going: profile without states. Not parked,
            # so that nothing is tried again at each operation.
            return
        self._thread = thread

    def _ring(self) -> None:
        try:
            self._signal.release()
        except RuntimeError:
            # Rung already and not heard yet.
            return

    def _run(self) -> None:
        interval, idle = SLOW_NS, 0
        while not self._stopping:
            late = self._sleep(interval)
            idle = 0 if self._stacks else idle + 1
            interval = FAST_NS if self._observer.look(self._stacks, late) else SLOW_NS
            if idle >= IDLE_LOOKS:
                if not self._park():
                    break
                idle = 0
        self._observer.forget()

    def _sleep(self, interval_ns: int) -> int:
        """Sleep; return by how much longer than planned, apart from waiting for a core (ns)."""
        delay = self._observer.own_delay_ns()
        due = perf_counter_ns() + interval_ns
        self._signal.acquire(timeout=interval_ns * 1e-9)
        return perf_counter_ns() - due - (self._observer.own_delay_ns() - delay)

    def _park(self) -> bool:
        """Wait until there is something to see; return ``False`` if the thread is to end."""
        self._observer.forget()
        self._parked = True
        if self._stacks:
            # Entered between the last look and the line above, which nobody rang for.
            self._parked = False
            return True
        if self._signal.acquire(timeout=self._idle_seconds):
            return not self._stopping
        with self._changing:
            if not self._parked:
                return True
            self._thread = None
            return False


def _wait_for_system(native_id: int | None) -> None:
    """Wait until the system, too, has seen a joined thread end: ``fork`` counts its threads."""
    for _ in range(100):
        if not os.path.exists(f"/proc/self/task/{native_id}"):
            return
        sleep(0.0005)


_samplers: weakref.WeakSet[Sampler] = weakref.WeakSet()


def _stop_all() -> None:
    for sampler in tuple(_samplers):
        sampler.stop()


def _forget_all() -> None:
    """In a forked child: no thread but this one exists, and nothing of its parent's is run."""
    for sampler in tuple(_samplers):
        sampler._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_stop_all, after_in_child=_forget_all)
