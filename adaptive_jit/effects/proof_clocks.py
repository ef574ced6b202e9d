"""Clocks in proofs: code may time itself, as long as nothing but its log records shows it.

A reading of ``time.perf_counter`` or ``time.monotonic`` is an ordered stream
for whoever sees it. Code that takes the difference of two readings for a log
record shows it to nobody else, so it may run early. What is computed from a
reading is a `Timed` value: it can be bound to names, subtracted, scaled,
compared, written into a log record, and can decide whether there is a record.
Whatever else would be done with it ends the proof. Returned durations do,
too: of operations that overlap, they are others than in order.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.proof_values import (
    Bound,
    Choice,
    Closure,
    Const,
    Fresh,
    Plain,
    Record,
    Stream,
    Timed,
    Value,
    plainness,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adaptive_jit.effects.proof_state import Frame

CLOCKS = frozenset(
    f"time:{name}" for name in ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
)
"""Clocks without an epoch: one reading means nothing, so they are read for differences."""

ROUNDING = (round, int, float)
"""Builtins that a duration may be given to before it is logged."""

TIMED = Timed()


def is_timed(value: Value, seen: frozenset[int] = frozenset()) -> bool:
    """Whether *value* is, or holds, what was computed from a clock."""
    if isinstance(value, Choice):
        return any(is_timed(option, seen) for option in value.options)
    if isinstance(value, (Fresh, Stream)):
        return id(value) not in seen and is_timed(value.elements, seen | {id(value)})
    if isinstance(value, Record):
        return is_timed(value.fields, seen)
    if isinstance(value, Bound):
        return is_timed(value.receiver, seen)
    if isinstance(value, Closure):
        around = _captured(value) if id(value) not in seen else ()
        return any(is_timed(one, seen | {id(value)}) for one in around)
    return isinstance(value, Timed)


def _captured(closure: Closure) -> list[Value]:
    """All that a function made by the proved code could see."""
    found = [*closure.defaults, *closure.keyword_defaults.values()]
    scope: Frame | None = closure.frame
    while scope is not None:
        for names in (scope.names or {}, *scope.leaving):
            found += names.values()
        scope = scope.outer
    return found


def computed(operator: ast.AST, left: Value, right: Value) -> Value | None:
    """The result of an operator or a comparison if one side is a duration, else ``None``."""
    if not (isinstance(left, Timed) or isinstance(right, Timed)):
        return None
    if isinstance(operator, (ast.Div, ast.FloorDiv)) and isinstance(right, Timed):
        # A duration of zero would raise.
        return None
    if isinstance(operator, _OPERATORS) and _is_number(left) and _is_number(right):
        return TIMED
    return None


def is_rounding(callee: Any, args: list[Value], kwargs: dict[str, Value]) -> bool:
    """``round(elapsed, 2)``, ``int(elapsed)``."""
    rest = args[1:]
    return (
        any(callee is known for known in ROUNDING)
        and bool(args)
        and isinstance(args[0], Timed)
        and not kwargs
        and all(isinstance(value, Const) for value in rest)
    )


def only_logs(machine: Any, frame: Frame, body: Iterable[ast.stmt]) -> bool:
    """Follow a branch that a clock decides; whether it made log records and did nothing else."""
    for statement in body:
        if isinstance(statement, ast.Pass):
            continue
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
            return False
        parts = list(ast.walk(statement.value))
        if any(isinstance(part, _BINDING) for part in parts):
            return False
        calls = {id(part) for part in parts if isinstance(part, ast.Call)}
        machine.recorded -= calls
        machine.block(frame, [statement])
        if not calls <= machine.recorded:
            return False
    return True


def _is_number(value: Value) -> bool:
    if isinstance(value, Timed):
        return True
    kind = type(value.value) if isinstance(value, Const) else getattr(value, "type", object)
    return plainness(value) and kind in (int, float, bool, None) and isinstance(value, _SIMPLE)


_SIMPLE = (Const, Plain)
_OPERATORS = (
    ast.Sub, ast.Add, ast.Mult, ast.Div, ast.FloorDiv,
    ast.Gt, ast.GtE, ast.Lt, ast.LtE,
)  # fmt: skip
_BINDING = (
    ast.NamedExpr, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip
