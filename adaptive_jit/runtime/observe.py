"""The profile window: everything runs in order, each operation between two readings.

Bounded: at most `MOST_RECORDS` readings per operation and invocation, then
calls are only counted; a loop whose operations are all tiny goes on in its
plain form.

A loop is itself a sequence of observations. Its slice waits at a gate, and
after a few rounds the window may open within the same invocation
(`adaptive_jit.runtime.midcall`).
"""

from __future__ import annotations

import sys
from functools import partial
from itertools import chain, islice
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.records import Reading
from adaptive_jit.runtime import exact
from adaptive_jit.runtime.midcall import CLOSE, OPEN, Consider, Opening
from adaptive_jit.runtime.states import DEAD, DONE
from adaptive_jit.runtime.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from adaptive_jit.runtime.function import FunctionState, Site

MOST_RECORDS: Final = 64
"""Readings per operation and invocation: 64 calls bound the cost and decide every class of
operation (decisions.md section 7: no interval narrows noticeably beyond n = 30)."""

TINY_NS: Final = 20_000
"""An operation shorter than this gains nothing from a hand-over of about 10 µs."""

MOST_CHECKS: Final = 4_096
"""Guards passed in one invocation without an operation before the plain form takes over."""

MOST_ROUNDS: Final = 2 * MOST_RECORDS
"""Rounds of a loop that are counted; after them every operation has its readings."""

NOTICED_NS: Final = 100_000
"""Judging an operation for the first time may load modules and take some milliseconds; what
takes longer than this is taken off the program's time."""

Record = tuple[int, tuple[int, ...], Reading, Reading]


class Operations:
    """What one profiled invocation recorded.

    ``saved`` is how many seconds it took less than it would have taken in
    order, if the window opened within it: an estimate from its own rounds;
    ``closed`` says that it closed again, ``pace`` how long its rounds ahead
    took over as many in order.
    ``pauses`` are the times that the library took for itself (a proof, a look
    at a loop), as moment and length in nanoseconds of the readings' clock.
    """

    __slots__ = ("closed", "counts", "own_ns", "pace", "pauses", "records", "saved")

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.counts: dict[int, int] = {}
        self.pauses: list[tuple[int, int]] = []
        self.own_ns = 0
        self.saved = 0.0
        self.closed = False
        self.pace = 1.0

    @property
    def paused(self) -> float:
        """Seconds that the library took for itself, pauses and lesser times."""
        return self.own_ns * 1e-9

    def own(self, start: int) -> None:
        """Add the time since *start*, in nanoseconds, to the library's own."""
        spent = perf_counter_ns() - start
        self.own_ns += spent
        if spent > NOTICED_NS:
            self.pauses.append((start, spent))

    def moment(self, reading: Reading) -> float:
        """Seconds of a reading on a clock that stands still in the pauses."""
        before = sum(length for at, length in self.pauses if at < reading.wall_ns)
        return (reading.wall_ns - before) * 1e-9


