"""Which objects belong to the thread that uses them, told by their type, without importing.

The answer names the reason in words that follow "it uses `self.db`, ".
Plain locks, semaphores, events and queues belong to nobody: the program
itself would have deadlocked on a plain lock that its own thread holds.
Context variables are no hazard, since operations run in a copy of the
caller's context. Re-entrant locks depend on who holds them (`lock_of`).
"""

from __future__ import annotations

import _thread
import sys
import threading
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

from adaptive_jit.effects.attributes import MISSING, class_member, instance_values, is_class

_RLOCKS: Final = (type(threading.RLock()), threading._RLock)

_LOCAL: Final = "values kept for each thread (threading.local)"
_LOOP: Final = "an event loop, which belongs to its thread"
_FRAMES: Final = "the frames of its callers"
_IDENTITY: Final = "the thread that it runs in"
_ORM: Final = "an ORM session, which serves one thread at a time"
_GREEN: Final = "greenlets, which belong to their thread"
_WINDOW: Final = "a window system, which belongs to its thread"
_MODES: Final = "modes that are set for each thread"
_DATABASE: Final = "a database connection, which serves one thread at a time"

_LIBRARIES: Final[dict[str, str]] = {
    **dict.fromkeys(("gevent", "greenlet", "eventlet", "playwright"), _GREEN),
    **dict.fromkeys(("tkinter", "PyQt5", "PyQt6", "PySide2", "PySide6", "wx"), _WINDOW),
    **dict.fromkeys(("torch", "tensorflow"), _MODES),
    "django.db": "Django's ORM, which has one connection for each thread",
    "peewee": _DATABASE,
}
"""Modules of which everything belongs to a thread: instances, classes, functions."""

_TYPES: Final[dict[str, tuple[str | None, str]]] = {
    "asyncio": (None, _LOOP),
    "asgiref.local": (None, _LOCAL),
    "_threading_local": ("local", _LOCAL),
    "sqlite3": ("Connection Cursor Blob", "a connection of sqlite3, which belongs to its thread"),
    "sqlalchemy": (
        "scoped_session Session AsyncSession Query Connection Result CursorResult", _ORM,
    ),
    "multiprocessing.synchronize": ("RLock Condition", "a lock that its holder may take again"),
    "filelock": (None, "a lock that its holder may take again"),
    "zmq": ("Socket", "a socket that belongs to one thread"),
    "pika": (None, "a connection that belongs to one thread"),
    "MySQLdb": (None, _DATABASE),
    "mysql.connector": (None, _DATABASE),
}  # fmt: skip
"""Modules (with what is below them) and the names of classes whose instances belong to a thread."""

_CALLS: Final[dict[tuple[str, str], str]] = {
    ("_thread", "get_ident"): _IDENTITY,
    ("_thread", "get_native_id"): _IDENTITY,
    ("threading", "get_ident"): _IDENTITY,
    ("threading", "current_thread"): _IDENTITY,
    ("threading", "currentThread"): _IDENTITY,
    ("time", "thread_time"): "the processor time of its thread",
    ("time", "thread_time_ns"): "the processor time of its thread",
    ("sys", "_getframe"): _FRAMES,
    ("inspect", "stack"): _FRAMES,
    ("inspect", "currentframe"): _FRAMES,
    ("traceback", "extract_stack"): _FRAMES,
    ("traceback", "format_stack"): _FRAMES,
    ("traceback", "print_stack"): _FRAMES,
    ("sys", "settrace"): _IDENTITY,
    ("sys", "setprofile"): _IDENTITY,
    ("signal", "signal"): "signals, which only the main thread may see to",
    ("signal", "pthread_sigmask"): "signals, which are masked for each thread",
    ("signal", "set_wakeup_fd"): "signals, which only the main thread may see to",
    ("asyncio.runners", "run"): _LOOP,
    ("asyncio.events", "get_event_loop"): _LOOP,
    ("asyncio.events", "set_event_loop"): _LOOP,
    ("asyncio.events", "get_running_loop"): _LOOP,
    ("asyncio.events", "new_event_loop"): _LOOP,
    ("_asyncio", "get_event_loop"): _LOOP,
    ("_asyncio", "get_running_loop"): _LOOP,
    ("asyncio.runners", "Runner"): _LOOP,
    ("anyio._core._eventloop", "run"): _LOOP,
    ("anyio.from_thread", "run"): _LOOP,
    ("anyio.from_thread", "run_sync"): _LOOP,
    ("trio._core._run", "run"): _LOOP,
    ("asgiref.sync", "AsyncToSync"): _LOOP,
}
"""Functions and classes by the module and name that they carry."""

