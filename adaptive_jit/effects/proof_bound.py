"""Values that belong to the thread that made them, in proofs: connections and their cursors.

A function may open a connection in any thread as long as it keeps the
connection to itself. If one may leave the function, by being returned or
handed on, the function stays in the calling thread.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.proof_values import (
    Choice,
    Const,
    Fresh,
    Never,
    Plain,
    Record,
    Result,
    Stream,
    Thing,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.records.effects import Effect


class Belongings:
    """What is known, during one proof, of values that belong to their thread."""

    __slots__ = ("are_made", "have_left", "is_inexact")

    def __init__(self) -> None:
        self.are_made = False
        self.have_left = False
        self.is_inexact = False
        """Whether values of a library (decimals, rows) stand where builtin ones would."""

    def leave(self, returned: Value) -> bool:
        """Whether one of them may get out of the function that returns *returned*."""
        return self.have_left or (self.are_made and not _keeps_out(returned, set()))

    def made(
        self, rule: Any, again: Callable[[list[Any]], Effect]
    ) -> Callable[[list[Any]], Effect]:
        """The effect of opening one: what keeps it with the caller is looked at for the whole."""
        self.is_inexact |= bool(rule.options.get("library_values"))
        if not rule.options.get("own_thread"):
            return again
        self.are_made = True
        return lambda values: replace(again(values), caller_thread=False)

    def hand_on(self, given: list[Value]) -> None:
        """*given* go to code that may keep them."""
        self.have_left |= self.are_made and not all(_keeps_out(value, set()) for value in given)

    def may_set(self, owner: Value, name: str, value: Value) -> bool:
        """Whether ``owner.name = value`` is known: the row factory of an own connection."""
        if not isinstance(owner, Result) or not isinstance(value, (Thing, Const)):
            return False
        stored = value.value if isinstance(value, Const) else value.obj
        if not owner.rule.may_hold(name, stored):
            return False
        self.is_inexact = True
        return True


def _keeps_out(value: Value, seen: set[int]) -> bool:
    """Whether nothing that belongs to a thread can be reached through *value*."""
    if isinstance(value, Choice):
        return all(_keeps_out(option, seen) for option in value.options)
    if isinstance(value, (Fresh, Stream)):
        if id(value) in seen:
            return True
        seen.add(id(value))
        return _keeps_out(value.elements, seen)
    if isinstance(value, Record):
        return _keeps_out(value.fields, seen)
    if isinstance(value, Result):
        return not value.rule.is_bound
    # A thing at hand was there before; an opaque value, a method or a closure may hold one.
    return isinstance(value, (Never, Const, Plain, Thing))
