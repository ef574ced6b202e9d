"""One suite over all strategies: each test runs once per strategy that can be used here."""

from __future__ import annotations

import pytest

from adaptive_jit.errors import StrategyUnavailable
from adaptive_jit.strategies import NAMES, strategy


def absence(name):
    """Why the strategy called *name* cannot be used here; ``None`` if it can."""
    try:
        strategy(name)
    except StrategyUnavailable as error:
        return str(error)
    return None


@pytest.fixture(params=NAMES)
def reason_for_absence(request):
    return absence(request.param)


@pytest.fixture(params=[name for name in NAMES if absence(name) is None])
def any_strategy(request):
    return strategy(request.param)
