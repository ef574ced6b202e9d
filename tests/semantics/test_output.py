"""Log records, warnings and printed text come in program order, from where they came."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import harness
import programs.output
import pytest
from world.model import Meeting, World, use
from world.registry import fresh_copy

from adaptive_jit.strategies import strategy


class Collector(logging.Handler):
    """Keeps the records with the text that they had when they were emitted."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str, str, int]] = []
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record."""
        where = (record.funcName, record.lineno)
        self.seen.append((record.levelname, record.getMessage(), *where))
        self.records.append(record)


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Collect what the programs log."""
    found = Collector()
    programs.output.LOGGER.addHandler(found)
    programs.output.LOGGER.setLevel(logging.INFO)
    programs.output.LOGGER.propagate = False
    yield found
    programs.output.LOGGER.removeHandler(found)


def _records(function: Any, collector: Collector, world: World) -> list[tuple[str, str, str, int]]:
    collector.seen.clear()
    collector.records.clear()
    harness.observe(function, (), world)
    return list(collector.seen)


@pytest.mark.parametrize(
    ("name", "overlaps"),
    [
        ("logging_program", 0),  # its own records are unknown calls: the handler is a user's
        ("logging_loop", 4),
        ("mutable_records", 2),
        ("failing_program", 0),
        ("failing_loop", 4),
    ],
)
def test_log_records_come_in_program_order(name: str, overlaps: int, collector: Collector) -> None:
    """Text, level, function and line of every record, in the plain run's order."""
    function: FunctionType = getattr(programs.output, name)
    standard = _records(function, collector, World())
    decorated = harness.forced()(fresh_copy(function))
    meeting = Meeting(overlaps) if overlaps else None
    for world in (World(), World(latency=harness.staggered(0.003)), World(meeting=meeting)):
        assert _records(decorated, collector, world) == standard
    assert meeting is None or meeting.met


def test_log_records_keep_their_own_time_and_thread(collector: Collector) -> None:
    """A record that was held back tells when and in which thread it was made."""
    decorated = harness.forced()(fresh_copy(programs.output.logging_loop))
    _records(decorated, collector, World(latency=harness.staggered(0.005)))
    starts = [one for one in collector.records if one.getMessage().startswith("start")]
    ends = [one for one in collector.records if one.getMessage().startswith("end")]
    # All operations began before the first one ended, and their records say so.
    assert max(one.created for one in starts) <= min(one.created for one in ends)
    own = [one for one in starts if one.thread != threading.get_ident()]
    assert own, "no record tells of the worker that made it"


def test_log_records_appear_as_soon_as_nothing_earlier_is_pending(collector: Collector) -> None:
    """The first operation's records do not wait for the last operation."""
    released = threading.Event()
    arrived: list[bool] = []

    class Waiting(World):
        def perform(self, name: str, kind: str, arguments: Any, *rest: Any) -> Any:
            if arguments == 3:
                # Everything before the last operation can be told while it is in flight.
                limit = time.monotonic() + 2
                while time.monotonic() < limit and not self.told():
                    released.wait(0.002)
                arrived.append(self.told())
            return super().perform(name, kind, arguments, *rest)

        def told(self) -> bool:
            return any(text == "end 2" for _, text, _, _ in collector.seen)

    decorated = harness.forced()(fresh_copy(programs.output.logging_program))
    _records(decorated, collector, Waiting())
    assert arrived == [True]


def test_warnings_come_in_program_order_from_the_right_line() -> None:
    """Message, category, file and line of every warning."""

    def seen(function: Any, world: World) -> list[tuple[str, str, int]]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            harness.observe(function, (), world)
        return [(str(one.message), Path(one.filename).name, one.lineno) for one in caught]

    standard = seen(programs.output.warning_program, World())
    assert len(standard) == 4
    decorated = harness.forced()(fresh_copy(programs.output.warning_program))
    for world in (World(), World(latency=harness.staggered(0.003))):
        assert seen(decorated, world) == standard


def test_warnings_before_a_failure_come_and_none_behind_it() -> None:
    """An operation raises while later ones, which have warned, are under way."""

    def seen(function: Any, world: World) -> list[tuple[str, str, int]]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert harness.observe(function, (), world).exception is not None
        return [(str(one.message), Path(one.filename).name, one.lineno) for one in caught]

    standard = seen(programs.output.failing_warnings, World())
    assert [text for text, _, _ in standard] == [
        "beware 0", "well 0", "beware 1", "well 1", "beware 2",
    ]  # fmt: skip
    decorated = harness.forced()(fresh_copy(programs.output.failing_warnings))
    for world in (World(), World(latency=harness.staggered(0.003)), World()):
        assert seen(decorated, world) == standard


class LateError(Exception):
    """A time limit."""


@pytest.mark.parametrize("kind", [LateError, KeyboardInterrupt])
def test_records_before_an_operation_that_hangs(
    kind: type[BaseException], collector: Collector
) -> None:
    """A time limit, or Ctrl-C, ends the wait: what was said before is told, later records are not.

    What the operation that hangs has said itself is told, or is not, as in any thread that is
    left behind; that of those behind it never is.
    """

    def raising(_number: int, _frame: Any) -> None:
        raise kind("late")

    released = threading.Event()
    meeting = Meeting(4)

    def hang() -> None:
        limit = time.monotonic() + 2
        while time.monotonic() < limit and "end 1" not in [one[1] for one in collector.seen]:
            released.wait(0.002)
        os.kill(os.getpid(), signal.SIGINT)
        released.wait(2)

    decorated = harness.forced()(fresh_copy(programs.output.hanging_loop))
    before = signal.signal(signal.SIGINT, raising)
    world = World(meeting=meeting)
    world.state["hang"] = hang
    began = time.time()
    try:
        with use(world), pytest.raises(kind, match="late"):
            decorated()
    finally:
        signal.signal(signal.SIGINT, before)
        released.set()
        world.settle()
    texts = [text for _, text, _, _ in collector.seen]
    assert texts[:4] == ["start 0", "end 0", "start 1", "end 1"]
    assert set(texts[4:]) <= {"start 2"}
    assert meeting.met
    for record in collector.records:
        assert began <= record.created <= time.time()
        assert record.threadName in {threading.current_thread().name, *_workers()}


def _workers() -> set[str]:
    return {thread.name for thread in strategy("thread").workers()}


def test_operations_that_print_keep_their_order() -> None:
    """Printed text is the plain run's."""

    def printed(function: Any, world: World) -> str:
        stream = io.StringIO()
        with contextlib.redirect_stdout(stream):
            harness.observe(function, (), world, capture=False)
        return stream.getvalue()

    standard = printed(programs.output.printing_program, World())
    decorated = harness.forced()(fresh_copy(programs.output.printing_program))
    for world in (World(), World(latency=harness.staggered(0.003))):
        assert printed(decorated, world) == standard
