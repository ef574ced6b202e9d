"""Objects that answer by code of their own what class they are of, as lazy objects do."""

from __future__ import annotations

from typing import Any

from world.model import current
from world.operations import Refused, fetch, mystery
from world.registry import program

from adaptive_jit import reads


class Veiled:
    """Its ``__class__`` is an unknown operation on the world."""

    @property
    def __class__(self) -> Any:
        mystery("__class__")
        return Veiled

    @reads
    def get(self, key: int) -> int:
        """Return a number."""
        return fetch(key)

    def proved(self, key: int) -> int:
        """Return a number, undeclared."""
        return fetch(key)

    def __call__(self, key: int) -> int:
        return fetch(key)


class VeiledError(Refused):
    """An exception of that kind."""

    @property
    def __class__(self) -> Any:
        mystery("__class__")
        return Refused


@reads
def lift(key: int, of: Any = None) -> Any:
    """Return a veiled object."""
    fetch(key)
    return Veiled()


@reads
def fail(key: int) -> int:
    """Raise a veiled exception for key 2."""
    if key == 2:
        current().raised += 1
        raise VeiledError(key)
    return fetch(key)


@program(overlaps=2, meet=("fetch",), arguments=lambda: (Veiled(),))
def veiled_arguments(value: Any) -> Any:
    """They are given on, and not asked."""
    a = lift(1, value)
    b = lift(2, value)
    return type(a) is type(b)


@program(overlaps=2, arguments=lambda: (Veiled(),))
def veiled_receivers(value: Any) -> Any:
    """Neither are those of methods."""
    return value.get(1), value.get(2), value.proved(3)


@program(overlaps=None, settles=False, arguments=lambda: (Veiled(),))
def veiled_callees(value: Any) -> Any:
    """Nor what is called."""
    return value(1), fetch(2), value(3)


@program(overlaps=2, meet=("fetch",))
def veiled_results() -> Any:
    """Nor what was fetched, or what is made of it."""
    a = lift(1)
    b = lift(2)
    c = lift(3, a)
    return [type(one).__name__ for one in (a, b, c)]


@program(settles=False)
def veiled_errors() -> Any:
    """Nor what is raised, except by the program."""
    out = []
    for key in range(5):
        try:
            out.append(fail(key))
        except Refused:
            out.append(-1)
    return out
