"""What the user vouches for: ``pure``, ``reads``, ``unordered``, ``writes``.

Each works as a decorator, with or without a resource, and as a call on
callables that one does not own::

    @reads
    def search(query): ...


    reads("orders", sdk.list_orders)
    writes("orders", sdk.place_order)
    unordered("package.module:Client.complete")

A declaration belongs to the very object that was given: a wrapper around a
declared function is not declared. A bound method is declared for its receiver
only, a function found in a class for all receivers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from adaptive_jit.effects import register
from adaptive_jit.errors import DeclarationError
from adaptive_jit.records.effects import EffectKind

F = TypeVar("F", bound=Callable[..., Any])
Declarable = Callable[..., Any] | type | str


@overload
def pure(function: F, /) -> F: ...
@overload
def pure(*targets: Declarable) -> Any: ...
def pure(*targets: Any) -> Any:
    """Declare that the result depends on the arguments only and that nothing else happens.

    Returns what was given: one object as it is, several as a tuple; without
    any, a decorator. Raises `DeclarationError` for what cannot be called.
    Warns with `DeclarationWarning`, and declares nothing, where the code
    plainly contradicts the declaration.
    """
    return _declare("pure", EffectKind.PURE, targets, resources=False)


@overload
def reads(function: F, /) -> F: ...
@overload
def reads(resource: str, /) -> Callable[[F], F]: ...
@overload
def reads(*targets: Declarable) -> Any: ...
def reads(*targets: Any) -> Any:
    """Declare that the outside world is read and not changed: a query, a lookup, a download.

    A first argument that is a string without a colon names what is read; only
    writes of the same name, or without a name, stop such a read. Without a
    name anything may be read. Returns what was given, like `pure`.
    """
    return _declare("reads", EffectKind.READS, targets)


@overload
def unordered(function: F, /) -> F: ...
@overload
def unordered(resource: str, /) -> Callable[[F], F]: ...
@overload
def unordered(*targets: Declarable) -> Any: ...
def unordered(*targets: Any) -> Any:
    """Declare that the order among other such operations and reads does not matter.

    For paid model calls, and for functions with private state (a token
    counter, a memo) that is safe to use from several threads. Returns what
    was given, like `pure`.
    """
    return _declare("unordered", EffectKind.UNORDERED, targets, resources=False)


@overload
def writes(function: F, /) -> F: ...
@overload
def writes(resource: str, /) -> Callable[[F], F]: ...
@overload
def writes(*targets: Declarable) -> Any: ...
def writes(*targets: Any) -> Any:
    """Declare a write: it stays in its turn and stops only what does not commute with it.

    A first argument that is a string without a colon names what is written.
    Returns what was given, like `pure`.
    """
    return _declare("writes", EffectKind.WRITES, targets)


def _declare(
    word: str, kind: EffectKind, targets: tuple[Any, ...], *, resources: bool = True
) -> Any:
    resource, targets = _split(word, targets, resources)
    if not targets:
        return lambda target: _declare_all(word, kind, resource, (target,))
    return _declare_all(word, kind, resource, targets)


def _declare_all(
    word: str, kind: EffectKind, resource: str | None, targets: tuple[Any, ...]
) -> Any:
    for target in targets:
        register.check(word, target)
    for target in targets:
        register.add(word, kind, resource, target)
    return targets[0] if len(targets) == 1 else targets


def _split(
    word: str, targets: tuple[Any, ...], resources: bool
) -> tuple[str | None, tuple[Any, ...]]:
    """Separate the resource from the targets, or say why it is not one."""
    first = targets[0] if targets else None
    if not isinstance(first, str) or ":" in first:
        return None, targets
    if not resources:
        raise DeclarationError(
            f"{word}({first!r}): {word} takes no resource; give the callable itself or "
            f'"package.module:name"'
        )
    if not first.strip():
        raise DeclarationError(f"{word}({first!r}): a resource needs a name, such as 'orders'")
    return first, targets[1:]
