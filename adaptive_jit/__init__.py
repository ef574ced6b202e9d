"""Makes ordinary Python wait for its I/O at the same time, where that is measured to be faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptive_jit import errors
from adaptive_jit.decorator import adaptive
from adaptive_jit.effects import pure, reads, unordered, writes
from adaptive_jit.errors import AdaptiveError, AdaptiveWarning
from adaptive_jit.fanout import parallel, parallel_map
from adaptive_jit.settings import Settings, override

if TYPE_CHECKING:
    from adaptive_jit.introspection import explain, report, reset, stats

__version__ = "0.1.0"

__all__ = [
    "AdaptiveError",
    "AdaptiveWarning",
    "Settings",
    "__version__",
    "adaptive",
    "errors",
    "explain",
    "override",
    "parallel",
    "parallel_map",
    "pure",
    "reads",
    "report",
    "reset",
    "stats",
    "unordered",
    "writes",
]

_LAZY = frozenset({"explain", "report", "reset", "stats"})


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from adaptive_jit import introspection

        return getattr(introspection, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
