"""What the sampler's counts say: shares of states, what is waited for, who has the GIL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptive_jit.records.profiles import ThreadState

if TYPE_CHECKING:
    from collections.abc import Mapping

MIN_HINT = 2
"""Samples of waiting that say what is waited for where the clocks leave no doubt that it waits."""

MIN_DECIDES = 3
"""Samples needed where the clocks cannot tell."""

MIN_KNOCKS = 3
"""Looks needed to say whether the GIL was held; with 2 to 6 it is wrong in 1 of 70 cases."""

OTHERS_HAVE_IT = 0.1
"""Share of waits for the GIL among all waits: above, it is another thread that has it."""

_SHOWN = (
    ThreadState.RUNNING,
    ThreadState.WAITING,
    ThreadState.DISK,
    ThreadState.LOCK,
    ThreadState.GIL,
)

_WAITS = (ThreadState.WAITING, ThreadState.DISK, ThreadState.LOCK, ThreadState.GIL)


class Seen:
    """The states that were seen of one operation."""

    __slots__ = ("_counts", "total")

    def __init__(self, counts: Mapping[ThreadState, int]) -> None:
        # A copy: the sampler goes on counting.
        self._counts = dict(counts)
        self.total = sum(self._counts.get(state, 0) for state in _SHOWN)

    @property
    def decides(self) -> bool:
        """Whether there are samples enough to decide what no clock can tell."""
        return self.total >= MIN_DECIDES

    def share(self, state: ThreadState) -> float:
        """Return the share of *state* among all samples, 0 if there are none."""
        return self._counts.get(state, 0) / self.total if self.total else 0.0

    def shares(self) -> tuple[tuple[str, float], ...]:
        """Return the states that were seen with their shares, in a fixed order."""
        return tuple(
            (state.value, self.share(state)) for state in _SHOWN if self._counts.get(state)
        )

    def main_wait(self) -> ThreadState | None:
        """Return the state in at least half of the samples of waiting; ``None`` if none or few."""
        waits = {state: self._counts.get(state, 0) for state in _WAITS}
        total = sum(waits.values())
        if total < MIN_HINT:
            return None
        return next((state for state in _WAITS if 2 * waits[state] >= total), None)

    def waits_holding_gil(self) -> bool:
        """Whether the sampler got the GIL late in most looks that found the thread waiting.

        Not where the thread itself was seen waiting for the GIL: then it did not hold it.
        """
        held = self._counts.get(ThreadState.HELD, 0)
        waits = sum(self._counts.get(state, 0) for state in _WAITS)
        if self._counts.get(ThreadState.GIL, 0) > OTHERS_HAVE_IT * waits:
            return False
        return held >= MIN_KNOCKS and 2 * held > waits

    def runs_without_gil(self) -> bool:
        """Whether the sampler got the GIL at once in half of the looks that found it running."""
        prompt = self._counts.get(ThreadState.PROMPT, 0)
        looks = prompt + self._counts.get(ThreadState.LATE, 0)
        return looks >= MIN_KNOCKS and 2 * prompt >= looks
