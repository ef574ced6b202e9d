"""Calls around which something else happens."""

from __future__ import annotations

import contextvars
import functools
import itertools
import logging
import signal
import threading
import time
from collections.abc import Callable

import requests

WEB = "http://localhost:8000"
logger = logging.getLogger("tracking")
HISTORY: list[str] = []
CALLS = {"count": 0}
_numbers = itertools.count(1)
_lock = threading.RLock()
_local = threading.local()
current_tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant", default="none")
last_path: contextvars.ContextVar[str] = contextvars.ContextVar("last_path", default="")


def logged_user(number: int) -> str:
    logger.info("fetching user %s", number)
    name = requests.get(f"{WEB}/users/{number}").json()["name"].strip()
    logger.info("got %s", name)
    return name


def printed_user(number: int) -> str:
    print(f"fetching {number} ...")
    return requests.get(f"{WEB}/users/{number}").json()["email"]


def timed(function: Callable) -> Callable:
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            if time.perf_counter() - start > 60:
                logger.warning("%s was slow", function.__name__)

    return wrapper


@timed
def timed_item(number: int) -> int:
    return requests.get(f"{WEB}/things/{number}").json()["number"]


def counted(function):
    @functools.wraps(function)
    def wrapper(*args):
        wrapper.calls += 1
        return function(*args)

    wrapper.calls = 0
    return wrapper


@counted
def counted_item(number: int) -> int:
    return requests.get(f"{WEB}/things/{number}").json()["number"]


def checked(*kinds):
    """Check the types of the arguments."""

    def decorate(f):
        @functools.wraps(f)
        def inner(*args):
            for arg, kind in zip(args, kinds):
                if not isinstance(arg, kind):
                    raise TypeError(f"{f.__name__} wants {kind.__name__}, got {arg!r}")
            return f(*args)

        return inner

    return decorate


@checked(int)
def checked_item(number):
    return requests.get(f"{WEB}/things/{number}").json()["path"]


def remembered(number: int) -> str:
    path = requests.get(f"{WEB}/things/{number}").json()["path"]
    HISTORY.append(path)
    return path


def tallied(number: int) -> int:
    CALLS["count"] += 1
    return requests.get(f"{WEB}/things/{number}").json()["number"]


def numbered(path: str) -> str:
    """The gateway wants increasing numbers."""
    sequence = next(_numbers)
    return requests.get(f"{WEB}{path}", params={"seq": sequence}).json()["query"]["seq"]


def locked(number: int) -> int:
    with _lock:
        return requests.get(f"{WEB}/things/{number}").json()["number"]


def hold() -> threading.RLock:
    """The lock, for callers that do several things in one go."""
    return _lock


def set_user(name: str) -> None:
    _local.user = name


def as_user(number: int) -> str:
    """In the name of the user of this thread."""
    user = getattr(_local, "user", "anonymous")
    return user + requests.get(f"{WEB}/things/{number}").json()["path"]


def for_tenant(number: int) -> str:
    tenant = current_tenant.get()
    answer = requests.get(f"{WEB}/things/{number}", headers={"X-Tenant": tenant})
    return f"{tenant}:{answer.json()['number']}"


def leaves_trace(path: str) -> int:
    last_path.set(path)
    return requests.get(f"{WEB}{path}").json()["number"]


def with_deadline(number: int, seconds: int = 30) -> int:
    """Never longer than so many seconds."""

    def expired(signum, frame):
        raise TimeoutError(number)

    previous = signal.signal(signal.SIGALRM, expired)
    signal.alarm(seconds)
    try:
        return requests.get(f"{WEB}/things/{number}").json()["number"]
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def who(number: int) -> str:
    number = requests.get(f"{WEB}/things/{number}").json()["number"]
    return f"{threading.current_thread().name}: {number}"


def called_back(number: int, progress: Callable[[int], None]) -> int:
    value = requests.get(f"{WEB}/things/{number}").json()["number"]
    progress(value)
    return value


class Metrics:
    """Keeps the last answer for the status page."""

    def __init__(self) -> None:
        self.last = None

    def read(self, number: int) -> int:
        self.last = requests.get(f"{WEB}/things/{number}").json()
        return self.last["number"]
