"""Runs an operation ahead of its turn, in whichever thread has claimed it."""

from __future__ import annotations

import sys
from types import CodeType, TracebackType
from typing import TYPE_CHECKING, Any

from adaptive_jit.records import EffectKind
from adaptive_jit.runtime.output import begin_capturing, end_capturing
from adaptive_jit.runtime.pending import tick
from adaptive_jit.runtime.refusals import refusal
from adaptive_jit.runtime.states import DONE, RAISED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adaptive_jit.runtime.pending import Entry


def of_user(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback without the two frames that stand for the caller: this file's and the stand-in.

    The replay raises the exception in the caller's own frame, which adds the true one.
    """
    for _ in range(2):
        traceback = traceback.tb_next if traceback is not None else None
    return traceback


def _nothing() -> Iterator[None]:
    return
    yield


_SPENT = _nothing()
next(_SPENT, None)
raise_again = _SPENT.throw  # type: ignore[attr-defined]
"""Raises its argument without a frame of ours: CPython restores the exception as it is
when the generator has ended (Objects/genobject.c, ``_gen_throw``; 3.11 to 3.13)."""


_LONGEST = 100
"""Exceptions that led to one another, beyond which nothing is looked for."""


def in_context(error: BaseException) -> BaseException:
    """*error* as if raised where it is about to be: during the exception that is being handled.

    That is the context of the first of those that led to it, as the interpreter sets it
    (Python/errors.c, ``_PyErr_SetObject``; 3.11 to 3.13).
    """
    handled = sys.exception()
    if handled is None or any(one is error for one in _led_to(handled)):
        return error
    *_, first = _led_to(error)
    if first is not handled and first.__context__ is None:
        first.__context__ = handled
    return error


def _led_to(error: BaseException | None) -> Iterator[BaseException]:
    """*error*, the one that was being handled when it was raised, and so on."""
    for _ in range(_LONGEST):
        if error is None:
            return
        yield error
        error = error.__context__


def call(callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The stand-in where there is nothing to look like."""
    return callee(*args, **kwargs)


def stand_in(code: CodeType, line: int) -> CodeType:
    """The code that calls an operation as if from *line* of the user's function.

    ``warnings`` with a ``stacklevel``, loggers with one, and whoever else looks at the
    calling frame see the user's file, function, line and, of its function, globals.
    """
    text = "\n" * (line - 1) + "def call(callee, args, kwargs): return callee(*args, **kwargs)"
    compiled = compile(text, code.co_filename, "exec", dont_inherit=True)
    body = next(c for c in compiled.co_consts if isinstance(c, CodeType))
    return body.replace(co_name=code.co_name, co_qualname=code.co_qualname)


def refused(entry: Entry, value: Any, error: BaseException | None) -> float | None:
    """Seconds to wait before the operation of *entry* is made again; ``None`` if it is not."""
    effect = entry.effect
    if effect is None or effect.quick or effect.asserted:
        return None
    return refusal(value, error, repeats=effect.kind <= EffectKind.READS)


def execute(entry: Entry) -> None:
    """Run the operation of *entry* in the caller's context and finish the entry; never raises.

    Whatever it raises belongs to the program and is shown in its turn, with a
    traceback that begins in the user's code. An answer that refuses it counts as
    raised: the program will not see it, so that nothing may be derived from it.
    """
    effect, context = entry.effect, entry.context
    assert effect is not None
    assert context is not None
    watch = effect.watch
    entry.began = tick()
    token = None if watch is None else watch.before()
    before = begin_capturing(entry)
    try:
        value = context.run(entry.caller, entry.callee, entry.args, entry.kwargs)
    except BaseException as error:
        entry.error = error.with_traceback(of_user(error.__traceback__))
        state, value = RAISED, None
    else:
        state = DONE if refused(entry, value, None) is None else RAISED
    finally:
        end_capturing(before)
    if watch is not None and watch.changed(token, value):
        entry.changed = tick()
    entry.context = None
    entry.finish(state, value)
