"""The explicit form inside adaptive functions: ``parallel([...])`` over unknown operations."""

from __future__ import annotations

import threading
from typing import Any

from world.operations import fetch, refuse

from adaptive_jit import parallel

DONE: list[int] = []
GATE = threading.Barrier(3, timeout=2.0)


def touch(number: int) -> int:
    """Write something; return only while two others are in flight too."""
    GATE.wait()
    DONE.append(number)
    return number


def write(number: int) -> int:
    """Write something."""
    DONE.append(number)
    return number


def elements() -> Any:
    """Elements are taken as independent, whatever they do."""
    a, b, c = parallel([touch(1), touch(2), touch(3)])
    return [a, b, c]


def comprehension() -> Any:
    """So are those of a comprehension; what follows waits for all of them."""
    write(0)
    found = parallel([touch(n) for n in (1, 2, 3)])
    last = write(9)
    return [*found, last, fetch(1) and last]


def behind_a_failure() -> Any:
    """A failure prevents the elements behind it."""
    first = refuse(1)
    return [first, *parallel([write(1), write(2)])]


def behind_a_success() -> Any:
    """Without one they run."""
    first = refuse(1, False)
    return [first, *parallel([write(1), write(2)])]


def plain_list() -> Any:
    """The same calls in a plain list stay in order."""
    a, b, c = [write(1), write(2), write(3)]
    return [a, b, c]
