"""``contextlib.closing`` around what the proved code has opened itself."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.attributes import class_member
from adaptive_jit.effects.catalogue_names import is_own
from adaptive_jit.effects.proof_values import Result, Value

if TYPE_CHECKING:
    import ast

    from adaptive_jit.effects.proof_state import Frame


def closing(machine: Any, frame: Frame, node: ast.Call, args: list[Value]) -> Value:
    """The value of ``closing(x)``: *x* itself once it is entered, closed when it is left.

    *machine* is the running proof, whose refusal is raised for all but one
    value of the catalogue that has a ``close`` of its own.
    """
    opened = args[0] if len(args) == 1 else None
    if not isinstance(opened, Result):
        raise machine.refusal(node, "closes what is not known to be its own")
    for name in ("__init__", "__enter__", "__exit__"):
        member = class_member(contextlib.closing, name)
        machine.assume.member(contextlib.closing, name, member)
        if not is_own(member, "contextlib"):
            raise machine.refusal(node, "contextlib.closing is patched")
    close = machine.attribute(frame, node, opened, "close")
    machine.apply(frame, node, close, [], {})
    manager = Result(opened.name, opened.rule)
    manager.is_manager = True
    return manager
