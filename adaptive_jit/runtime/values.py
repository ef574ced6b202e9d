"""Transparent values as the slice sees them: known, pending, or never to be known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.runtime.exact import ITERABLES, SCALARS, Stop
from adaptive_jit.runtime.function import FAILED, FunctionState
from adaptive_jit.runtime.pending import LEFT_OUT, POISON, Derived, Pending, Slot, settled
from adaptive_jit.runtime.states import DONE, RAISED

if TYPE_CHECKING:
    from collections.abc import Callable

RETRY: Final = object()
UNSEEN_GUARD: Final = object()
"""See `adaptive_jit.runtime.strands`: the strand is to try again, once what it lacks is there."""


class Values:
    """What the slice calls for values; an answer `RETRY` comes with what blocks it in ``block``."""

    __slots__ = ()

    function: FunctionState
    block: Any

    def truth(self, value: Any) -> Any:
        """The truth of a transparent value; RETRY while it has not arrived."""
        if issubclass(type(value), Pending):
            if value.state < DONE:
                self.block = value
                return RETRY
            if value.state != DONE:
                raise Stop("a condition that cannot be known ahead")
            value = value.value
        if id(type(value)) in SCALARS or id(type(value)) in ITERABLES:
            return bool(value)
        raise Stop("a condition on something that is not of a builtin type")

    def passes(self, guards: tuple[int, ...], test: Any) -> bool:
        """Whether a branch without operations may be passed by before its condition is known."""
        unknown = issubclass(type(test), Pending) and test.state != DONE
        return unknown and self.function.seen(guards)

    def arrived(self, value: Any) -> Any:
        """The value itself; RETRY while it has not arrived."""
        if issubclass(type(value), Pending):
            if value.state < DONE:
                self.block = value
                return RETRY
            if value.state != DONE:
                raise Stop("a value that cannot be known ahead")
            return value.value
        return value

    # ---- called by the slice: values ------------------------------------------------

    def derive(self, guards: tuple[int, ...], compute: Callable[..., Any], *inputs: Any) -> Any:
        """The value of a transparent expression, pending if an input is."""
        waiting = None
        for value in inputs:
            if issubclass(type(value), Pending) and value.state != DONE:
                if value.state >= RAISED or waiting is None:
                    waiting = value
                if value.state >= RAISED:
                    break
        if waiting is None:
            values = settled(inputs)
            assert values is not None
            return compute(*values)
        if not self.function.seen(guards):
            return self._unseen(guards, waiting)
        if waiting.state >= RAISED:
            return POISON
        return Derived(compute, inputs)

    def cross(self, guards: tuple[int, ...], compute: Callable[..., Any], *inputs: Any) -> Any:
        """As `derive` for a value nobody needs: only checks that passing it is allowed."""
        for value in inputs:
            if issubclass(type(value), Pending) and value.state != DONE:
                if self.function.seen(guards):
                    return None
                return self._unseen(guards, value)
        values = settled(inputs)
        assert values is not None
        compute(*values)
        return None

    def _unseen(self, guards: tuple[int, ...], value: Pending) -> Any:
        if any(self.function.guards[guard] == FAILED for guard in guards):
            raise Stop("an operator has met a value that is not of a builtin type")
        self.block = UNSEEN_GUARD if value.state >= RAISED else value
        return RETRY

    def gather(self, values: list[Any]) -> Any:
        """A list whose pending elements are filled in when the last one has arrived."""
        if any(issubclass(type(value), Pending) for value in values):
            if any(issubclass(type(value), Pending) and value.state >= RAISED for value in values):
                return POISON
            return Derived(_kept, tuple(values))
        return values

    @staticmethod
    def slot() -> Slot:
        """Where a strand puts the element that it makes."""
        return Slot()

    def gather_pairs(self, pairs: list[tuple[Any, Any]]) -> Any:
        """As `gather`, for the pairs of a dict comprehension."""
        flat = self.gather([part for pair in pairs for part in pair])
        if issubclass(type(flat), Pending):
            return flat if flat is POISON else Derived(_paired, (flat,))
        return _paired(flat)

    def gather_set(self, values: list[Any]) -> Any:
        """As `gather`, for a set comprehension over scalars."""
        flat = self.gather(values)
        if issubclass(type(flat), Pending):
            return flat if flat is POISON else Derived(_as_set, (flat,))
        return _as_set(flat)

    def give_up(self) -> None:
        """Go no further."""
        raise Stop("a comparison with calls in it, or a failed assertion")

    def excuses(self, guards: tuple[int, ...]) -> None:
        """Go on past an `except`, unless it has run unknown code before."""
        if any(self.function.guards[guard] == FAILED for guard in guards):
            raise Stop("an `except` has run code that is not known")

    def cell(self, read: Callable[[], Any]) -> Any:
        """The value of a variable of the enclosing function; unknown while it has none."""
        try:
            return read()
        except NameError:
            return POISON


def _kept(*values: Any) -> list[Any]:
    return [value for value in values if value is not LEFT_OUT]


def _paired(flat: list[Any]) -> dict[Any, Any]:
    keys = flat[::2]
    if any(id(type(key)) not in SCALARS for key in keys):
        raise Stop("a key that is not of a builtin type")
    return dict(zip(keys, flat[1::2], strict=True))


def _as_set(flat: list[Any]) -> set[Any]:
    if any(id(type(value)) not in SCALARS for value in flat):
        raise Stop("an element that is not of a builtin type")
    return set(flat)
