"""Adapts `SPECIMENS` as the user's functions would be, and sees whether they stay what they are.

The same values, the same exceptions at the same lines, each operation once, some of
them started early, and their own code back in the end.
"""

from __future__ import annotations

import contextvars
import threading
import traceback
from collections import Counter
from types import FunctionType, TracebackType
from typing import TYPE_CHECKING

from adaptive_jit.analysis import analyse
from adaptive_jit.editions import build
from adaptive_jit.engine.controller import Controller
from adaptive_jit.engine.specimens import SPECIMENS, made, operation
from adaptive_jit.syntax import locate

if TYPE_CHECKING:
    from collections.abc import Callable

    Outcome = tuple[object, Counter[int]]

ROUNDS = 3
"""Runs of each specimen: a first call, and calls on what it has left behind."""

PATIENCE = 20.0
"""Seconds until a self-check that hangs has failed; it takes some 20 ms."""


def difference() -> str | None:
    """Return how an adapted specimen differs from itself untouched; ``None`` if none does.

    In a thread of its own: the caller is likely to be in the middle of an import, where
    nothing would be started early, and a check that hangs must not hang the program.
    """
    found: list[str | None] = []
    thread = threading.Thread(target=_check, args=(found,), daemon=True, name="self-check")
    thread.start()
    thread.join(PATIENCE)
    return found[0] if found else f"it does not end within {PATIENCE:g} s"


def _check(found: list[str | None]) -> None:
    try:
        found.append(next(filter(None, (_difference(*one) for one in SPECIMENS)), None))
    except BaseException as error:
        found.append(f"functions cannot be adapted ({type(error).__name__}: {error})")


def _difference(specimen: Callable[[int], object], argument: int) -> str | None:
    """How *specimen*, adapted, differs from what it does untouched."""
    assert isinstance(specimen, FunctionType)
    expected = _outcome(specimen, argument)
    function = FunctionType(
        specimen.__code__.replace(), specimen.__globals__, specimen.__name__,
        specimen.__defaults__, specimen.__closure__,
    )  # fmt: skip
    original = function.__code__
    analysis = analyse(locate(function))
    controller = Controller(function, analysis, build(analysis), {"strategy": "parallel"})
    controller.adopt(function)
    try:
        if not all(_same(expected, _outcome(function, argument)) for _ in range(ROUNDS)):
            return f"“{specimen.__name__}” does something else when it runs ahead"
        if not any(site.started for site in controller.state.sites):
            return f"nothing in “{specimen.__name__}” is started early"
    finally:
        controller.retire()
    if function.__code__ is not original:
        return f"“{specimen.__name__}” does not get its own code back"
    return None


def _same(expected: Outcome, found: Outcome) -> bool:
    """Whether two runs did the same; what an exception prevented may have been read before it."""
    more = found[1] - expected[1]
    refused = any(number < 0 for number in expected[1])
    return found[0] == expected[0] and not expected[1] - found[1] and (refused or not more)


def _outcome(function: Callable[[int], object], argument: int) -> Outcome:
    """What a call returns, or raises at which lines, and which operations it makes."""
    calls: list[int] = []
    seen = contextvars.copy_context().run(_call, function, argument, calls)
    return seen, Counter(calls)


def _call(function: Callable[[int], object], argument: int, calls: list[int]) -> object:
    made.set(calls)
    try:
        return function(argument)
    except Exception as error:
        return type(error), str(error), _lines(error.__traceback__)


def _lines(trace: TracebackType | None) -> list[tuple[str, int]]:
    """The places in the specimens that a traceback shows."""
    frames = ((frame.f_code, line) for frame, line in traceback.walk_tb(trace))
    return [
        (code.co_name, line)
        for code, line in frames
        if code.co_filename == operation.__code__.co_filename
    ]
