"""The explicit form: ``parallel_map`` anywhere, ``parallel`` inside adaptive functions."""

from __future__ import annotations

import os
import sys
import weakref
from collections import deque
from contextvars import copy_context
from functools import partial
from types import MethodType
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from adaptive_jit.clock import SYSTEM
from adaptive_jit.errors import FallbackWarning, UnsupportedCallable
from adaptive_jit.runtime.output import capturing, release
from adaptive_jit.runtime.pending import Pending
from adaptive_jit.runtime.states import DONE, RAISED, RUNNING
from adaptive_jit.settings import current, validated
from adaptive_jit.strategies import strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextvars import Context
    from types import CodeType, TracebackType

    from adaptive_jit.clock import Clock
    from adaptive_jit.strategies import Strategy

T = TypeVar("T")
R = TypeVar("R")

SMALL_CALLS = 16
SMALL_SECONDS = 0.001
"""Calls in a row, each shorter than its dispatch, after which no more are started ahead;
and a length that no dispatch to a thread reaches (tens of microseconds are usual)."""

_ASYNCHRONOUS = 0x80 | 0x100 | 0x200
"""CO_COROUTINE, CO_ITERABLE_COROUTINE and CO_ASYNC_GENERATOR of ``inspect``."""


# ---- parallel([...]) --------------------------------------------------------------------

_adaptive_codes: dict[int, weakref.ref[CodeType]] = {}
_warned = False


def register_code(code: CodeType) -> None:
    """Tell ``parallel`` that *code* belongs to an adaptive function; forgotten with it."""
    # By identity: code objects of different functions may be equal. An identity is
    # not given to another object before the callback has run.
    key = id(code)
    _adaptive_codes[key] = weakref.ref(code, lambda _: _adaptive_codes.pop(key, None))


def parallel(elements: Iterable[T]) -> list[T]:
    """Return the elements as a list; in an adaptive function they may be computed at once.

    There, ``parallel([a(), b(), c()])`` asserts that the elements do not
    depend on each other, whatever the library knows about the calls. Anywhere
    else the elements have been computed one after the other before this is
    called, which it says once with a ``FallbackWarning``.
    """
    if _warned or id(sys._getframe(1).f_code) in _adaptive_codes:
        return elements if type(elements) is list else list(elements)
    _warn_outside()
    return list(elements)


def _warn_outside() -> None:
    global _warned
    settings = current()
    if not settings.enabled or settings.strategy == "direct":
        return  # nothing runs at the same time anywhere, and nobody expects it to
    _warned = True
    import warnings

    warnings.warn(
        "parallel([...]) outside an adaptive function: its elements were computed one "
        "after the other; use parallel_map(function, items), or decorate the calling "
        "function with @adaptive",
        FallbackWarning,
        stacklevel=3,
    )


# ---- parallel_map(function, items) ------------------------------------------------------


def parallel_map(
    function: Callable[[T], R], items: Iterable[T], *, max_workers: int | None = None
) -> ParallelMap[T, R]:
    """Return an iterator over ``function(item)`` for each of *items*, in their order.

    As with ``map``, nothing happens before the first result is asked for.
    Then up to *max_workers* calls run at the same time (default: the setting)
    and at most as many as the setting ``window`` are ahead of the result that
    was asked for; so *items* may be endless, and is read ahead by as many.
    Each call runs in a copy of the context in which ``parallel_map`` was
    called, and what it logs appears in order.

    The first exception in the order of *items* is raised in its turn; calls
    that have not begun by then never begin. The same goes for ``close()`` and
    for an iterator that is dropped. A ``StopIteration`` of *function* becomes
    a ``RuntimeError``, as in generators: it must not look like the end of
    *items*. The calls must be independent of each other: those after a
    failing one may have run.

    With ``enabled`` off or ``strategy="direct"`` the calls run in order, each
    when its result is asked for; likewise while calls are so short that
    handing them over takes longer.

    Raises ``UnsupportedCallable`` for a coroutine function or something that
    cannot be called, ``ConfigurationError`` for a wrong *max_workers*, and
    ``StrategyUnavailable`` if the setting names a strategy that is not there.
    """
    _check_callable(function)
    settings = current()
    limit = settings.max_workers
    if max_workers is not None:
        limit = validated({"max_workers": max_workers})["max_workers"]
    name = "thread" if settings.strategy in ("auto", "parallel") else settings.strategy
    chosen = strategy(name if settings.enabled else "direct")
    return ParallelMap(function, iter(items), chosen, limit=limit, window=settings.window)


