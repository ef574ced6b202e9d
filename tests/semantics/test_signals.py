"""An exception that a signal's function raises is the program's, at whatever moment it comes."""

from __future__ import annotations

import functools
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from world.registry import fresh_copy

from adaptive_jit import adaptive, unordered
from adaptive_jit.interrupts import is_the_programs

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers")

ROOT = Path(__file__).resolve().parents[2]
TRIES = 120
STEP = 0.000037
"""Seconds between the moments that are tried: from the prologue into the operations."""


class LateError(Exception):
    """The time limit of a program."""


class Limit:
    """Raises when the timer says so, and counts."""

    def __init__(self) -> None:
        self.fired = self.ignored = 0

    def ignore(self, unraisable: Any) -> None:
        """What a weak reference's callback raises, the interpreter itself ignores.

        And a thread ends with a traceback if the exception comes in the middle of its start.
        """
        self.ignored += isinstance(unraisable.exc_value, LateError)

    def __call__(self, _number: int, _frame: Any) -> None:
        self.fired += 1
        raise LateError

    def late(self, number: int, frame: Any) -> None:
        """The same as a method."""
        self(number, frame)


@unordered
def answer(number: int) -> int:
    """Take a moment."""
    time.sleep(0.0005)
    return number


def program(count: int) -> list[int]:
    """A handful of operations."""
    return [answer(number) for number in range(count)]


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[Limit]:
    """Set the function of the signal, and take it away again."""
    # An interrupted import leaves its file to the collector, which warns: load everything first.
    adaptive(strategy="parallel")(fresh_copy(program))(4)
    made = Limit()
    monkeypatch.setattr(sys, "unraisablehook", made.ignore)
    before = signal.signal(signal.SIGALRM, made)
    yield made
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def swallowed(function: Callable[[int], Any], limit: Limit) -> tuple[int, int]:
    """How many exceptions arrived, and how many of those raised did not."""
    arrived = lost = 0
    for number in range(TRIES):
        before = limit.fired
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.00005 + STEP * number)
            function(4)
            signal.setitimer(signal.ITIMER_REAL, 0)
            lost += limit.fired > before
        except LateError:
            arrived += 1
    return arrived, lost


@pytest.mark.parametrize("settings", [{"strategy": "parallel"}, {}], ids=["forced", "learning"])
def test_no_time_limit_is_lost(settings: dict[str, Any], limit: Limit) -> None:
    """Wherever the library is at work when the signal comes."""
    function = adaptive(**settings)(fresh_copy(program))
    arrived, lost = swallowed(function, limit)
    assert lost == limit.ignored
    assert arrived > 5


def test_a_first_call_can_be_interrupted(limit: Limit) -> None:
    """Judging and analysing for the first time takes longest."""
    lost = 0
    # Made before and kept, so that no callback of a weak reference is called meanwhile.
    functions = [adaptive(strategy="parallel")(fresh_copy(program)) for _ in range(40)]
    for number, function in enumerate(functions):
        before = limit.fired
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.0001 + 4 * STEP * number)
            function(4)
            signal.setitimer(signal.ITIMER_REAL, 0)
            lost += limit.fired > before
        except LateError:
            continue
    assert lost == limit.ignored


def _raised_by(call: Callable[[], Any]) -> BaseException:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def test_what_counts_as_a_signals_function(limit: Limit) -> None:
    """Functions, methods, instances and partial objects; an equal exception from elsewhere not."""
    for handler in (limit, limit.late, functools.partial(limit), functools.partial(limit.late)):
        signal.signal(signal.SIGALRM, handler)
        error = _raised_by(lambda handler=handler: handler(signal.SIGALRM, None))
        assert is_the_programs(error)
    assert not is_the_programs(LateError())
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    assert not is_the_programs(_raised_by(lambda: limit(signal.SIGALRM, None)))


DEEP = """
import sys, time
from adaptive_jit import adaptive

def slow(x):
    return x

@adaptive(strategy="parallel")
def down(n):
    a = slow(n)
    b = slow(n)
    return down(n + 1)

for _ in range(3):
    try:
        down(0)
    except RecursionError:
        print("as plain")
"""


def test_the_recursion_limit_is_not_a_fault_of_the_library(tmp_path: Path) -> None:
    """It reaches the program as it would without the library, and nothing is warned of."""
    (tmp_path / "deep.py").write_text(DEEP)
    done = subprocess.run(
        [sys.executable, "-W", "error", "deep.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "ADAPTIVE_JIT_PERSIST": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "as plain\n" * 3
    assert done.stderr == ""
