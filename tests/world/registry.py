"""Programs: functions whose plain and adaptive runs must not differ."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[Any], Any]


@dataclass(frozen=True)
class Program:
    """One program and what is claimed of its adaptive run.

    ``build`` takes a decorator and returns the callable to run, decorated.
    ``overlaps`` operations (of those called ``meet``) must be in flight at once;
    0 claims that nothing ever overlaps, ``None`` claims nothing. ``threads`` says
    that several threads may run it at once; ``settles`` that a learning run must
    end up parallel.
    """

    name: str
    module: str
    rule: str
    build: Callable[[Decorator], Callable[..., Any]]
    arguments: Callable[[], tuple[Any, ...]] = tuple
    overlaps: int | None = None
    meet: tuple[str, ...] = ()
    threads: bool = True
    settles: bool = True
    setup: Callable[[], Any] | None = None


_REGISTRY: dict[str, list[Program]] = {}


def fresh_copy(function: types.FunctionType) -> types.FunctionType:
    """Return a function like *function* with a code object of its own."""
    copy = types.FunctionType(
        function.__code__.replace(),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    copy.__qualname__ = function.__qualname__
    copy.__module__ = function.__module__
    copy.__doc__ = function.__doc__
    copy.__dict__.update(function.__dict__)
    return copy


def program(**claims: Any) -> Callable[[F], F]:
    """Register a function as a program; the function itself is returned untouched."""

    def register(function: F) -> F:
        def build(decorate: Decorator) -> Callable[..., Any]:
            assert isinstance(function, types.FunctionType)
            decorated: Callable[..., Any] = decorate(fresh_copy(function))
            return decorated

        _add(function, build, claims)
        return function

    return register


def factory(**claims: Any) -> Callable[[F], F]:
    """Register a function that takes a decorator and returns the callable to run."""

    def register(function: F) -> F:
        _add(function, function, claims)
        return function

    return register


def _add(function: Any, build: Any, claims: dict[str, Any]) -> None:
    rule = (function.__doc__ or "").strip().split("\n")[0]
    entry = Program(function.__name__, function.__module__, rule, build, **claims)
    _REGISTRY.setdefault(function.__module__, []).append(entry)


def programs_of(module: types.ModuleType) -> list[Program]:
    """Return the programs that *module* registered, in source order."""
    return list(_REGISTRY.get(module.__name__, ()))
