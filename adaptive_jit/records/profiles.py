"""What was measured of an operation, and what it was judged to be doing."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple


class Reading(NamedTuple):
    """The clocks and counters of the calling thread at one moment (ns and counts).

    ``others_ns`` is the CPU time of the process's other threads. ``switches_known``
    says that the counts are this thread's own, ``delay_known`` that the system
    tells how long the thread had to wait for a core.
    """

    wall_ns: int
    cpu_ns: int
    voluntary: int
    involuntary: int
    delay_ns: int
    others_ns: int = 0
    switches_known: bool = True
    delay_known: bool = True


class OperationSample(NamedTuple):
    """One call of one operation: seconds, seconds, counts, seconds.

    ``delay`` is the time that the thread was ready to run but had no core.
    ``process_cpu`` is the CPU time of the whole process over the same span.
    What the system does not tell is 0 and marked as not known (low confidence).
    """

    wall: float
    cpu: float
    voluntary: int
    involuntary: int
    delay: float
    process_cpu: float = 0.0
    switches_known: bool = True
    delay_known: bool = True


class ThreadState(enum.StrEnum):
    """What the sampler saw: the thread's state, and how soon it got the GIL itself.

    The last three are no thread states. ``PROMPT`` and ``LATE`` count how often
    the sampler, when it woke and found the thread running, had been given the
    GIL at once or only after a large part of the switch interval; ``HELD`` how
    often it was late and found the thread waiting.
    """

    RUNNING = "running"
    WAITING = "waiting"
    DISK = "disk"
    LOCK = "lock"
    GIL = "GIL"
    PROMPT = "prompt"
    LATE = "late"
    HELD = "held"


class Verdict(enum.StrEnum):
    """What an operation spends its time on; only the first two count as I/O."""

    WAITS = "waits outside"
    DISK = "disk"
    LOCK = "lock"
    IN_PROCESS = "in-process wait"
    GIL_WAIT = "GIL wait"
    CORE_WAIT = "core wait"
    CPU_HOLDING_GIL = "CPU holding the GIL"
    CPU_RELEASING_GIL = "CPU releasing the GIL"
    DELEGATED = "delegated"
    TOO_SMALL = "too small"
    UNDECIDED = "undecided"

    @property
    def is_io(self) -> bool:
        """Whether the operation waits for something outside this process."""
        return self in (Verdict.WAITS, Verdict.DISK)


@dataclass(frozen=True, slots=True)
class Classification:
    """The verdict on one operation with its evidence.

    ``ratio`` is CPU time over wall time corrected by run-queue delay, with a
    95 % interval ``low`` to ``high`` (0 to 1). ``states`` maps thread states
    seen by the sampler to their share (0 to 1). ``reason`` says in one phrase
    which rule decided.
    """

    verdict: Verdict
    ratio: float
    low: float
    high: float
    calls: int
    reason: str
    states: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if self.calls < 0:
            raise ValueError("calls must not be negative")
