"""What ``stats(f)`` returns: everything that reports show, as plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field

# At run time too: the codec reads the types of the fields.
from adaptive_jit.records.decisions import DecisionSummary, Phase  # noqa: TC001
from adaptive_jit.records.effects import EffectKind, Source  # noqa: TC001
from adaptive_jit.records.operations import RegionBlock  # noqa: TC001
from adaptive_jit.records.profiles import Classification  # noqa: TC001


@dataclass(frozen=True, slots=True)
class RunAheadCounts:
    """How starts ahead of their turn ended, in operations.

    ``started``: begun early. ``taken``: used by the program. ``waited``: of
    those taken, still running when their turn came. ``helped``: run by the
    caller since no worker had begun. ``dropped``: started, never used
    (``after_exception`` of them because the program left by an exception).
    ``refused``: answered by the service with "too many" (429, 503, no
    connection), and made again in their turn.
    """

    started: int = 0
    taken: int = 0
    waited: int = 0
    helped: int = 0
    dropped: int = 0
    after_exception: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class OperationStats:
    """One operation of the report. Times are mean seconds per call over ``profiled_calls``.

    ``write`` is the line that would let an operation run ahead that stays in
    order, ``see`` the section of ``docs/which-line.md`` on its reason; empty
    where nothing helps, or nothing has to.
    ``observed`` is what its profiled calls were seen to do, in words; empty
    where nothing was observed (the setting ``effects``).
    """

    index: int
    line: int
    text: str
    callee: str
    effect: EffectKind
    effect_source: Source
    effect_reason: str
    resource: str | None
    profiled_calls: int
    calls_per_invocation: float
    wall_seconds: float
    cpu_seconds: float
    classification: Classification | None
    strategy: str
    why: str
    counts: RunAheadCounts = field(default_factory=RunAheadCounts)
    observed: str = ""
    write: str = ""
    see: str = ""


@dataclass(frozen=True, slots=True)
class RegionStats:
    """One region: its lines, its operations and what stops it."""

    index: int
    first_line: int
    last_line: int
    operations: tuple[int, ...]
    blocked_by: RegionBlock | None
    stopped_at_run_time: tuple[RegionBlock, ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """One line that the user could write, where, and what it would save per invocation.

    ``see`` is the section of ``docs/which-line.md`` on it.
    """

    line: int
    write: str
    because: str
    saves_seconds: float | None
    see: str = ""


@dataclass(frozen=True, slots=True)
class Overhead:
    """What the library itself cost this function so far, in seconds."""

    analysis_seconds: float = 0.0
    profiling_seconds: float = 0.0
    bookkeeping_seconds: float = 0.0
    trial_loss_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class WithinCalls:
    """How often the window opened, and closed again, in the middle of a profiled call.

    ``saved_seconds`` is less the time that these calls took than they would
    have taken in order, by the pace of their own rounds before the opening;
    negative where running ahead was slower.
    """

    opened: int = 0
    closed: int = 0
    saved_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class FunctionStats:
    """Everything known about one adaptive function."""

    name: str
    file: str
    line: int
    phase: Phase
    reason: str
    calls: int
    decision: DecisionSummary
    operations: tuple[OperationStats, ...]
    regions: tuple[RegionStats, ...]
    advice: tuple[Advice, ...]
    overhead: Overhead
    counts: RunAheadCounts
    dropped_after_dispatch: int = 0
    source_hash: str = ""
    """Tells editions of one name apart between runs; empty where there is no source."""
    within_calls: WithinCalls = WithinCalls()

    def __post_init__(self) -> None:
        indices = [operation.index for operation in self.operations]
        if len(set(indices)) != len(indices):
            raise ValueError("operation indices must be unique")