def _check_callable(function: object) -> None:
    inner = function
    while isinstance(inner, (partial, MethodType)):
        inner = inner.func if isinstance(inner, partial) else inner.__func__
    if not callable(inner):
        raise UnsupportedCallable(f"parallel_map needs a function, not {function!r}")
    # The code object of a function, or of the `__call__` of an instance.
    code = getattr(inner, "__code__", None) or getattr(type(inner).__call__, "__code__", None)
    if code is not None and code.co_flags & _ASYNCHRONOUS:
        raise UnsupportedCallable(
            f"parallel_map cannot run {function!r}: it returns coroutines; "
            "use asyncio.gather or asyncio.TaskGroup"
        )


class _Call(Pending, Generic[T, R]):
    """One item on its way to its result."""

    __slots__ = ("claim", "context", "counted", "held", "item", "owner", "seconds")

    def __init__(self, owner: _Flow[T, R], item: T, context: Context) -> None:
        super().__init__()
        self.owner = owner
        self.item = item
        self.context = context
        self.claim = iter((1,))
        self.counted = False
        self.held: list[Any] | None = None
        self.seconds = 0.0

    def run(self) -> None:
        """Run the call in a worker, unless it has begun or been cancelled; never raises."""
        if next(self.claim, 0):
            self.state = RUNNING
            with capturing(self):
                state, value = self.outcome()
            self.leave()
            self.finish(state, value)

    def run_in_turn(self) -> None:
        """Run the call in the thread that wants its result, with its output let through."""
        self.state, self.value = self.outcome()
        self.leave()

    def outcome(self) -> tuple[int, Any]:
        seconds = self.owner.clock.seconds
        began = seconds()
        try:
            return DONE, self.context.run(self.owner.function, self.item)
        except BaseException as error:
            return RAISED, _without_our_frame(error)
        finally:
            self.seconds = seconds() - began

    def leave(self) -> None:
        """Make room for the next call."""
        if self.counted:
            self.owner.room.append(None)
            self.owner.start_more()

    def forget(self) -> None:
        """Let go of everything: a worker may not yet have noticed that this has been run."""
        self.value = self.item = self.context = self.held = None  # type: ignore[assignment]


class _Flow(Generic[T, R]):
    """What the iterator and the calls under way share.

    Apart from the iterator, so that an iterator that is dropped is noticed
    while calls are running. ``room`` has one element per call that may still
    be under way, ``waiting`` the calls not yet handed over; single operations
    on both are atomic.
    """

    __slots__ = ("clock", "function", "room", "strategy", "waiting")

    def __init__(
        self, function: Callable[[T], R], strategy: Strategy, limit: int, clock: Clock
    ) -> None:
        self.function = function
        self.strategy = strategy
        self.room: list[None] = [None] * limit
        self.waiting: deque[_Call[T, R]] = deque()
        self.clock = clock

    def start_more(self) -> None:
        """Hand over waiting calls while there is room; from any thread."""
        while self.waiting:
            try:
                self.room.pop()
            except IndexError:
                return  # who makes room comes here afterwards
            try:
                call = self.waiting.popleft()
            except IndexError:
                self.room.append(None)
                continue  # who added one meanwhile found no room: look again
            call.counted = True
            self.strategy.start(call)


