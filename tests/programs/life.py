"""Functions whose identity, source and surroundings are examined."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

from world.model import current
from world.operations import fetch, second

from adaptive_jit import reads, unordered


def plain(key: int = 1, *, other: int = 2) -> tuple[int, int]:
    """Read twice."""
    a = fetch(key)
    b = fetch(other)
    return a, b


class Big:
    """A large result that counts how many of it are alive."""

    alive = 0
    most = 0
    _lock = threading.Lock()

    def __init__(self, key: int) -> None:
        self.key = key
        self.payload = bytes(1000)
        with Big._lock:
            Big.alive += 1
            Big.most = max(Big.most, Big.alive)

    def __del__(self) -> None:
        with Big._lock:
            Big.alive -= 1


@reads
def big(key: int) -> Big:
    """Return a large result, without a trace in the world."""
    return make_big(key)


def make_big(key: int) -> Big:
    """Return a large result."""
    return Big(key)


@reads
def number(key: int) -> int:
    """Return the key, without a trace in the world."""
    return int(str(key))


def sum_of_big(count: int) -> int:
    """Use large results one after the other."""
    total = 0
    for i in range(count):
        value = big(i)
        total += value.key
    return total


def sum_of_chained(count: int) -> int:
    """The same through chains."""
    total = 0
    for i in range(count):
        value = big(number(i))
        total += value.key
    return total


def comprehension_of_keys(count: int) -> int:
    """The same in a consumed generator expression."""
    return sum(big(i).key for i in range(count))


def last_of_many(count: int) -> Any:
    """Keep only the last result."""
    value = None
    for i in range(count):
        value = big(i)
    return value


def two_results() -> Any:
    """Return one of two results."""
    a = big(1)
    b = big(2)
    del b
    return a


@unordered
def interrupting(key: int) -> int:
    """Interrupt the main thread as soon as all are in flight, then wait to be released."""
    return current().perform("interrupting", "unordered", key, lambda _: _interrupt(key))


def _interrupt(key: int) -> int:
    state = current().state
    with state["lock"]:
        state["count"] += 1
        full = state["count"] == state["size"]
    if full:
        os.kill(os.getpid(), signal.SIGINT)
    state["release"].wait(3)
    return key


def interrupted() -> Any:
    """Three operations in flight when the interrupt comes."""
    a = interrupting(1)
    b = interrupting(2)
    c = interrupting(3)
    return a, b, c


def traced(limit: int) -> Any:
    """A function with several kinds of lines."""
    out = []
    a = fetch(1)
    b = fetch(2)
    for i in range(limit):
        if i == 1:
            continue
        value = second(i)
        out.append(value)
    text = f"{a}{b}"
    return out, text


@unordered
def chooses(key: Any) -> Any:
    """Return what it is given."""
    return current().perform("chooses", "unordered", str(key), lambda _: key)


@unordered
def exits(kind: type[BaseException]) -> Any:
    """Raise an exception that is not an `Exception`."""

    def answer(_: int) -> None:
        raise kind("leave")

    return current().perform("exits", "unordered", kind.__name__, answer)


def leaves(kind: type[BaseException]) -> Any:
    """An operation raises while others are ahead."""
    a = fetch(1)
    b = exits(kind)
    c = fetch(2)
    return a, b, c


def deep(depth: int) -> int:
    """Recurse without operations in flight."""
    if depth == 0:
        return 0
    a = fetch(1)
    b = deep(depth - 1)
    return a + b


def around_a_walk(rounds: int) -> tuple[int, int]:
    """Two operations, and a loop between them in which none ever starts."""
    first = fetch(1)
    total = 0
    for number in range(rounds):
        if number < 0:
            total += fetch(number)
    return first + fetch(2), total
