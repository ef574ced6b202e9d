"""Operations behind the wrappers that users write, over a real HTTP client."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from functools import lru_cache, partial, reduce
from typing import Any

import requests

_log = logging.getLogger("programs.wrapped")


def fetch(url: str) -> str:
    """One page."""
    return requests.get(url, timeout=5).text


def status(url: str) -> int:
    """What the service says of one page."""
    return requests.get(url, timeout=5).status_code


def tracer(function: Callable[..., Any]) -> Callable[..., Any]:
    """Call through."""

    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return inner


def timer(function: Callable[..., Any]) -> Callable[..., Any]:
    """Log how long a call takes."""

    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            _log.debug("%s: %.3f s", function.__name__, time.perf_counter() - began)

    return inner


def labelled(label: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator with an argument, which the result shows."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def inner(*args: Any, **kwargs: Any) -> Any:
            return f"{label}: {function(*args, **kwargs)}"

        return inner

    return decorate


counts: list[str] = []


def counted(function: Callable[..., Any]) -> Callable[..., Any]:
    """Keep a list of calls: an effect that others can see."""

    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        counts.append(function.__name__)
        return function(*args, **kwargs)

    return inner


traced_fetch = tracer(fetch)
timed_fetch = timer(fetch)
stacked_fetch = timer(labelled("page")(tracer(fetch)))
counted_fetch = counted(fetch)
memoised_fetch = lru_cache(maxsize=3)(fetch)
patient_get = partial(requests.get, timeout=5)


class Getter:
    """A callable object."""

    def __init__(self, base: str) -> None:
        self.base = base

    def __call__(self, path: str) -> str:
        """One page below the base."""
        return requests.get(self.base + path, timeout=5).text


class Counter:
    """A callable object that counts its calls."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.calls = 0

    def __call__(self, path: str) -> str:
        """One page below the base, numbered."""
        self.calls += 1
        return f"{self.calls} {requests.get(self.base + path, timeout=5).text}"


def plain_pages(url: str) -> Any:
    """A comprehension over a function of the user's."""
    return [fetch(f"{url}/{number}") for number in range(5)]


def plain_statuses(url: str) -> Any:
    """A loop over another one."""
    out = []
    for number in range(5):
        out.append(status(f"{url}/{number}"))
    return out


def pair(url: str) -> Any:
    """Two statements."""
    first = requests.get(f"{url}/0", timeout=5).text
    second = requests.get(f"{url}/1", timeout=5).text
    return first, second


def traced(url: str) -> Any:
    """Through a wrapper that calls through."""
    return [traced_fetch(f"{url}/{number}") for number in range(5)]


def timed(url: str) -> Any:
    """Through a wrapper that logs."""
    return [timed_fetch(f"{url}/{number}") for number in range(5)]


def stacked(url: str) -> Any:
    """Through three wrappers."""
    return [stacked_fetch(f"{url}/{number}") for number in range(5)]


def seen_by_others(url: str) -> Any:
    """Through a wrapper that changes a list of the module."""
    del counts[:]
    pages = [counted_fetch(f"{url}/{number}") for number in range(5)]
    return pages, list(counts)


def memoised(url: str) -> Any:
    """Through a cache that forgets; what it remembers shows."""
    memoised_fetch.cache_clear()
    pages = [memoised_fetch(f"{url}/{number % 4}") for number in range(9)]
    return pages, memoised_fetch.cache_info()


def partials(url: str) -> Any:
    """A partial of the library's function."""
    return [patient_get(f"{url}/{number}").text for number in range(5)]


def local_partials(url: str) -> Any:
    """A partial made in the function."""
    get = partial(requests.get, timeout=5)
    return [get(f"{url}/{number}").text for number in range(5)]


def callable_object(url: str) -> Any:
    """An object that is called."""
    getter = Getter(url)
    return [getter(f"/{number}") for number in range(5)]


def counting_object(url: str) -> Any:
    """An object that is called and changes itself."""
    getter = Counter(url)
    return [getter(f"/{number}") for number in range(5)]


def bound_method(url: str) -> Any:
    """A bound method under a local name."""
    with requests.Session() as session:
        get = session.get
        return [get(f"{url}/{number}").text for number in range(5)]


def reduced(url: str) -> Any:
    """`reduce` over what has been fetched."""
    return reduce(_joined, [fetch(f"{url}/{number}") for number in range(5)], "")


def _joined(left: str, right: str) -> str:
    return left + right


def mapped(url: str) -> Any:
    """`map`, used up at once."""
    return list(map(fetch, [f"{url}/{number}" for number in range(5)]))
