"""A pytest plug-in that records which functions of the library each test enters.

It needs ``sys.monitoring`` (CPython 3.12): the library takes a trace function
for a debugger and runs everything directly, but not a tool that only counts
entered functions. An entered function is reported once per test.

``pytest -p mutation.reach`` with ``MUTATION_MAP`` naming the file to write:
JSON of the tests' seconds, and of the tests that enter each function, keyed
``path:first line``.
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

_TOOL = 4  # free for any tool; 0 to 2 and 5 are for debuggers, coverage, profilers and optimisers
_PACKAGE = "/adaptive_jit/"

_entered: dict[str, set[str]] = defaultdict(set)
_seconds: dict[str, float] = defaultdict(float)
_current = ""


def key_of(path: str, first_line: int) -> str:
    """Return the name of a function in the map: path from the package on, and its first line."""
    return f"adaptive_jit/{path.rpartition(_PACKAGE)[2]}:{first_line}"


def _start(code: CodeType, _offset: int) -> Any:
    if _PACKAGE in code.co_filename and _current:
        _entered[key_of(code.co_filename, code.co_firstlineno)].add(_current)
    return sys.monitoring.DISABLE


def pytest_configure() -> None:
    """Begin to record."""
    sys.monitoring.use_tool_id(_TOOL, "mutation reach")
    sys.monitoring.register_callback(_TOOL, sys.monitoring.events.PY_START, _start)
    sys.monitoring.set_events(_TOOL, sys.monitoring.events.PY_START)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Know which test runs; its fixtures belong to it."""
    global _current
    _current = item.nodeid
    sys.monitoring.restart_events()
    try:
        return (yield)
    finally:
        _current = ""


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what a test takes; one that fails or is skipped notices nothing."""
    if report.when == "call" and not report.passed:
        for tests in _entered.values():
            tests.discard(report.nodeid)
    _seconds[report.nodeid] += report.duration


def pytest_sessionfinish() -> None:
    """Stop recording and write the map."""
    sys.monitoring.set_events(_TOOL, 0)
    sys.monitoring.free_tool_id(_TOOL)
    found = {"seconds": _seconds, "entered": {key: sorted(of) for key, of in _entered.items()}}
    Path(os.environ["MUTATION_MAP"]).write_text(json.dumps(found), encoding="utf-8")
