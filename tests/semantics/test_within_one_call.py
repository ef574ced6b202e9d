"""The window opens in the middle of an invocation, and closes again where that does not pay."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from types import FunctionType
from typing import Any

import programs.within
import pytest
from world.registry import fresh_copy

from adaptive_jit import adaptive, explain, stats, unordered
from adaptive_jit.records import Phase

SECONDS = 0.02


class Asked:
    """A service that counts who is there, and what it was asked."""

    def __init__(self, crowded: float = 1.0) -> None:
        self.crowded = crowded
        self.calls: Counter[str] = Counter()
        self.present = self.most = 0
        self.lock = threading.Lock()

        def ask(question: Any) -> str:
            with self.lock:
                self.calls[repr(question)] += 1
                self.present += 1
                self.most = max(self.most, self.present)
                seconds = SECONDS * (1.0 if self.present == 1 else self.crowded * self.present)
            if self.crowded == 1.0:
                seconds = SECONDS
            time.sleep(seconds)
            with self.lock:
                self.present -= 1
            if isinstance(question, Exception):
                raise question
            return f"<{question}>"

        self.ask: Callable[[Any], str] = ask


def run(function: Any, service: Asked, count: int) -> Any:
    """The value or the exception of one call."""
    try:
        return function(service.ask, count)
    except ValueError as error:
        return repr(error)


def first_call(name: str, count: int, crowded: float = 1.0) -> tuple[Any, Asked, Asked]:
    """Compare the first call ever of the program with the plain one."""
    plain: FunctionType = getattr(programs.within, name)
    expected, service = Asked(crowded), Asked(crowded)
    programs.within.NOTED.clear()
    standard = run(plain, expected, count)
    noted = list(programs.within.NOTED)
    programs.within.NOTED.clear()
    unordered(service.ask)
    function = adaptive(fresh_copy(plain))
    assert run(function, service, count) == standard
    assert programs.within.NOTED == noted
    return function, service, expected


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("appended", 4),
        ("comprehended", 4),
        ("chained_inside", 4),
        ("nested", 4),
        ("with_a_barrier", 2),
        ("two_in_a_row", 4),
        ("long_lines", 4),
    ],
)
def test_the_first_call_of_the_process_gains(name: str, least: int) -> None:
    """After a few rounds in order the rest runs ahead, each operation once."""
    function, service, expected = first_call(name, 24)
    assert service.most >= least
    assert service.calls == expected.calls
    assert stats(function).counts.dropped == 0


def test_a_long_loop_goes_on_being_counted() -> None:
    """Each early result is found in its round, also beyond the rounds that were watched."""
    function, service, expected = first_call("long_lines", 160)
    assert service.most >= 4
    assert service.calls == expected.calls
    assert stats(function).counts.dropped == 0


@pytest.mark.parametrize("name", ["one_after_the_other"])
def test_where_nothing_can_overlap_nothing_opens(name: str) -> None:
    """The twin: a chain stays in order."""
    function, service, expected = first_call(name, 12)
    assert service.most == 1
    assert service.calls == expected.calls
    assert stats(function).phase is Phase.DIRECT


def test_nothing_begins_that_a_break_prevents() -> None:
    """No speculation, in the middle of a call as well."""
    _, service, expected = first_call("left_early", 16)
    assert service.calls == expected.calls


def test_an_exception_in_the_middle_is_the_programs() -> None:
    """What it would have prevented may have been read; the results before it are the same."""
    function, service, expected = first_call("raising", 16)
    assert set(expected.calls) <= set(service.calls)
    assert max(service.calls.values()) == 1
    counts = stats(function).counts
    assert counts.dropped == counts.after_exception


def test_it_closes_again_where_the_rest_is_slower() -> None:
    """A service that takes twice as long for two: the last rounds run in order again."""
    function, service, expected = first_call("appended", 60, crowded=1.5)
    assert service.most > 1
    assert service.calls == expected.calls
    within = stats(function).within_calls
    assert (within.opened, within.closed) == (1, 1)
    last = Asked(crowded=1.5)
    unordered(last.ask)
    for _ in range(6):
        run(function, last, 12)
    assert stats(function).phase is not Phase.PARALLEL


def test_the_report_says_what_happened_within_the_call() -> None:
    """Opened, and by how much that was faster; that the direct time is an estimate."""
    function, _, _ = first_call("appended", 24)
    within = stats(function).within_calls
    assert (within.opened, within.closed) == (1, 0)
    assert within.saved_seconds > 8 * SECONDS
    found = stats(function).decision.predicted_speedup
    assert found is not None
    assert found > 3
    text = str(explain(function))
    assert "opened in the middle of 1 call" in text
    assert "estimate from its own rounds" in text


def test_the_next_calls_are_tried_as_whole_calls() -> None:
    """What the first call would have taken in order is estimated from its own rounds."""
    function, service, _ = first_call("appended", 24)
    assert stats(function).phase is Phase.TRIAL
    found = stats(function).decision
    assert found.direct_calls == 1
    assert found.direct_seconds is not None
    assert found.direct_seconds > 12 * SECONDS
    assert run(function, service, 24) == [f"<{number}>" for number in range(24)]
