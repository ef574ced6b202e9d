"""What was refused to a crowd is asked again when the crowd has gone."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import pytest

from adaptive_jit.runtime import crowd
from adaptive_jit.runtime.states import DONE, QUEUED, RUNNING


class _Window(crowd.Crowd):
    def __init__(self) -> None:
        self.function: Any = SimpleNamespace(refused=0)


def _entry(state: int, order: list[str], name: str, **more: Any) -> Any:
    return SimpleNamespace(
        state=state,
        started=True,
        turn=None,
        site=SimpleNamespace(refused=0, started=1),
        claim=itertools.count(1),
        wait=lambda: order.append(f"{name} has ended"),
        finish=lambda state: order.append(f"{name} is given up"),
        **more,
    )


def test_the_others_end_before_it_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Running ones are waited for, those that no worker has begun are left to their turn."""
    order: list[str] = []

    def made_again(entry: Any, wait: float) -> Any:
        order.append(f"asked again after {wait}")
        return entry

    monkeypatch.setattr(crowd, "made_again", made_again)
    running = _entry(RUNNING, order, "running")
    queued = _entry(QUEUED, order, "queued")
    done = _entry(DONE, order, "done")
    issuer: Any = SimpleNamespace(
        closed=False,
        markers={(9, ())},
        entries={(1, ()): running, (2, ()): queued, (3, ()): done, (9, ()): None},
    )
    refused = _entry(DONE, order, "refused")
    window = _Window()
    assert window._refused(issuer, refused, 0.5) is refused
    assert order == ["running has ended", "queued is given up", "asked again after 0.5"]
    assert issuer.closed
    assert (2, ()) not in issuer.entries
    assert (refused.site.refused, refused.site.started, queued.site.started) == (1, 0, 0)


def test_a_second_refusal_of_a_crowd_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing starts early any more: the program itself asks, and gets the refusal."""
    order: list[str] = []
    monkeypatch.setattr(crowd, "made_again", lambda *_: order.append("asked again"))
    issuer: Any = SimpleNamespace(closed=False, markers=set(), entries={})
    window = _Window()
    window._refused(issuer, _entry(DONE, order, "first"), 0.0)
    assert order == ["asked again"]
    assert window._refused(issuer, _entry(DONE, order, "second"), 0.0) is None
    assert order == ["asked again"]
