"""Operations that log, warn and print, and programs that do so between them."""

from __future__ import annotations

import logging
import warnings
from typing import Any

from world.model import current
from world.operations import Refused

from adaptive_jit import unordered

LOGGER = logging.getLogger("programs.output")


@unordered
def logs(key: int) -> int:
    """Log before and after."""
    LOGGER.info("start %s", key)
    value = current().perform("logs", "unordered", key, lambda _: key)
    LOGGER.info("end %s", key)
    return value


@unordered
def logs_mutable(key: int) -> int:
    """Log an object that changes afterwards."""
    seen = [key]
    LOGGER.info("seen %s", seen)
    value = current().perform("logs_mutable", "unordered", key, lambda _: key)
    seen.append(99)
    return value


@unordered
def logs_and_raises(key: int) -> int:
    """Log, and raise for key 2."""
    LOGGER.info("start %s", key)
    current().perform("logs_and_raises", "unordered", key, lambda _: None)
    if key == 2:
        try:
            raise Refused(f"refused {key}")
        except Refused:
            LOGGER.exception("failed %s", key)
            raise
    LOGGER.info("end %s", key)
    return key


@unordered
def warns(key: int) -> int:
    """Warn on behalf of the caller."""
    warnings.warn(f"beware {key}", UserWarning, stacklevel=2)
    return current().perform("warns", "unordered", key, lambda _: key)


@unordered
def warns_and_raises(key: int) -> int:
    """Warn on behalf of the caller, and raise for key 2."""
    warnings.warn(f"beware {key}", UserWarning, stacklevel=2)
    value = current().perform("warns_and_raises", "unordered", key, lambda _: key)
    if key == 2:
        raise Refused(f"refused {key}")
    warnings.warn(f"well {key}", UserWarning, stacklevel=2)
    return value


@unordered
def logs_and_hangs(key: int) -> int:
    """Log, and for key 2 hang until the test lets it go on: ``hang`` of the world's state."""
    LOGGER.info("start %s", key)
    value = current().perform("logs_and_hangs", "unordered", key, lambda _: key)
    if key == 2:
        current().state["hang"]()
    LOGGER.info("end %s", key)
    return value


@unordered
def prints(key: int) -> int:
    """Print before and after."""
    print("start", key)
    value = current().perform("prints", "unordered", key, lambda _: key)
    print("end", key)
    return value


def logging_program() -> Any:
    """Records of the program and of its operations."""
    LOGGER.info("begin")
    a = logs(1)
    LOGGER.info("between %s", a)
    b = logs(2)
    c = logs(3)
    LOGGER.info("done %s", (a, b, c))
    return a, b, c


def logging_loop() -> Any:
    """A loop of operations that log."""
    out = []
    for i in range(4):
        out.append(logs(i))
    LOGGER.info("done")
    return out


def mutable_records() -> Any:
    """Records whose arguments change after they were made."""
    return logs_mutable(1), logs_mutable(2)


def failing_program() -> Any:
    """Records up to a failure, and none of what would not have run."""
    LOGGER.info("begin")
    a = logs_and_raises(1)
    b = logs_and_raises(2)
    c = logs_and_raises(3)
    LOGGER.info("never")
    return a, b, c


def failing_loop() -> Any:
    """A loop whose third operation raises, while a later one is under way."""
    return [logs_and_raises(i) for i in range(4)]


def failing_warnings() -> Any:
    """The same with warnings."""
    return [warns_and_raises(i) for i in range(4)]


def hanging_loop() -> Any:
    """A loop whose third operation hangs, while a later one is under way."""
    return [logs_and_hangs(i) for i in range(4)]


def warning_program() -> Any:
    """Warnings of operations."""
    a = warns(1)
    warnings.warn("from the program", UserWarning, stacklevel=1)
    b = warns(2)
    c = warns(3)
    return a, b, c


def printing_program() -> Any:
    """Operations that print."""
    print("begin")
    a = prints(1)
    print("between")
    b = prints(2)
    c = prints(3)
    return a, b, c