class ParallelMap(Generic[T, R]):
    """The results of ``parallel_map``, in the order of the items.

    An iterator. After an exception or ``close()`` it is at its end.
    """

    def __init__(
        self,
        function: Callable[[T], R],
        items: Iterator[T],
        strategy: Strategy,
        *,
        limit: int,
        window: int,
        clock: Clock = SYSTEM,
    ) -> None:
        self._flow: _Flow[T, R] = _Flow(function, strategy, limit, clock)
        self._items: Iterator[T] | None = items
        self._failure: BaseException | None = None
        self._calls: deque[_Call[T, R]] = deque()
        self._window = window
        self._may_run_ahead = strategy.capabilities.ahead
        self._ahead = self._may_run_ahead
        self._small = 0
        self._context = copy_context()
        self._process = os.getpid()

    def __iter__(self) -> ParallelMap[T, R]:
        return self

    def __next__(self) -> R:
        failure: BaseException | None
        try:
            self._read_ahead()
            if not self._calls:
                failure = self._failure or StopIteration()
                self._failure = None
                raise failure  # noqa: TRY301 - elsewhere: one more frame in the traceback
            call = self._calls.popleft()
            self._settle(call)
            if call.held:
                release(call.held)
            raised, value = call.state == RAISED, call.value
            call.forget()
            if raised:
                if isinstance(value, StopIteration):
                    _stopped(value)
                raise value  # noqa: TRY301 - the same
            self._judge(call.seconds)
            return value  # type: ignore[no-any-return]
        except BaseException:
            self.close()
            raise
        finally:
            # The traceback of an exception holds this frame: no circle through it.
            failure = value = None

    def close(self) -> None:
        """Cancel the calls that have not begun; those under way end unheard."""
        self._items = None
        self._failure = None
        self._flow.waiting.clear()
        while self._calls:
            next(self._calls.pop().claim, 0)

    def __del__(self) -> None:
        self.close()

    def _read_ahead(self) -> None:
        """Read one item, and more while there is nothing better to do."""
        calls = self._calls
        if not self._ahead:
            if not calls:
                self._read()
            return
        room = self._window
        while self._items is not None and len(calls) < room:
            call = self._read()
            if call is not None:
                self._flow.waiting.append(call)
                self._flow.start_more()
            if calls and calls[0].state >= DONE:
                return  # the result is there; the next item may take long to come

    def _read(self) -> _Call[T, R] | None:
        """Read one item; an exception is kept for its turn, unless it stops the program."""
        if self._items is None:
            return None
        try:
            item = next(self._items)
        except StopIteration:
            self._items = None
            return None
        except Exception as error:
            self._items, self._failure = None, _without_our_frame(error)
            return None
        call = _Call(self._flow, item, self._context.copy())
        self._calls.append(call)
        return call

    def _settle(self, call: _Call[T, R]) -> None:
        """Have *call* finished: run it here if nobody has begun it, else wait."""
        if next(call.claim, 0):
            call.run_in_turn()
        elif call.state < DONE:
            if os.getpid() == self._process:
                call.wait()
            else:
                # The worker stayed in the parent process, which has its own copy of
                # all this; here its context counts as entered for ever.
                call.context = self._context.copy()
                call.run_in_turn()

    def _judge(self, seconds: float) -> None:
        """Stop starting ahead after many calls shorter than their dispatch; begin again."""
        # Measuring the dispatch takes some 0.3 ms: not before a call may be shorter.
        small = seconds < SMALL_SECONDS and seconds < self._flow.strategy.dispatch_seconds()
        self._small = self._small + 1 if small else 0
        self._ahead = self._may_run_ahead and self._small < SMALL_CALLS


def _stopped(error: StopIteration) -> NoReturn:
    """Raise what the function of a map must not: as it is, it would end the map in silence."""
    raise RuntimeError("the function of parallel_map raised StopIteration") from error


def _without_our_frame(error: BaseException) -> BaseException:
    """Return *error* with the traceback beginning in the code that was called."""
    trace: TracebackType | None = error.__traceback__
    return error.with_traceback(trace.tb_next if trace is not None else None)
