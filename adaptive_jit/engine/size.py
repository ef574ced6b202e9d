"""How much there is to do in one call, by the ``size=`` that the user gave the decorator."""

from __future__ import annotations

import math
import sys
from types import FunctionType
from typing import TYPE_CHECKING, Any

from adaptive_jit.engine.fallback import warn_once
from adaptive_jit.interrupts import is_the_programs

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

UNKNOWN = 1.0
"""The size of a call of which none is known; a size only counts beside others."""

_VARARGS, _VARKEYWORDS = 0x04, 0x08


def size_of(size: Callable[..., Any], frame: FrameType, name: str) -> float:
    """Return what *size* says of the arguments in *frame*, which has just been entered.

    Called as the function itself was. A size that fails or is no positive
    number counts as `UNKNOWN`, the former with one warning: nothing in a call
    may fail for the sake of a measurement.
    """
    try:
        positional, named = arguments_of(frame)
        value = float(size(*positional, **named))
    except Exception as error:
        if is_the_programs(error):
            raise
        warn_once(
            f"size= of {name} failed ({type(error).__name__}: {error}); "
            "the sizes of such calls are not taken into account"
        )
        return UNKNOWN
    return value if value > 0.0 and math.isfinite(value) else UNKNOWN


_CONTAINERS = frozenset({list, tuple, dict, set, frozenset, range})


def has_arguments(code: CodeType) -> bool:
    """Whether a function of this code takes any."""
    flags = _VARARGS | _VARKEYWORDS
    return bool(code.co_argcount or code.co_kwonlyargcount or code.co_flags & flags)


def contents_of(frame: FrameType) -> float:
    """How many elements the builtin containers among the arguments in *frame* hold together.

    `UNKNOWN` where there are none, or nothing in them. Texts do not count: how long a question is says
    little about how much there is to do.
    """
    positional, named = arguments_of(frame)
    total = 0
    for value in (*positional, *named.values()):
        if type(value) in _CONTAINERS:
            total += len(value)
    return float(total) if total else UNKNOWN


def same_size(one: Callable[..., Any] | None, other: Callable[..., Any] | None) -> bool:
    """Whether both measure alike: one object, or one source that captures nothing."""
    if one is other:
        return True
    if not (isinstance(one, FunctionType) and isinstance(other, FunctionType)):
        return False
    return (
        one.__code__ is other.__code__
        and one.__globals__ is other.__globals__
        and not (one.__closure__ or one.__defaults__ or one.__kwdefaults__)
    )


def arguments_of(frame: FrameType) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments that the function of *frame* was called with.

    CPython 3.11 and 3.12 keep the mapping made for ``f_locals`` with the frame;
    it is emptied, for it would keep the arguments alive after a ``del``.
    """
    code = frame.f_code
    names, local = code.co_varnames, frame.f_locals
    at = code.co_argcount
    positional = [local[name] for name in names[:at]]
    named = {name: local[name] for name in names[at : at + code.co_kwonlyargcount]}
    at += code.co_kwonlyargcount
    if code.co_flags & _VARARGS:
        positional += local[names[at]]
        at += 1
    if code.co_flags & _VARKEYWORDS:
        named.update(local[names[at]])
    if sys.version_info < (3, 13):
        local.clear()
    return positional, named
