"""Puts code objects in the place of others, for functions that are still ours."""

from __future__ import annotations

import sys
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import CodeType, FunctionType


class Owned:
    """The functions that share one code, and the code that we last gave each of them.

    ``__code__`` is exchanged in place: atomic, and frames that run keep the
    old code. A function whose code is not our last one belongs to someone
    else by now (a reloader, a debugger, a patch) and is forgotten.
    """

    __slots__ = ("_last", "original")

    def __init__(self, original: CodeType) -> None:
        self.original = original
        self._last: dict[weakref.ref[FunctionType], CodeType] = {}

    def add(self, function: FunctionType) -> None:
        """Take *function* in, whose code is the original one."""
        self._last[weakref.ref(function, self._forget)] = function.__code__

    def _forget(self, reference: weakref.ref[FunctionType]) -> None:
        self._last.pop(reference, None)

    def release(self, function: FunctionType) -> None:
        """Give *function* its own code back, if it is still ours, and forget it."""
        last = self._last.pop(weakref.ref(function), None)
        if last is not None and function.__code__ is last and last is not self.original:
            function.__code__ = self.original

    def functions(self) -> list[FunctionType]:
        """The functions that are alive and ours."""
        return [f for reference in list(self._last) if (f := reference()) is not None]

    def put(self, code: CodeType) -> bool:
        """Give every function *code*; whether any function is still ours."""
        for reference, last in list(self._last.items()):
            function = reference()
            if function is None:
                continue
            if function.__code__ is not last or _is_watched(last):
                self._last.pop(reference, None)
                continue
            if last is not code:
                function.__code__ = code
                self._last[reference] = code
        return bool(self._last)


def _is_watched(code: CodeType) -> bool:
    """Whether a tool has asked for events of just this code (PEP 669, from 3.12)."""
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is None:
        return False
    return any(
        monitoring.get_tool(tool) is not None and monitoring.get_local_events(tool, code)
        for tool in range(6)
    )
