"""The window of an invocation in which nothing runs ahead."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class ClosedWindow:
    """The window of one invocation that runs in order: only its end is of interest."""

    __slots__ = ("on", "on_leave")

    def __init__(self, on_leave: Callable[[bool], None] | None = None) -> None:
        self.on = False
        self.on_leave = on_leave

    def open(self, _region: int, *_values: Any) -> bool:
        """The plain statements run."""
        return False

    def close(self, _within: bool) -> None:
        """Nothing was opened."""

    def manager(self, _number: int, value: Any) -> Any:
        """A context manager is about to be entered."""
        return value

    def admits(self, _region: int, _numbers: tuple[int, ...]) -> bool:
        """The plain statements run."""
        return False

    def leave(self) -> None:
        """End the invocation."""
        if self.on_leave is not None:
            self.on_leave(sys.exception() is not None)
