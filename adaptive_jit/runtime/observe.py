"""The profile window: everything runs in order, each operation between two readings.

Bounded: at most `MOST_RECORDS` readings per operation and invocation, then
calls are only counted; a loop whose operations are all tiny goes on in its
plain form.
"""

from __future__ import annotations

import sys
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.records import Reading
from adaptive_jit.runtime.guards import Guards

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.runtime.function import FunctionState

MOST_RECORDS: Final = 64
"""Readings per operation and invocation: 64 calls bound the cost and decide every class of
operation (decisions.md section 7: no interval narrows noticeably beyond n = 30)."""

TINY_NS: Final = 20_000
"""An operation shorter than this gains nothing from a hand-over of about 10 µs."""

MOST_CHECKS: Final = 4_096
"""Guards passed in one invocation without an operation before the plain form takes over."""

MOST_ROUNDS: Final = 2 * MOST_RECORDS
"""Rounds of a loop that are counted; after them every operation has its readings."""

Record = tuple[int, tuple[int, ...], Reading, Reading]


class Operations:
    """What one profiled invocation recorded."""

    __slots__ = ("counts", "records")

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.counts: dict[int, int] = {}


class ProfileWindow(Guards):
    """The window of one profiled invocation."""

    __slots__ = ("began", "checks", "found", "on_leave", "spent")

    def __init__(
        self, function: FunctionState, on_leave: Callable[[bool, Operations], None]
    ) -> None:
        super().__init__(function)
        self.found = Operations()
        self.on_leave = on_leave
        self.began: dict[tuple[int, tuple[int, ...]], Reading] = {}
        self.spent: dict[int, int] = {}
        self.checks = 0

    def open(self, _region: int, *_values: Any) -> bool:
        """Run the instrumented statements."""
        return self.on

    def close(self) -> None:
        """Nothing is under way."""

    def leave(self) -> None:
        """End the invocation."""
        self.on_leave(sys.exception() is not None, self.found)

    def counted(self, guard: int, loop: int, items: Any, unpacks: bool) -> Any:
        """The items, the first of them counted: later rounds are only run."""
        rest = iter(items)
        return chain(self.marked(guard, loop, islice(rest, MOST_ROUNDS), unpacks), rest)

    def guard(self, index: int, passed: bool) -> None:
        """Remember the outcome; too many without an operation end the profile."""
        super().guard(index, passed)
        self.checks += 1
        if self.checks > MOST_CHECKS:
            self.on = False

    def take(self, index: int, callee: Any, /, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        """The call itself; the clock starts."""
        function = self.function
        site = function.sites[index]
        counts = self.found.counts
        count = counts[index] = counts.get(index, 0) + 1
        if count <= MOST_RECORDS:
            self.begin(site, callee, args, kwargs)
            if not site.light:
                self.checks = 0
                function.host.watch(site)
                self.began[(index, self.paths[site.loop])] = function.host.read()
        elif count == MOST_RECORDS + 1 and self._tiny():
            self.on = False
        if args or kwargs:
            return partial(callee, *args, **kwargs)
        return callee  # type: ignore[no-any-return]

    def _tiny(self) -> bool:
        """Whether no operation of this invocation has been worth a hand-over."""
        recorded = len(self.found.records) or 1
        return sum(self.spent.values()) / recorded < TINY_NS

    def done(self, index: int, value: Any) -> Any:
        """The clock stops."""
        if self.watched:
            self.ended(index, value)
        if self.began:
            site = self.function.sites[index]
            path = self.paths[site.loop]
            start = self.began.pop((index, path), None)
            if start is not None:
                stop = self.function.host.read()
                self.function.host.unwatch(site)
                self.found.records.append((index, path, start, stop))
                self.spent[index] = self.spent.get(index, 0) + stop.wall_ns - start.wall_ns
        return value

    def reach(self, _index: int, callee: Any) -> Any:
        """``parallel([...])`` evaluates its elements in order here."""
        return callee

    def reached(self, _index: int, value: Any) -> Any:
        """``parallel([...])`` has returned."""
        return value
