"""Files are closed when the program drops them, and writes are seen by the reads behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import harness
import programs.files
import pytest
from world.freezing import freeze
from world.model import World
from world.registry import fresh_copy

from adaptive_jit import reads
from adaptive_jit.records import Effect, EffectKind, commute


@pytest.mark.parametrize("name", ["written_and_read", "dropped_by_rebinding"])
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_dropped_file_has_been_written(name: str, tmp_path: Path) -> None:
    """The slice keeps no file object alive that the program has dropped."""
    plain: Any = getattr(programs.files, name)
    decorated = harness.forced()(fresh_copy(plain))
    path = str(tmp_path / "file.txt")
    for number in range(4):
        expected = harness.observe(fresh_copy(plain), (path, number), World()).value
        got = harness.observe(decorated, (path, number), World())
        assert got.exception is None
        assert got.value == expected
        assert freeze(f"run {number}")[1].strip("'") in str(got.value)


def test_a_get_does_not_pass_a_write_to_a_local_file() -> None:
    """This machine may serve the very file; an unordered call may pass."""
    write = Effect(EffectKind.WRITES, "files")
    assert not commute(Effect(EffectKind.READS, "http"), write)
    assert commute(Effect(EffectKind.UNORDERED, "http"), write)


def fetched(number: int) -> str:
    return str(number)


def stored_and_looked_at(folder: str, count: int) -> list[str]:
    """Each round writes what it has fetched, and reads what the round before has written."""
    seen = []
    for number in range(count):
        text = fetched(number)
        Path(f"{folder}/last").write_text(text)
        seen.append(Path(f"{folder}/last").read_text())
    return seen


def test_a_read_waits_for_the_write_whose_text_is_still_on_its_way(tmp_path: Path) -> None:
    """Such a write is passed by what commutes with it, and by nothing else."""
    reads(fetched)
    decorated = harness.forced()(stored_and_looked_at)
    for _ in range(4):
        assert decorated(str(tmp_path), 6) == [str(number) for number in range(6)]
