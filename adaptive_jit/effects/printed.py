"""Exceptions that are printed with their traceback: does builtin code alone do that?"""

from __future__ import annotations

from typing import Any

from adaptive_jit.effects.catalogue_values import exact
from adaptive_jit.runtime.told import told_by

MOST_LED_TO = 100
"""Exceptions behind an exception that are looked at."""

_ASKED = frozenset(
    "__getattr__ __getattribute__ __notes__ __cause__ __context__ __suppress_context__".split()
)
"""What `traceback` asks an exception for; a class that answers by itself is not known."""

_LOOKED_AT_FURTHER = (
    SyntaxError, BaseExceptionGroup, NameError, AttributeError, ImportError,
)  # fmt: skip
"""Printing these opens files, prints others or looks for names that are spelt alike."""

_order_of = type.__dict__["__mro__"].__get__
_names_of = type.__dict__["__dict__"].__get__
_cause_of = BaseException.__dict__["__cause__"].__get__
_context_of = BaseException.__dict__["__context__"].__get__
_fields_of = BaseException.__dict__["__dict__"].__get__


def printed_plainly(error: BaseException | None) -> bool:
    """Whether builtin code alone prints *error* and all that led to it."""
    ahead = [error]
    seen: set[int] = set()
    while ahead:
        one = ahead.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        if len(seen) > MOST_LED_TO or not _is_plain(one):
            return False
        ahead += [_cause_of(one), _context_of(one)]
    return True


def _is_plain(error: BaseException) -> bool:
    if issubclass(type(error), _LOOKED_AT_FURTHER):
        return False
    for owner in _order_of(type(error)):
        if owner not in BaseException.__mro__ and _ASKED & _names_of(owner).keys():
            return False
    told = told_by(error)
    notes: Any = _fields_of(error).get("__notes__")
    return told is not None and exact(told) and exact(notes)
