"""Classes as users write them: models with ``forward``, callables, and what Python adds to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Ask = Callable[[Any], Any]


class Ensemble:
    """``forward`` is what is called, ``__call__`` calls it."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.calls = 0

    def forward(self, question: str) -> Any:
        """Ask three."""
        first = self.ask(f"{question} 1")
        second = self.ask(f"{question} 2")
        third = self.ask(f"{question} 3")
        return [first, second, third]

    def __call__(self, question: str) -> Any:
        """Count and go forward."""
        self.calls += 1
        return self.forward(question)


class Callable_:
    """No ``forward``: instances are called."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    def __call__(self, question: str) -> Any:
        """Ask three."""
        return [self.ask(f"{question} {number}") for number in range(3)]


class Named:
    """The method has a name of its own."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    def answer(self, question: str) -> Any:
        """Ask three."""
        return {number: self.ask(f"{question} {number}") for number in range(3)}


class Inheriting(Ensemble):
    """Inherits everything."""


class Overriding(Ensemble):
    """Goes on where its base ends."""

    def forward(self, question: str) -> Any:
        """The base's answers and one more."""
        found = super().forward(question)
        found.append(self.calls)
        return found


class WithSlots:
    """Has no namespace."""

    __slots__ = ("ask",)

    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    def forward(self, question: str) -> Any:
        """Ask three."""
        a, b, c = self.ask(f"{question} a"), self.ask(f"{question} b"), self.ask(f"{question} c")
        return a, b, c


@dataclass
class Data:
    """A dataclass."""

    ask: Ask
    prefix: str = "q"
    seen: list[str] = field(default_factory=list)

    def forward(self, question: str) -> Any:
        """Ask three, remember the question."""
        first = self.ask(f"{self.prefix} {question} 1")
        second = self.ask(f"{self.prefix} {question} 2")
        third = self.ask(f"{self.prefix} {question} 3")
        self.seen.append(question)
        return first, second, third, len(self.seen)


class Lazy:
    """A cached property is made at its first use, in its turn."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.log: list[str] = []

    @cached_property
    def prefix(self) -> str:
        """Made once."""
        self.log.append("made")
        return "lazy"

    def forward(self, question: str) -> Any:
        """Ask three with the prefix."""
        prefix = self.prefix
        first = self.ask(f"{prefix} {question} 1")
        second = self.ask(f"{prefix} {question} 2")
        third = self.ask(f"{prefix} {question} 3")
        return first, second, third, list(self.log)


class Private:
    """Names with two underscores are mangled."""

    def __init__(self, ask: Ask) -> None:
        self.__ask = ask

    def forward(self, question: str) -> Any:
        """Ask three."""
        first = self.__ask(f"{question} 1")
        second = self.__ask(f"{question} 2")
        third = self.__ask(f"{question} 3")
        return first, second, third


class Static:
    """``forward`` needs no instance."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    @staticmethod
    def forward(ask: Ask, question: str) -> Any:
        """Ask three."""
        first = ask(f"{question} 1")
        second = ask(f"{question} 2")
        third = ask(f"{question} 3")
        return first, second, third

    def __call__(self, question: str) -> Any:
        """Forward."""
        return self.forward(self.ask, question)


class Changing:
    """The twin: each operation's answer is stored on the object before the next."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.last = ""

    def forward(self, question: str) -> Any:
        """Ask three, one after the other."""
        self.last = self.ask(f"{question} 1{self.last}")
        self.last = self.ask(f"{question} 2{self.last}")
        self.last = self.ask(f"{question} 3{self.last}")
        return self.last
