"""What all tests share: the slow ones are asked for, and the environment is clean."""

from __future__ import annotations

import gc
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


@pytest.fixture(autouse=True, scope="module")
def _imports_are_not_searched_for_garbage():
    """The client libraries make millions of objects; a collection would look at each, every time.

    What is there when the tests of a file begin stays out of their collections
    (``gc.freeze``), which is half of the time of some.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _the_library_has_not_failed():
    """Within a call a fault of the library becomes a warning that is never raised: look for it."""
    from adaptive_jit.engine import fallback

    before = len(fallback.unraised)
    yield
    found = fallback.unraised[before:]
    del fallback.unraised[before:]
    assert not found, found
