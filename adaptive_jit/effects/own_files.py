"""What a call does to a file that the function itself has opened to write, and keeps to itself.

A file is an ordered stream, and nobody knows who else holds it; but for one
that a `with open(path, "w")` of the function has just made, a write is a
write of a local file like ``path.write_text(...)``.
"""

from __future__ import annotations

import sys
from types import BuiltinMethodType
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue import lookup
from adaptive_jit.effects.catalogue_values import exact_all
from adaptive_jit.records.effects import FILES, Effect, EffectKind, Source

if TYPE_CHECKING:
    from collections.abc import Container

CLOSES = Effect(EffectKind.WRITES, FILES, Source.CATALOGUE)
"""The end of the `with`: what has been written is there for others to see."""

_PRINT = print
_FILES = frozenset({"_io.TextIOWrapper", "_io.BufferedWriter"})


def is_file(value: Any) -> bool:
    """Whether *value* is what ``open`` returns for writing, of just that class."""
    kind = type(value)
    return type(kind) is type and f"{kind.__module__}.{kind.__qualname__}" in _FILES


def effect_on_own(
    callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any], own: Container[int]
) -> Effect | None:
    """The effect of a call on one of the objects whose ids are in *own*; ``None`` if not known."""
    given = dict(kwargs)
    if id(getattr(callee, "__self__", None)) not in own:
        others = [value for value in args if id(value) not in own]
        named = [name for name, value in kwargs.items() if id(value) in own]
        if len(args) - len(others) + len(named) != 1:
            return None
        args = tuple(others)
        for name in named:
            del given[name]
    if not exact_all(args, given):
        return None
    if callee is _PRINT or _flushes(callee) or _is_row_writer(callee) or makes_writer(callee):
        return CLOSES
    rule = lookup(callee)
    if rule is None or rule.fresh.kind is not EffectKind.WRITES or not rule.guard.intact():
        return None
    return CLOSES if rule.fresh.resource == FILES else None


def _flushes(callee: Any) -> bool:
    return type(callee) is BuiltinMethodType and callee.__name__ == "flush"


def makes_writer(callee: Any) -> bool:
    """Whether *callee* makes a writer of rows around a file."""
    csv = sys.modules.get("csv")
    return csv is not None and (callee is sys.modules["_csv"].writer or callee is csv.DictWriter)


def _is_row_writer(callee: Any) -> bool:
    kind = type(getattr(callee, "__self__", None))
    return kind.__module__ == "_csv" and kind.__qualname__ == "writer"
