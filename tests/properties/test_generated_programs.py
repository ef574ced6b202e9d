"""Generated programs do the same adaptive and plain: values, exceptions, effects, order."""

from __future__ import annotations

from pathlib import Path

import generators
import harness
from world.model import World
from world.registry import Program, fresh_copy
from world.sources import load


def _worlds() -> list[World]:
    return [
        World(latency=harness.staggered(0.0003), hesitation=0.0007),
        World(),
    ]


def _difference(program: generators.Generated, folder: Path) -> str | None:
    """Return in words how the adaptive runs of *program* differ; ``None`` if they do not."""
    try:
        module = load(folder, program.source(), f"generated_{program.seed}")
    except SyntaxError:
        return None
    entry = Program(
        f"seed {program.seed}", module.__name__, "", lambda d: d(fresh_copy(module.generated))
    )
    standard = harness.run_plain(entry)
    function = entry.build(harness.forced())
    try:
        for world in _worlds():
            harness.compare_run(entry, function, world, standard)
    except AssertionError as error:
        return str(error)
    return None


def test_generated_programs_run_the_same_plain_and_adaptive(seed: int, tmp_path: Path) -> None:
    """A difference is shrunk by taking statements away, and printed as a program."""
    program = generators.generate(seed)
    if _difference(program, tmp_path) is None:
        return
    least = generators.shrink(program, lambda one: _difference(one, tmp_path) is not None)
    words = _difference(least, tmp_path) or _difference(program, tmp_path)
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
