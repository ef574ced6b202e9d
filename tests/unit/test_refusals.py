"""Which answers and exceptions mean that an operation is to be asked again in its turn."""

from __future__ import annotations

import errno
import http.client
from typing import Any

import httpx
import pytest
import requests

from adaptive_jit.runtime.refusals import LONGEST_WAIT, refusal

REQUEST = httpx.Request("GET", "http://127.0.0.1/")


def answer(status: int, **headers: str) -> httpx.Response:
    """An answer of httpx."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, request=REQUEST)


def raised(status: int) -> httpx.HTTPStatusError:
    """What ``raise_for_status`` raises."""
    return httpx.HTTPStatusError("no", request=REQUEST, response=answer(status))


def read_error(number: int, *, context: bool = False) -> httpx.ReadError:
    """An error of httpx over one of httpcore over one of the system."""
    error, middle = httpx.ReadError("no", request=REQUEST), RuntimeError("httpcore's")
    middle.__cause__ = OSError(number, "no")
    if context:
        error.__context__ = middle
    else:
        error.__cause__ = middle
    return error


def old_style() -> requests.Response:
    """An answer of requests."""
    made = requests.Response()
    made.status_code = 503
    return made


@pytest.mark.parametrize(
    ("value", "error", "wait"),
    [
        (answer(429), None, 0.0),
        (answer(503), None, 0.0),
        (old_style(), None, 0.0),
        (answer(429, retry_after="1.5"), None, 1.5),
        (answer(429, retry_after=str(LONGEST_WAIT)), None, LONGEST_WAIT),
        (answer(429, retry_after=str(LONGEST_WAIT + 1)), None, None),
        (answer(429, retry_after="-1"), None, None),
        (answer(429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), None, None),
        (answer(200), None, None),
        (answer(500), None, None),
        (None, raised(429), 0.0),
        (None, raised(404), None),
        (None, ConnectionRefusedError(), 0.0),
        (None, ConnectionResetError(), 0.0),
        (None, httpx.ConnectError("no"), 0.0),
        (None, httpx.ReadTimeout("no"), None),
        (None, read_error(errno.EBADF), 0.0),
        (None, read_error(errno.EBADF, context=True), 0.0),
        (None, read_error(errno.EIO), None),
        (None, OSError(errno.EBADF, "no"), None),
        (None, ValueError("429"), None),
        (429, None, None),
        ({"status_code": 429}, None, None),
    ],
)
def test_what_is_asked_again(value: Any, error: BaseException | None, wait: float | None) -> None:
    """Seconds to wait before; ``None``: it is the program's."""
    assert refusal(value, error) == wait


def wrapped(error: OSError, around: type[Exception]) -> Exception:
    """What a client makes of an error of the system, two steps up."""
    middle, outer = RuntimeError("the library beneath"), around("no")
    middle.__cause__, outer.__context__ = error, middle
    return outer


@pytest.mark.parametrize("around", [httpx.ReadError, requests.ConnectionError])
@pytest.mark.parametrize(
    ("error", "repeated"),
    [
        (ConnectionRefusedError(), True),
        (ConnectionResetError(), False),
        (BrokenPipeError(), False),
        (http.client.RemoteDisconnected(), False),
    ],
)
def test_what_may_have_arrived_is_not_made_twice(
    error: OSError, repeated: bool, around: type[Exception]
) -> None:
    """A refused connection carried nothing; a broken one may have; reading twice does no harm."""
    for one in (error, wrapped(error, around)):
        assert refusal(None, one) == 0.0
        assert refusal(None, one, repeats=False) == (0.0 if repeated else None)
    assert refusal(None, wrapped(error, RuntimeError)) is None
    assert refusal(answer(429), None, repeats=False) == 0.0


class Answer:
    """The user's own: reading it could run code."""

    status_code = 429

    def __init__(self) -> None:
        self.__dict__["status_code"] = 429

    @property
    def headers(self) -> Any:
        """Never asked for."""
        raise AssertionError


def test_objects_of_the_users_are_left_alone() -> None:
    """A class that no known client made may mean anything by a status."""
    assert refusal(Answer(), None) is None


def test_a_chain_without_end_is_given_up() -> None:
    """Exceptions may be each other's context."""
    error = httpx.ReadError("no", request=REQUEST)
    other = RuntimeError("a")
    error.__cause__, other.__cause__ = other, error
    assert refusal(None, error) is None
