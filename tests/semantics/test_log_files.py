"""What is printed or logged into a file stands there before the program reads that file.

Each hazard has a twin that differs in where the text goes, or in what is read.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import harness
import httpx
import pytest
from world.model import Meeting
from world.service import Service

from adaptive_jit import reads, stats, unordered

CALLS = 4
ROUNDS = 6

LOGGER = logging.getLogger("programs.log_files")
meeting = Meeting(1)


def asked(prompt: Any) -> str:
    meeting.attend("asked")
    return f"{prompt}."


def refused(number: int) -> str:
    meeting.attend("asked")
    if number == 1:
        raise ValueError(number)
    return f"{number}."


def orders(number: Any) -> str:
    meeting.attend("orders")
    return f"{number}!"


def whatever(number: Any) -> str:
    meeting.attend("whatever")
    return f"{number}?"


def read(path: str) -> str:
    return Path(path).read_text()


def read_and_attended(path: str) -> str:
    text = Path(path).read_text()
    return asked(len(text))


def told(number: int) -> str:
    """Ask, and make a record of it: held back until its turn where it runs ahead."""
    answer = asked(number)
    LOGGER.info("told %s", number)
    return answer


def computed(number: int) -> int:
    LOGGER.info("computed %s", number)
    return number * 2


def told_and_read(path: str) -> str:
    LOGGER.info("before")
    return Path(path).read_text()


@pytest.fixture(autouse=True)
def _declared() -> Iterator[None]:
    global meeting
    unordered(asked, refused)
    reads("orders", orders)
    reads(whatever)
    yield
    meeting = Meeting(1)


@pytest.fixture(
    params=["file", "rotating", "timed", "stream", "delayed"],
)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A file that the records of the programs go into, through a handler of the library's."""
    path = str(tmp_path / "log")
    stream = open(path, "a", buffering=1)  # noqa: PTH123, SIM115
    made: dict[str, Callable[[], logging.Handler]] = {
        "file": lambda: logging.FileHandler(path),
        "rotating": lambda: logging.handlers.RotatingFileHandler(path, maxBytes=10**6),
        "timed": lambda: logging.handlers.TimedRotatingFileHandler(path),
        "stream": lambda: logging.StreamHandler(stream),
        "delayed": lambda: logging.FileHandler(path, delay=True),
    }
    handler = made[request.param]()
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    yield path
    LOGGER.removeHandler(handler)
    handler.close()
    stream.close()


def logged_then_read(path: str) -> list[str]:
    """Each round logs and reads the log."""
    seen = []
    for number in range(ROUNDS):
        answer = asked(number)
        LOGGER.info("answer %s", answer)
        seen.append(read(path))
    return seen


def one_logged_then_read(path: str) -> str:
    """No loop, and the record is known at once."""
    first = asked("a")
    LOGGER.info("begun")
    return first + read(path)


def helper_logged_then_read(path: str) -> list[str]:
    """The records of helpers that run ahead come out in their turn."""
    seen = []
    for number in range(ROUNDS):
        answer = told(number)
        seen.append((answer, read(path)))
    return seen


def helper_logged_then_summarised(path: str) -> list[str]:
    """What reads the file asks a model, too, and must not be made twice."""
    seen = []
    for number in range(ROUNDS):
        answer = told(number)
        seen.append((answer, read_and_attended(path)))
    return seen


def logged_and_read_within(path: str) -> list[str]:
    """One helper logs and reads: its record cannot be held back."""
    return [told_and_read(path) for _ in range(ROUNDS)]


def computed_between(path: str) -> list[int]:
    """Small pure helpers that log, and a record that waits for an answer."""
    seen = []
    for number in range(ROUNDS):
        answer = asked(number)
        LOGGER.info("answer %s", answer)
        seen.append(computed(number))
    return seen


def disabled_then_read(path: str) -> list[str]:
    """A record that nobody wants goes nowhere."""
    seen = []
    for number in range(ROUNDS):
        answer = asked(number)
        LOGGER.debug("answer %s", answer)
        seen.append(read_and_attended(path))
    return seen


def excused_then_read(path: str) -> list[str]:
    """An `except` logs, and the rounds behind it read the log."""
    seen = []
    for number in range(ROUNDS):
        try:
            answer = refused(number)
        except ValueError as error:
            LOGGER.warning("no %s", error)
            continue
        seen.append(answer + read(path))
    return seen


HAZARDS = (
    excused_then_read,
    logged_then_read,
    one_logged_then_read,
    helper_logged_then_read,
    helper_logged_then_summarised,
    logged_and_read_within,
    computed_between,
)


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda one: one.__name__)
def test_a_log_file_is_read_with_all_that_was_logged_before(hazard: Any, log: str) -> None:
    """Value, and the lines of the file, are those of the plain run."""
    decorated = harness.forced()(hazard)
    for _ in range(CALLS):
        Path(log).write_text("")
        expected = hazard(log), Path(log).read_text()
        Path(log).write_text("")
        assert (decorated(log), Path(log).read_text()) == expected


