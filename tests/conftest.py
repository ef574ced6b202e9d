"""What all tests share: the slow ones are asked for, and the environment is clean."""

from __future__ import annotations

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="also run tests marked slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-slow"):
        return
    skip = pytest.mark.skip(reason="slow: runs with --run-slow")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True, scope="session")
def _developer_settings_do_not_leak():
    """A variable set in a developer's shell must not decide what a test sees."""
    saved = {name: os.environ.pop(name) for name in list(os.environ) if "ADAPTIVE_JIT_" in name}
    yield
    os.environ.update(saved)


@pytest.fixture(autouse=True)
def _the_library_has_not_failed():
    """Within a call a fault of the library becomes a warning that is never raised: look for it."""
    from adaptive_jit.engine import fallback

    before = len(fallback.unraised)
    yield
    found = fallback.unraised[before:]
    del fallback.unraised[before:]
    assert not found, found
