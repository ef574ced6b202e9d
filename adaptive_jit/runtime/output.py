"""Log records and warnings of operations that ran ahead, held back until their turn.

While ``capturing(slot)`` is entered, what its thread logs or warns about goes
into ``slot.held`` instead of out; ``release(held)`` lets it out in the thread
and at the moment of the call. A record keeps the time, the thread and the
text that it had when it was created; what decides where it goes (filters,
handlers, ``showwarning``) is asked at the release, in a copy of the context
of its creation, because that is when the program would have asked it.

Two places are wrapped when they are first needed: ``logging.Logger.handle``
and ``warnings._showwarnmsg``. The latter is private, but the one point that
the interpreter, ``catch_warnings``, pytest and ``logging.captureWarnings``
all pass (CPython 3.11 to 3.13, Lib/warnings.py); where it is missing,
warnings are shown when they are created.
"""

from __future__ import annotations

import atexit
import sys
import threading
import warnings
from contextvars import copy_context
from functools import partial, wraps
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from adaptive_jit.runtime.exact import SCALARS
from adaptive_jit.runtime.pending import tick

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable


class Held(list["Callable[[], object]"]):
    """What one operation would have put out, in order: calls that do so.

    What is left at interpreter exit is put out then, so that nothing that
    happened goes unheard of.
    """

    __hash__ = object.__hash__  # type: ignore[assignment]  # by identity, for the weak set

    def __init__(self) -> None:
        super().__init__()
        self.number = next(_numbers)
        _unreleased.add(self)


class Slot(Protocol):
    """Where the output of one operation is kept; created with ``held = None``."""

    held: list[Any] | None


class _ThreadState(threading.local):
    """The operation that the thread runs ahead, and where warnings went when it began.

    ``crowd`` counts calls, inside each other, that the thread makes in their
    turn while others are under way. ``told`` is the tick of the last record
    that came out in this thread and went into a file.
    """

    crowd: int = 0
    told: int = 0
    slot: Slot | None = None
    sinks: tuple[object, object] | None = None


_numbers = count()
_unreleased: WeakSet[Held] = WeakSet()
_thread = thread_state = _ThreadState()
_unwrapped_logging = iter((True,))
_unwrapped_warnings = iter((True,))
_logging_is_wrapped = False


def _nowhere(_logger: Any, _level: int) -> str | None:
    return None


_reaches_file: Callable[[Any, int], str | None] = _nowhere


class capturing:  # noqa: N801 - used as a verb: `with capturing(entry):`
    """Holds back the output of the calling thread while the ``with`` block runs.

    Costs less than a microsecond, and nothing is kept of an operation that
    puts nothing out. Blocks nest: the innermost slot receives.
    """

    __slots__ = ("_before", "_slot")

    def __init__(self, slot: Slot) -> None:
        self._slot = slot

    def __enter__(self) -> None:
        self._before = begin_capturing(self._slot)

    def __exit__(self, *_exception: object) -> None:
        end_capturing(self._before)


Before = tuple[Slot | None, tuple[object, object] | None]


def begin_capturing(slot: Slot) -> Before:
    """What ``with capturing(slot)`` does on entry, for those who call `end_capturing` themselves."""
    if not _logging_is_wrapped:
        _install()
    thread = _thread
    before = thread.slot, thread.sinks
    thread.sinks = _sinks()
    thread.slot = slot
    return before


def end_capturing(before: Before) -> None:
    """Let out again what the thread logs or warns about, as it was *before*."""
    _thread.slot, _thread.sinks = before


def release(held: Iterable[Callable[[], object]]) -> None:
    """Put out what *held* keeps, in order, as if it were created now.

    In an operation that itself runs ahead it joins that operation's own held
    output. What a filter or ``showwarning`` of the user raises is raised here,
    and the rest is gone, as the operation would have ended there.
    """
    calls = tuple(held)
    if isinstance(held, list):
        held.clear()
    slot = _thread.slot
    if slot is None:
        for call in calls:
            call()
    else:
        _held_of(slot).extend(calls)


def ask_about_files(reaches_file: Callable[[Any, int], str | None]) -> None:
    """Let *reaches_file* tell of a logger and a level whether such records end in a file."""
    global _reaches_file
    _reaches_file = reaches_file


def _held_of(slot: Slot) -> list[Any]:
    if slot.held is None:
        slot.held = Held()
    return slot.held


def _sinks() -> tuple[object, object]:
    """Return where ``warnings`` would show a message now."""
    return (warnings.showwarning, getattr(warnings, "_showwarnmsg_impl", None))


def _install() -> None:
    """Wrap what is loaded and not wrapped; ``logging`` is never loaded for it."""
    global _logging_is_wrapped
    if hasattr(warnings, "_showwarnmsg") and next(_unwrapped_warnings, False):
        _wrap_warnings()
    loaded = sys.modules.get("logging")
    # While another thread is importing it, the class may not be there yet.
    if hasattr(loaded, "Logger") and next(_unwrapped_logging, False):
        _wrap_logging(loaded)
        _logging_is_wrapped = True


def _wrap_logging(module: Any) -> None:
    handle = module.Logger.handle

    @wraps(handle)
    def held_handle(self: logging.Logger, record: logging.LogRecord) -> None:
        slot = _thread.slot
        if (slot is not None or _thread.crowd) and _is_of_the_crowd(record):
            return
        if slot is None:
            put_out(self, record)
            return
        _render(record)
        _held_of(slot).append(partial(copy_context().run, put_out, self, record))

    def put_out(logger: logging.Logger, record: logging.LogRecord) -> None:
        handle(logger, record)
        if _reaches_file(logger, record.levelno) is not None:
            _thread.told = tick()

    module.Logger.handle = held_handle
    # Not at import: what is registered last runs first, and `logging` closes its
    # handlers at exit.
    atexit.register(_release_rest)


_CROWDED = ("urllib3.connectionpool", "Connection pool is full, discarding connection")
"""Logger and beginning of the one record that the program alone would never have caused:
more answers come back at once than the pool keeps connections (urllib3, ``_put_conn``)."""


def _is_of_the_crowd(record: logging.LogRecord) -> bool:
    return record.name == _CROWDED[0] and str(record.msg).startswith(_CROWDED[1])


def _render(record: logging.LogRecord) -> None:
    """Fix the text of *record*: its arguments may change before its turn.

    Template and arguments stay where they cannot change, for handlers that
    group by template; else as ``logging.handlers.QueueHandler.prepare`` does.
    """
    arguments = record.args
    constant = isinstance(arguments, tuple) and all(id(type(a)) in SCALARS for a in arguments)
    if type(record.msg) is str and (constant or not arguments):
        return
    try:
        text = record.getMessage()
    except Exception:  # handlers report a template that does not fit, in their own way
        return
    record.msg, record.args = text, None


def _wrap_warnings() -> None:
    show: Callable[[warnings.WarningMessage], None] = warnings._showwarnmsg  # type: ignore[attr-defined]

    @wraps(show)
    def held_show(message: warnings.WarningMessage) -> None:
        slot = _thread.slot
        # Where the sink has changed since the operation began, the operation is
        # inside a `catch_warnings` of its own and reads what it catches.
        if slot is None or _thread.sinks != _sinks():
            show(message)
        else:
            _held_of(slot).append(partial(show, message))

    warnings._showwarnmsg = held_show  # type: ignore[attr-defined]
    atexit.register(_release_rest)


def _release_rest() -> None:
    for held in sorted(_unreleased, key=lambda held: held.number):
        release(held)
