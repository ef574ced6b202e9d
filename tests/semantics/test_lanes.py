"""Operations of one lane never overlap, whoever runs them; others do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import harness
import pytest
from world.model import Meeting, World
from world.operations import fetch, read_back
from world.registry import fresh_copy

from adaptive_jit.engine import host
from adaptive_jit.records import Effect, EffectKind

LANE = object()


@pytest.fixture
def one_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give all reads one lane, as those of one connection have."""
    known = host.effect_of

    def effect_of(callee: Any, *more: Any) -> Effect:
        effect = known(callee, *more)
        return replace(effect, lane=LANE) if effect.kind is EffectKind.READS else effect

    monkeypatch.setattr(host, "effect_of", effect_of)


def _two_ahead() -> Any:
    a = fetch(1)
    b = fetch(2)
    return a, b


def _one_in_its_turn(items: list[int]) -> Any:
    # The caller makes this call itself: nobody knows who else may change the list until then.
    a = read_back(1, items)
    b = fetch(2)
    c = fetch(3)
    return a, b, c


CASES = [(_two_ahead, ()), (_one_in_its_turn, ([1],))]


@pytest.mark.usefixtures("one_lane")
@pytest.mark.parametrize(("function", "arguments"), CASES)
def test_operations_of_one_lane_run_one_at_a_time(function: Any, arguments: Any) -> None:
    """Those that run ahead, and the one that the program itself has come to."""
    decorated = harness.forced()(fresh_copy(function))
    for _ in range(4):
        world = World(latency=lambda _: 0.004)
        outcome = harness.observe(decorated, arguments, world)
        assert outcome.exception is None
        assert world.peak == 1


@pytest.mark.parametrize(("function", "arguments"), CASES)
def test_operations_without_a_lane_overlap(function: Any, arguments: Any) -> None:
    """The twin: the same calls meet."""
    decorated = harness.forced()(fresh_copy(function))
    world = World(meeting=Meeting(2))
    harness.observe(decorated, arguments, world)
    assert world.meeting is not None
    assert world.meeting.met
