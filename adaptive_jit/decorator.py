"""The decorator: checks what it is given, and returns the very object."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any, TypeVar, overload

from adaptive_jit.errors import ConfigurationError, UnsupportedCallable
from adaptive_jit.settings import PREFIX, at_decoration, current

F = TypeVar("F", bound=Callable[..., Any])

_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200
_KINDS = {
    _ASYNC_GENERATOR: "an asynchronous generator",
    _COROUTINE: "a coroutine function (`async def`); these follow in a later version",
    _GENERATOR: "a generator function",
}
_MOST_WRAPPERS = 32
_NOT_GIVEN: Any = object()
METHODS = ("forward", "__call__")
"""What is adapted of a class that does not name a method, the first that it has."""
_OF_THE_PROCESS = ("cache_dir", "log", "report")


@overload
def adaptive(function: F, /) -> F: ...
@overload
def adaptive(**settings: object) -> Callable[[F], F]: ...
def adaptive(function: Any = _NOT_GIVEN, /, **settings: object) -> Any:
    """Return *function*, which from now on runs ahead where that is measured to be faster.

    Use it bare (``@adaptive``) or with settings for this function only
    (``@adaptive(window=16)``): the names of `Settings` in lower case.

    Functions and methods are adapted; above other decorators the function
    that they wrap is; of a class its ``forward``, else its ``__call__``, or
    the one that ``method="name"`` names, also where it is inherited.
    ``size=`` takes what a call does and says how much that is (a positive
    number): ``@adaptive(size=lambda texts: len(texts))``. It is called with the
    arguments of the call, and times are compared with sizes taken out.
    Coroutine functions, generators and lambdas are returned unchanged, the
    reason in ``explain``. Raises ``UnsupportedCallable`` for anything else,
    ``ConfigurationError`` for a wrong setting, ``StrategyUnavailable`` for a
    strategy that cannot be used here.
    """
    method, size = settings.pop("method", None), settings.pop("size", None)
    arguments = checked(settings)
    if method is not None and not isinstance(method, str):
        raise ConfigurationError(f"@adaptive(method={method!r}): give the name of a method")
    if size is not None and not callable(size):
        raise ConfigurationError(
            f"@adaptive(size={size!r}): give a function that takes the arguments of a call "
            "and returns how much there is to do"
        )
    if function is _NOT_GIVEN:
        return lambda target: _adapt(target, arguments, method, size)
    return _adapt(function, arguments, method, size)


def checked(settings: dict[str, object]) -> dict[str, object]:
    """Return *settings* of a decorator; raises ``ConfigurationError`` for a wrong one."""
    if "speculate" in settings:
        raise ConfigurationError("@adaptive(speculate=…) comes with a later version")
    if "size" in settings:
        raise ConfigurationError("size= takes the arguments of one function: give it to @adaptive")
    for name in _OF_THE_PROCESS:
        if name in settings:
            raise ConfigurationError(
                f"@adaptive({name}=…): this setting is one for the whole process; "
                f"set the environment variable {PREFIX}{name.upper()}"
            )
    at_decoration(settings)
    return settings


def _adapt(target: Any, arguments: dict[str, object], method: str | None, size: Any = None) -> Any:
    if isinstance(target, type):
        function: FunctionType | None = _method_of(target, method)
    elif method is not None:
        raise ConfigurationError(
            f"@adaptive(method={method!r}) is for classes; {target!r} is none: leave it out"
        )
    else:
        function = _function_behind(target)
    if function is None:
        raise UnsupportedCallable(
            f"@adaptive cannot adapt {target!r} of type {type(target).__name__}: "
            "give a function, a method, a class or something that wraps a function"
        )
    adapt(function, arguments, size)
    return target


def adapt(function: FunctionType, arguments: dict[str, object], size: Any = None) -> None:
    """Make just *function* adaptive, whatever it wraps, or remember why it is left alone."""
    # Here, not above: importing the package must stay cheap for programs that decorate nothing.
    from adaptive_jit.engine import lifecycle, registry

    lifecycle.install()
    for flag, kind in _KINDS.items():
        if function.__code__.co_flags & flag:
            return registry.leave_alone(function, f"it is {kind}")
    if not current(arguments).enabled:
        return registry.leave_alone(function, "ADAPTIVE_JIT_ENABLED is 0")
    registry.register(function, arguments, size)
    return None


def _method_of(owner: type, name: str | None) -> FunctionType:
    """The function to adapt of a class: *name*, else ``forward``, else ``__call__``."""
    for candidate in METHODS if name is None else (name,):
        for base in owner.__mro__[:-1]:
            if candidate not in base.__dict__:
                continue
            function = _function_behind(base.__dict__[candidate])
            if function is not None:
                return function
            raise UnsupportedCallable(
                f"@adaptive cannot adapt {candidate!r} of {owner!r}: it is a "
                f"{type(base.__dict__[candidate]).__name__}, not a method"
            )
    if name is not None:
        raise ConfigurationError(f"@adaptive(method={name!r}): {owner!r} has no such method")
    raise UnsupportedCallable(
        f"@adaptive cannot adapt {owner!r}: it has neither `forward` nor `__call__`; "
        "name the method: @adaptive(method=...)"
    )


def _function_behind(target: Any) -> FunctionType | None:
    """The user's own function: the innermost one that wrappers tell of."""
    for _ in range(_MOST_WRAPPERS):
        if isinstance(target, staticmethod | classmethod | MethodType):
            target = target.__func__
        elif isinstance(target, functools.partial):
            target = target.func
        elif not isinstance(target, type) and getattr(target, "__wrapped__", None) is not None:
            target = target.__wrapped__
        else:
            break
    return target if isinstance(target, FunctionType) else None
