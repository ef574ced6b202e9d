"""One look at all threads that run something profiled: whose states are counted, and how."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

from adaptive_jit.records.profiles import ThreadState

if TYPE_CHECKING:
    from adaptive_jit.profiling.watch import ThreadWatch

LATE_SHARE = 0.4
"""Late: the GIL came after this share of the switch interval (2 of 5 ms by default)."""

KNOCKS_NEEDED = 8
"""So many looks tell whether an operation holds the GIL."""


class Sampled(Protocol):
    """Anything whose states are counted: how often each was seen."""

    @property
    def states(self) -> dict[ThreadState, int]:
        """The counts, changed in place by the sampler's thread."""


class Watches(Protocol):
    """Where the sampler learns of threads: ``ProcWatches`` except in tests."""

    def watch(self, native_id: int) -> ThreadWatch:
        """Return the watch of one thread; ``OSError`` or ``ValueError`` where there is none."""

    def own_delay_ns(self) -> int:
        """Return how long the calling thread has had to wait for a core so far."""

    def close(self) -> None:
        """Forget the calling thread."""


class Observer:
    """Looks at threads and counts what it sees for everything that they are running."""

    __slots__ = ("_watched", "_watches")

    def __init__(self, watches: Watches) -> None:
        self._watches = watches
        self._watched: dict[int, ThreadWatch] = {}

    def look(self, stacks: dict[int, list[Sampled]], late_ns: int) -> bool:
        """Count one state for all slots of each stack; return whether to look again soon.

        *stacks* are what each thread (by native id) is running now, outermost
        first. *late_ns* is how long after its time this look takes place,
        apart from waiting for a core. Stacks of ended threads are removed.
        """
        late = late_ns > LATE_SHARE * sys.getswitchinterval() * 1e9
        soon = False
        alone = len(stacks) == 1
        for native_id, slots in stacks.copy().items():
            state = self._state(native_id, late, stacks)
            if state is None:
                continue
            for slot in slots:
                _count(slot, state)
                if alone:
                    soon |= _knock(slot, state, late)
        return soon

    def forget(self) -> None:
        """Close all files."""
        self._watched.clear()
        self._watches.close()

    def own_delay_ns(self) -> int:
        """Return how long the calling thread has had to wait for a core so far."""
        return self._watches.own_delay_ns()

    def _state(
        self, native_id: int, late: bool, stacks: dict[int, list[Sampled]]
    ) -> ThreadState | None:
        watch = self._watched.get(native_id)
        try:
            if watch is None:
                # Opening files gives up the GIL: what is seen then may be our own doing.
                self._watched[native_id] = self._watches.watch(native_id)
                return None
            return watch.look(late)
        except (OSError, ValueError):
            self._watched.pop(native_id, None)
            stacks.pop(native_id, None)
            return None


def _count(slot: Sampled, state: ThreadState) -> None:
    slot.states[state] = slot.states.get(state, 0) + 1


def _knock(slot: Sampled, state: ThreadState, late: bool) -> bool:
    """Count whether the GIL was held; return whether more looks are needed to tell."""
    if state is not ThreadState.RUNNING:
        if late:
            _count(slot, ThreadState.HELD)
        return False
    _count(slot, ThreadState.LATE if late else ThreadState.PROMPT)
    states = slot.states
    knocks = states.get(ThreadState.PROMPT, 0) + states.get(ThreadState.LATE, 0)
    return knocks < KNOCKS_NEEDED
