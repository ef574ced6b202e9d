"""Functions under the retry decorators of ``tenacity`` and ``backoff``: what they do once more.

Such a wrapper does what the function does that it wraps, again after a
failure, and sleeps only then. That holds as long as all that it calls is the
library's own: the rules by which it stops, waits and tries again. Waits drawn
at random are drawn from the program's own stream of numbers, and callbacks
are code of the user's, so wrappers with these are not looked through.
"""

from __future__ import annotations

import functools
import linecache
import logging
import sys
import time
from types import BuiltinFunctionType, CodeType, FunctionType
from typing import Any

from adaptive_jit.effects import register
from adaptive_jit.effects.attributes import MISSING, class_member
from adaptive_jit.effects.catalogue import lookup
from adaptive_jit.effects.catalogue_names import is_own
from adaptive_jit.effects.proof_checks import content
from adaptive_jit.effects.proof_state import Part
from adaptive_jit.effects.proof_values import SCALARS
from adaptive_jit.effects.source import original_code
from adaptive_jit.records.effects import EffectKind

_RULES = (
    "stop_after_attempt", "stop_after_delay", "stop_before_delay", "stop_any", "stop_all",
    "wait_fixed", "wait_none", "wait_incrementing", "wait_exponential", "wait_chain",
    "wait_combine", "retry_if_exception_type", "retry_if_not_exception_type", "retry_any",
    "retry_all", "retry_unless_exception_type",
)  # fmt: skip
_SETTINGS = (
    "sleep", "stop", "wait", "retry", "before", "after", "before_sleep", "reraise",
    "retry_error_cls", "retry_error_callback",
)  # fmt: skip
_METHODS = ("__init__", "__call__", "copy", "iter", "begin", "_run_retry", "_run_stop", "_run_wait")
_DEEPEST = 4


def retried(machine: Any, function: FunctionType, *, is_root: bool) -> FunctionType | None:
    """The function that *function* tries several times, ``None`` if it is no known wrapper."""
    code = original_code(function)
    if code is _code_within("tenacity", "BaseRetrying", "wraps"):
        inner, checked = "f", _is_stock_retrying(machine, _cell(function, code, "self"))
    elif code is _code_within("backoff._sync", None, "retry_exception"):
        inner, checked = "target", _is_stock_backoff(machine, function, code)
    else:
        return None
    found = _cell(function, code, inner)
    checked = checked and not _is_asked_for_statistics(found)
    if not checked or type(found) is not FunctionType or register.find(found) is not None:
        return None
    machine.assume.entry(time.__dict__, "sleep", time.sleep)
    for number, cell in enumerate(function.__closure__ or ()):
        if cell.cell_contents is function:
            continue  # holding it here would keep it alive
        if is_root:
            machine.assume.captured(number)
        else:
            machine.assume.cell(cell, cell.cell_contents)
    is_stock = type(time.sleep) is BuiltinFunctionType and time.sleep.__self__ is time
    return found if is_stock else None


def _is_asked_for_statistics(function: Any) -> bool:
    """Whether its module or the main one reads what a wrapper keeps of its last call.

    They would tell of the call that was started last.
    """
    names = {getattr(function, "__module__", ""), "__main__"}
    files = [getattr(sys.modules.get(name), "__file__", None) for name in names]
    return any(
        type(file) is str and any(".statistics" in line for line in linecache.getlines(file))
        for file in files
    )


def _code_within(module: str, owner: str | None, name: str) -> CodeType | None:
    """The code of the function that a library's function *name* makes."""
    found: Any = sys.modules.get(module)
    for part in (owner, name):
        found = getattr(found, "__dict__", {}).get(part) if part is not None else found
    if not _is_of(found, module):
        return None
    inner = [one for one in found.__code__.co_consts if type(one) is CodeType]
    return inner[0] if inner else None


