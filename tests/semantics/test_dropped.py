"""A run without an exception uses every operation that was started ahead of its turn."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from typing import Any, ClassVar

import harness
import pytest
from world import registry
from world.model import World
from world.registry import Program, fresh_copy

import adaptive_jit
from adaptive_jit import reads, writes
from adaptive_jit.errors import AdaptiveError
from adaptive_jit.runtime import exact

FOLDER = Path(__file__).parents[1] / "programs"
for _path in sorted(FOLDER.glob("*.py")):
    try:
        importlib.import_module(f"programs.{_path.stem}")
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("programs"):
            raise
PROGRAMS = [
    one
    for module, found in sorted(registry._REGISTRY.items())
    if module.startswith("programs.")
    for one in found
]


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


class _Shared:
    """What a read is given, when it begins, and what a write beside it waits for."""

    value = 1
    begun = threading.Event()
    patience = 5.0
    seen: ClassVar[list[bool]] = []


@reads("users")
def _ask(value: int) -> int:
    _Shared.begun.set()
    return value


@writes("orders")
def _turn_over() -> int:
    _Shared.seen.append(_Shared.begun.wait(_Shared.patience))
    _Shared.value += 1
    return _Shared.value


@writes("orders")
def _leave() -> int:
    _Shared.seen.append(_Shared.begun.wait(_Shared.patience))
    return _Shared.value


def _asked_too_early() -> Any:
    # What the write changes beside its resource is looked up ahead of it.
    return _turn_over(), _ask(_Shared.value)


def _asked_in_time() -> Any:
    return _leave(), _ask(_Shared.value)


@pytest.mark.parametrize(
    ("function", "ahead"),
    [(_asked_too_early, [True, False, False]), (_asked_in_time, [True, True, True])],
)
def test_what_was_started_in_vain_stays_in_order_from_then_on(
    function: Any, ahead: list[bool]
) -> None:
    """Exactly once matters more than the gain: one start is lost, not one of each call."""
    decorated = harness.forced()(fresh_copy(function))
    _Shared.seen.clear()
    for expected in ahead:
        _Shared.value = 1
        _Shared.begun.clear()
        _Shared.patience = 5.0 if expected else 0.1
        one, other = decorated()
        assert one == other
    assert _Shared.seen == ahead
    assert adaptive_jit.stats(decorated).counts.dropped == ahead.count(False) // 2


def test_no_program_is_left_out() -> None:
    """All registered programs of the folder; those of `tests/quality` are counted there."""
    asked = {one.module.rpartition(".")[2] for one in PROGRAMS}
    assert asked >= {"constructs", "ember", "hazards", "heads", "oddities", "traps", "widened"}
    assert len(PROGRAMS) > 500


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
    return sum(_counted(one) for one in functions)


def _counted(function: Any) -> int:
    try:
        return adaptive_jit.stats(function).counts.dropped
    except AdaptiveError:
        return 0  # a class, or a wrapper of one that is among the others
