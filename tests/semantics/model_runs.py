"""Compare adaptive calls with plain ones on a service that sees every request."""

from __future__ import annotations

from typing import Any

import harness
from world.freezing import freeze
from world.model import Meeting
from world.model_service import ModelService
from world.registry import fresh_copy

IMPATIENT = 0.15
"""Seconds that a request waits for another one that must not come."""


def run(service: ModelService, function: Any, make: Any, overlaps: int, calls: int = 4) -> None:
    """Compare adaptive calls with plain ones; the last one overlaps, or each keeps its order."""
    plain_arguments, arguments = make(), make()
    decorated = harness.forced()(fresh_copy(function))
    for number in range(calls):
        service.reset()
        expected = freeze(function(*plain_arguments))
        asked, counted = list(service.requests), service.all()
        meeting = None
        if not overlaps:
            meeting = Meeting(2, patience=IMPATIENT)
        elif number == calls - 1:
            meeting = Meeting(overlaps)
        service.reset(meeting)
        assert freeze(decorated(*arguments)) == expected
        assert service.all() == counted
        if overlaps:
            assert meeting is None or meeting.met, "never in flight at once"
        else:
            assert service.requests == asked
            assert meeting is not None
            assert not meeting.met, "two were in flight at once"
