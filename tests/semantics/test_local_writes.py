"""Model calls pass writes to local files; whatever reads those files does not.

Each hazard has the loop of the twin, with one line that must not be early.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import harness
import pytest
from world.model import Meeting

from adaptive_jit import reads, stats, unordered, writes

CALLS = 4
ROUNDS = 6

meeting = Meeting(1)
written = threading.Event()


def asked(prompt: Any) -> str:
    meeting.attend("asked")
    return f"{prompt}."


def looked_up(path: str) -> str:
    return Path(path).read_text()


def unknown(path: str) -> str:
    return eval("Path(path).read_text()")  # noqa: S307


@pytest.fixture(autouse=True)
def _declared() -> Iterator[None]:
    global meeting
    unordered(asked)
    reads(looked_up)
    yield
    meeting = Meeting(1)


def stored(folder: str) -> list[str]:
    """Two calls in a chain, then a write of what the second says."""
    seen = []
    for number in range(6):
        draft = asked(number)
        text = asked(draft)
        Path(f"{folder}/last").write_text(text)
        seen.append(text)
    return seen


def stored_then_read(folder: str) -> list[str]:
    """The same, and each round looks at what it has written."""
    seen = []
    for number in range(6):
        draft = asked(number)
        text = asked(draft)
        Path(f"{folder}/last").write_text(text)
        seen.append(Path(f"{folder}/last").read_text())
    return seen


def read_then_stored(folder: str) -> list[str]:
    """Each round begins with what the round before has written."""
    seen = []
    for _ in range(6):
        before = looked_up(f"{folder}/last")
        draft = asked(before)
        text = asked(draft)
        Path(f"{folder}/last").write_text(text)
        seen.append(before)
    return seen


def summarised(path: str) -> str:
    return asked(Path(path).read_text())


def stored_then_summarised(folder: str) -> list[str]:
    """A helper reads the file and asks: it is unordered as a whole, and must wait."""
    seen = []
    for number in range(6):
        draft = asked(number)
        text = asked(draft)
        Path(f"{folder}/last").write_text(text)
        seen.append(summarised(f"{folder}/last"))
    return seen


def stored_then_unknown(folder: str) -> list[str]:
    """Nobody knows what is called after the write."""
    seen = []
    for number in range(6):
        draft = asked(number)
        text = asked(draft)
        Path(f"{folder}/last").write_text(text)
        seen.append(unknown(f"{folder}/last"))
    return seen


def one_summarised(folder: str) -> str:
    """No loop: a write whose text is known, and a helper that reads."""
    first = asked("a")
    Path(f"{folder}/last").write_text("new")
    second = summarised(f"{folder}/last")
    return first + second


def counted_then_read(folder: str) -> list[Any]:
    """The write's own result is used, and a helper reads behind it."""
    seen: list[Any] = []
    for number in range(6):
        draft = asked(number)
        text = asked(draft)
        size = Path(f"{folder}/last").write_text(text)
        seen.append((size, looked_up(f"{folder}/last")))
    return seen


def one_counted(folder: str) -> tuple[int, str]:
    """No loop: the text of the write is still on its way."""
    text = asked("a")
    size = Path(f"{folder}/last").write_text(text)
    return size, looked_up(f"{folder}/last")


HAZARDS = (
    counted_then_read,
    one_counted,
    stored_then_read,
    read_then_stored,
    stored_then_summarised,
    stored_then_unknown,
    one_summarised,
)


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda one: one.__name__)
def test_nothing_that_reads_the_file_is_ahead_of_its_write(hazard: Any, tmp_path: Path) -> None:
    """Every run gives what the plain one gives, from the first on; nothing starts in vain."""
    decorated = harness.forced()(hazard)
    for _ in range(CALLS):
        (tmp_path / "last").write_text("old")
        expected = hazard(str(tmp_path))
        (tmp_path / "last").write_text("old")
        assert decorated(str(tmp_path)) == expected
    assert stats(decorated).counts.dropped == 0


def drafted(number: int) -> str:
    """The first of a chain; those of later rounds end when the first write has been made."""
    if number:
        assert written.wait(20)
    return f"{number}."


def answered(draft: str) -> str:
    if draft != "0.":
        meeting.attend("answered")
    return f"{draft}."


def kept(text: str) -> int:
    written.set()
    return len(text)


def test_a_write_leaves_what_still_lacks_an_input_as_it_is() -> None:
    """Calls whose inputs arrive behind a known write of another round meet all the same."""
    global meeting

    def chains() -> list[int]:
        found = []
        for number in range(4):
            draft = drafted(number)
            text = answered(draft)
            found.append(kept(text))
        return found

    unordered(drafted, answered)
    writes("kept", kept)
    decorated = harness.forced()(chains)
    for goal in (1, 1, 3):
        written.clear()
        meeting = Meeting(goal)
        assert decorated() == [3, 3, 3, 3]
    assert meeting.met


def test_calls_of_several_rounds_are_under_way_while_writes_are_to_come(tmp_path: Path) -> None:
    """The twin: four of the first calls meet although the writes before them are not done."""
    global meeting
    decorated = harness.forced()(stored)
    expected = stored(str(tmp_path))
    for _ in range(CALLS):
        assert decorated(str(tmp_path)) == expected
    meeting = Meeting(4)
    assert decorated(str(tmp_path)) == expected
    assert meeting.met