_verdicts: dict[int, tuple[type, str | None]] = {}
"""By identity, since a metaclass may hash as it likes; the types are kept so no id is reused."""

_KEPT = 2000


def binding(value: Any) -> str | None:
    """What of a thread using *value* uses, in words; ``None`` if nothing."""
    kind = type(value)
    if kind is FunctionType or kind is BuiltinFunctionType or is_class(value):
        return _of_code(value)
    if kind is ModuleType:
        return _of_library(value.__dict__.get("__name__"))
    return of_type(kind)


def of_type(kind: type) -> str | None:
    """The same for every instance of *kind*."""
    known = _verdicts.get(id(kind))
    if known is not None:
        return known[1]
    verdict = next((said for base in kind.__mro__ if (said := _of_base(base)) is not None), None)
    if verdict is None and class_member(kind, "_sa_class_manager") is not MISSING:
        verdict = "an object of an ORM session, which may load its attributes"
    if len(_verdicts) >= _KEPT:
        _verdicts.clear()
    _verdicts[id(kind)] = (kind, verdict)
    return verdict


def lock_of(value: Any) -> Any:
    """The re-entrant lock that *value* is or stands on, ``None`` if there is none."""
    if _is_lock(value):
        return value
    if issubclass(type(value), threading.Condition):
        inner = (instance_values(value) or {}).get("_lock")
        return inner if _is_lock(inner) else None
    return None


def _is_lock(value: Any) -> bool:
    kind = type(value)
    return any(kind is lock for lock in _RLOCKS)


def may_stand_on_lock(kind: type) -> bool:
    """Whether instances of *kind* may or may not stand on a re-entrant lock."""
    return issubclass(kind, threading.Condition)


def is_plain_lock(value: Any) -> bool:
    """Whether *value* is a lock of ``threading`` that can be tried: taken without waiting."""
    kinds = (_thread.LockType, threading.Semaphore, *_RLOCKS)
    return issubclass(type(value), kinds)


def is_held(lock: Any) -> bool:
    """Whether the thread for which an operation would run ahead may hold the re-entrant *lock*.

    In the calling thread it can be asked. A start that follows from the end
    of another operation is judged in a worker, where whoever holds the lock
    may be the caller. From the start to the operation's turn nothing changes:
    in a region only ``with`` and calls that are not known could leave a lock
    taken, and both are barriers.
    """
    if lock._is_owned():
        return True
    return _in_worker() and not _is_free(lock)


def _in_worker() -> bool:
    thread = threading._active.get(_thread.get_ident())  # type: ignore[attr-defined]
    return type(thread).__module__.partition(".")[0] == __name__.partition(".")[0]


def _is_free(lock: Any) -> bool:
    # CPython tells the owner of a re-entrant lock only in its representation
    # (Modules/_threadmodule.c and Lib/threading.py, 3.11 to 3.13).
    return "owner=0 " in repr(lock) or "owner=None " in repr(lock)


def _of_base(base: type) -> str | None:
    if base is _thread._local:
        return _LOCAL
    module = base.__module__
    if type(module) is not str:
        return None
    said = _of_library(module)
    if said is not None:
        return said
    for name in _above(module):
        listed = _TYPES.get(name)
        if listed is not None and (listed[0] is None or base.__name__ in listed[0].split()):
            return listed[1]
    return _DATABASE if _is_single(module, base.__name__) else None


def _is_single(module: str, name: str) -> bool:
    """A connection or cursor of a DB-API module that lets no two threads share them."""
    home = getattr(sys.modules.get(module.partition(".")[0]), "__dict__", {})
    level = home.get("threadsafety")
    kinds = ("connection", "cursor") if level in (0, 1) else ("cursor",) if level == 2 else ()
    return "apilevel" in home and name.lower().endswith(kinds) if kinds else False


def _of_code(value: Any) -> str | None:
    read: Any = type.__getattribute__ if is_class(value) else getattr
    module, name = read(value, "__module__"), read(value, "__name__")
    if type(module) is not str or type(name) is not str:
        return None
    return _CALLS.get((module, name)) or _of_library(module)


def _of_library(module: object) -> str | None:
    if type(module) is not str:
        return None
    return next((_LIBRARIES[name] for name in _above(module) if name in _LIBRARIES), None)


def _above(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:size]) for size in range(1, len(parts) + 1)]
