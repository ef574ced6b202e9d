"""Keep what other tests have declared."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from adaptive_jit.effects import register

if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _declarations_of_others() -> Iterator[None]:
    """The modules here forget all declarations after each test; give back those of before."""
    kept = {
        name: dict(value)
        for name, value in vars(register).items()
        if name.startswith("_") and type(value) is dict and not name.startswith("__")
    }
    register.forget_all()
    yield
    for name, value in kept.items():
        getattr(register, name).update(value)


@pytest.fixture(autouse=True, scope="session")
def _shared_connection() -> Iterator[None]:
    """Close what the entries were looked at with."""
    yield
    import kept_open

    kept_open.close()
    receivers = sys.modules.get("database_receivers")
    if receivers is not None:
        receivers.ENGINE.dispose()
