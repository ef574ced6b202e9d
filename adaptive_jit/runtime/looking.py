"""A window that runs ahead, and times the operations that nobody could judge so far.

They run in their turn, in the caller, as in a profiled invocation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptive_jit.runtime.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.records import Reading
    from adaptive_jit.runtime.function import FunctionState
    from adaptive_jit.runtime.window import Finish

Timed = tuple[int, Any, Any]
"""An operation's number and the readings around it."""


class LookingWindow(Window):
    """As `Window`; calls of the operations *unsure* are read before and after."""

    __slots__ = ("began", "learn", "timed", "unsure")

    def __init__(
        self,
        function: FunctionState,
        on_leave: Finish,
        unsure: frozenset[int],
        learn: Callable[[list[Timed]], None],
    ) -> None:
        super().__init__(function, on_leave)
        self.unsure = unsure
        self.learn = learn
        self.began: dict[tuple[int, tuple[int, ...]], Reading] = {}
        self.timed: list[Timed] = []

    def take(self, index: int, callee: Any, /, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        """What to call; for those that are looked at the clock starts."""
        if index in self.unsure and len(self.timed) < len(self.unsure):
            # Before anything else: what the caller makes beside others is made in there.
            function = self.function
            site = function.sites[index]
            function.host.watch(site, callee)
            self.began[(index, self.paths[site.loop])] = function.host.read()
        return super().take(index, callee, *args, **kwargs)

    def done(self, index: int, value: Any, *, closes: bool = False) -> Any:
        """The clock stops."""
        if self.began:
            host, site = self.function.host, self.function.sites[index]
            start = self.began.pop((index, self.paths[site.loop]), None)
            if start is not None:
                self.timed.append((index, start, host.read()))
                host.unwatch(site)
        return super().done(index, value, closes=closes)

    def caught(self) -> None:
        """The program has caught an exception: what raised it has ended."""
        self._let_go()
        super().caught()

    def leave(self) -> None:
        """End the invocation."""
        self._let_go()
        super().leave()
        if self.timed:
            self.learn(self.timed)

    def _let_go(self) -> None:
        """Stop the clocks of calls that have raised."""
        for index, _ in self.began:
            self.function.host.unwatch(self.function.sites[index])
        self.began.clear()
