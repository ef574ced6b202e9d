"""A run without an exception uses every operation that was started ahead of its turn."""

from __future__ import annotations

from typing import Any

import harness
import programs.constructs
import programs.expressions
import programs.heads
import programs.widened
import pytest
from world.model import World
from world.registry import Program, programs_of

import adaptive_jit
from adaptive_jit.runtime import exact

MODULES = (programs.constructs, programs.expressions, programs.heads, programs.widened)
PROGRAMS = [one for module in MODULES for one in programs_of(module)]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: f"{one.module}.{one.name}")
def test_no_start_is_dropped_in_a_run_without_exceptions(program: Program) -> None:
    """What was started and not used was paid for in vain: it counts, and must not occur."""
    standard = harness.run_plain(program)
    if standard.exception is not None or standard.world.raised:
        pytest.skip("it raises: what the exception prevented may have been started")
    assert _dropped(program) == 0


def test_a_start_that_is_not_used_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison is not empty: where no argument is ever recognised, starts are dropped."""
    monkeypatch.setattr(exact, "same_arguments", lambda *_, **__: False)
    (one,) = (one for one in PROGRAMS if one.name == "loop_with_append")
    assert _dropped(one) > 0


def _dropped(program: Program) -> int:
    functions: list[Any] = []

    def decorate(function: Any) -> Any:
        functions.append(function)
        return adaptive_jit.adaptive(strategy="parallel")(function)

    function = program.build(decorate)
    for world in (World(), World(latency=harness.staggered(0.0005), hesitation=0.001), World()):
        if program.setup is not None:
            program.setup()
        harness.observe(function, program.arguments(), world)
    return sum(adaptive_jit.stats(one).counts.dropped for one in functions)
