"""Which resource print and log records write to, and what commutes with that."""

from __future__ import annotations

import io
import logging
import logging.handlers
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from adaptive_jit.effects.catalogue_console import file_behind, file_of_record
from adaptive_jit.effects.resolve import effect_of
from adaptive_jit.records import Effect, EffectKind, Source, commute
from adaptive_jit.records.effects import FILES, HTTP_ELSEWHERE, LOG_FILES, REDIRECTED

READS, UNORDERED, WRITES = EffectKind.READS, EffectKind.UNORDERED, EffectKind.WRITES
LOG = Effect(WRITES, LOG_FILES, Source.CATALOGUE)
SENT = Effect(WRITES, REDIRECTED, Source.CATALOGUE)


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """A logger whose records reach its own handlers only."""
    made = logging.Logger("adaptive_jit.test", logging.INFO)  # noqa: LOG001
    yield made
    for handler in made.handlers:
        handler.close()


def resource(callee: Any, *args: Any, **kwargs: Any) -> str | None:
    effect = effect_of(callee, args, kwargs)
    assert effect.kind is WRITES, effect.reason
    return effect.resource


@pytest.mark.parametrize(
    ("source", "read", "of_log", "of_sent"),
    [
        (Source.CATALOGUE, FILES, False, False),
        (Source.PROVED, None, False, False),
        (Source.DECLARED, None, False, True),
        (Source.DECLARED, FILES, False, False),
        (Source.DECLARED, "products", True, True),
        (Source.PROVED, "products", True, True),
        (Source.CATALOGUE, "http", False, True),
        (Source.CATALOGUE, HTTP_ELSEWHERE, True, True),
        (Source.CATALOGUE, "database", True, True),
        (Source.CATALOGUE, "environment", True, True),
        (Source.PROVED, "memory", True, True),
    ],
)
def test_what_may_read_a_log_file_keeps_its_order(
    source: Source, read: str | None, of_log: bool, of_sent: bool
) -> None:
    """Files do; other machines, databases and named resources do not."""
    reading = Effect(READS, read, source)
    asking = Effect(UNORDERED, None, source, reading=reading)
    for one in (reading, asking):
        assert commute(one, LOG) is commute(LOG, one) is of_log
        assert commute(one, SENT) is commute(SENT, one) is of_sent
    assert commute(Effect(UNORDERED), LOG)
    assert commute(Effect(EffectKind.PURE), LOG)
    assert not commute(Effect(EffectKind.UNKNOWN), LOG)
    assert not commute(Effect(WRITES, FILES, Source.CATALOGUE), LOG)


def test_a_resource_of_the_user_s_with_that_name_is_one_like_any_other() -> None:
    """Only what the catalogue says of output is meant."""
    mine = Effect(WRITES, LOG_FILES, Source.DECLARED)
    assert not commute(Effect(READS, "database", Source.CATALOGUE), mine)
    assert commute(Effect(READS, "products", Source.DECLARED), mine)


def test_a_stream_is_a_file_if_somebody_can_open_that(tmp_path: Path) -> None:
    """Devices, pipes, closed streams and files without a name are none."""
    with open(tmp_path / "out", "w") as file:  # noqa: PTH123
        assert file_behind(file) == LOG_FILES
    assert file_behind(file) is None  # closed
    with open(os.devnull, "w") as file:  # noqa: PTH123
        assert file_behind(file) is None
    with tempfile.TemporaryFile("w") as file:
        assert file_behind(file) is None
    assert file_behind(io.StringIO()) is None


def test_print_names_the_file_that_stands_for_the_output(tmp_path: Path) -> None:
    """By assignment and by ``redirect_stdout`` alike, at the time of the call."""
    with open(tmp_path / "out", "w") as file:  # noqa: PTH123
        with mock.patch("sys.stdout", file):
            assert resource(print, "a") == LOG_FILES
            assert resource(print, "a", file=sys.stdout) == LOG_FILES
        with mock.patch("sys.stderr", file):
            assert resource(print, "a") == "console"
            assert resource(print, "a", file=sys.stderr) == LOG_FILES


def test_output_that_the_shell_sent_into_a_file_is_told_apart(tmp_path: Path) -> None:
    """The program does not know its name."""
    code = "from adaptive_jit.effects.resolve import effect_of as e; print(e(print, (1,), {}).resource)"
    with open(tmp_path / "out", "w") as file:  # noqa: PTH123
        subprocess.run([sys.executable, "-c", code], stdout=file, check=True)  # noqa: S603
    assert (tmp_path / "out").read_text().strip() == REDIRECTED


