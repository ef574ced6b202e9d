"""Operations run where they stand, in the calling thread."""

from __future__ import annotations

from functools import cache

from adaptive_jit.clock import SYSTEM
from adaptive_jit.strategies.base import Capabilities, Startable, Strategy, measure_dispatch


class DirectStrategy:
    """The strategy of everything that gains nothing elsewhere."""

    name = "direct"
    capabilities = Capabilities(ahead=False, shares_memory=True, overlaps_python=False)

    def start(self, operation: Startable) -> None:
        """Run *operation* now."""
        operation.run()

    @cache  # noqa: B019 - one instance per process
    def dispatch_seconds(self) -> float:
        """Return the seconds of an empty operation, measured once."""
        return measure_dispatch(self.start, SYSTEM) or 0.0


def create() -> Strategy:
    """Return the strategy."""
    return DirectStrategy()
