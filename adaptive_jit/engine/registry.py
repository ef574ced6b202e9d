"""All adaptive functions of this process, and what is known of each."""

from __future__ import annotations

import functools
import os
import weakref
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from adaptive_jit.analysis import analyse
from adaptive_jit.editions import Edition, build
from adaptive_jit.effects.leaving import let_go
from adaptive_jit.effects.source import use_original_code
from adaptive_jit.engine.controller import Controller
from adaptive_jit.engine.fallback import warn_once
from adaptive_jit.engine.host import gate, seconds
from adaptive_jit.engine.interpreter import objection
from adaptive_jit.engine.machine import MACHINE
from adaptive_jit.engine.size import same_size
from adaptive_jit.engine.statistics import counts_in, statistics_left_alone, statistics_of
from adaptive_jit.settings import current, on_override
from adaptive_jit.syntax import Analysis, NotAnalysable, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from adaptive_jit.records import FunctionStats, RunAheadCounts
    from adaptive_jit.store.memory import Row

_MOST_WRAPPERS = 32

_controllers: weakref.WeakKeyDictionary[FunctionType, Controller] = weakref.WeakKeyDictionary()
_left_alone: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
_shared: dict[tuple[int, int], weakref.ref[Controller]] = {}
_editions: dict[int, tuple[CodeType, Analysis, Edition]] = {}

MOST_EDITIONS = 4096
"""Code objects whose edition is kept for further closures of the same source."""


def _built(function: FunctionType) -> tuple[Analysis, Edition]:
    """Analysis and edition of a function's code; a code made by many closures is built once.

    Kept by identity: equal code objects of two modules have other globals.
    """
    code = function.__code__
    known = _editions.get(id(code))
    if known is not None and known[0] is code:
        return known[1], known[2]
    analysis = analyse(locate(function))
    if not analysis.regions:
        raise NotAnalysable(_no_candidates(analysis))
    edition = build(analysis)
    while len(_editions) >= MOST_EDITIONS:
        _editions.pop(next(iter(_editions)), None)
    _editions[id(code)] = (code, analysis, edition)
    return analysis, edition


def _no_candidates(analysis: Analysis) -> str:
    if analysis.blocks:
        block = analysis.blocks[0]
        return (
            "nothing in it could overlap: fewer than two operations stand between barriers "
            f"(line {block.line}: {block.reason})"
        )
    return "nothing in it could overlap: it has fewer than two operations"


def register(
    function: FunctionType,
    arguments: Mapping[str, object],
    size: Callable[..., Any] | None = None,
) -> str | None:
    """Make *function* adaptive; the reason where it must be left alone."""
    existing = _controllers.get(function)
    if existing is not None:
        return None
    if (foreign := objection()) is not None:
        leave_alone(function, foreign)
        return foreign
    began = seconds()
    try:
        analysis, edition = _built(function)
    except NotAnalysable as reason:
        leave_alone(function, str(reason))
        return str(reason)
    except Exception as error:
        # A bug of ours must not keep the user's program from starting.
        reason_given = f"it cannot be adapted: {type(error).__name__}: {error}"
        warn_once(f"{function.__qualname__} is left alone: {reason_given}; please report this")
        leave_alone(function, reason_given)
        return reason_given
    controller = _shared_controller(function, arguments, size)
    if controller is None:
        controller = Controller(function, analysis, edition, arguments)
        controller.size = size
        _share(function, controller)
    controller.analysis_seconds += seconds() - began
    _controllers[function] = controller
    controller.adopt(function)
    _left_alone.pop(function, None)
    return None


def _shared_controller(
    function: FunctionType, arguments: Mapping[str, object], size: Callable[..., Any] | None
) -> Controller | None:
    """Closures of one code learn together unless they call different captured functions."""
    if _captures_callables(function):
        return None
    reference = _shared.get((id(function.__code__), id(function.__globals__)))
    controller = reference() if reference is not None else None
    if (
        controller is None
        or controller.original is not function.__code__
        or controller.arguments != dict(arguments)
        or not same_size(controller.size, size)
    ):
        return None
    return controller


def _share(function: FunctionType, controller: Controller) -> None:
    if not _captures_callables(function):
        _shared[(id(function.__code__), id(function.__globals__))] = weakref.ref(controller)


def _captures_callables(function: FunctionType) -> bool:
    for cell in function.__closure__ or ():
        try:
            value = cell.cell_contents
        except ValueError:
            return True
        if callable(value):
            return True
    return False


