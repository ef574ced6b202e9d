"""Iterators that hand on what containers hold and run nothing else: `zip`, `itertools`, …

A loop headed by ``enumerate(zip(a, b))`` or ``islice(count(5), n)`` is walked ahead through
an iterator of the slice's own, over the same containers. Every callee must be the real one,
and every argument a scalar or an exact builtin container: an iterator that the program made
elsewhere is not touched, for nobody else may use it up.
"""

from __future__ import annotations

import itertools
from typing import Any

from adaptive_jit.runtime import exact, slice_guards
from adaptive_jit.runtime.exact import ITERABLES, ITERATORS, SCALARS, Stop

_NAMES = (
    "chain", "islice", "pairwise", "product", "zip_longest", "repeat", "count", "cycle",
    "combinations", "combinations_with_replacement", "permutations", "batched",
)  # fmt: skip
"""``batched`` is new in 3.12."""

_WALKERS = (
    enumerate,
    zip,
    reversed,
    range,
    *(getattr(itertools, name) for name in _NAMES if hasattr(itertools, name)),
)

MADE = exact.ids(
    *_WALKERS,
    type(reversed([])),
    type(reversed(range(0))),
    type(reversed({})),
    type(reversed({}.values())),
    type(reversed({}.items())),
)
"""The types of what they make."""

_HANDED_ON = (ITERABLES - ITERATORS) | SCALARS


def is_walker(function: Any) -> bool:
    """Whether *function* is one of them; the object itself is not asked."""
    return any(function is known for known in _WALKERS)


def hands_on(value: Any) -> bool:
    """Whether an iterator over *value* runs builtin code only, and uses nothing up."""
    return id(type(value)) in _HANDED_ON


class SliceGuards(slice_guards.SliceGuards):
    """The guards of the slice, those on loop heads included."""

    __slots__ = ()

    @staticmethod
    def g(function: Any) -> Any:
        """One of the iterators of the library."""
        if is_walker(function):
            return function
        raise Stop("a builtin has been replaced")

    @staticmethod
    def maps(function: Any) -> None:
        """``map`` itself."""
        if function is not map:
            raise Stop("a builtin has been replaced")

    @staticmethod
    def h(value: Any) -> Any:
        """What it walks over."""
        if hands_on(value):
            return value
        raise Stop("iterates over something that is not a builtin container")

    @staticmethod
    def ranked(function: Any, pairs: Any, given: dict[str, Any]) -> Any:
        """``function(items, key=…)`` of pairs of an item and its key."""
        if not all(exact.formats(key) for _, key in pairs):
            raise Stop("a key that is not of a builtin type")
        keys = iter([key for _, key in pairs])
        return function([item for item, _ in pairs], key=lambda _: next(keys), **given)