class ProfileWindow(Window):
    """The window of one profiled invocation."""

    __slots__ = ("began", "checks", "consider", "found", "learn", "opening", "spent")

    def __init__(
        self,
        function: FunctionState,
        learn: Callable[[bool, Operations], None],
        consider: Consider | None = None,
    ) -> None:
        super().__init__(function)
        self.found = Operations()
        self.learn = learn
        self.consider = consider
        self.opening = (
            None if consider is None else Opening(self._look, function.host.seconds, self._waiting)
        )
        self.began: dict[tuple[int, tuple[int, ...]], Reading] = {}
        self.spent: dict[int, int] = {}
        self.checks = 0

    def _look(
        self, found: Operations, wall: float, last: tuple[int, ...] | None, left: int | None
    ) -> bool:
        """Ask whether to open; what that takes is not the program's time."""
        if self.consider is None:
            return False
        start = perf_counter_ns()
        try:
            return self.consider(found, wall - found.paused, last, left)
        finally:
            found.own(start)

    def _waiting(self) -> int:
        """How many early results wait for their turn."""
        issuer = self.issuer
        if issuer is None:
            return 0
        return sum(DONE <= entry.state < DEAD for entry in list(issuer.entries.values()))

    @property
    def is_open(self) -> bool:
        """Whether operations run ahead by now."""
        return self.opening is not None and self.opening.is_open

    def open(self, region: int, *values: Any) -> bool:
        """Run the instrumented statements; a loop's slice waits at the gate."""
        opening = self.opening
        if opening is None or not self.on:
            return self.on
        opening.region_begins(region, self.found)
        if opening.is_open:
            self.begin_slice(region, values)
        elif region in self.function.looping and not opening.is_over:
            self.begin_slice(region, values, gated=True)
        return True

    def close(self, within: bool = False) -> None:
        """End the region."""
        self._let_go()
        super().close(within)
        if self.opening is not None:
            self.opening.region_ends()

    def caught(self) -> None:
        """The program has caught an exception: what raised it has ended."""
        self._let_go()
        super().caught()

    def _let_go(self) -> None:
        """Stop the clocks of calls that have raised."""
        for index, _ in self.began:
            self.function.host.unwatch(self.function.sites[index])
        self.began.clear()

    def leave(self) -> None:
        """End the invocation."""
        if self.opening is not None:
            self.opening.ends()
            self.found.saved = self.opening.saved
            self.found.closed = self.opening.is_over
            self.found.pace = self.opening.pace
        self.learn(sys.exception() is not None, self.found)

    # ---- loops ----------------------------------------------------------------------

    def rounds(self, loop: int) -> None:
        """A ``while`` begins."""
        super().rounds(loop)
        if self.opening is not None and self.issuer is not None and self.issuer.gated:
            self.opening.loop_begins(loop, None, self.found)

    def round(self, loop: int, value: Any) -> Any:
        """The condition of a ``while``, before its next round."""
        value = super().round(loop, value)
        if self.opening is not None and self.opening.knows(loop):
            self._move(self.opening.round_begins(loop, self.paths[loop], self.found))
        return value

    def counted(self, guard: int, loop: int, items: Any, unpacks: bool) -> Any:
        """The items, the first of them counted: later rounds are only run, unless ahead."""
        if self.is_open:
            return self.marked(guard, loop, items, unpacks)
        rest = iter(items)
        rounds = self.marked(guard, loop, islice(rest, MOST_ROUNDS), unpacks)
        first = self._watched(loop, items, rounds)
        return chain.from_iterable(self._parts(guard, loop, first, rest, unpacks))

    def _parts(
        self, guard: int, loop: int, first: Any, rest: Iterator[Any], unpacks: bool
    ) -> Iterator[Any]:
        yield first
        if self.is_open:
            yield self._paced(loop, self.marked(guard, loop, rest, unpacks, MOST_ROUNDS))
        else:
            yield rest

    def _watched(self, loop: int, items: Any, rounds: Any) -> Any:
        """*rounds*, each of them an occasion to open the window or to close it again."""
        opening, issuer = self.opening, self.issuer
        if opening is None or issuer is None or not issuer.gated:
            return rounds
        total = len(items) if id(type(items)) in exact.SIZED else None
        opening.loop_begins(loop, total, self.found)
        return self._paced(loop, rounds)

    def _paced(self, loop: int, rounds: Any) -> Any:
        opening = self.opening
        if opening is None:
            return rounds

        def look(item: Any) -> Any:
            self._move(opening.round_begins(loop, self.paths[loop], self.found))
            return item

        return map(look, rounds)

    def _move(self, step: int) -> None:
        """Lift the gate in the middle of a region, or let nothing more begin."""
        issuer = self.issuer
        if issuer is None:
            return
        if step == OPEN:
            issuer.gated = False
            issuer.wake(issuer.throttled)
        elif step == CLOSE:
            issuer.closed = True

    # ---- guards and operations --------------------------------------------------------

    def guard(self, index: int, passed: bool) -> None:
        """Remember the outcome; too many without an operation end the profile."""
        super().guard(index, passed)
        self.checks += 1
        if self.checks > MOST_CHECKS and not self.is_open:
            self.on = False

    def take(self, index: int, callee: Any, /, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        """The call itself; the clock starts. Once the window is open, as in any open one."""
        function = self.function
        site = function.sites[index]
        counts = self.found.counts
        count = counts[index] = counts.get(index, 0) + 1
        issuer = self.issuer
        if issuer is not None:
            if not issuer.gated:
                if not site.early and not site.light and count <= MOST_RECORDS:
                    # Nothing is known of it yet: it runs in its turn, made perhaps in there.
                    self._start_clock(site, callee)
                return super().take(index, callee, *args, **kwargs)
            if issuer.living and not site.light:
                self._meet(issuer, site, (index, self.paths[site.loop]))
        if count <= MOST_RECORDS:
            start = perf_counter_ns()
            self.begin(site, callee, args, kwargs)
            if not site.light:
                self.checks = 0
                self._start_clock(site, callee)
            self.found.own(start)
        elif count == MOST_RECORDS + 1 and self._tiny():
            self.on = False
        if (args or kwargs) and callable(callee):
            return partial(callee, *args, **kwargs)
        return callee  # type: ignore[no-any-return]

    def _start_clock(self, site: Site, callee: Any) -> None:
        host = self.function.host
        host.watch(site, callee)
        self.began[(site.index, self.paths[site.loop])] = host.read()

    def _tiny(self) -> bool:
        """Whether no operation of this invocation has been worth a hand-over."""
        recorded = len(self.found.records) or 1
        return sum(self.spent.values()) / recorded < TINY_NS

    def done(self, index: int, value: Any, *, closes: bool = False) -> Any:
        """The clock stops."""
        if self.began:
            site = self.function.sites[index]
            path = self.paths[site.loop]
            start = self.began.pop((index, path), None)
            if start is not None:
                stop = self.function.host.read()
                self.function.host.unwatch(site)
                self.found.records.append((index, path, start, stop))
                self.spent[index] = self.spent.get(index, 0) + stop.wall_ns - start.wall_ns
                self.found.own(stop.wall_ns)
        return super().done(index, value, closes=closes)