def leave_alone(target: object, reason: str) -> None:
    """Remember why *target* is not touched."""
    try:
        _left_alone[target] = reason
    except TypeError:
        return  # a builtin: cannot be referred to weakly, and `explain` cannot be asked of it


def find(target: object) -> Any:
    """The function that was made adaptive behind *target*; ``None`` if there is none."""
    for _ in range(_MOST_WRAPPERS):
        if target is None or isinstance(target, BuiltinFunctionType):
            return None
        if _known(target):
            return target
        if isinstance(target, type):
            return _method_of(target)
        if isinstance(target, MethodType | staticmethod | classmethod):
            target = target.__func__
        elif isinstance(target, functools.partial):
            target = target.func
        else:
            target = getattr(target, "__wrapped__", None)
    return None


def _method_of(owner: type) -> Any:
    """The method of a class that was made adaptive; also of a class made anew from it."""
    for base in owner.__mro__:
        first = [base.__dict__[name] for name in ("forward", "__call__") if name in base.__dict__]
        for member in (*first, *base.__dict__.values()):
            function = getattr(member, "__func__", member)
            if isinstance(function, FunctionType) and (found := find(function)) is not None:
                return found
    return None


def _known(target: object) -> bool:
    try:
        return target in _controllers or target in _left_alone
    except TypeError:
        return False


def controller_of(function: FunctionType) -> Controller | None:
    """The controller of an adaptive function."""
    return _controllers.get(function)


def why_left_alone(function: FunctionType) -> str | None:
    """Why *function* is not touched; ``None`` if it is adaptive, or was never decorated."""
    return _left_alone.get(function)


def release(function: FunctionType) -> None:
    """Put the own code of *function* back and forget that it was decorated."""
    controller = _controllers.pop(function, None)
    if controller is not None:
        controller.owned.release(function)
    _left_alone.pop(function, None)


def counts_of(functions: Iterable[FunctionType]) -> tuple[RunAheadCounts, int]:
    """How the early starts of *functions* ended, and how many were handed to other threads."""
    controllers = [c for c in dict.fromkeys(map(_controllers.get, functions)) if c is not None]
    counts = counts_in(site for c in controllers for site in c.state.sites)
    return counts, sum(c.state.handed for c in controllers)


def stats_of(function: Any) -> FunctionStats:
    """Everything known about *function*, which `find` has returned."""
    controller = _controllers.get(function)
    if controller is None:
        return statistics_left_alone(function, _left_alone[function])
    return statistics_of(controller)


def all_stats() -> tuple[FunctionStats, ...]:
    """Everything known about all functions, those with a controller first."""
    controllers = list(dict.fromkeys(_controllers.values()))
    return (
        *(statistics_of(controller) for controller in controllers),
        *(statistics_left_alone(target, reason) for target, reason in list(_left_alone.items())),
    )


def stats_to_keep() -> tuple[FunctionStats, ...]:
    """Everything known about the functions whose settings let it be kept between runs."""
    controllers = dict.fromkeys(_controllers.values())
    return tuple(statistics_of(c) for c in controllers if current(c.arguments).persist)


def memories_to_keep() -> tuple[Row, ...]:
    """What the same functions, and this machine, leave to later runs."""
    controllers = [c for c in dict.fromkeys(_controllers.values()) if current(c.arguments).persist]
    rows = [row for c in controllers if (row := c.recall.row(c)) is not None]
    return (*rows, *MACHINE.rows()) if rows else ()


def reset(function: Any) -> None:
    """Forget all measurements of *function*."""
    controller = _controllers.get(function)
    if controller is not None:
        controller.reset()


def retire() -> None:
    """Put every function's own code back for good, at interpreter exit.

    Daemon threads keep this library alive to the end; nothing of it may then
    lead to the user's modules.
    """
    for controller in list(dict.fromkeys(_controllers.values())):
        controller.retire()
    gate.retire()
    let_go()


def _overridden(_names: frozenset[str]) -> None:
    """Settings changed in some context: settled functions must look at them again."""
    for controller in list(dict.fromkeys(_controllers.values())):
        controller.arm()


def _forked() -> None:
    gate.forget()
    for controller in list(dict.fromkeys(_controllers.values())):
        controller.recall.begin_anew(controller)


def _original_code(function: FunctionType) -> CodeType:
    controller = _controllers.get(function)
    return function.__code__ if controller is None else controller.original


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forked)
on_override(_overridden)
use_original_code(_original_code)