def logged(path: str) -> list[str]:
    """Model calls with a record of each."""
    seen = []
    for number in range(ROUNDS):
        answer = asked(number)
        LOGGER.info("answer %s", answer)
        seen.append(answer)
    return seen


def logged_orders(path: str) -> list[str]:
    """Reads of what the user has given a name."""
    seen = []
    for number in range(ROUNDS):
        answer = orders(number)
        LOGGER.info("answer %s", answer)
        seen.append(answer)
    return seen


def logged_by_helpers(path: str) -> list[str]:
    """Helpers that log for themselves."""
    return [told(number) for number in range(ROUNDS)]


def excused(path: str) -> list[str]:
    """An `except` logs, and nobody reads the log."""
    seen = []
    for number in range(ROUNDS):
        try:
            seen.append(refused(number))
        except ValueError as error:
            LOGGER.warning("no %s", error)
            continue
    return seen


TWINS = (logged, excused, logged_orders, logged_by_helpers, disabled_then_read)


@pytest.mark.parametrize("twin", TWINS, ids=lambda one: one.__name__)
def test_what_reads_no_file_passes_records_into_one(twin: Any, log: str) -> None:
    """Four calls meet although the records before them are not made yet."""
    global meeting
    decorated = harness.forced()(twin)
    expected = twin(log)
    for _ in range(CALLS):
        assert decorated(log) == expected
    meeting = Meeting(4)
    assert decorated(log) == expected
    assert meeting.met


def logged_whatever(path: str) -> list[str]:
    """Reads of nobody knows what: of the log, for instance."""
    seen = []
    for number in range(ROUNDS):
        answer = whatever(number)
        LOGGER.info("answer %s", answer)
        seen.append(answer)
    return seen


def test_a_declaration_without_a_name_may_mean_the_log(log: str) -> None:
    """``@reads`` alone is a reading of anything; the twin is `logged_orders`."""
    global meeting
    decorated = harness.forced()(logged_whatever)
    for _ in range(CALLS):
        decorated(log)
    meeting = Meeting(2, patience=0.2)
    decorated(log)
    assert not meeting.met
    assert stats(decorated).counts.dropped == 0


def printed_then_read(path: str) -> list[str]:
    """Print at once, and read what was printed."""
    seen = []
    for number in range(ROUNDS):
        answer = asked(number)
        print(answer, flush=True)
        seen.append(read(path))
    return seen


def test_output_sent_into_a_file_is_read_as_printed(tmp_path: Path) -> None:
    """``redirect_stdout`` and assignment put a file in the place of the standard output."""
    path = str(tmp_path / "out")

    def run(function: Any) -> list[str]:
        with open(path, "w") as file, contextlib.redirect_stdout(file):  # noqa: PTH123
            found: list[str] = function(path)
            return found

    decorated = harness.forced()(printed_then_read)
    for _ in range(CALLS):
        assert run(decorated) == run(printed_then_read)


def printed(path: str) -> list[str]:
    """The twin reads nothing."""
    seen = []
    for number in range(ROUNDS):
        answer = asked(number)
        print(answer, flush=True)
        seen.append(answer)
    return seen


def test_output_sent_into_a_file_stops_no_model_calls(tmp_path: Path) -> None:
    """Four calls meet while the lines before them are not printed."""
    global meeting
    decorated = harness.forced()(printed)
    with open(tmp_path / "out", "w") as file, contextlib.redirect_stdout(file):  # noqa: PTH123
        for _ in range(CALLS):
            decorated("")
        meeting = Meeting(4)
        decorated("")
    assert meeting.met


def fetched_then_read(url: str, path: str) -> list[tuple[int, str]]:
    """The client itself makes a record of each request."""
    seen = []
    for number in range(ROUNDS):
        answer = httpx.get(f"{url}/plain?number={number}", verify=False)  # noqa: S501
        seen.append((answer.status_code, read(path)))
    return seen


def test_records_of_a_known_client_are_read_too(tmp_path: Path) -> None:
    """``httpx`` logs every request; of those held back, none is missing in the file."""
    path = str(tmp_path / "log")
    handler = logging.FileHandler(path)
    logger = logging.getLogger("httpx")
    before, logger.propagate = logger.level, False
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    service = Service()
    try:
        decorated = harness.forced()(fetched_then_read)
        for _ in range(CALLS):
            Path(path).write_text("")
            expected = fetched_then_read(service.url, path)
            Path(path).write_text("")
            assert decorated(service.url, path) == expected
        assert "GET" in expected[-1][1]
    finally:
        service.close()
        logger.removeHandler(handler)
        handler.close()
        logger.setLevel(before)
        logger.propagate = True
