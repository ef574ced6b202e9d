"""Which one line would gain most: for operations that only want of knowledge holds back."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from types import FunctionType
from typing import TYPE_CHECKING

from adaptive_jit.effects.escape import contradiction
from adaptive_jit.records import Advice, EffectKind, Source

if TYPE_CHECKING:
    from adaptive_jit.engine.controller import Controller
    from adaptive_jit.records import Effect

LEAST_SAVING = 0.001
"""Advice that saves less than this many seconds per invocation is not given."""

_ASKS = re.compile(r"\bpost\b")
"""A request that may be a question with a long text; other verbs that write change something."""


def advice_of(controller: Controller) -> tuple[Advice, ...]:
    """The lines to write for *controller*'s function.

    A line that several operations ask for is given once, with the largest saving.
    """
    advice: dict[str, Advice] = {}
    operations = {one.index: one for one in controller.analysis.operations}
    for saving in controller.planned.savings:
        if saving.seconds < LEAST_SAVING:
            continue
        site, operation = controller.state.sites[saving.operation], operations[saving.operation]
        # Without a name, what to declare is not known.
        if site.effect is None or site.discarded or not site.callee:
            continue
        proposed = _proposed(site.effect, site.callee)
        if proposed is None:
            continue
        write, because = proposed
        first = advice.setdefault(write, Advice(operation.line, write, because, saving.seconds))
        if first.line != operation.line:
            because = f"{first.because}; it counts at line {operation.line} too"
            advice[write] = replace(first, because=because)
    return tuple(advice.values())


def _proposed(effect: Effect, callee: str) -> tuple[str, str] | None:
    """The line and on what condition it holds; ``None`` where no line would help."""
    name = callee.rsplit(":", 1)[-1]
    reason = effect.reason or "it is not known"
    if effect.kind is EffectKind.UNKNOWN:
        if _keeps_state(name):
            condition = "if its calls may come in any order and run at once"
            return f"unordered({name})", f"{condition}, which cannot be seen: {reason}"
        return f"reads({name})", f"if it only reads, which cannot be seen: {reason}"
    if effect.kind is EffectKind.WRITES and _may_ask(effect):
        condition = "if what it posts is a question and changes nothing"
        return f"reads({name})", f"{condition}, which cannot be seen: {reason}"
    return None


def _may_ask(effect: Effect) -> bool:
    """Whether a function of the program's own posts: the library's `post` itself does anything."""
    return (
        effect.source is Source.PROVED
        and effect.resource == "http"
        and _ASKS.search(effect.reason) is not None
    )


def _keeps_state(name: str) -> bool:
    """Whether the function of this name would be refused as `reads`: its own code changes state."""
    function = _found(name)
    return function is not None and contradiction(function) is not None


def _found(name: str) -> FunctionType | None:
    """The function that a dotted name leads to now, found without running code of the program."""
    parts = name.split(".")
    for length in range(len(parts) - 1, -1, -1):
        module = sys.modules.get(".".join(parts[:length]) or "__main__")
        if module is None:
            continue
        value: object = module
        for part in parts[length:]:
            names = getattr(value, "__dict__", {}) if type(value) in _HOLDERS else {}
            value = names.get(part)
        return value if type(value) is FunctionType else None
    return None


_HOLDERS = frozenset({type(sys), type})
"""Kinds of objects whose names are looked up: modules and plain classes."""
