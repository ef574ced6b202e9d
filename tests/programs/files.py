"""Local files between reads: what is dropped is flushed, what is written is seen."""

from __future__ import annotations

from pathlib import Path

from world.operations import fetch


def written_and_read(path: str, number: int) -> str:
    """A file object that nobody keeps is closed, so flushed, before the next statement."""
    a = fetch(1)
    b = fetch(2)
    open(path, "w").write(f"run {number}")  # noqa: SIM115
    return f"{open(path).read()} {a == b}"  # noqa: SIM115


def dropped_by_rebinding(path: str, number: int) -> str:
    """So is one whose name is bound anew."""
    a = fetch(1)
    b = fetch(2)
    file = open(path, "w")  # noqa: SIM115
    file.write(f"run {number}")
    file = None
    return f"{Path(path).read_text()} {a == b} {file}"
