"""Saves once, when the program ends: never in the path of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.records import FunctionStats
    from adaptive_jit.store.memory import Row


def install(
    all_stats: Callable[[], tuple[FunctionStats, ...]],
    folder: str | None,
    memories: Callable[[], tuple[Row, ...]] = tuple,
) -> Callable[[], None]:
    """Have what both return saved in *folder* at exit; return what will be run.

    Functions that were never called are not saved: there is nothing to learn
    from them. A forked child that ends normally saves what it has measured.
    """
    import atexit

    def save() -> None:
        called = tuple(stats for stats in all_stats() if stats.calls)
        if called:
            from adaptive_jit.store.database import Store

            Store(folder).save(called, memories())

    atexit.register(save)
    return save
