"""What is remembered of this machine beside its functions: what a hand-over costs here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from adaptive_jit.records.memory import Calibration
from adaptive_jit.strategies import strategy
from adaptive_jit.strategies.thread import ThreadStrategy

if TYPE_CHECKING:
    from adaptive_jit.store.memory import Row

KEY: Final = "machine"


class MachineMemory:
    """One process's view: read with the first function that looks, written at exit."""

    __slots__ = ("_read",)

    def __init__(self) -> None:
        self._read = False

    def recall(self, folder: str, key: str) -> str | None:
        """The text under *key*; what is known of the machine is taken over on the way."""
        from adaptive_jit.store import Store

        first, self._read = not self._read, True
        found = Store(folder).recall((key, KEY) if first else (key,))
        if first and KEY in found:
            self._take_over(found[KEY])
        return found.get(key)

    def _take_over(self, text: str) -> None:
        from adaptive_jit.store.memory import as_record

        known = as_record(Calibration, text)
        pool = strategy("thread")
        if known is not None and isinstance(pool, ThreadStrategy):
            pool.expect_dispatch(known.dispatch_seconds)

    def rows(self) -> tuple[Row, ...]:
        """What to leave to later runs: what was measured here, and only that."""
        from adaptive_jit.store.memory import Row

        pool = strategy("thread")
        measured = pool.measured_dispatch if isinstance(pool, ThreadStrategy) else None
        if measured is None:
            return ()
        return (Row(KEY, "", partial(_joined, Calibration(measured, 1))),)


def _joined(own: Calibration, before: str | None) -> str:
    from adaptive_jit.store.memory import as_record, as_text

    return as_text(own.after(as_record(Calibration, before)))


MACHINE = MachineMemory()
