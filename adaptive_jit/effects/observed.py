"""Declarations that an observation has disproved: such calls stay in order.

Only with ``effects="observed"``, and only writes that were certainly seen
(`adaptive_jit.profiling.audit`): a function declared ``pure`` or ``reads``
that has changed a file is not believed any more. Nothing is ever permitted
because nothing was seen.
"""

from __future__ import annotations

import warnings
import weakref
from types import FunctionType, MethodType
from typing import Any

from adaptive_jit.effects import register
from adaptive_jit.effects.describe import describe
from adaptive_jit.errors import DeclarationWarning
from adaptive_jit.records.effects import Effect, EffectKind, Source

_disproved: dict[int, tuple[Any, str]] = {}
"""By identity of the function: a weak reference to it, and what it was seen to do."""


def disproved(effect: Effect, callee: Any) -> Effect:
    """*effect*, or the unknown one in its place if *callee* was seen to write against it."""
    if not _disproved or not _is_vouched(effect):
        return effect
    function = _function(callee)
    reference, said = _disproved.get(id(function), (None, ""))
    if reference is None or reference() is not function:
        return effect
    return Effect(
        EffectKind.UNKNOWN, None, Source.OBSERVED, f"{effect.reason}, but seen otherwise: {said}"
    )


def disprove(callee: Any, said: str) -> None:
    """Remember that *callee* was seen to do what *said* tells, if it is declared otherwise."""
    effect = register.find(callee)
    if effect is None or not _is_vouched(effect):
        return
    function = _function(callee)
    key = id(function)
    known = _disproved.get(key)
    if known is not None and known[0]() is function:
        return
    try:
        reference = weakref.ref(function, lambda _: _disproved.pop(key, None))
    except TypeError:
        return  # a builtin method is made anew for each call: there is nothing to remember
    _disproved[key] = (reference, said)
    _tell(function, effect, said)


def forget() -> None:
    """Believe every declaration again (for tests)."""
    _disproved.clear()


def _is_vouched(effect: Effect) -> bool:
    return effect.source is Source.DECLARED and effect.kind <= EffectKind.READS


def _function(callee: Any) -> Any:
    return callee.__func__ if type(callee) is MethodType else callee


def _tell(function: Any, effect: Effect, said: str) -> None:
    """Warn at the function; never raises, since a call of the program has led here."""
    name = describe(function)
    text = (
        f"{effect.reason.removeprefix('declared ')}({name}) is not followed any more: it was seen otherwise: {said}. "
        "If the order of its calls does not matter, declare it `unordered` instead"
    )
    code = function.__code__ if type(function) is FunctionType else None
    file, line = (code.co_filename, code.co_firstlineno) if code is not None else (__file__, 1)
    try:
        warnings.warn_explicit(text, DeclarationWarning, file, line)
    except DeclarationWarning:
        import logging

        logging.getLogger("adaptive_jit").warning(text)
