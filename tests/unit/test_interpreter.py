"""On a version that was never tried functions are adapted only where the self-check passes."""

from __future__ import annotations

import sys
import threading
import warnings
from collections import Counter

import pytest

import adaptive_jit
from adaptive_jit.engine import controller, fallback, interpreter, self_check
from adaptive_jit.errors import FallbackWarning
from adaptive_jit.records import Phase

BUILD, CONTROLLER = self_check.build, self_check.Controller


@pytest.fixture(autouse=True)
def _never_tried(monkeypatch):
    """As if this were a version that is none of those tried; nothing has been warned of."""
    monkeypatch.setattr(interpreter, "version", lambda: (3, 99))
    monkeypatch.setattr(fallback, "_told", set())
    interpreter._judged.cache_clear()
    yield
    interpreter._judged.cache_clear()


@adaptive_jit.unordered
def ask(number: int) -> int:
    """Stands for a request."""
    return number + 1


def program():
    """A new function with two operations."""

    def two(number):
        a = ask(number)
        b = ask(number + 1)
        return a, b

    return two


class Other:
    """An edition that was compiled to something else."""

    def __init__(self, edition):
        self.guard_count = edition.guard_count
        self.slice_codes = edition.slice_codes

    def with_constants(self, *_):
        """Code that is not the function's."""
        return (lambda number: number).__code__


@pytest.fixture
def release():
    """Lets what hangs go on in the end."""
    event = threading.Event()
    yield event
    event.set()


def sabotage(monkeypatch, kind, release):
    """Let one thing that the library relies on be otherwise on this version."""
    if kind == "does not end":
        monkeypatch.setattr(self_check, "PATIENCE", 0.01)
        monkeypatch.setattr(self_check, "_difference", lambda *_: release.wait(5) and None)
    elif kind == "cannot be adapted":
        monkeypatch.setattr(self_check, "build", lambda _: 1 / 0)
    elif kind == "does something else":
        monkeypatch.setattr(self_check, "build", lambda analysis: Other(BUILD(analysis)))
    elif kind == "is started early":
        monkeypatch.setattr(
            self_check, "Controller", lambda *given: CONTROLLER(*given[:3], {"strategy": "direct"})
        )
    else:
        monkeypatch.setattr(controller.Controller, "retire", lambda _: None)


KINDS = (
    "does not end", "cannot be adapted", "does something else", "is started early", "own code back"
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_where_the_self_check_fails_everything_is_direct_after_one_warning(
    kind, monkeypatch, release
):
    """Also the second function; the warning names the version and what was found."""
    sabotage(monkeypatch, kind, release)
    with pytest.warns(FallbackWarning, match=r"3\.99") as seen:
        functions = [adaptive_jit.adaptive(strategy="parallel")(program()) for _ in range(2)]
    assert len(seen) == 1
    assert kind in str(seen[0].message)
    for function in functions:
        assert function.__code__ is program().__code__
        assert function(1) == (2, 3)
        stats = adaptive_jit.stats(function)
        assert (stats.phase, stats.reason) == (Phase.LEFT_ALONE, interpreter.FAILED)


def test_where_it_passes_functions_are_adapted_without_a_word():
    """The self-check runs once, whatever the number of functions."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        function = adaptive_jit.adaptive(strategy="parallel")(program())
        adaptive_jit.adaptive(program())
    assert function.__code__ is not program().__code__
    assert function(1) == (2, 3)
    assert interpreter._judged.cache_info().misses == 1


def test_on_a_version_that_is_tried_nothing_is_checked(monkeypatch):
    """It costs nothing there."""
    monkeypatch.setattr(interpreter, "version", lambda: (3, 13))
    monkeypatch.setattr(self_check, "difference", lambda: 1 / 0)
    assert interpreter.objection() is None


def test_another_implementation_is_not_even_checked(monkeypatch):
    """Code objects are CPython's."""
    monkeypatch.setattr(sys.implementation, "name", "pypy")
    monkeypatch.setattr(self_check, "difference", lambda: 1 / 0)
    with pytest.warns(FallbackWarning, match="pypy"):
        assert interpreter.objection() == interpreter.FAILED


@pytest.mark.parametrize(
    ("expected", "found", "same"),
    [
        ([1, 2], [2, 1], True),
        ([1, 2], [1], False),
        ([1, 2], [1, 2, 2], False),
        ([1, -2], [1, -2, 3], True),
        ([1, -2, 3], [1, -2], False),
    ],
)
def test_each_operation_once_or_more_only_where_one_was_refused(expected, found, same):
    """What an exception would have prevented may have been read already."""
    assert self_check._same((5, Counter(expected)), (5, Counter(found))) is same
    assert not self_check._same((5, Counter(expected)), (6, Counter(found)))
