"""Memory between runs: what was measured and decided, as plain data in one SQLite file.

Nothing ever fails because of it: a file that is damaged, foreign, locked or
not writable is ignored with one `StoreWarning`. The database is imported on
first use, at the first call or at exit, and no connection stays open between two calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptive_jit.store.exit import install

if TYPE_CHECKING:
    from adaptive_jit.store.database import Store

__all__ = ["Store", "install"]


def __getattr__(name: str) -> Any:
    """Import `Store` when it is first asked for (PEP 562)."""
    if name == "Store":
        from adaptive_jit.store.database import Store

        return Store
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
