"""Files that a program opens, writes and closes while calls that commute with that run ahead.

Each hazard has the loop of a twin, with one line that must not be early, or that nobody knows.
"""

from __future__ import annotations

import builtins
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import harness
import pytest
from world.model import Meeting

from adaptive_jit import reads, stats, unordered

CALLS = 4
ROUNDS = 6

meeting = Meeting(1)


def asked(prompt: Any) -> str:
    meeting.attend("asked")
    return f"{prompt}."


def looked_up(path: Any) -> str:
    return Path(path).read_text()


class Loud(str):  # noqa: SLOT000 (its text is what is of interest)
    """Text that reads the file when it is told."""

    path = Path()

    def __str__(self) -> str:
        return f"{len(self.path.read_text())}"


@pytest.fixture(autouse=True)
def _declared() -> Iterator[None]:
    global meeting
    unordered(asked)
    reads(looked_up)
    yield
    meeting = Meeting(1)


# ------------------------------------------------------------------ twins: these overlap


def one_file_each(folder: Path) -> Any:
    """A downloader."""
    for number in range(ROUNDS):
        text = asked(number)
        with open(folder / f"{number}.txt", "w") as file:
            file.write(text)
    return None


def one_file_each_by_path(folder: Path) -> Any:
    """The same with `Path.open`, and more in the block."""
    sizes = []
    for number in range(ROUNDS):
        text = asked(number)
        path = folder / f"{number}.txt"
        with path.open("w", encoding="utf-8") as file:
            size = file.write(text)
            for part in ("x", "y"):
                file.write(part)
        sizes.append(size)
    return sizes


def one_file_for_all(folder: Path) -> Any:
    """A file around the loop, flushed in every round."""
    with open(folder / "0.txt", "a") as file:
        for number in range(ROUNDS):
            file.write(asked(number))
            file.flush()
    return None


def lines_of_json(folder: Path) -> Any:
    """One document in each line."""
    with open(folder / "0.txt", "w") as out:
        for number in range(ROUNDS):
            json.dump({"n": number, "text": asked(number)}, out)
            out.write("\n")
    return None


