"""Context variables in proofs: a value of a builtin scalar type, checked at each start.

Each operation runs in the context that the program has at its start, so what
it reads there is what it would read in its turn.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.attributes import MISSING
from adaptive_jit.effects.proof_state import text_of
from adaptive_jit.effects.proof_values import NONE, SCALARS, Plain, Thing, Value

if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping


class _Kinds:
    """From context variables to the types of what they hold now, read like a dictionary."""

    def __init__(self, *given: object) -> None:
        self._given = given

    def get(self, variable: ContextVar[Any], default: object) -> object:
        try:
            found = variable.get(*self._given)
        except LookupError:
            return default
        return default if found is MISSING else type(found)


_KINDS: Mapping[Any, Any] = _Kinds()  # type: ignore[assignment]
_KINDS_IF_SET: Mapping[Any, Any] = _Kinds(MISSING)  # type: ignore[assignment]
"""Without the default of the variable itself, which an argument of ``get`` replaces."""


def is_reading(receiver: Thing, name: str) -> bool:
    """Whether it is ``variable.get`` of one context variable, always the same."""
    return type(receiver.obj) is ContextVar and name == "get" and receiver.slot is None


def held(machine: Any, node: ast.Call, receiver: Thing, args: list[Value]) -> Value:
    """What the variable holds, known by its type; raises the refusal of *machine* for objects."""
    variable = receiver.obj
    kinds = _KINDS_IF_SET if args else _KINDS
    kind = kinds.get(variable, MISSING)
    machine.assume.entry(kinds, variable, kind)
    machine.assume.reads_memory = True
    if kind is MISSING and len(args) == 1:
        return args[0]
    if kind not in SCALARS:
        raise machine.refusal(node, f"`{text_of(node)}` gives an object that is not known")
    return NONE if kind is type(None) else Plain(kind)
