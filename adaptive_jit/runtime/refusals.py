"""Answers that say "too many at once": the operation is made again in its turn.

A service that limits its callers may refuse what it would have served one
after the other. The refusal of an operation that ran ahead is therefore not
the program's: it is asked again when its turn has come and nothing else is
under way, and the function starts fewer at once from then on.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

TOO_MANY: Final = frozenset({429, 503})
"""Too Many Requests (RFC 6585 section 4) and Service Unavailable (RFC 9110 section 15.6.4)."""

LONGEST_WAIT: Final = 60.0
"""Seconds that a ``Retry-After`` may ask for at most; the answer is the program's otherwise."""

CLIENTS: Final = frozenset(
    {"aiohttp", "anthropic", "google", "httpx", "httpx2", "litellm", "ollama", "openai"}
    | {"requests", "urllib", "urllib3"}
)
"""Packages whose answers and exceptions are read; other classes may run code when they are."""

_DEEPEST_CAUSE: Final = 8
"""Exceptions behind one another that are looked at; the clients wrap theirs two or three deep."""

_NAMES: Final = ("status_code", "status", "code")


def refusal(value: Any, error: BaseException | None, *, repeats: bool = True) -> float | None:
    """Seconds to wait before the operation is made again; ``None`` if it was not refused.

    *repeats*: making it twice does no harm. Else it is made again only where
    the first request was turned down, never where it may have been taken.
    """
    if error is None:
        return _of(value)
    # Of the class itself: `isinstance` would ask the exception, which may answer by its own code.
    kind = type(error)
    if issubclass(kind, ConnectionRefusedError) or (repeats and issubclass(kind, _BROKEN)):
        return 0.0
    if _is_known(error) and (type(error).__name__ == "ConnectError" or _beneath(error, repeats)):
        return 0.0
    found = _of(error)
    if found is None:
        found = _of(_fields_of(error).get("response"))
    return found


_fields_of = BaseException.__dict__["__dict__"].__get__

_BROKEN: Final = (ConnectionResetError, BrokenPipeError)
"""The service hung up: when the request had arrived, or before, nobody can tell."""


def _beneath(error: BaseException, repeats: bool) -> bool:
    """Whether a connection that was refused, or broke, is what a client's exception is about.

    So is one that the client itself has closed: httpcore 1.0 closes idle connections beyond those it keeps (20), and takes
    one for idle that it has just given to another thread
    (``ConnectionPool._assign_requests_to_connections``): that thread finds its
    socket gone. A program alone has one connection.
    """
    return any(
        isinstance(step, ConnectionRefusedError)
        or (isinstance(step, OSError) and step.errno == errno.EBADF)
        or (repeats and isinstance(step, _BROKEN))
        for step in _led_to(error)
    )


def _led_to(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(_DEEPEST_CAUSE):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


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
    try:
        headers = getattr(value, "headers", None)
        if headers is None:
            headers = getattr(getattr(value, "response", None), "headers", None)
        asked = headers.get("retry-after") if headers is not None else None
        if asked is None:
            return 0.0
        seconds = float(asked)
    except Exception:  # an answer that cannot be read is the program's
        return None
    return seconds if 0.0 <= seconds <= LONGEST_WAIT else None
