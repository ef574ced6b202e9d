"""Eleven kinds of workload for judging decisions, and a way to run a decider through them.

Each yields for every call the seconds that it would take directly and in
parallel, and its size. The true speed-up is a ratio of means; both arms share
drift, load and size, nothing else. The first call of each arm takes 1.3 times
as long, the first parallel one 2 ms more; every observed call is charged
2.5 µs.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from adaptive_jit.decision import Decider
from adaptive_jit.records.decisions import Arm, Phase
from adaptive_jit.settings import Settings
from adaptive_jit.testing.clock import FakeClock

Pair = tuple[float, float, float]
STARTUP = 0.002
BOOKKEEPING = 2.5e-6
SKIPPED = 3e-7


def _noise(r: random.Random, sigma: float) -> float:
    """A lognormal factor of mean 1."""
    return math.exp(r.gauss(-sigma * sigma / 2, sigma))


def _plain(base: float, sigma: float) -> Callable[[random.Random, float], Iterator[Pair]]:
    def make(r: random.Random, s: float) -> Iterator[Pair]:
        while True:
            yield base * _noise(r, sigma), base / s * _noise(r, sigma), 1.0

    return make


def _mixed(
    values: tuple[float, float], share: float, sigma: float
) -> Callable[[random.Random, float], Iterator[Pair]]:
    """Each call is the second value with probability *share*, else the first."""

    def one(r: random.Random) -> float:
        return values[r.random() < share] * _noise(r, sigma)

    def make(r: random.Random, s: float) -> Iterator[Pair]:
        while True:
            yield one(r), one(r) / s, 1.0

    return make


def _drift(r: random.Random, s: float) -> Iterator[Pair]:
    phase = r.uniform(0, 2 * math.pi)
    i = 0
    while True:
        base = 0.02 * (1 + 0.5 * math.sin(phase + i / 150))
        i += 1
        yield base * _noise(r, 0.1), base / s * _noise(r, 0.1), 1.0


def _ar1(r: random.Random, s: float) -> Iterator[Pair]:
    load = r.gauss(0, 0.3)
    while True:
        load = 0.9 * load + r.gauss(0, 0.3 * math.sqrt(1 - 0.81))
        base = 0.02 * math.exp(load)
        yield base * _noise(r, 0.15), base / s * _noise(r, 0.15), 1.0


def _size(r: random.Random, s: float) -> Iterator[Pair]:
    while True:
        size = round(math.exp(r.uniform(0, math.log(50))))
        base = 0.002 * size
        yield base * _noise(r, 0.2), base / s * _noise(r, 0.2), float(size)


def _stall(r: random.Random, s: float) -> Iterator[Pair]:
    """Parallel is usually faster, but one call in twenty takes 30 times as long."""
    usual = 0.02 / s / (0.95 + 0.05 * 30)
    while True:
        stalls = 30 if r.random() < 0.05 else 1
        yield 0.02 * _noise(r, 0.2), usual * stalls * _noise(r, 0.2), 1.0


WORKLOADS: dict[str, Callable[[random.Random, float], Iterator[Pair]]] = {
    "llm": _plain(2.0, 0.4),
    "db": _plain(0.005, 0.5),
    "sleep": _plain(0.05, 0.02),
    "file": _plain(0.0002, 0.3),
    "cpu": _plain(0.02, 0.05),
    "bimodal": _mixed((0.001, 0.02), 0.5, 0.2),
    "drift": _drift,
    "ar1": _ar1,
    "size": _size,
    "outlier": _mixed((0.01, 0.1), 0.05, 0.3),
    "stall": _stall,
}
STEADY = tuple(name for name in WORKLOADS if name != "stall")


@dataclass
class Run:
    """What happened: the arm of each call and two totals in seconds."""

    arms: list[Arm]
    total: float
    better: float
    decider: Decider
    walls: list[tuple[float, float]]
    """Of each call what it took and what the better arm would have taken."""

    @property
    def regret(self) -> float:
        return self.total / self.better - 1.0

    def share(self, first: int, last: int) -> float:
        """The share of parallel calls among those from *first* to *last*."""
        arms = self.arms[first:last]
        return sum(arm is Arm.PARALLEL for arm in arms) / len(arms)

    def between(self, first: int, last: int) -> tuple[float, float]:
        """What the calls from *first* to *last* took, and would have taken the better way."""
        part = self.walls[first:last]
        return sum(ours for ours, _ in part), sum(best for _, best in part)

    def settled_into(self, arm: Arm, first: int = 0) -> int | None:
        """Calls from *first* until nine of ten are *arm*; ``None`` if never."""
        arms = self.arms[first:]
        hits = [a is arm for a in arms]
        for i in range(len(hits) - 9):
            if hits[i] and sum(hits[i : i + 10]) >= 9:
                return i
        return None


def simulate(
    workload: str,
    speedup: Callable[[int], float],
    calls: int,
    seed: str,
    predicted: float | None,
    *,
    observes_direct: bool = False,
) -> Run:
    """Run a decider through *calls* calls; ``speedup(i)`` is the true ratio at call *i*.

    As in the engine, nothing is observed while settled direct, and time
    re-arms it; *observes_direct* drives the decider by observations alone.
    """
    r = random.Random(seed)
    clock = FakeClock()
    decider = Decider(Settings(), predicted, STARTUP, None if observes_direct else clock)
    draws: dict[float, Iterator[Pair]] = {}
    arms: list[Arm] = []
    walls: list[tuple[float, float]] = []
    total = better = 0.0
    probe_at = math.inf
    seen = {Arm.DIRECT: 0, Arm.PARALLEL: 0}
    for i in range(calls):
        s = speedup(i)
        if s not in draws:
            draws[s] = WORKLOADS[workload](r, s)
        direct, parallel, size = next(draws[s])
        asleep = not observes_direct and decider.phase is Phase.DIRECT
        if asleep and clock.seconds() >= probe_at:
            decider.probe_begins()
            asleep = False
        arm = Arm.DIRECT if asleep else decider.choose()
        wall = parallel if arm is Arm.PARALLEL else direct
        if not seen[arm]:
            wall = wall * 1.3 + (STARTUP if arm is Arm.PARALLEL else 0.0)
        seen[arm] += 1
        clock.advance(wall)
        if not asleep:
            skips = decider._machine.skip and arm is decider._machine.usual
            decider.observe(arm, wall, size)
            wall += SKIPPED if skips else BOOKKEEPING
            wait = decider.next_probe_seconds()
            probe_at = math.inf if wait is None else clock.seconds() + wait
        arms.append(arm)
        total += wall
        best = parallel if s > 1 else direct
        better += best
        walls.append((wall, best))
    return Run(arms, total, better, decider, walls)