@pytest.mark.parametrize("delay", [False, True])
@pytest.mark.parametrize(
    "kind",
    [
        logging.FileHandler,
        logging.handlers.RotatingFileHandler,
        logging.handlers.TimedRotatingFileHandler,
    ],
)
def test_handlers_of_files_write_log_files(
    kind: Any, delay: bool, logger: logging.Logger, tmp_path: Path
) -> None:
    """Opened or not yet."""
    logger.addHandler(kind(tmp_path / "log", delay=delay))
    assert resource(logger.info, "text %s", 1) == LOG_FILES
    assert resource(logger.debug, "text") == "console"  # below the logger's level
    assert resource(logger.log, logging.DEBUG, "text") == "console"
    assert resource(logger.log, logging.ERROR, "text") == LOG_FILES
    logger.handlers[0].setLevel(logging.ERROR)
    assert resource(logger.info, "text") == "console"
    assert resource(logger.error, "text") == LOG_FILES


def test_the_handler_of_last_resort_writes_to_the_standard_error(
    logger: logging.Logger, tmp_path: Path
) -> None:
    """Wherever that goes now."""
    with open(tmp_path / "err", "w") as file, mock.patch("sys.stderr", file):  # noqa: PTH123
        assert resource(logger.warning, "text") == LOG_FILES
        assert resource(logger.info, "text") == "console"
    assert resource(logger.warning, "text") == "console"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("namer", str),
        ("rotator", print),
        ("doRollover", print),
        ("emit", print),
        ("flush", print),
        ("_builtin_open", print),
        ("stream", io.StringIO()),
    ],
)
def test_a_rotating_handler_with_code_of_the_user_s_is_unknown(
    name: str, value: Any, logger: logging.Logger, tmp_path: Path
) -> None:
    """``namer`` and ``rotator`` are called; any method may be replaced."""
    handler = logging.handlers.RotatingFileHandler(tmp_path / "log", maxBytes=10, backupCount=1)
    logger.addHandler(handler)
    assert resource(logger.info, "text") == LOG_FILES
    before = handler.__dict__.get(name, handler)
    setattr(handler, name, value)
    assert effect_of(logger.info, ("text",), {}).kind is EffectKind.UNKNOWN
    if before is handler:
        delattr(handler, name)
    else:
        setattr(handler, name, before)
    assert resource(logger.info, "text") == LOG_FILES


class Odd:
    """Its text is made by code of the user's."""

    def __str__(self) -> str:
        raise AssertionError


def _formatter(**parts: Any) -> logging.Formatter:
    made = logging.Formatter("%(asctime)s %(message)s", defaults=parts.pop("defaults", None))
    for name, value in parts.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("parts", "is_stock"),
    [
        ({}, True),
        ({"converter": time.gmtime}, True),
        ({"defaults": {"a": 1}}, True),
        ({"converter": lambda *_: time.localtime()}, False),
        ({"formatTime": lambda *_: "now"}, False),
        ({"formatException": lambda *_: "no"}, False),
        ({"defaults": {"a": Odd()}}, False),
    ],
)
def test_what_a_formatter_calls_must_be_stock(
    parts: dict[str, Any], is_stock: bool, logger: logging.Logger
) -> None:
    """A clock, a method or a default of the user's is the user's code."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(**parts))
    logger.addHandler(handler)
    assert (effect_of(logger.info, ("text",), {}).kind is WRITES) is is_stock


def test_a_record_with_the_stack_of_its_thread_keeps_its_turn(logger: logging.Logger) -> None:
    """In another thread there is another stack; the twin is without it."""
    logger.addHandler(logging.NullHandler())
    assert effect_of(logger.info, ("text",), {"stack_info": True}).kind is EffectKind.UNKNOWN
    assert resource(logger.info, "text", stack_info=False) == "console"


def test_a_handler_of_the_user_s_may_write_anywhere(logger: logging.Logger) -> None:
    """What a record does that passes such a handler is not known."""

    class Mine(logging.Handler):
        """May write as it likes."""

    assert file_of_record(logger, logging.INFO) is None
    logger.addHandler(Mine())
    assert file_of_record(logger, logging.INFO) == LOG_FILES