def _is_of(value: Any, module: str) -> bool:
    """Whether *value* is a function written in the library; C functions may be anybody's."""
    return type(value) is FunctionType and is_own(value, module)


def _cell(function: FunctionType, code: CodeType, name: str) -> Any:
    if name not in code.co_freevars or function.__closure__ is None:
        return MISSING
    return content(function.__closure__[code.co_freevars.index(name)])


# tenacity -------------------------------------------------------------------


def _is_stock_retrying(machine: Any, retrying: Any) -> bool:
    library = sys.modules["tenacity"].__dict__
    kind = type(retrying)
    if kind is not library.get("Retrying"):
        return False
    for name in _METHODS:
        method = class_member(kind, name)
        if method is not MISSING and not _is_of(method, "tenacity"):
            return False
        machine.assume.member(kind, name, method)
    values = vars(retrying)
    for name in _SETTINGS:
        machine.assume.instance(retrying, name, values.get(name, MISSING))
    rules = {id(library[name]) for name in _RULES if name in library}
    rules.add(id(type(library.get("stop_never"))))
    return (
        all(_is_stock_rule(values.get(name), rules) for name in ("stop", "wait", "retry"))
        and values.get("before") is library.get("before_nothing")
        and values.get("after") is library.get("after_nothing")
        and values.get("before_sleep") is None
        and values.get("retry_error_callback") is None
        and values.get("retry_error_cls") is library.get("RetryError")
        and type(values.get("reraise")) is bool
        and (_is_of(values.get("sleep"), "tenacity") or values.get("sleep") is time.sleep)
    )


def _is_stock_rule(rule: Any, rules: set[int], depth: int = 0) -> bool:
    """Whether a rule for stopping, waiting or trying again is made of the library's own parts."""
    if id(type(rule)) not in rules or depth > _DEEPEST:
        return False
    return all(_is_stock_part(value, rules, depth) for value in vars(rule).values())


def _is_stock_part(value: Any, rules: set[int], depth: int) -> bool:
    kind = type(value)
    if kind in SCALARS:
        return True
    if kind in (tuple, list):
        return all(_is_stock_part(one, rules, depth + 1) for one in value)
    if kind is type:
        return issubclass(value, BaseException)
    if kind is FunctionType:
        return _is_of(value, "tenacity")
    return _is_stock_rule(value, rules, depth + 1)


# backoff --------------------------------------------------------------------


def _is_stock_backoff(machine: Any, function: FunctionType, code: CodeType) -> bool:
    found = {name: _cell(function, code, name) for name in code.co_freevars}
    library = sys.modules["backoff"].__dict__
    kinds = found["exception"] if type(found["exception"]) is tuple else (found["exception"],)
    return (
        all(type(kind) is type for kind in kinds)
        and found["jitter"] is None
        and _is_of(found["giveup"], "backoff")
        and any(found["wait_gen"] is library.get(one) for one in ("constant", "expo", "fibo"))
        and all(type(value) in SCALARS for value in found["wait_gen_kwargs"].values())
        and type(found["max_tries"]) in SCALARS
        and type(found["max_time"]) in SCALARS
        and found["on_success"] == []
        and all(_only_logs(machine, one) for one in (*found["on_backoff"], *found["on_giveup"]))
    )


def _only_logs(machine: Any, callback: Any) -> bool:
    """Whether a callback is the library's own, which makes a log record."""
    if type(callback) is not functools.partial or not _is_of(callback.func, "backoff"):
        return False
    logger = callback.keywords.get("logger")
    if type(logger) is not logging.Logger:
        return False
    log = logger.log
    rule = lookup(log)
    if rule is None:
        return False

    def again(_values: list[Any]) -> Any:
        return rule.effect(log, (logging.CRITICAL, ""), {})

    part = Part(0, rule.title, again([]), again, is_held=True)
    machine.parts["backoff", id(callback)] = part
    return part.effect.kind is not EffectKind.UNKNOWN
