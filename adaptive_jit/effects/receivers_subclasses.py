"""Is a class a library's own, or a subclass that changes nothing of what it does?"""

from __future__ import annotations

from typing import NamedTuple


def overrides_nothing(kind: type, owner: type) -> bool:
    """Whether *kind* is *owner*, or a subclass whose instances behave like it in all it defines.

    The answer is kept together with the sizes of the subclass's namespaces,
    which a later patch, or its end, changes.
    """
    if kind is owner:
        return True
    known = _subclasses.get((id(kind), id(owner)))
    if known is not None and known.kind is kind and known.size == _size(known.bases):
        return known.verdict
    bases = tuple(base for base in kind.__mro__ if base not in owner.__mro__)
    verdict = owner in kind.__mro__ and not any(_overrides(base, owner) for base in bases)
    if len(_subclasses) > SUBCLASSES_KEPT:
        _subclasses.clear()
    _subclasses[id(kind), id(owner)] = _Subclass(kind, bases, _size(bases), verdict)
    return verdict


def _size(bases: tuple[type, ...]) -> int:
    return sum(len(base.__dict__) for base in bases)


def _overrides(base: type, owner: type) -> bool:
    names = set(base.__dict__) - _HARMLESS
    return "__getattr__" in names or any(
        name in known.__dict__ for name in names for known in owner.__mro__
    )


class _Subclass(NamedTuple):
    """A verdict on a subclass, and what it was found for."""

    kind: type
    bases: tuple[type, ...]
    size: int
    verdict: bool


_subclasses: dict[tuple[int, int], _Subclass] = {}

SUBCLASSES_KEPT = 1000
"""Verdicts kept; the classes are kept alive with them."""

_HARMLESS = frozenset(
    {
        "__abstractmethods__",
        "__annotations__",
        "__del__",
        "__dict__",
        "__doc__",
        "__firstlineno__",
        "__init__",
        "__init_subclass__",
        "__module__",
        "__orig_bases__",
        "__parameters__",
        "__qualname__",
        "__slots__",
        "__static_attributes__",
        "__weakref__",
        "_abc_impl",
    }
)
"""What a subclass may define without changing what the methods of its base do."""
