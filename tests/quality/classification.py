"""Judge real operations and write a report: ``python -m tests.quality.classification``.

Each operation is profiled as the engine would profile it, on the machine as it is and then beside more
computing processes than there are cores. Run it on a quiet machine: the first half is only then
what its name says. See ``scripts/classification``.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from adaptive_jit.classify import OperationProfile, classify
from adaptive_jit.classify.states import MIN_KNOCKS
from adaptive_jit.profiling import Sampler, difference, overhead_ns, read
from adaptive_jit.records import Classification, ThreadState, Verdict
from adaptive_jit.settings import Settings
from benchmarks.harness import REPORTS, Options, Report, Row, machine, write
from tests.quality.real_operations import (
    BOTH,
    CORES,
    OUTSIDE,
    Real,
    World,
    busy_cores,
    operations,
    surroundings,
)

CALLS = 8
MISCLASSIFIED, HELD_WRONGLY = 2, 1
"""Goals: operations of one run over the list."""

CLEAR = (0.2, 0.8)
"""Corrected ratios beyond which an operation of both kinds is clearly one of them."""


class Judged(NamedTuple):
    """One operation, its verdict, and what the sampler says of the GIL (``None``: too few looks)."""

    real: Real
    found: Classification
    held: bool | None

    @property
    def is_wrong(self) -> bool:
        """Whether the verdict contradicts the truth; undecided never does."""
        verdict = self.found.verdict
        if verdict is Verdict.UNDECIDED:
            return False
        if self.real.truth == BOTH:
            return self.found.ratio > CLEAR[1] if verdict.is_io else self.found.ratio < CLEAR[0]
        return verdict.is_io is not (self.real.truth == OUTSIDE)

    @property
    def words(self) -> str:
        """The evidence in one line."""
        found = self.found
        states = ", ".join(f"{name} {share:.0%}" for name, share in found.states)
        held = {True: "; holds the GIL", False: "; leaves the GIL free", None: ""}[self.held]
        return (
            f"{found.verdict.value} ({found.low:.2f} to {found.high:.2f}, {found.calls} calls"
            f"{'; ' if states else ''}{states}{held})"
        )


def profiled(sampler: Sampler, operation: Callable[[], object], calls: int) -> OperationProfile:
    """The profile of *calls* calls."""
    profile = OperationProfile()
    native_id = threading.get_native_id()
    for _ in range(calls):
        sampler.enter(native_id, profile)
        start = read()
        operation()
        stop = read()
        sampler.leave(profile)
        profile.add(difference(start, stop))
    return profile


def held(profile: OperationProfile) -> bool | None:
    """Whether the GIL was held in most of the looks; ``None`` if there were too few."""
    late = profile.states.get(ThreadState.LATE, 0)
    looks = late + profile.states.get(ThreadState.PROMPT, 0)
    return 2 * late > looks if looks >= MIN_KNOCKS else None


def judge(real: Real, sampler: Sampler, calls: int) -> Judged:
    """Profile *real* in its surroundings, after one call to warm up."""
    with surroundings(real.around):
        real.run()
        profile = profiled(sampler, real.run, calls)
    return Judged(real, classify(profile, Settings()), held(profile))


def judge_all(calls: int = CALLS, *, loaded: bool = False) -> list[Judged]:
    """Every operation once, on the machine as it is or without a free core."""
    overhead_ns()
    world, sampler = World(), Sampler()
    try:
        with busy_cores() if loaded else contextlib.nullcontext():
            return [judge(real, sampler, calls) for real in operations(world)]
    finally:
        sampler.stop()
        world.close()


def rows(found: Sequence[Judged], *, loaded: bool) -> list[Row]:
    """The figures of one run over the list, then a row for each operation."""
    how = "loaded machine" if loaded else "machine as it is"
    wrong = [one for one in found if one.is_wrong]
    crowded = [one for one in wrong if one.found.verdict.is_io and _lacks_cores(one, loaded)]
    open_ = [one for one in found if one.found.verdict is Verdict.UNDECIDED]
    looked = [one for one in found if one.held is not None and one.real.holds is not None]
    gil = [one for one in looked if one.held is not one.real.holds]
    of = f"of {len(found)}"
    made = [
        _count(f"misclassified, {how}", wrong, of, MISCLASSIFIED),
        _count(f"CPU work called I/O where cores are scarce, {how}", crowded, of, 0),
        _count(f"undecided, {how}", open_, of, None),
        _count(f"GIL held or not, wrong, {how}", gil, f"of {len(looked)} with 3 looks", HELD_WRONGLY),
    ]  # fmt: skip
    for one in found:
        around = f", {one.real.around}" if one.real.around else ""
        ratio = one.found.ratio
        name = f"{one.real.name}{around}, {how}: CPU / wall"
        note = f"{one.words}{'; wrong' if one.is_wrong else ''}"
        made.append(Row(name, ratio, ratio, "share", None, note))
    return made


def _lacks_cores(one: Judged, loaded: bool) -> bool:
    return (loaded or one.real.around == CORES) and one.real.truth != BOTH


def _count(name: str, which: Sequence[Judged], of: str, goal: int | None) -> Row:
    names = ", ".join(one.real.name for one in which)
    number = float(len(which))
    return Row(name, number, number, "operations", goal, f"{of}{': ' if names else ''}{names}")


def main() -> int:
    """Judge, print, write; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS, help=f"of each; default {CALLS}")
    parser.add_argument("--reports", type=Path, default=REPORTS, help="folder to write to")
    given = parser.parse_args()
    before = machine()
    question = "Are real operations judged rightly, on a machine as it is and on a loaded one?"
    report = Report("classification", question)
    for loaded in (False, True):
        for row in rows(judge_all(given.calls, loaded=loaded), loaded=loaded):
            report.add(row)
    command = f"scripts/classification --calls {given.calls}"
    write(report, Options(reports=given.reports), before, command)
    return int(any(row.verdict == "missed" for row in report.rows))


if __name__ == "__main__":
    sys.exit(main())
