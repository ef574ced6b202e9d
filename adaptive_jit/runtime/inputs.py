"""What an operation of the slice is given: settled values, lanes, containers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptive_jit.runtime.exact import MUTABLE
from adaptive_jit.runtime.pending import Entry, Pending, settled
from adaptive_jit.runtime.states import DONE, RAISED

if TYPE_CHECKING:
    from adaptive_jit.records import Effect
    from adaptive_jit.runtime.function import FunctionState


def lanes_of(effect: Effect) -> tuple[object, ...]:
    """The lanes of an effect: several receivers give a tuple of them."""
    lane = effect.lane
    if lane is None:
        return ()
    return lane if type(lane) is tuple else (lane,)


def leaves_containers(entry: Entry) -> bool:
    """Whether an operation that may change or keep its arguments is given no list, dict or set.

    The program may read it before the operation's turn, and another operation
    may have been given the same one.
    """
    for value in entry.args:
        if id(type(value)) in MUTABLE:
            return False
    return not entry.kwargs or MUTABLE.isdisjoint(map(id, map(type, entry.kwargs.values())))


def waits(callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether an input is pending. Loops, for this is asked of every operation."""
    if issubclass(type(callee), Pending):
        return True
    for value in args:
        if issubclass(type(value), Pending):
            return True
    if kwargs:
        for value in kwargs.values():
            if issubclass(type(value), Pending):
                return True
    return False


def pending_of(
    callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[list[Pending], bool]:
    """The inputs that have not arrived, and whether one of them never will."""
    pending = []
    for value in (callee, *args, *kwargs.values()):
        if issubclass(type(value), Pending) and value.state != DONE:
            if value.state >= RAISED:
                return [], True
            pending.append(value)
    return pending, False


def settle(entry: Entry) -> bool:
    """Replace arrived inputs by their values; whether all of them have one."""
    callee, args, kwargs = entry.callee, entry.args, entry.kwargs
    values = settled((callee, *args, *kwargs.values()))
    if values is None:
        return False
    if waits(callee, args, kwargs):
        entry.callee = values[0]
        entry.args = tuple(values[1 : len(args) + 1])
        entry.kwargs = dict(zip(kwargs, values[len(args) + 1 :], strict=True))
    return True


def depth(function: FunctionState, index: int) -> int:
    """How many loops are around a site."""
    loop, depth = function.sites[index].loop, 0
    while loop >= 0:
        loop = function.loop_parents[loop]
        depth += 1
    return depth


def assert_independent(effect: Effect) -> Effect:
    """The effect of an element of ``parallel([...])``."""
    return replace(effect, asserted=True)
