"""What could not be judged while a function was profiled is looked at while it runs ahead."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
from world.model import Meeting
from world.registry import fresh_copy

from adaptive_jit import adaptive, stats, unordered
from adaptive_jit.decision import Decider
from adaptive_jit.records import Arm

meeting = Meeting(1)
WAIT = 0.02

LOOKS, ATTEMPTS = 30, 10
"""Far more than it takes: on a machine that is busy with something else times tell little."""


@unordered
def ask(question: Any) -> str:
    """Answer, after a while."""
    meeting.attend("ask")
    time.sleep(WAIT)
    if question is None:
        raise ValueError(question)
    return f"<{question}>"


@unordered
def reckon(number: int) -> int:
    """Compute, for about as long."""
    began = time.thread_time()
    while time.thread_time() - began < WAIT / 4:
        number += 1
    return number * 0


def branches(seldom: bool) -> list[Any]:
    """Two operations always, the others only now and then."""
    first = ask(1)
    second = ask(2)
    third = ask(3) if seldom else ""
    fourth = reckon(4) if seldom else 0
    return [first, second, third, fourth]


def fails(seldom: bool) -> list[Any]:
    """An operation that raises whenever it is called."""
    found = [ask(1), ask(2)]
    if seldom:
        with contextlib.suppress(ValueError):
            found.append(ask(None))
    return found


@pytest.fixture(autouse=True)
def _parallel(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Once it is profiled, every call runs ahead."""
    global meeting
    monkeypatch.setattr(Decider, "choose", lambda _: Arm.PARALLEL)
    yield
    meeting = Meeting(1)


def _strategies(function: Any) -> dict[str, str]:
    return {one.text: one.strategy for one in stats(function).operations}


def _profiled(function: Any) -> Any:
    """A copy that has been profiled without the seldom branch."""
    decorated = adaptive(function, min_predicted_speedup=1.0)
    for _ in range(4):
        decorated(False)
    return decorated


def test_what_was_not_called_while_profiled_runs_ahead_once_it_is_judged() -> None:
    """What waits does; what computes stays in order."""
    global meeting
    expected = ["<1>", "<2>", "<3>", 0]
    for _ in range(ATTEMPTS):
        decorated = _profiled(fresh_copy(branches))
        assert _strategies(decorated)["ask(3)"] == "direct"
        found: dict[str, str] = {}
        for _ in range(LOOKS):
            assert decorated(True) == expected
            found = _strategies(decorated)
            if found["ask(3)"] == "thread":
                break
        if all(found[f"ask({number})"] == "thread" for number in (1, 2, 3)):
            break
    assert found["ask(3)"] == "thread"
    assert found["reckon(4)"] == "direct"
    meeting = Meeting(3)
    assert decorated(True) == expected
    assert meeting.met


def test_an_operation_that_raises_is_timed_no_further() -> None:
    """Its clock stops, the exception is the program's."""
    decorated = _profiled(fails)
    for _ in range(3):
        assert decorated(True) == ["<1>", "<2>"]
    seldom = next(one for one in stats(decorated).operations if one.text == "ask(None)")
    assert seldom.profiled_calls == 0
    assert seldom.strategy == "direct"
