"""Declared calls that use what belongs to the calling thread stay in it: `placed`.

A declaration says what a call does to the world, not where it may run.
Thread-local values, connections and event loops bound to their thread, the
identity of the thread, and re-entrant locks that the caller may hold all
show, break or deadlock in a worker. They are looked for in everything that
the declared function names, once for each kind of call; each start then
checks only that what was met is the same.
"""

from __future__ import annotations

import functools
import weakref
from dataclasses import replace
from types import BuiltinMethodType, CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.affinity_scan import Scan, of_argument, of_arguments
from adaptive_jit.effects.attributes import class_member, is_class

if TYPE_CHECKING:
    from adaptive_jit.records.effects import Effect

_KEPT = 8
"""Scans kept for one function: for receivers and arguments of different types."""

_TRIES = 40
"""Scans tried for one function before it stays in the calling thread: about 0.2 ms each."""

_LIMIT = 2000

_VARIOUS = "too many different kinds of objects to be looked through"


class _Scans:
    """The scans of one function, the most recently used first."""

    __slots__ = ("found", "reference", "tries")

    def __init__(self, reference: Any) -> None:
        self.reference = reference
        self.found: tuple[Scan, ...] = ()
        self.tries = 0


_scans: dict[int, _Scans] = {}
_by_code: dict[int, tuple[CodeType, tuple[Scan, ...]]] = {}
_made: dict[tuple[int, str], tuple[Effect, Effect]] = {}


def placed(effect: Effect, callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Effect:
    """*effect*, in the calling thread if this declared call uses what belongs to a thread.

    The reason then names what was found.
    """
    if effect.caller_thread:
        return effect
    said = of_arguments(args, kwargs) if args or kwargs else None
    if said is None:
        said = _of_callee(callee, args, kwargs)
    return effect if said is None else _in_caller(effect, said)


def forget_scans() -> None:
    """Forget everything that was looked through (for tests)."""
    _scans.clear()
    _by_code.clear()
    _made.clear()


def _of_callee(callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    kind = type(callee)
    if kind is FunctionType:
        return _of_function(callee, args, kwargs)
    if kind is MethodType:
        receiver = callee.__self__
        said = None if is_class(receiver) else of_argument(receiver)
        if said is None and type(callee.__func__) is FunctionType:
            return _of_function(callee.__func__, (receiver, *args), kwargs)
        return said or _of_callee(callee.__func__, (receiver, *args), kwargs)
    if kind is functools.partial:
        given = (*callee.args, *args)
        named = {**callee.keywords, **kwargs}
        return of_arguments(given, named) or _of_callee(callee.func, given, named)
    if kind is BuiltinMethodType:
        is_plain = isinstance(callee.__self__, (ModuleType, type(None)))
        return None if is_plain else of_argument(callee.__self__)
    if is_class(callee):
        made = class_member(callee, "__init__")
        return _of_function(made, (None, *args), kwargs) if type(made) is FunctionType else None
    wrapped = getattr(callee, "__wrapped__", None) if kind is functools._lru_cache_wrapper else None
    if type(wrapped) is FunctionType:
        return _of_function(wrapped, args, kwargs)
    method = class_member(kind, "__call__")
    if type(method) is FunctionType:
        return of_argument(callee) or _of_function(method, (callee, *args), kwargs)
    return None


def _of_function(
    function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> str | None:
    known = _scans.get(id(function))
    if known is None or known.reference() is not function:
        known = _remember(function)
    for number, scan in enumerate(known.found):
        values = scan.holds(function, args, kwargs)
        if values is not None:
            if number:
                rest = known.found[:number] + known.found[number + 1 :]
                known.found = (scan, *rest)
            return scan.verdict(values)
    return _scan(known, function, args, kwargs)


def _scan(
    known: _Scans, function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> str | None:
    """Look among the scans of functions with the same code, then look through this one."""
    from adaptive_jit.effects.affinity_walk import scan

    if known.tries >= _TRIES:
        return _VARIOUS
    known.tries += 1
    code = function.__code__
    shared = _by_code.get(id(code), (code, ()))[1]
    made = next((one for one in shared if one.holds(function, args, kwargs) is not None), None)
    if made is None:
        made = scan(function, args, kwargs)
        _keep(_by_code, id(code), (code, (made, *shared)[:_KEPT]))
    known.found = (made, *known.found)[:_KEPT]
    values = made.holds(function, args, kwargs)
    # Another thread has changed something meanwhile: the next start will look again.
    return _VARIOUS if values is None else made.verdict(values)


def _in_caller(effect: Effect, said: str) -> Effect:
    known = _made.get((id(effect), said))
    if known is not None and known[0] is effect:
        return known[1]
    reason = f"{effect.reason}, but it uses {said}: in the calling thread, in its turn"
    made = replace(effect, caller_thread=True, reason=reason)
    _keep(_made, (id(effect), said), (effect, made))
    return made


def _keep(table: dict[Any, Any], key: Any, value: Any) -> None:
    """Put *value* into a table of limited size; the oldest quarter makes room."""
    if len(table) >= _LIMIT and key not in table:
        for old in list(table)[: _LIMIT // 4]:
            table.pop(old, None)
    table[key] = value


def _remember(function: FunctionType) -> _Scans:
    key = id(function)

    def forget(reference: object) -> None:
        known = _scans.get(key)
        if known is not None and known.reference is reference:
            _scans.pop(key, None)

    known = _Scans(weakref.ref(function, forget))
    _keep(_scans, key, known)
    return known
