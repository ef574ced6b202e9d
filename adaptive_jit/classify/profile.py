"""The sums of all samples of one operation: all that the verdict needs, in constant space."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adaptive_jit.records.profiles import OperationSample, ThreadState


class OperationProfile:
    """What was measured of one operation, over all its calls so far.

    Times are sums in seconds, switches sums of counts. ``busy`` is CPU time
    plus the time lost to preemption (see ``add``). ``wall2``, ``busy2`` and
    ``busy_wall`` are sums of squares and products, ``states`` counts what the
    sampler saw, ``raised`` the calls that ended with an exception.
    ``switches_known`` and ``delay_known`` hold if they held for all samples.
    """

    __slots__ = (
        "busy",
        "busy2",
        "busy_wall",
        "cpu",
        "delay",
        "delay_known",
        "involuntary",
        "n",
        "preempted",
        "process_cpu",
        "raised",
        "states",
        "switches_known",
        "voluntary",
        "wall",
        "wall2",
    )

    def __init__(self) -> None:
        self.n = 0
        self.raised = 0
        self.wall = 0.0
        self.cpu = 0.0
        self.delay = 0.0
        self.process_cpu = 0.0
        self.voluntary = 0
        self.involuntary = 0
        self.preempted = 0.0
        self.busy = 0.0
        self.wall2 = 0.0
        self.busy2 = 0.0
        self.busy_wall = 0.0
        self.states: dict[ThreadState, int] = {}
        self.switches_known = True
        self.delay_known = True

    def add(self, sample: OperationSample, raised: bool = False) -> None:
        """Add one call; *raised*: it ended with an exception.

        A thread waits for a core after it was preempted, and after whatever
        it had been waiting for has come. Only the first is time in which it
        would have computed, so of the delay the involuntary switches' share
        counts as busy: ``cpu + delay * involuntary / (voluntary +
        involuntary)``. Where the delay is not known, ``wall - cpu`` takes its
        place.
        """
        # No call and no loop: there CPython switches threads, so two threads that add to one
        # profile do not lose each other's samples, and no lock is needed.
        wall, cpu, voluntary, involuntary, delay, process_cpu, switches, known = sample
        idle = wall - cpu if wall > cpu else 0.0
        lost = delay if known and delay < idle else idle
        if not switches:
            preempted = 0.0
        elif voluntary:
            preempted = lost * involuntary / (voluntary + involuntary)
        else:
            preempted = lost
        busy = cpu + preempted
        busy = wall if busy > wall else busy  # noqa: FURB136 (a call)
        self.n += 1
        if raised:
            self.raised += 1
        self.wall += wall
        self.cpu += cpu
        self.delay += delay
        self.process_cpu += process_cpu
        self.voluntary += voluntary
        self.involuntary += involuntary
        self.preempted += preempted
        self.busy += busy
        self.wall2 += wall * wall
        self.busy2 += busy * busy
        self.busy_wall += busy * wall
        if not switches:
            self.switches_known = False
        if not known:
            self.delay_known = False

    @property
    def total_wall(self) -> float:
        """Seconds in all calls together."""
        return self.wall

    @property
    def mean_wall(self) -> float:
        """Seconds per call; 0 if there was none."""
        return self.wall / self.n if self.n else 0.0

    @property
    def mean_cpu(self) -> float:
        """Seconds of CPU time per call; 0 if there was none."""
        return self.cpu / self.n if self.n else 0.0

    @property
    def others(self) -> float:
        """CPU time of the process's other threads, as a share of the wall time (may exceed 1)."""
        spent = self.process_cpu - self.cpu
        return spent / self.wall if spent > 0.0 < self.wall else 0.0
