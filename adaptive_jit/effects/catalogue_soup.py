"""Looking into a parsed page, which the program may change, runs the library's code only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_rules import plain_arguments

if TYPE_CHECKING:
    from adaptive_jit.effects.catalogue_rules import Rule
    from adaptive_jit.records.effects import Effect


def looked_at(rule: Rule, receiver: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """``find``, ``select``, ``get_text`` with names, texts and patterns; no functions."""
    if receiver is not None and not _is_stock(type(receiver)):
        return rule.unknown("its elements are of classes of one's own")
    return plain_arguments(rule, receiver, args, kwargs)


def _is_stock(kind: type) -> bool:
    module = sys.modules.get(kind.__module__)
    return (
        kind.__module__.partition(".")[0] == "bs4"
        and getattr(module, "__dict__", {}).get(kind.__name__) is kind
    )
