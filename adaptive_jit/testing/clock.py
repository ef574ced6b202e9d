"""A clock that stands still until a test moves it."""

from __future__ import annotations


class FakeClock:
    """A ``Clock`` that shows *start* and then only what ``advance`` adds."""

    __slots__ = ("_now",)

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def seconds(self) -> float:
        """Return the seconds shown."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on by *seconds*; raises ``ValueError`` for a step back."""
        if not seconds >= 0.0:
            raise ValueError(f"a clock only goes forward, not by {seconds!r} seconds")
        self._now += seconds
