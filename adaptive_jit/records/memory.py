"""What one function leaves behind for the next process, and how two of these become one.

Only numbers, names of phases and verdicts, and the library's own sentences:
nothing of the program's data is in it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

# At run time too: the codec reads the types of the fields.
from adaptive_jit.records.decisions import Phase
from adaptive_jit.records.profiles import Classification  # noqa: TC001

MOST_WEIGHT = 16.0
"""Observations that earlier runs together may weigh at most beside a new run."""

MOST_WIDTHS = 512
"""Resources whose width is kept."""

DECIDED = (Phase.TRIAL, Phase.PARALLEL, Phase.DIRECT)
"""Phases that say something; before them a function has only been looked at."""


@dataclass(frozen=True, slots=True)
class Series:
    """Times of one arm: what `adaptive_jit.numerics.LogTimes` holds, under its names."""

    calls: int = 0
    n: float = 0.0
    raw: float = 0.0
    rr: float = 0.0
    x: float = 0.0
    xx: float = 0.0
    xy: float = 0.0
    y: float = 0.0
    yy: float = 0.0

    def limited(self, most: float) -> Series:
        """The same with a weight of at most *most* observations."""
        if self.n <= most:
            return self
        share = most / self.n
        return replace(
            self, n=most, rr=self.rr * share, xx=self.xx * share, xy=self.xy * share,
            yy=self.yy * share,
        )  # fmt: skip

    def with_(self, other: Series) -> Series:
        """Both together: means weighted, squares about the common means (Chan et al. 1979)."""
        n = self.n + other.n
        if not other.n or not self.n:
            return replace(other if other.n else self, calls=self.calls + other.calls)
        share, both = other.n / n, self.n * other.n / n
        dx, dy, draw = other.x - self.x, other.y - self.y, other.raw - self.raw
        return Series(
            calls=self.calls + other.calls,
            n=n,
            raw=self.raw + draw * share,
            rr=self.rr + other.rr + draw * draw * both,
            x=self.x + dx * share,
            xx=self.xx + other.xx + dx * dx * both,
            xy=self.xy + other.xy + dx * dy * both,
            y=self.y + dy * share,
            yy=self.yy + other.yy + dy * dy * both,
        )


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums over the profiled calls of one operation, as its profile keeps them (seconds, counts)."""

    n: int = 0
    raised: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    delay: float = 0.0
    process_cpu: float = 0.0
    voluntary: int = 0
    involuntary: int = 0
    preempted: float = 0.0
    busy: float = 0.0
    wall2: float = 0.0
    busy2: float = 0.0
    busy_wall: float = 0.0
    switches_known: bool = True
    delay_known: bool = True

    def with_(self, other: Sums) -> Sums:
        """Both together; what is known of all is what is known of both."""
        return self._plus(other, 1)

    def without(self, other: Sums) -> Sums:
        """What was added to *other* since."""
        return self._plus(other, -1)

    def _plus(self, other: Sums, sign: int) -> Sums:
        values: dict[str, Any] = {}
        for field in fields(Sums):
            mine, theirs = getattr(self, field.name), getattr(other, field.name)
            values[field.name] = (mine and theirs) if type(mine) is bool else mine + sign * theirs
        return Sums(**values)


@dataclass(frozen=True, slots=True)
class OperationMemory:
    """One operation: its profile, its verdict, whether it runs ahead and why (not).

    ``in_order``: it was once started in vain, and stays in its turn.
    """

    index: int
    sums: Sums
    calls: int
    early: bool
    in_order: bool
    why: str | None
    classification: Classification | None


@dataclass(frozen=True, slots=True)
class DecisionMemory:
    """Where the decision stood. Seconds and calls as in the decision stage.

    ``gated``: settled direct by its prediction alone. ``backoff_calls``,
    ``spacing`` and ``occupancy`` say when to look again, ``credit`` what that
    may cost. ``unchecked``: how many runs in a row went by the decision without
    a look at it.
    """

    phase: Phase
    predicted: float | None
    failed: int = 0
    gated: bool = False
    backoff_calls: int = 0
    spacing: float = 0.0
    occupancy: float = 1.0
    credit: float = 0.0
    unchecked: int = 0


