"""Makes ordinary Python wait for its I/O at the same time, where that is measured to be faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptive_jit import errors
from adaptive_jit.errors import AdaptiveError, AdaptiveWarning

if TYPE_CHECKING:
    from adaptive_jit.decorator import adaptive
    from adaptive_jit.effects import pure, reads, unordered, writes
    from adaptive_jit.fanout import parallel, parallel_map
    from adaptive_jit.introspection import explain, report, reset, stats
    from adaptive_jit.settings import Settings, override

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

_HOMES = {
    "adaptive": "decorator",
    "explain": "introspection",
    "override": "settings",
    "parallel": "fanout",
    "parallel_map": "fanout",
    "pure": "effects",
    "reads": "effects",
    "report": "introspection",
    "reset": "introspection",
    "Settings": "settings",
    "stats": "introspection",
    "unordered": "effects",
    "writes": "effects",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is first asked for (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
