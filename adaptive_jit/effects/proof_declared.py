"""Declared calls inside proved code: where they may run, judged again at each start."""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.affinity import placed
from adaptive_jit.effects.proof_values import Const, Thing, Value
from adaptive_jit.records.effects import Effect, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from adaptive_jit.effects.proof_state import Part


def placing(
    effect: Effect,
    callee: Any,
    receiver: Value | None,
    args: Sequence[Value],
    kwargs: dict[str, Value],
) -> Callable[[list[Any]], Effect]:
    """The effect of a declared call for the objects that are in the slots then.

    What the proved code makes for itself is nobody else's, so it is left out.
    """
    slot = receiver.slot if isinstance(receiver, Thing) else None
    positional = [_at(value) for value in args]
    named = {name: _at(value) for name, value in kwargs.items()}

    def now(values: list[Any]) -> Effect:
        called = callee
        if slot is not None:
            called = MethodType(getattr(callee, "__func__", callee), values[slot])
        given = tuple(find(values) for find in positional)
        return placed(effect, called, given, {name: find(values) for name, find in named.items()})

    return now


def _at(value: Value) -> Callable[[list[Any]], Any]:
    if isinstance(value, Thing):
        found, slot = value.obj, value.slot
        return lambda values: found if slot is None else values[slot]
    constant = value.value if isinstance(value, Const) else None
    return lambda _values: constant


def staying(parts: Iterable[Part]) -> str | None:
    """Why the whole stays in the calling thread, where a declared call in it must."""
    for part in parts:
        if part.effect.caller_thread and part.effect.source is Source.DECLARED:
            return f"{part.text} (line {part.line}): {part.effect.reason}"
    return None
