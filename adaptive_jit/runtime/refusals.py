"""Answers that say "too many at once": the operation is made again in its turn.

A service that limits its callers may refuse what it would have served one
after the other. The refusal of an operation that ran ahead is therefore not
the program's: it is asked again when its turn has come and nothing else is
under way, and the function starts fewer at once from then on.
"""

from __future__ import annotations

import errno
import time
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.runtime.execute import of_user, raise_again
from adaptive_jit.runtime.output import thread_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.runtime.pending import Entry

TOO_MANY: Final = frozenset({429, 503})
"""Too Many Requests (RFC 6585 section 4) and Service Unavailable (RFC 9110 section 15.6.4)."""

LONGEST_WAIT: Final = 60.0
"""Seconds that a ``Retry-After`` may ask for at most; the answer is the program's otherwise."""

DEEPEST: Final = 4
"""Calls of one thread inside each other that may stand on frames of ours."""

BREATH: Final = 0.05
"""Seconds between two attempts where the service does not say how many."""

CLIENTS: Final = frozenset(
    {"aiohttp", "anthropic", "google", "httpx", "httpx2", "litellm", "ollama", "openai"}
    | {"requests", "urllib", "urllib3"}
)
"""Packages whose answers and exceptions are read; other classes may run code when they are."""

_DEEPEST_CAUSE: Final = 8
"""Exceptions behind one another that are looked at; the clients wrap theirs two or three deep."""

_NAMES: Final = ("status_code", "status", "code")


def refusal(value: Any, error: BaseException | None) -> float | None:
    """Seconds to wait before the operation is made again; ``None`` if it was not refused."""
    if error is None:
        return _of(value)
    if isinstance(error, ConnectionRefusedError | ConnectionResetError):
        return 0.0
    if _is_known(error) and (type(error).__name__ == "ConnectError" or _closed_beneath(error)):
        return 0.0
    found = _of(error)
    if found is None:
        response = getattr(error, "__dict__", {}).get("response")
        found = _of(response)
    return found


def _closed_beneath(error: BaseException) -> bool:
    """Whether the client itself closed the connection that the operation was about to use.

    httpcore 1.0 closes idle connections beyond those it keeps (20), and takes
    one for idle that it has just given to another thread
    (``ConnectionPool._assign_requests_to_connections``): that thread finds its
    socket gone. A program alone has one connection.
    """
    step: BaseException | None = error
    for _ in range(_DEEPEST_CAUSE):
        if step is None:
            return False
        if isinstance(step, OSError) and step.errno == errno.EBADF:
            return True
        step = step.__cause__ or step.__context__
    return False


def _is_known(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] in CLIENTS


def _of(value: Any) -> float | None:
    # Most results are of builtin types, which have no namespace.
    if type(value).__flags__ & _HEAP == 0 or not _is_known(value):
        return None
    state = getattr(value, "__dict__", None)
    if type(state) is not dict:
        return None
    for name in _NAMES:
        if state.get(name) in TOO_MANY:
            return _seconds(value)
    return None


_HEAP: Final = 1 << 9
"""``Py_TPFLAGS_HEAPTYPE``: the class was made by a ``class`` statement (Include/object.h)."""


def _seconds(value: Any) -> float | None:
    """What ``Retry-After`` asks for, as a number; a date is left to the program."""
    headers = getattr(value, "headers", None)
    if headers is None:
        headers = getattr(getattr(value, "response", None), "headers", None)
    asked = headers.get("retry-after") if headers is not None else None
    if asked is None:
        return 0.0
    try:
        seconds = float(asked)
    except (TypeError, ValueError):
        return None
    return seconds if 0.0 <= seconds <= LONGEST_WAIT else None


def made_again(entry: Entry, wait: float) -> Callable[[], Any] | None:
    """The outcome of calling again after *wait* seconds; ``None`` if that is refused as well.

    The service may not have noticed yet that the others have left, so that
    there is a breath before the program itself asks for the last time.
    """
    time.sleep(wait)
    found = attempt(entry)
    if found is None:
        return None
    wait_more = refusal(*found)
    if wait_more is None:
        return outcome(*found)
    time.sleep(max(wait_more, BREATH))
    return None


def attempt(entry: Entry) -> tuple[Any, BaseException | None] | None:
    """Result and exception of the call, made here; ``None`` where that could go too deep.

    A recursive program must reach the depth that it reaches alone, so that
    only so many calls of a thread stand on frames of ours.
    """
    if thread_state.crowd >= DEEPEST:
        return None
    thread_state.crowd += 1
    try:
        return entry.caller(entry.callee, entry.args, entry.kwargs), None
    except BaseException as error:
        # The program's: raised from its own frame, with a traceback that begins there.
        return None, error.with_traceback(of_user(error.__traceback__))
    finally:
        thread_state.crowd -= 1


def outcome(value: Any, error: BaseException | None) -> Callable[[], Any]:
    """What to call in place of a call that has been made: returns or raises as that did."""
    return repeat(value).__next__ if error is None else partial(raise_again, error)
