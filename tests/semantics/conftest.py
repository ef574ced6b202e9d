"""Make the programs and the world importable as the ordinary modules that they are."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

for _path in (Path(__file__).parent.parent, Path(__file__).parent):
    if str(_path) not in sys.path:
        sys.path.insert(0, str(_path))


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the developer's must not see what goes over the loopback interface."""
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(autouse=True)
def _nothing_is_known_of_services() -> None:
    """What one test has learnt of a client or a function, another would go by."""
    from adaptive_jit.engine.host import gate

    gate.retire()


@pytest.fixture
def closing() -> Iterator[contextlib.ExitStack]:
    """Close what the test opens."""
    with contextlib.ExitStack() as stack:
        yield stack
