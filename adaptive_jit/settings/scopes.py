"""Which settings are in force where: decorator arguments, ``override``, the environment."""

from __future__ import annotations

import os
from contextvars import ContextVar, Token
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from adaptive_jit.settings.record import Settings, merged, read_environ, warn_of_unknown_names
from adaptive_jit.settings.rules import (
    PREFIX,
    RULES,
    THRESHOLDS,
    check_strategy,
    check_thresholds,
    validated,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType


class Description(NamedTuple):
    """One row of ``adaptive-jit settings``: the value in force, its source and its range."""

    name: str
    value: object
    origin: str
    allowed: str


class _Layer:
    """The settings in force at one place, each with its source."""

    __slots__ = ("known", "origins", "settings")

    def __init__(self, settings: Settings, origins: dict[str, str]) -> None:
        self.settings = settings
        self.origins = origins
        self.known: dict[tuple[tuple[str, object], ...], _Layer] = {}

    def with_values(self, values: Mapping[str, object], origin: str) -> _Layer:
        """Return a stronger layer; *values* have been checked."""
        return _Layer(merged(self.settings, values), self.origins | dict.fromkeys(values, origin))

    def with_arguments(self, arguments: Mapping[str, object]) -> _Layer:
        """Return the layer of a function decorated with *arguments*, and remember it."""
        layer = self.with_values(validated(arguments), "argument")
        if len(self.known) > 256:  # decorators in a loop with ever new values
            self.known.clear()
        self.known[tuple(arguments.items())] = layer
        return layer


_NONE: Mapping[str, object] = MappingProxyType({})
_overridden: ContextVar[_Layer | None] = ContextVar("adaptive_jit.override", default=None)
_environment: _Layer | None = None
_generations = count(1)
_generation = 0
_listeners: list[Callable[[frozenset[str]], None]] = []
_entered: list[None] = []  # one element per block; single operations on it are atomic


def current(arguments: Mapping[str, object] = _NONE) -> Settings:
    """Return the settings in force here for a function decorated with *arguments*.

    Raises ``ConfigurationError`` for an argument or environment value that is
    not allowed, ``StrategyUnavailable`` for a strategy that cannot be used
    here. Repeated questions are answered from memory.
    """
    return _layer(arguments).settings


def at_decoration(arguments: Mapping[str, object]) -> dict[str, Any]:
    """Return a decorator's *arguments* in their proper types, as `validated` does.

    Raises ``ConfigurationError`` also for a threshold that crosses the other
    one of the environment: later, in a call, no setting may fail.
    """
    values = validated(arguments)
    _check_crossing(values, _environment or _read_environment())
    return values


def _check_crossing(values: Mapping[str, Any], layer: _Layer) -> None:
    if values.keys().isdisjoint(THRESHOLDS):
        return
    in_force = {name: getattr(layer.settings, name) for name in THRESHOLDS}
    others = [layer.origins[name] for name in THRESHOLDS if name not in values]
    check_thresholds(values, in_force, source=others[0] if others else "")


def _layer(arguments: Mapping[str, object]) -> _Layer:
    layer = _overridden.get() or _environment or _read_environment()
    if not arguments:
        return layer
    try:
        return layer.known[tuple(arguments.items())]
    except (KeyError, TypeError):  # new, or a value that cannot be hashed and so is wrong
        return layer.with_arguments(arguments)


def origins(arguments: Mapping[str, object] = _NONE) -> Mapping[str, str]:
    """Return where each setting in force comes from, by name.

    The words are "argument", "override", "environment" and "default".
    """
    return MappingProxyType(_layer(arguments).origins)


def describe_all(arguments: Mapping[str, object] = _NONE) -> tuple[Description, ...]:
    """Return name, value in force, source and allowed range of every setting, in table order."""
    layer = _layer(arguments)
    return tuple(
        Description(name, getattr(layer.settings, name), layer.origins[name], rule.allowed)
        for name, rule in RULES.items()
    )


def generation() -> int:
    """Return a number that grows whenever settings changed somewhere: ``override``, ``refresh``."""
    return _generation


def overridden() -> bool:
    """Return whether any thread is in an ``override`` block; what this one sees is `current`."""
    return bool(_entered)


def on_override(callback: Callable[[frozenset[str]], None]) -> None:
    """Have *callback* called with the names overridden each time that ``override`` is entered.

    Called in the thread and context that entered, with the override in force.
    """
    _listeners.append(callback)


def refresh() -> None:
    """Forget what was read from the environment; the next question reads it again. For tests."""
    global _environment
    _environment = None
    _advance()


def _advance() -> None:
    global _generation
    _generation = next(_generations)


class override:  # noqa: N801 - used as a verb: `with override(strategy="direct"):`
    """Settings for the calling thread (or asyncio task) while the ``with`` block runs.

    Values are checked at once: ``ConfigurationError`` for one that is not
    allowed, ``StrategyUnavailable`` for a strategy that cannot be used here;
    at the entry of the block whether the thresholds cross those in force.
    Blocks nest, the inner one wins; other threads see no change.
    """

    __slots__ = ("_tokens", "_values")

    def __init__(self, **settings: object) -> None:
        self._values = validated(settings)
        self._tokens: list[Token[_Layer | None]] = []

    def __enter__(self) -> Settings:
        weaker = _layer(_NONE)
        _check_crossing(self._values, weaker)
        layer = weaker.with_values(self._values, "override")
        self._tokens.append(_overridden.set(layer))
        _entered.append(None)
        _advance()
        try:
            for callback in tuple(_listeners):
                callback(frozenset(self._values))
        except BaseException:  # the block will not run, so nothing else would undo it
            self._leave()
            raise
        return layer.settings

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        _entered.pop()
        _overridden.reset(self._tokens.pop())
        _advance()


def _read_environment() -> _Layer:
    """Read the process's environment once and remember it."""
    global _environment
    settings, given = read_environ(os.environ)
    check_strategy(settings.strategy, f"{PREFIX}STRATEGY")
    origin = {name: "environment" if name in given else "default" for name in RULES}
    layer = _environment = _Layer(settings, origin)
    # Remembered first: where warnings are errors, only the first decoration fails.
    warn_of_unknown_names(os.environ)
    return layer
