"""How many workers an operation's counterpart bears: a host, a connection, a model.

Start small, double while all is well, halve when operations become slower or
are refused, and remember where that was. Against a server that queues beyond
4, 16 or 64 requests this ends within some per cent of the best fixed number
after ten calls; additive growth and the latency gradients of congestion
control need a hundred, more than most programs make.

Two things keep it from being fooled. A slow-down is only believed to be the
workers' doing if fewer workers cure it; otherwise the whole service has
become slower and its new time is the normal one. And once a ceiling is known,
more workers are kept only if they finish more operations per second: a queue
that is a little too long makes each operation slower without being "slow".
"""

from __future__ import annotations

FIRST_WORKERS = 8
"""Workers to begin with, if there are as many operations."""

SLOWER = 1.5
"""Mean operation time over the profiled one that counts as slow."""

NOT_CURED = 0.8
"""If halving leaves more than this share of the slow time, the workers were not the cause."""

WAIT_CALLS = 16
"""Invocations after a halving before more workers are tried again."""

LONGEST_WAIT = 1024
"""The most that waiting grows to; it doubles with each attempt that failed."""

WORTHWHILE = 1.05
"""Operations per second must grow by this factor for more workers to be kept."""

SMOOTHING = 0.2
"""Weight of the newest invocation in the mean operation time at the present number."""


class WorkerCount:
    """The number of workers for one function or one resource, learnt from its invocations.

    *operation_seconds* is the profiled mean time of one operation (``None``:
    not profiled, then the first invocation gives it), *most* the limit of the
    settings. ``now`` is the present number, ``ceiling`` the one that went
    wrong last (``None`` before).
    """

    __slots__ = (
        "_before", "_mean", "_most", "_normal", "_patience", "_slow", "_wait", "ceiling", "now",
    )  # fmt: skip

    def __init__(self, most: int, operation_seconds: float | None = None) -> None:
        if most < 1:
            raise ValueError(f"there must be at least one worker, not {most!r}")
        self._most = most
        self._normal = operation_seconds
        self.now = min(FIRST_WORKERS, most)
        self.ceiling: int | None = None
        self._wait = 0
        self._patience = WAIT_CALLS
        self._mean: float | None = None
        self._before: tuple[int, float] | None = None  # number and mean time before an attempt
        self._slow: tuple[int, float] | None = None  # number and mean time before a halving

    def resume(self, now: int, ceiling: int | None) -> None:
        """Begin with what an earlier process came to, and wait before more are tried."""
        self.ceiling = ceiling
        self._set(max(1, min(now, self._most)), 0 if ceiling is None else WAIT_CALLS)

    def width(self, operations: int) -> int:
        """Return how many of *operations* may run at the same time, at least one."""
        return max(1, min(self.now, operations))

    def observe(self, operations: int, mean_seconds: float, *, rejected: bool = False) -> None:
        """Take in one invocation: how many operations ran ahead and their mean time.

        *rejected* says that one was refused (429, 503, connection refused).
        """
        if self._normal is None:
            self._normal = mean_seconds
        mean = self._mean
        self._mean = mean_seconds if mean is None else mean + SMOOTHING * (mean_seconds - mean)
        slow = mean_seconds > SLOWER * self._normal
        if self._slow is not None and not rejected:
            self._check_cure(mean_seconds, slow)
        elif rejected or slow:
            self._go_down(None if rejected else mean_seconds)
        elif operations >= self.now:  # with fewer, nothing was learnt about more workers
            self._go_on()

    def _set(self, number: int, wait: int = 0) -> None:
        self.now = number
        self._wait = wait
        self._mean = None

    def _go_down(self, slow_seconds: float | None) -> None:
        """Undo an attempt, else halve; *slow_seconds* is to be cured, ``None`` after a refusal."""
        if self._before is not None:
            self._give_up(self._before[0])
        elif self.now > 1:
            self._slow = None if slow_seconds is None else (self.now, slow_seconds)
            self._give_up(max(1, self.now // 2))
        elif slow_seconds is not None:
            self._normal = slow_seconds  # alone and still slow: that is its time now

    def _give_up(self, number: int) -> None:
        """Go down to *number*, remember where it went wrong, and wait longer each time."""
        self.ceiling, self._before = self.now, None
        self._set(number, self._patience)
        self._patience = min(2 * self._patience, LONGEST_WAIT)

    def _check_cure(self, mean_seconds: float, slow: bool) -> None:
        before, self._slow = self._slow, None
        if before is None or not slow:
            return
        if mean_seconds > NOT_CURED * before[1]:
            self._normal = mean_seconds
            self.ceiling, self._patience = None, WAIT_CALLS
            self._set(before[0])
        else:
            self._go_down(mean_seconds)

    def _go_on(self) -> None:
        if self._wait:
            self._wait -= 1
        elif self.ceiling is None:
            self._set(min(2 * self.now, self._most))
        elif self._before is not None and not self._worthwhile(self._before):
            self._give_up(self._before[0])
        else:
            self._attempt(self.ceiling)

    def _attempt(self, ceiling: int) -> None:
        """Try half-way to the ceiling; past it when that is reached, for it may have moved."""
        self._before = (self.now, self._mean or 0.0)
        half_way = (self.now + ceiling) // 2
        if half_way <= self.now:
            half_way = self.now + 1
            self.ceiling = max(ceiling, 2 * self.now)
        self._set(min(half_way, self._most), WAIT_CALLS)

    def _worthwhile(self, before: tuple[int, float]) -> bool:
        number, mean = before
        return self.now * mean > WORTHWHILE * number * (self._mean or 0.0)