@dataclass(frozen=True, slots=True)
class FunctionMemory:
    """Everything that is known of one function from one run or from several.

    ``runs`` counts processes, ``calls`` and ``invocations`` calls, seen and
    profiled. ``guards`` are the guards' states, one digit each, ``savings``
    pairs of operation and seconds; ``workers`` and ``ceiling`` how many operations
    it started at a time in the end, and what was too many. ``replaces``: what was
    there before does not count any more. ``size_class`` is the class of calls
    that the decision and the times are of.
    """

    runs: int
    calls: int
    invocations: int
    decision: DecisionMemory
    direct: Series
    parallel: Series
    guards: str
    operations: tuple[OperationMemory, ...] = ()
    savings: tuple[tuple[int, float], ...] = ()
    workers: int = 0
    ceiling: int | None = None
    replaces: bool = False
    size_class: int = 0

    def after(self, before: FunctionMemory | None) -> FunctionMemory:
        """This run's memory joined with what was known *before*, by whichever process."""
        if before is None or self.replaces or len(before.guards) != len(self.guards):
            return replace(self, replaces=False)
        known = {one.index: one for one in before.operations}
        own = self.decision
        older = before.decision
        seen = self.direct.calls + self.parallel.calls
        older_times = (before.direct.limited(MOST_WEIGHT), before.parallel.limited(MOST_WEIGHT))
        times = (older_times[0].with_(self.direct), older_times[1].with_(self.parallel))
        size_class = self.size_class
        if size_class != before.size_class:
            # Times of calls of another size: what was decided of the one or the other is kept.
            times = (self.direct, self.parallel)
            if own.phase not in DECIDED and older.phase in DECIDED:
                times, size_class = older_times, before.size_class
        if own.phase not in DECIDED and older.phase in DECIDED:
            own = older
        elif own.phase is Phase.DIRECT and not seen:
            own = replace(own, unchecked=older.unchecked + 1)
        return replace(
            self,
            runs=before.runs + self.runs,
            calls=before.calls + self.calls,
            invocations=before.invocations + self.invocations,
            decision=own,
            direct=times[0],
            parallel=times[1],
            size_class=size_class,
            # The states are ordered: not seen, always passed, once failed.
            guards="".join(map(max, before.guards, self.guards)),
            operations=tuple(_joined(known.get(one.index), one) for one in self.operations),
            savings=self.savings or before.savings,
        )


def _joined(before: OperationMemory | None, own: OperationMemory) -> OperationMemory:
    if before is None:
        return own
    newer = own if own.classification is not None else before
    return replace(
        newer,
        sums=before.sums.with_(own.sums),
        calls=before.calls + own.calls,
        in_order=before.in_order or own.in_order,
    )


@dataclass(frozen=True, slots=True)
class KnownWidth:
    """What one resource takes at a time: the width in the end, and what was too many.

    ``resource`` is a digest: a host or a name that the user gave is nobody's business.
    """

    resource: str
    now: int
    ceiling: int | None

    def __post_init__(self) -> None:
        if self.now < 1 or (self.ceiling is not None and self.ceiling < 1):
            raise ValueError("not a width")


@dataclass(frozen=True, slots=True)
class KnownWidths:
    """The widths of all resources, the newest last."""

    widths: tuple[KnownWidth, ...] = ()

    def after(self, before: KnownWidths | None) -> KnownWidths:
        """The newest of each resource, and of all resources as many as are kept."""
        known = {one.resource: one for one in before.widths} if before else {}
        for one in self.widths:
            known.pop(one.resource, None)
            known[one.resource] = one
        return KnownWidths(tuple(known.values())[-MOST_WIDTHS:])


@dataclass(frozen=True, slots=True)
class Calibration:
    """The seconds that a hand-over to a worker takes here, and in how many runs it was measured.

    ``startup_seconds`` is what the first one of a program takes, which starts
    a worker; ``None`` where nobody has measured it.
    """

    dispatch_seconds: float
    runs: int
    startup_seconds: float | None = None

    def __post_init__(self) -> None:
        startup = self.dispatch_seconds if self.startup_seconds is None else self.startup_seconds
        if not (0.0 < self.dispatch_seconds < 1.0 and 0.0 < startup < 1.0 and self.runs > 0):
            raise ValueError("not a calibration")

    def after(self, before: Calibration | None) -> Calibration:
        """The mean of the runs; of many earlier ones only so many count (see `MOST_WEIGHT`)."""
        if before is None:
            return self
        weight = min(float(before.runs), MOST_WEIGHT)
        mean = (weight * before.dispatch_seconds + self.dispatch_seconds) / (weight + 1.0)
        startup = self.startup_seconds
        startup = before.startup_seconds if startup is None else startup
        return Calibration(mean, before.runs + 1, startup)
