"""Generated programs do the same adaptive and plain: values, exceptions, effects, order."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import generators
import harness
import pytest
from world.model import World
from world.registry import Program, fresh_copy
from world.sources import load

from adaptive_jit import adaptive, stats
from adaptive_jit.engine.controller import Controller
from adaptive_jit.runtime import midcall


def _worlds() -> list[World]:
    return [
        World(latency=harness.staggered(0.0003), hesitation=0.0007),
        World(),
    ]


def difference(
    program: generators.Generated, folder: Path, *, thorough: bool = False
) -> str | None:
    """Return in words how the adaptive runs of *program* differ; ``None`` if they do not.

    *thorough*: by all calls, as `campaign` asks. Else programs of even seeds meet operands of
    unknown type in their first call, the others in their second: what takes long is to build
    the functions.
    """
    calls = _calls() if thorough else _calls()[2:4] if program.seed % 2 else _calls()[1:2]
    try:
        module = load(folder, program.source(), f"generated_{program.seed}")
    except SyntaxError:
        return None
    entry = Program(
        f"seed {program.seed}", module.__name__, "", lambda d: d(fresh_copy(module.generated))
    )
    functions = {which: entry.build(harness.forced()) for which in {which for which, *_ in calls}}
    for number, (which, odd, world) in enumerate(calls):
        standard = harness.observe(entry.build(harness.plain), (odd,), World())
        found = harness.differences(standard, harness.observe(functions[which], (odd,), world))
        # What was started may not be needed where an exception leaves the program, or where
        # operands that were builtin in all calls so far no longer are.
        if standard.exception is not None or (which and odd):
            found = [one for one in found if not one.startswith("executed beyond")]
        if found:
            words = "\n  ".join(found)
            return f"{entry.name} (call {number + 1}) differs from the plain run:\n  {words}"
    return None


def _calls() -> list[tuple[int, bool, World]]:
    """The function that is called, whether with operands of unknown type, and in which world."""
    return [
        *((0, True, world) for world in _worlds()),
        (1, False, World(latency=lambda _: 0.0002)),
        *((1, True, world) for world in reversed(_worlds())),
    ]


def test_generated_programs_run_the_same_plain_and_adaptive(seed: int, tmp_path: Path) -> None:
    """A difference is shrunk by taking statements away, and printed as a program."""
    program = generators.generate(seed)
    if difference(program, tmp_path) is None:
        return
    least = generators.shrink(program, lambda one: difference(one, tmp_path) is not None)
    words = difference(least, tmp_path) or difference(program, tmp_path)
    body = least.source().removeprefix(generators.HEADER)
    raise AssertionError(f"seed {seed}: {words}\n\n{body}")


def test_generated_programs_really_run_ahead(tmp_path: Path) -> None:
    """The comparison is not empty: in a good part of the programs operations overlap."""
    overlapping = 0
    for seed in range(40):
        try:
            module = load(tmp_path, generators.generate(seed).source(), "ahead")
        except SyntaxError:
            continue
        world = World(latency=lambda _: 0.001)
        harness.observe(harness.forced()(module.generated), (), world)
        overlapping += world.peak > 1
    assert overlapping >= 12


CLOSING = 0.3
"""Share of the rounds after which the window closes again."""


def _always(self: Controller, *_: Any) -> bool:
    """Open wherever it can be opened, and start whatever may start early."""
    for site in self.state.sites:
        site.early = True
    return True


@pytest.fixture
def opening(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window of a profiled call opens at the first occasion, and closes at any."""
    dice = random.Random(7)
    monkeypatch.setattr(midcall, "LONG_SECONDS", 0.0)
    monkeypatch.setattr(midcall, "LEAST_SAVING", -1.0)
    monkeypatch.setattr(midcall._Rounds, "is_slower", lambda *_: dice.random() < CLOSING)
    monkeypatch.setattr(Controller, "_consider", _always)


@pytest.mark.usefixtures("opening")
def test_a_window_that_opens_within_the_call_changes_nothing(tmp_path: Path) -> None:
    """First calls of generated programs, opened in the middle of a loop and closed again."""
    started = 0
    for seed in range(60):
        try:
            module = load(tmp_path, generators.generate(seed).source(), f"within_{seed}")
        except SyntaxError:
            continue
        entry = Program(
            f"seed {seed}", module.__name__, "", lambda d, m=module: d(fresh_copy(m.generated))
        )
        standard = harness.run_plain(entry)
        for world in (*_worlds(), World(latency=lambda _: 0.0005)):
            function = entry.build(adaptive)
            harness.compare_run(entry, function, world, standard)
            started += stats(function).counts.started
    assert started > 200
