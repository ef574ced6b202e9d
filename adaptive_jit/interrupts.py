"""Exceptions that a signal's function raises are the program's, wherever they arrive.

CPython runs them in the main thread between two instructions (signal module,
"Execution of Python signal handlers"), so also while this library is at work
there: a time limit made with ``SIGALRM`` must not be taken for a fault of the
library's own.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # without the enums of `signal`
import sys
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType


def is_the_programs(error: BaseException) -> bool:
    """Whether *error* comes out of a function that is set for a signal now."""
    module = sys.modules.get("signal")
    if module is None:
        return False
    codes = set(_codes(module))
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code in codes:
            return True
        step = step.tb_next
    return False


def behind(error: BaseException) -> BaseException | None:
    """The program's exception in the context of *error*, or *error* itself; ``None`` if none is."""
    step: BaseException | None = error
    while step is not None and not is_the_programs(step):
        step = step.__context__
    return step


def _codes(module: Any) -> Iterator[CodeType]:
    for number in module.valid_signals():
        function = module.getsignal(number)
        while hasattr(function, "func"):  # functools.partial
            function = function.func
        method = getattr(function, "__func__", function)
        if not hasattr(method, "__code__"):
            method = vars(type(method)).get("__call__")  # an instance that can be called
        code = getattr(method, "__code__", None)
        if code is not None:
            yield code


class Starting:
    """Around the start of a thread: no signal's function runs in the middle of it.

    ``Thread.start`` interrupted between two instructions leaves a thread that
    ends at once with a traceback (CPython 3.11 to 3.13, Lib/threading.py,
    ``_limbo``). Signals that come meanwhile are served at the end of the
    block. The new thread must call `began` first: it inherits the mask, and so
    would the processes that an operation starts.
    """

    __slots__ = ("_before",)

    def __init__(self) -> None:
        self._before: set[int] | None = None

    def __enter__(self) -> Self:
        if _mask is not None and threading.current_thread() is threading.main_thread():
            self._before = _mask(_signal.SIG_BLOCK, _signal.valid_signals())
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if _mask is not None and self._before is not None:
            _mask(_signal.SIG_SETMASK, self._before)
        # Another thread may have received the signal. `Thread.start` then tidies up what the
        # new thread has tidied up already, and shows that error in place of the program's.
        found = None if error is None else behind(error)
        if found is not None and found is not error:
            raise found

    def began(self) -> None:
        """In the new thread: receive signals as the thread that started it did."""
        if _mask is not None and self._before is not None:
            _mask(_signal.SIG_SETMASK, self._before)


_mask: Any = getattr(_signal, "pthread_sigmask", None)  # not on Windows
