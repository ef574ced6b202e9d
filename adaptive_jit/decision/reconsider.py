"""What a decision becomes when its thresholds change after it was made."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from adaptive_jit.decision.summary import measure
from adaptive_jit.records.decisions import Phase

if TYPE_CHECKING:
    from adaptive_jit.decision.machine import Machine
    from adaptive_jit.settings import Settings

THRESHOLDS: Final = ("min_predicted_speedup", "min_speedup", "evidence")
"""The settings that a settled decision rests on; the budgets only say when to look again."""

CHANGED: Final = "the settings changed"


def decide_by(machine: Machine, old: Settings, new: Settings) -> None:
    """Have *machine* decide by *new*; what *new* would not have settled so is opened again."""
    machine._settings = new
    machine.judge.go_by(new)
    if all(getattr(old, name) == getattr(new, name) for name in THRESHOLDS):
        return
    if machine.phase is Phase.DIRECT and _asks_for_trial(machine, old, new):
        machine._begin_trial(CHANGED)
    elif machine.phase is Phase.PARALLEL:
        gain = _gain(machine)
        if gain is not None and gain <= math.log(new.min_speedup):
            machine._settle_direct(f"{CHANGED}: measured speed-up only {math.exp(gain):.2f}")


def _asks_for_trial(machine: Machine, old: Settings, new: Settings) -> bool:
    """Whether a threshold that stood between the function and a trial is out of the way."""
    gain, promised = _gain(machine), machine.predicted
    if gain is not None:
        return math.log(old.min_speedup) >= gain > math.log(new.min_speedup)
    return (
        promised is not None and old.min_predicted_speedup > promised >= new.min_predicted_speedup
    )


def _gain(machine: Machine) -> float | None:
    measured = measure(machine.direct, machine.parallel)
    return measured.difference if measured else None
