"""``parallel([...])`` inside adaptive functions."""

from __future__ import annotations

from typing import Any

import harness
import programs.explicit as programs
import pytest
from world.freezing import freeze
from world.model import World
from world.registry import fresh_copy

import adaptive_jit


@pytest.fixture(autouse=True)
def _fresh() -> None:
    programs.DONE.clear()
    programs.GATE.reset()


def _run(function: Any) -> Any:
    outcome = harness.observe(function, (), World())
    assert outcome.exception is None
    return outcome.value


def test_unknown_elements_are_in_flight_at_once_and_run_once() -> None:
    """Three operations that wait for each other come back, from the first call on."""
    function = harness.forced()(fresh_copy(programs.elements))
    for _ in range(3):
        programs.DONE.clear()
        assert _run(function) == ("value", freeze([1, 2, 3]))
        assert sorted(programs.DONE) == [1, 2, 3]


def test_nothing_passes_the_call() -> None:
    """A write before it comes first, one after it last."""
    function = harness.forced()(fresh_copy(programs.comprehension))
    for _ in range(3):
        programs.DONE.clear()
        assert _run(function) == ("value", freeze([1, 2, 3, 9, 9]))
        assert programs.DONE[0] == 0
        assert sorted(programs.DONE[1:4]) == [1, 2, 3]
        assert programs.DONE[4] == 9


def test_elements_wait_until_the_call_is_reached() -> None:
    """They may write: what fails before the call prevents them, however long it takes to fail."""
    function = harness.forced()(fresh_copy(programs.behind_a_failure))
    for _ in range(3):
        outcome = harness.observe(function, (), World(latency=lambda _: 0.01))
        assert outcome.exception is not None
        assert programs.DONE == []
    function = harness.forced()(fresh_copy(programs.behind_a_success))
    assert _run(function) == ("value", freeze([1, 1, 2]))
    assert sorted(programs.DONE) == [1, 2]


def test_without_it_unknown_operations_stay_in_order() -> None:
    """The twin: the same writes in a plain list."""
    function = harness.forced()(fresh_copy(programs.plain_list))
    for _ in range(3):
        programs.DONE.clear()
        assert _run(function) == ("value", freeze([1, 2, 3]))
        assert programs.DONE == [1, 2, 3]


def test_inside_an_adaptive_function_it_does_not_warn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The warning is for calls that cannot overlap."""
    monkeypatch.setattr(programs, "touch", programs.write)
    function = adaptive_jit.adaptive(fresh_copy(programs.elements))
    assert _run(function) == ("value", freeze([1, 2, 3]))
