"""What is remembered beside functions: what a hand-over costs here, how much resources take.

Programs leave what they have measured on the way; ``adaptive-jit calibrate``
leaves what many rounds on an idle machine have shown, which weighs more.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from adaptive_jit.engine.host import gate
from adaptive_jit.errors import StoreWarning
from adaptive_jit.records.memory import MOST_WEIGHT, Calibration, KnownWidths
from adaptive_jit.strategies import strategy
from adaptive_jit.strategies.thread import ThreadStrategy

if TYPE_CHECKING:
    from adaptive_jit.store.memory import Row

KEY: Final = "machine"
WIDTHS: Final = "widths"

STARTUP_SECONDS: Final = 0.0005
"""Start of a first worker thread: 0.5 ms measured (executors.md section 1, pool cold start).
What stands here counts until the machine has been calibrated."""


class MachineMemory:
    """One process's view: read with the first function that looks, written at exit."""

    __slots__ = ("_read", "startup_seconds")

    def __init__(self) -> None:
        self._read = False
        self.startup_seconds = STARTUP_SECONDS

    def recall(self, folder: str, key: str) -> str | None:
        """The text under *key*; what is known of the machine is taken over on the way."""
        from adaptive_jit.store import Store

        first, self._read = not self._read, True
        found = Store(folder).recall((key, KEY, WIDTHS) if first else (key,))
        if first:
            self._take_over(found)
        return found.get(key)

    def _take_over(self, found: dict[str, str]) -> None:
        from adaptive_jit.store.memory import as_record

        widths = as_record(KnownWidths, found.get(WIDTHS))
        if widths is not None:
            gate.remembered = {one.resource: one for one in widths.widths}
        known = as_record(Calibration, found.get(KEY))
        pool = strategy("thread")
        if known is None:
            return
        if isinstance(pool, ThreadStrategy):
            pool.expect_dispatch(known.dispatch_seconds)
        if known.startup_seconds is not None:
            self.startup_seconds = known.startup_seconds

    def rows(self) -> tuple[Row, ...]:
        """What to leave to later runs: what was measured here, and only that."""
        from adaptive_jit.store.memory import Row

        rows = []
        pool = strategy("thread")
        measured = pool.measured_dispatch if isinstance(pool, ThreadStrategy) else None
        if measured is not None:
            rows.append(Row(KEY, "", partial(_joined, Calibration(measured, 1))))
        widths = KnownWidths(gate.learnt())
        if widths.widths:
            rows.append(Row(WIDTHS, "", partial(_joined_widths, widths)))
        return tuple(rows)


def keep(folder: str, calibration: Calibration) -> None:
    """Leave *calibration* to later runs, in place of what was known; ``StoreWarning`` if it fails.

    Later measurements of programs are joined with it like with those of many runs.
    """
    from adaptive_jit.store import Store
    from adaptive_jit.store.memory import Row, as_record, as_text

    text = as_text(replace(calibration, runs=int(MOST_WEIGHT)))
    store = Store(folder)
    store.save((), (Row(KEY, "", lambda _: text),))
    if as_record(Calibration, store.recall((KEY,)).get(KEY)) is None:
        raise StoreWarning(f"{store.path} cannot be used")


def _joined(own: Calibration, before: str | None) -> str:
    from adaptive_jit.store.memory import as_record, as_text

    return as_text(own.after(as_record(Calibration, before)))


def _joined_widths(own: KnownWidths, before: str | None) -> str:
    from adaptive_jit.store.memory import as_record, as_text

    return as_text(own.after(as_record(KnownWidths, before)))


MACHINE = MachineMemory()
