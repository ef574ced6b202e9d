"""The rows of the goals for decisions, each a simulation of some number of runs.

A row gives the figure and its upper 95 % bound: Wilson for a share, an order
statistic for a quantile, the normal approximation of a ratio of sums for a
regret. ``scripts/decision-quality`` prints them all; the tests take few runs.
Regret is total time over the total time of the better arm, minus one.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from adaptive_jit.decision import Decider
from adaptive_jit.numerics import wilson
from adaptive_jit.records.decisions import Arm, Phase
from adaptive_jit.settings import Settings
from tests.quality.workloads import STEADY, simulate

NEVER = 10**9
Z = 1.645
CALLS = 1000
SLOWER = (0.5, 0.9, 0.98)
REGRETS = ((0.5, 2), (0.9, 2), (0.98, 2), (1.0, 2), (1.5, 8), (3.0, 5), (10.0, 9))


class Figure(NamedTuple):
    """One row: its name, the estimate and its 95 % interval, the goal.

    The upper end, ``bound``, is held against the goal; with few runs the lower one.
    """

    name: str
    low: float
    value: float
    bound: float
    goal: float
    unit: str
    note: str


class Outcome(NamedTuple):
    """What one run of a thousand calls came to."""

    kept: bool
    total: float
    better: float
    parallel_at: int


def prediction(kind: str, s: float, seed: str) -> float | None:
    """No prediction, or one that is right within a factor of exp(N(0, 0.25))."""
    if kind == "none":
        return None
    return s * math.exp(random.Random(f"prediction {seed}").gauss(0.0, 0.25))


def outcomes(
    kind: str, s: float, reps: int, series: str, workloads: Sequence[str] = STEADY
) -> dict[str, list[Outcome]]:
    """All runs at a true speed-up of *s*; *series* names their seeds."""
    return {
        workload: [_outcome(kind, s, workload, f"{series} {workload} {s} {i}") for i in range(reps)]
        for workload in workloads
    }


def _outcome(kind: str, s: float, workload: str, seed: str) -> Outcome:
    run = simulate(workload, lambda _: s, CALLS, seed, prediction(kind, s, seed))
    kept = run.share(CALLS // 2, CALLS) > 0.5
    settled = run.settled_into(Arm.PARALLEL) if kept else None
    return Outcome(kept, run.total, run.better, NEVER if settled is None else settled)


def share(name: str, hits: int, of: int, goal: float) -> Figure:
    """A rate, in per cent, with its upper Wilson bound."""
    low, high = wilson(hits, of)
    return Figure(name, 100.0 * low, 100.0 * hits / of, 100.0 * high, goal, "%", f"{hits} of {of}")


def quantile(name: str, values: Sequence[int], p: float, goal: float) -> Figure:
    """A quantile in calls; its bound is the order statistic that covers it in 95 %."""
    ordered, n = sorted(values), len(values)
    off = Z * math.sqrt(n * p * (1.0 - p))
    low, middle, high = (
        ordered[max(0, min(int(place), n - 1))] for place in (n * p - off, n * p, n * p + off + 1)
    )
    return Figure(name, low, middle, high, goal, "calls", f"{n} runs")


def certain(name: str, value: float, goal: float, unit: str, note: str) -> Figure:
    """A figure without an interval: a mean of so many runs that it hardly varies, or a least."""
    return Figure(name, value, value, value, goal, unit, note)


def regret(name: str, cells: Sequence[Sequence[tuple[float, float]]], goal: float) -> Figure:
    """The mean over workloads of (total / better total) - 1, in per cent; *cells* are pairs."""
    ratios, variance, runs = [], 0.0, 0
    for cell in cells:
        better = sum(pair[1] for pair in cell)
        ratio = sum(pair[0] for pair in cell) / better
        residuals = sum((total - ratio * least) ** 2 for total, least in cell)
        variance += residuals / (better * better)
        ratios.append(ratio)
        runs += len(cell)
    value = sum(ratios) / len(ratios) - 1.0
    off = Z * math.sqrt(variance) / len(ratios)
    low, high = value - off, value + off
    return Figure(name, 100.0 * low, 100.0 * value, 100.0 * high, goal, "%", f"{runs} runs")


def _pairs(cells: dict[str, list[Outcome]]) -> list[list[tuple[float, float]]]:
    return [[(run.total, run.better) for run in cell] for cell in cells.values()]


def false_switches(kind: str, reps: int, series: str, goal: float) -> Figure:
    """Runs that are mostly parallel in calls 501 to 1,000 though it is slower, pooled."""
    hits = of = 0
    for s in SLOWER:
        for cell in outcomes(kind, s, reps, series).values():
            hits += sum(run.kept for run in cell)
            of += len(cell)
    with_ = "with" if kind == "honest" else "without"
    return share(f"false switch, ratio <= 0.98 pooled, {with_} prediction", hits, of, goal)


def regret_at(s: float, goal: float, reps: int, series: str) -> Figure:
    """Regret after a thousand calls, without a prediction."""
    cells = _pairs(outcomes("none", s, reps, series))
    return regret(f"regret after 1,000 calls, ratio {s:g}", cells, goal)


def found(reps: int, series: str) -> Iterator[Figure]:
    """Calls until parallel at a true ratio of 2, without a prediction."""
    cells = outcomes("none", 2.0, reps, series).values()
    calls = [run.parallel_at for cell in cells for run in cell]
    yield quantile("calls until parallel, ratio 2, median", calls, 0.5, 10)
    yield quantile("calls until parallel, ratio 2, 90 %", calls, 0.9, 45)
    yield share("parallel missed, ratio 2", calls.count(NEVER), len(calls), 3)


def changes(reps: int, series: str) -> Iterator[Figure]:
    """From 3x to 0.4x at call 500, back at call 1,500: revert, cost, recovery."""
    reverts: list[int] = []
    recovers: dict[bool, list[int]] = {True: [], False: []}
    cells = []
    for workload in STEADY:
        pairs = []
        for i in range(reps):
            for observes in (False, True):
                run = simulate(
                    workload, lambda n: 0.4 if 500 <= n < 1500 else 3.0, 3500,
                    f"{series} change {workload} {i}", 3.0, observes_direct=observes,
                )  # fmt: skip
                recover = run.settled_into(Arm.PARALLEL, 1500)
                recovers[observes].append(NEVER if recover is None else recover)
                if not observes:
                    revert = run.settled_into(Arm.DIRECT, 500)
                    reverts.append(NEVER if revert is None else revert)
                    pairs.append(run.between(500, 1500))
        cells.append(pairs)
    yield quantile("revert after 3x -> 0.4x, median", reverts, 0.5, 8)
    yield quantile("revert after 3x -> 0.4x, 90 %", reverts, 0.9, 20)
    yield regret("regret over those 1,000 calls", cells, 5)
    for observes, how in ((True, "direct calls observed"), (False, "re-armed by time")):
        yield quantile(f"recovery, {how}, median", recovers[observes], 0.5, 100)
        yield quantile(f"recovery, {how}, 90 %", recovers[observes], 0.9, 200)


def exits(reps: int, series: str, calls: int = 10_000) -> Figure:
    """How often settled parallel is left without cause, per 10,000 calls, the worst workload."""
    worst, which = -1.0, ""
    for workload in STEADY:
        left = 0
        for i in range(reps):
            run = simulate(workload, lambda _: 3.0, calls, f"{series} leave {workload} {i}", 3.0)
            left += sum(t.before is Phase.PARALLEL for t in run.decider.summary().transitions)
        if left > worst:
            worst, which = left, workload
    scale = 10_000 / (reps * calls)
    # Upper end of the interval of a Poisson count (normal approximation with continuity).
    bound = (worst + 1.0 + Z * math.sqrt(worst + 1.0)) * scale
    low = max(worst - Z * math.sqrt(worst), 0.0) * scale
    note = f"{which}; {reps * calls} calls a workload"
    return Figure("exits from settled without cause", low, worst * scale, bound, 6, "/10,000", note)


def slow_calls(factor: float | None, reps: int, series: str) -> tuple[list[float], list[int]]:
    """Twenty calls of 5 x 10 s: ratios of totals to direct after each, and the first parallel call.

    *factor* ``None``: the operations run at the same time; else parallel takes
    *factor* times direct. The prediction is that of the first call.
    """
    sigma, operations = 0.4, 5
    ours, direct, first = [0.0] * 20, [0.0] * 20, []
    for i in range(reps):
        r = random.Random(f"{series} slow {factor} {i}")
        decider, chosen = None, []
        for call in range(20):
            walls = [10.0 * r.lognormvariate(-sigma * sigma / 2, sigma) for _ in range(operations)]
            decider = decider or Decider(Settings(), sum(walls) / max(walls))
            arm = decider.choose()
            chosen.append(arm)
            together = max(walls) if factor is None else sum(walls) * factor
            wall = together if arm is Arm.PARALLEL else sum(walls)
            decider.observe(arm, wall)
            ours[call] += wall
            direct[call] += sum(walls)
        first.append(chosen.index(Arm.PARALLEL) + 1 if Arm.PARALLEL in chosen else NEVER)
    return [sum(ours[: n + 1]) / sum(direct[: n + 1]) for n in range(20)], first


def slow(reps: int, series: str) -> Iterator[Figure]:
    """Few, slow calls, that gain and that lose by running ahead."""
    totals, first = slow_calls(None, reps, series)
    note = f"{reps} runs"
    yield certain("5 x 10 s: first parallel call, latest run", max(first), 2, "call", note)
    yield certain("5 x 10 s: total after 5 calls", totals[4], 0.5, "of direct", note)
    for calls, goal in ((5, 15), (20, 5)):
        extra = 100.0 * (slow_calls(1.6, reps, series)[0][calls - 1] - 1.0)
        name = f"1.6x slower in parallel: extra time after {calls} calls"
        yield certain(name, extra, goal, "%", note)


def statistics_cost(repeats: int) -> Iterator[Figure]:
    """CPU time of choose and observe per call, the least of several stretches."""
    for phase, goal in ((Phase.PARALLEL, 2.0), (Phase.TRIAL, 4.0)):
        value = 1e6 * min(_stretch(phase) for _ in range(repeats))
        name = f"statistics per call, {phase.value}"
        yield certain(name, value, goal, "us", f"least of {repeats} stretches")


def _stretch(phase: Phase, calls: int = 500) -> float:
    r = random.Random(1)
    decider = Decider(Settings(min_speedup=1.05, evidence=20.0), None)
    while decider.phase is not Phase.TRIAL:
        decider.observe(decider.choose(), 0.05)
    if phase is Phase.PARALLEL:
        while decider.phase is not phase:
            arm = decider.choose()
            decider.observe(arm, 0.02 if arm is Arm.PARALLEL else 0.06)
    spent, measured = 0.0, 0
    while measured < calls:
        if decider.phase is not phase:  # a trial has ended: measure the next one
            return spent / max(measured, 1) if measured else _stretch(phase, calls)
        wall = 0.02 * r.lognormvariate(0.0, 0.1)
        began = time.thread_time()
        for _ in range(8):
            arm = decider.choose()
            decider.observe(arm, wall if phase is Phase.PARALLEL else 0.05 + wall)
        spent += time.thread_time() - began
        measured += 8
    return spent / measured


def parts(reps: int, series: str) -> list[tuple[Callable[..., object], tuple[object, ...]]]:
    """The simulated rows as calls that do not depend on each other; see `rows_of`."""
    return [
        (false_switches, ("honest", reps, series, 1)),
        (false_switches, ("none", reps, series, 3)),
        *((regret_at, (s, goal, reps, series)) for s, goal in REGRETS),
        (found, (reps, series)),
        (slow, (reps * len(STEADY), series)),
        (changes, (reps, series)),
        (exits, (max(reps // 10, 1), series)),
    ]


def rows_of(part: tuple[Callable[..., Any], tuple[object, ...]]) -> list[Figure]:
    """The rows of one part."""
    make, arguments = part
    made = make(*arguments)
    return [made] if isinstance(made, Figure) else list(made)


def figures(reps: int, series: str) -> Iterator[Figure]:
    """Every simulated row; *reps* runs of each of the ten steady workloads a cell."""
    for part in parts(reps, series):
        yield from rows_of(part)
