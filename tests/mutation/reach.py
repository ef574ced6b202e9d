"""A pytest plug-in that records which lines of the library each test executes.

It needs ``sys.monitoring`` (CPython 3.12): the library takes a trace function
for a debugger and runs everything directly, but not a tool that only counts
lines of the library itself. An executed line is reported once per test and
costs nothing after that.

``pytest -p mutation.reach`` with ``MUTATION_MAP`` naming the file to write:
JSON of the tests with their seconds, and of each line the tests that execute
it, as the bits of a number in hexadecimal digits, keyed ``path:line``.
Processes that a test starts or forks write beside the map, at once.
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from mutation.children import sitecustomize as children

MOST_TESTS = 1 << 15

_executed: dict[tuple[str, int], bytearray] = defaultdict(lambda: bytearray(MOST_TESTS // 8))
_numbers: dict[str, int] = {}
_seconds: dict[str, float] = defaultdict(float)
_failed: set[str] = set()
_current = -1


def _line(code: CodeType, line: int) -> Any:
    if _current < 0:
        return None  # between tests: one that begins meanwhile is to be told
    _executed[code.co_filename, line][_current >> 3] |= 1 << (_current & 7)
    return sys.monitoring.DISABLE


def _tell() -> None:
    sys.monitoring.register_callback(children.TOOL, sys.monitoring.events.LINE, children.told())


def pytest_configure() -> None:
    """Begin to record, here and in processes that are started."""
    Path(children.beside()).unlink(missing_ok=True)
    children.record(_line)
    os.register_at_fork(after_in_child=_tell)
    folders = [str(Path(children.__file__).parent), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, folders))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Know which test runs; its fixtures belong to it."""
    global _current
    _current = _numbers.setdefault(item.nodeid, len(_numbers))
    os.environ[children.TEST] = item.nodeid
    sys.monitoring.restart_events()
    try:
        return (yield)
    finally:
        _current = -1


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what a test takes; one that fails or is skipped notices nothing."""
    if not report.passed:
        _failed.add(report.nodeid)
    _seconds[report.nodeid] += report.duration


def pytest_sessionfinish() -> None:
    """Write the map."""
    executed = {
        children.key_of(path, line): int.from_bytes(tests, "little")
        for (path, line), tests in list(_executed.items())
    }
    beside = Path(children.beside())
    for entry in beside.read_text(encoding="utf-8").splitlines() if beside.exists() else ():
        key, _, name = entry.partition("\t")
        if name in _numbers:
            executed[key] = executed.get(key, 0) | 1 << _numbers[name]
    passed = sum(1 << number for name, number in _numbers.items() if name not in _failed)
    found = {
        "tests": [[name, round(_seconds[name], 4)] for name in _numbers],
        "executed": {key: f"{tests & passed:x}" for key, tests in executed.items()},
    }
    Path(os.environ["MUTATION_MAP"]).write_text(json.dumps(found), encoding="utf-8")
