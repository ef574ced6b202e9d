"""Make the world, the programs' harness and the generators importable as ordinary modules."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent.parent
for _path in (_TESTS, _TESTS / "semantics"):
    if str(_path) not in sys.path:
        sys.path.insert(0, str(_path))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give ``seed`` its values: ADAPTIVE_TEST_SEEDS programs from ADAPTIVE_TEST_FIRST_SEED on."""
    if "seed" in metafunc.fixturenames:
        count = int(os.environ.get("ADAPTIVE_TEST_SEEDS", "1000"))
        first = int(os.environ.get("ADAPTIVE_TEST_FIRST_SEED", "0"))
        metafunc.parametrize("seed", range(first, first + count))