def rows(folder: Path) -> Any:
    """Rows of a table, and a printed line."""
    with open(folder / "0.txt", "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["n", "text"])
        for number in range(ROUNDS):
            text = asked(number)
            writer.writerow([number, text])
            print(number, file=out)
    return None


def named_rows(folder: Path) -> Any:
    """The same by the names of its columns."""
    with open(folder / "0.txt", "w", newline="") as out:
        writer = csv.DictWriter(out, fieldnames=["n", "text"])
        writer.writeheader()
        for number in range(ROUNDS):
            writer.writerow({"n": number, "text": asked(number)})
    return None


def nested(folder: Path) -> Any:
    """A file for each, and one for all."""
    with open(folder / "all.txt", "w") as index:
        for number in range(ROUNDS):
            text = asked(number)
            with open(folder / f"{number}.txt", "w") as file:
                file.write(text)
            index.write(f"{number}\n")
    return None


TWINS = (
    *(one_file_each, one_file_each_by_path, one_file_for_all, lines_of_json, rows, named_rows),
    nested,
)


# ------------------------------------------------------------------ hazards


def read_when_closed(folder: Path) -> Any:
    """What has been written is there when the file is closed, not before."""
    seen = []
    for number in range(ROUNDS):
        text = asked(number)
        with open(folder / "0.txt", "w") as file:
            file.write(text)
        seen.append(looked_up(folder / "0.txt"))
    return seen


def read_when_opened(folder: Path) -> Any:
    """A file that has been opened is empty."""
    seen = []
    for number in range(ROUNDS):
        before = looked_up(folder / "0.txt")
        with open(folder / "0.txt", "w") as file:
            within = looked_up(folder / "0.txt")
            file.write(asked(number))
            later = looked_up(folder / "0.txt")
        seen.append((before, within, later))
    return seen


def read_when_flushed(folder: Path) -> Any:
    """What has been flushed is there."""
    seen = []
    with open(folder / "0.txt", "w") as file:
        for number in range(ROUNDS):
            file.write(asked(number))
            file.flush()
            seen.append(looked_up(folder / "0.txt"))
    return seen


def written_with_code_of_its_own(folder: Path) -> Any:
    """`print` asks a value for its text, which may do anything."""
    seen = []
    loud = Loud()
    Loud.path = folder / "0.txt"
    with open(folder / "1.txt", "w") as file:
        for number in range(ROUNDS):
            text = asked(number)
            print(loud, file=file)
            file.flush()
            seen.append(looked_up(folder / "1.txt"))
            Path(folder / "0.txt").write_text(text * number)
    return seen


def other_class(folder: Path) -> Any:
    """Spelt like a file, but of a class of one's own."""
    seen = []
    for number in range(ROUNDS):
        text = asked(number)
        with Store(folder).open("w") as file:
            file.write(text)
        seen.append(looked_up(folder / "0.txt"))
    return seen


class Store:
    """Keeps text until it is left."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.text = folder, ""

    def open(self, mode: str) -> Store:
        assert mode == "w"
        return self

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *error: object) -> None:
        (self.folder / "0.txt").write_text(self.text)

    def write(self, text: str) -> None:
        self.text += text


def failing(folder: Path) -> Any:
    """The block is left by an exception in the middle."""
    seen = []
    for number in range(ROUNDS):
        text = asked(number)
        try:
            with open(folder / f"{number % 3}.txt", "w") as file:
                file.write(text)
                json.dump({"x": number if number % 2 else file}, file)
        except TypeError as error:
            seen.append(str(error)[:20])
        seen.append(looked_up(folder / f"{number % 3}.txt"))
    return seen


def kept_open(folder: Path) -> Any:
    """A name that outlives its block is a closed file."""
    seen = []
    for number in range(ROUNDS):
        text = asked(number)
        with open(folder / "0.txt", "w") as file:
            file.write(text)
        seen.append((file.closed, looked_up(folder / "0.txt")))
    return seen


HAZARDS = (
    *(read_when_closed, read_when_opened, read_when_flushed, written_with_code_of_its_own),
    *(other_class, failing, kept_open),
)


def on_disk(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir())}


def fresh(folder: Path) -> Path:
    for path in folder.iterdir():
        path.unlink()
    for name in "012":
        (folder / f"{name}.txt").write_text("old")
    return folder


@pytest.mark.parametrize("program", (*HAZARDS, *TWINS), ids=lambda one: one.__name__)
def test_files_and_what_is_read_of_them_are_those_of_the_plain_run(
    program: Any, tmp_path: Path
) -> None:
    """From the first run on, forced ahead; and nothing is started in vain."""
    decorated = harness.forced()(program)
    for _ in range(CALLS):
        expected = (program(fresh(tmp_path)), on_disk(tmp_path))
        assert (decorated(fresh(tmp_path)), on_disk(tmp_path)) == expected
    assert program is failing or stats(decorated).counts.dropped == 0


@pytest.mark.parametrize("program", TWINS, ids=lambda one: one.__name__)
def test_calls_of_several_rounds_are_under_way_while_files_are_to_be_written(
    program: Any, tmp_path: Path
) -> None:
    """Four of the calls meet although the files before them are not written."""
    global meeting
    decorated = harness.forced()(program)
    expected = program(fresh(tmp_path))
    for _ in range(CALLS):
        assert decorated(fresh(tmp_path)) == expected
    meeting = Meeting(4)
    assert decorated(fresh(tmp_path)) == expected
    assert meeting.met


def test_a_patched_open_keeps_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody has put in the place of `open` may do anything, also when it is left."""
    seen: list[str] = []
    opened = io.open

    def watched(*args: Any, **kwargs: Any) -> Any:
        seen.append("open")
        return opened(*args, **kwargs)

    def noted(prompt: Any) -> str:
        seen.append("asked")
        return f"{prompt}."

    def files(folder: Path) -> None:
        for number in range(ROUNDS):
            text = noted(number)
            with open(folder / f"{number}.txt", "w") as file:
                file.write(text)

    unordered(noted)
    decorated = harness.forced()(files)
    decorated(tmp_path)
    seen.clear()
    monkeypatch.setattr(builtins, "open", watched)
    decorated(tmp_path)
    assert seen == ["asked", "open"] * ROUNDS


def test_what_waits_for_its_turn_takes_no_room_in_the_window(tmp_path: Path) -> None:
    """Three calls of a window of four are under way, each with four operations behind it."""
    global meeting

    def files(folder: Path) -> None:
        for number in range(4):
            text = asked(number)
            print(text)
            with open(folder / f"{number}.txt", "w") as file:
                file.write(text)

    decorated = harness.forced(window=4)(files)
    for _ in range(CALLS):
        decorated(tmp_path)
    meeting = Meeting(4)
    decorated(tmp_path)
    assert meeting.met
