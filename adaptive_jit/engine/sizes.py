"""The decisions about one function: one for each class of the sizes of its calls.

What gains with a hundred items may lose with two. Calls are told apart by the
factor of four in which their size lies (``size=``, else how much the lists and
other containers among the arguments hold), and each class is profiled, tried
and settled by itself. A function whose calls are of one size has one class
and decides as if there were none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from adaptive_jit.decision.budget import calls_to_skip
from adaptive_jit.records import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.decision import Decider

MOST_CLASSES: Final = 8
"""Classes of one function; a size beyond them belongs to the nearest."""

WIDTH: Final = math.log(4.0)
"""How far the sizes of one class may lie apart, as a logarithm."""

_LIVELIEST: Final = (Phase.PARALLEL, Phase.TRIAL, Phase.PROFILING, Phase.DIRECT, Phase.COLD)
"""The phase of the whole is the first of these that a class is in."""


class Sizes:
    """The deciders of one function by class; made as calls of new sizes come."""

    __slots__ = ("_deciders", "_make", "_skipped", "calls", "is_due")

    def __init__(self, make: Callable[[], Decider]) -> None:
        self._make = make
        self._deciders: dict[int, Decider] = {}
        self._skipped: dict[int, int] = {}
        self.calls: dict[int, int] = {}
        self.is_due = False

    def number(self, size: float) -> int:
        """The class of a call of *size*."""
        number = math.floor(math.log(size) / WIDTH) if size != 1.0 else 0
        known = self._deciders
        if number in known or len(known) < MOST_CLASSES:
            return number
        return min(list(known), key=lambda one: abs(one - number))

    def of(self, number: int) -> Decider:
        """The decider of a class."""
        found = self._deciders.get(number)
        if found is None:
            found = self._deciders.setdefault(number, self._make())
        return found

    def count(self, number: int) -> None:
        """One more call of this class has ended. Shown and used as a weight only."""
        self.calls[number] = self.calls.get(number, 0) + 1

    @property
    def main(self) -> int:
        """The class that reports speak of: of those that run ahead, if any do, the most called."""
        known = list(self._deciders)
        if len(known) < 2:
            return known[0] if known else 0
        ahead = (Phase.PARALLEL, Phase.TRIAL)
        return max(known, key=lambda n: (self.of(n).phase in ahead, self.calls.get(n, 0)))

    @property
    def phase(self) -> Phase:
        """Where the function is as a whole: settled direct only if every class is.

        A class of which no call has ended says nothing yet.
        """
        phases = {decider.phase for decider in list(self._deciders.values())}
        return min(phases, key=_LIVELIEST.index, default=Phase.COLD)

    @property
    def all(self) -> list[tuple[int, Decider]]:
        """Every class and its decider, the smallest first."""
        return sorted(self._deciders.items())

    def passes(self, number: int) -> bool:
        """Whether a direct call beside classes that run ahead goes unobserved: all but one in k.

        Bookkeeping stays below 1 % of what such calls take.
        """
        left = self._skipped.get(number, 0)
        if left:
            self._skipped[number] = left - 1
            return True
        seconds = self.of(number).direct_seconds
        self._skipped[number] = calls_to_skip(seconds) if seconds else 0
        return False

    def next_probe_seconds(self) -> float | None:
        """How long to wait until one of the classes is to be looked at again."""
        found = [decider.next_probe_seconds() for _, decider in self.all]
        return min((one for one in found if one is not None), default=None)

    def probe(self) -> None:
        """Time has come: the next call begins it where there are several classes."""
        if len(self._deciders) == 1:
            self.of(self.main).probe_begins()
        else:
            self.is_due = True

    @property
    def lost_seconds(self) -> float:
        """What the trials of all classes have cost."""
        return sum(decider.trial_loss_seconds for _, decider in self.all)
