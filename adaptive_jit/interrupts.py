"""Exceptions that a signal's function raises are the program's, wherever they arrive.

CPython runs them in the main thread between two instructions (signal module,
"Execution of Python signal handlers"), so also while this library is at work
there: a time limit made with ``SIGALRM`` must not be taken for a fault of the
library's own.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

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
