"""The slice comes to a call that the program is making already: nothing behind it starts.

The program's thread and the one that advances the slice are woken by the same result. Here the
slice is held up until the program is in the middle of its call.
"""

from __future__ import annotations

import threading
from typing import Any

import harness
import pytest

from adaptive_jit import reads, writes
from adaptive_jit.runtime.strands import Strand

PATIENCE = 0.3
"""Seconds that a call waits for something that must not happen."""

begun = threading.Event()
behind = threading.Event()
overtaken: list[bool] = []


running = threading.Event()


def before(key: int) -> int:
    running.wait(PATIENCE)  # the next one is run by another thread
    return key


def first(key: int) -> int:
    running.set()
    return key


def later(key: int) -> int:
    behind.set()
    return key


def in_the_middle(key: int) -> int:
    begun.set()
    overtaken.append(behind.wait(PATIENCE))
    return key


def anything(key: int) -> int:
    return eval("in_the_middle(key)")  # noqa: S307


def named(key: int) -> int:
    return in_the_middle(key)


def behind_an_unknown_call(key: int) -> Any:
    """The call may do anything."""
    start = before(key)
    found = first(key)
    if found:
        other = anything(found)
        last = later(key)
        return start, found, other, last
    return None


def behind_a_write(key: int) -> Any:
    """The write is of what is read behind it."""
    start = before(key)
    found = first(key)
    if found:
        other = named(found)
        last = later(key)
        return start, found, other, last
    return None


@pytest.mark.parametrize("program", [behind_an_unknown_call, behind_a_write])
def test_nothing_starts_behind_a_call_that_is_under_way(
    program: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first run on, and also when the slice knows the call from earlier runs."""
    reads("shelf", before, first, later)
    writes("shelf", named)
    resume = Strand.resume

    def held_up(strand: Strand) -> None:
        begun.wait(PATIENCE)
        resume(strand)

    monkeypatch.setattr(Strand, "resume", held_up)
    overtaken.clear()
    decorated = harness.forced()(program)
    for _ in range(4):
        for event in (begun, running):
            event.clear()
        behind.clear()
        assert decorated(3) == (3, 3, 3, 3)
    assert overtaken == [False] * 4
