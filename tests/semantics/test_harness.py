"""The harness notices what it is there for: each kind of difference, made on purpose."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import harness
import pytest
from world.model import Meeting, World, current
from world.operations import commit, fetch, mystery, refuse
from world.registry import Program


def _check(plain: Callable[[], Any], other: Callable[[], Any], **claims: Any) -> None:
    program = Program("made", "test", "", lambda _: plain, **claims)
    standard = harness.run_plain(program)
    world = World(meeting=Meeting(claims.get("overlaps", 1), patience=0.05))
    harness.compare_run(program, other, world, standard)
    harness.check_overlap(program, world)


def _two() -> Any:
    return fetch(1), fetch(2)


def _cause(error: Exception, cause: Exception) -> Any:
    raise error from cause


@pytest.mark.parametrize(
    ("plain", "other", "words"),
    [
        (lambda: 1, lambda: 2, "value"),
        (lambda: 1, lambda: True, "value"),
        (lambda: [1], lambda: (1,), "value"),
        (lambda: {1: 2, 3: 4}, lambda: {3: 4, 1: 2}, "value"),
        (lambda: refuse(1), lambda: refuse(2), "exception"),
        (lambda: refuse(1), lambda: fetch(1), "exception"),
        (
            lambda: _cause(KeyError(1), ValueError(1)),
            lambda: _cause(KeyError(1), ValueError(2)),
            "exception",
        ),
        (lambda: (mystery(1), mystery(2)), lambda: (mystery(2), mystery(1)), "effects"),
        (lambda: (mystery(1), commit(2)), lambda: (mystery(1), None), "effects"),
        (lambda: fetch(1), lambda: (fetch(1), fetch(1))[0], "executed beyond"),
        (lambda: (fetch(1), 1)[1], lambda: 1, "not executed"),
        (lambda: print("a"), lambda: print("b"), "output"),
    ],
)
def test_a_difference_is_reported(
    plain: Callable[[], Any], other: Callable[[], Any], words: str
) -> None:
    """Values, types, order of dicts, exceptions, effects, executions and output."""
    with pytest.raises(AssertionError, match=words):
        _check(plain, other)


def test_another_line_is_reported() -> None:
    """The same exception from another line."""

    def first(flag: bool) -> Any:
        if flag:
            return 1 // 0
        return 1 // 0

    with pytest.raises(AssertionError, match="frames"):
        _check(lambda: first(True), lambda: first(False))


def test_missing_overlap_is_reported() -> None:
    """A claim of overlap that does not come true."""
    with pytest.raises(AssertionError, match="never in flight"):
        _check(_two, _two, overlaps=2)


def _at_once(*calls: Callable[[], Any]) -> list[Any]:
    world = current()
    results: list[Any] = [None] * len(calls)

    def run(number: int) -> None:
        with harness.use(world):
            results[number] = calls[number]()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_overlap_is_seen() -> None:
    """A claim of overlap that comes true."""
    _check(_two, lambda: tuple(_at_once(lambda: fetch(1), lambda: fetch(2))), overlaps=2)


def test_overlap_against_the_claim_is_reported() -> None:
    """Operations that overlap although the program claims that none do."""
    program = Program("made", "test", "", lambda _: _two, overlaps=0)
    world = World(latency=lambda _: 0.02)
    harness.observe(lambda: _at_once(lambda: fetch(1), lambda: fetch(2)), (), world)
    with pytest.raises(AssertionError, match="overlapped"):
        harness.check_overlap(program, world)


def test_a_read_beside_an_unknown_call_is_reported() -> None:
    """Overlap that somebody could see is a violation, whatever the values."""
    world = World(meeting=Meeting(2, patience=0.1))
    harness.observe(lambda: _at_once(lambda: fetch(1), lambda: mystery(2)), (), world)
    assert world.violations


@pytest.mark.parametrize(("burden", "attempts"), [(1.0, 1), (2.0, 3)])
def test_learning_is_repeated_only_on_a_busy_machine(
    burden: float, attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an idle machine the first answer counts, on a busy one the third at the latest."""
    learned: list[float] = []
    monkeypatch.setattr(harness, "_burden", lambda _: burden)
    monkeypatch.setattr(harness, "_learn", lambda *given: learned.append(given[-1]))
    program = Program("made", "test", "", lambda decorate: decorate(_two), overlaps=2)
    with pytest.raises(AssertionError, match="did not settle parallel"):
        harness.check_learning(program)
    assert learned == [1.0, *[burden] * (attempts - 1)]


@pytest.mark.parametrize(("burden", "attempts"), [(1.0, 1), (2.0, 3)])
def test_a_settled_function_that_does_not_overlap_is_reported(
    burden: float, attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Running ahead is not enough: on a busy machine as well, all claimed must meet in the end."""
    learned: list[float] = []
    monkeypatch.setattr(harness, "_burden", lambda _: burden)
    monkeypatch.setattr(harness, "_learn", lambda *given: learned.append(given[-1]))
    monkeypatch.setattr(harness._Learner, "parallel", lambda _: True)
    monkeypatch.setattr(
        harness, "_meeting", lambda program: Meeting(program.overlaps, patience=0.05)
    )
    program = Program("made", "test", "", lambda _: _two, overlaps=2)
    with pytest.raises(AssertionError, match=r"\(settled\): 2 operations .* never in flight"):
        harness.check_learning(program)
    assert len(learned) == attempts


def test_the_burden_of_a_machine_is_never_less_than_one() -> None:
    """Latencies are only ever made longer, and within bounds."""
    program = Program("made", "test", "", lambda decorate: decorate(_two), overlaps=2)
    assert 1.0 <= harness._burden(program) <= harness.MOST_BURDEN
