"""``explain``, ``report``, ``stats`` and ``reset``: what users may ask about their functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptive_jit.engine import registry
from adaptive_jit.errors import UnsupportedCallable
from adaptive_jit.reporting import Explanation, Report
from adaptive_jit.reporting import install_exit_report as _install

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType

    from adaptive_jit.records import FunctionStats


def explain(function: Callable[..., Any] | type, /) -> Explanation:
    """Return why *function* runs as it does: print it, or let a notebook show it.

    *function* is what ``@adaptive`` was given or returned: a function, a bound
    method, a class, or a wrapper around one. Raises ``UnsupportedCallable``
    for anything that was never decorated.
    """
    return Explanation(stats(function))


def report() -> Report:
    """Return the report on all adaptive functions of this process."""
    return Report(registry.all_stats())


def stats(function: Callable[..., Any] | type, /) -> FunctionStats:
    """Return what `explain` shows, as frozen records. Raises like `explain`."""
    return registry.stats_of(_found(function))


def reset(function: Callable[..., Any] | type, /) -> None:
    """Forget all measurements and decisions of *function*: it starts anew. Raises like `explain`."""
    registry.reset(_found(function))


def install_exit_report(path: str) -> None:
    """Have the report on all adaptive functions written to *path* when the program ends."""
    _install(path, registry.all_stats)


def _found(function: object) -> FunctionType:
    found: FunctionType | None = registry.find(function)
    if found is None:
        name = getattr(function, "__qualname__", None) or repr(function)
        raise UnsupportedCallable(
            f"{name} is not an adaptive function; decorate it with @adaptive "
            "or pass the function that was decorated"
        )
    return found
