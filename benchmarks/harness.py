"""Interleaved pairs, the median paired ratio with its upper bound, and reports.

Two ways of doing the same are measured alternately, in pairs, so that a slow
second of the machine meets both. Of each pair counts the ratio, of all ratios
the median, and of that the upper end of a one-sided 95 % bootstrap interval
(percentile method, 2,000 resamples, fixed seed): the figure that a goal is held
against. A measurement is called unstable when that bound lies more than 5 %
above the median.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import random
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import adaptive_jit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAIRS = 30
WARM_UP = 5
RESAMPLES = 2_000
UNSTABLE = 1.05
REPORTS = Path(__file__).resolve().parent.parent / "reports"


@dataclass(frozen=True, slots=True)
class Options:
    """How long to measure and where to write."""

    pairs: int = PAIRS
    reports: Path | None = REPORTS


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of a report: what was measured, its value, and the goal if there is one.

    ``unit`` is ``"ratio"`` or a unit of time; ``bound`` is the value held
    against ``goal`` (smaller is better), ``value`` the best estimate.
    """

    name: str
    value: float
    bound: float
    unit: str
    goal: float | None = None
    note: str = ""
    raw: tuple[tuple[float, float], ...] = ()

    @property
    def verdict(self) -> str:
        """Whether the goal is met, missed, or absent."""
        if self.goal is None:
            return "–"
        return "met" if self.bound <= self.goal else "missed"

    @property
    def unstable(self) -> bool:
        """Whether the bound is too far from the value for a fine comparison."""
        return self.value > 0 and self.bound / self.value > UNSTABLE


@dataclass(slots=True)
class Report:
    """The answer to one benchmark's question."""

    name: str
    question: str
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Add *row* and print it at once."""
        self.rows.append(row)
        goal = f"goal {row.goal:g}" if row.goal is not None else "no goal"
        shaky = "  unstable" if row.unstable else ""
        print(
            f"{self.name}: {row.name}: {row.value:.4g} (at most {row.bound:.4g}) {row.unit}, "
            f"{goal}: {row.verdict}{shaky}  {row.note}",
            flush=True,
        )


def seconds(action: Callable[[], object]) -> float:
    """Wall seconds that one run of *action* takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def paired(
    candidate: Callable[[], object],
    baseline: Callable[[], object],
    pairs: int = PAIRS,
    warm_up: int = WARM_UP,
    measure: Callable[[Callable[[], object]], float] = seconds,
) -> tuple[tuple[float, float], ...]:
    """Measure both alternately; the order changes with each pair.

    Returns (candidate, baseline) per pair, in what *measure* returns.
    """
    for _ in range(warm_up):
        measure(candidate)
        measure(baseline)
    found = []
    for turn in range(pairs):
        if turn % 2:
            first = measure(baseline)
            found.append((measure(candidate), first))
        else:
            first = measure(candidate)
            found.append((first, measure(baseline)))
    return tuple(found)


def ratio_row(
    name: str, pairs: Sequence[tuple[float, float]], goal: float | None, note: str = ""
) -> Row:
    """Return the row for the median of candidate over baseline."""
    ratios = [candidate / baseline for candidate, baseline in pairs]
    times = "{:.4g} against {:.4g} ms".format(
        *(statistics.median(column) * 1e3 for column in zip(*pairs, strict=True))
    )
    return Row(
        name,
        statistics.median(ratios),
        upper_bound(ratios),
        "ratio",
        goal,
        f"{times}; {note}" if note else times,
        tuple(pairs),
    )


def upper_bound(values: Sequence[float], level: float = 0.95) -> float:
    """Return the upper end of the one-sided bootstrap interval of the median of *values*."""
    generator = random.Random(1)  # noqa: S311  # resampling, not secrecy
    medians = sorted(
        statistics.median(generator.choices(values, k=len(values))) for _ in range(RESAMPLES)
    )
    return medians[min(RESAMPLES - 1, round(level * RESAMPLES))]


def machine() -> dict[str, Any]:
    """Return what the figures depend on: interpreter, processor, cores and load."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "adaptive_jit": adaptive_jit.__version__,
    }


def processor() -> str:
    """Return the processor's name where the system tells it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or "unknown"
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.processor() or "unknown"


def write(
    report: Report, options: Options, before: dict[str, Any], command: str | None = None
) -> None:
    """Write *report* as Markdown and JSON into the reports folder, named by date.

    *command* is what gives it again; by default that of a benchmark.
    """
    if options.reports is None:
        return
    options.reports.mkdir(parents=True, exist_ok=True)
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    if command is None:
        command = f"python -m benchmarks {report.name} --pairs {options.pairs}"
    stem = options.reports / f"{today}-{report.name}"
    after = machine()
    stem.with_suffix(".md").write_text(markdown(report, command, before, after), encoding="utf-8")
    data = {
        "format": 1,
        "name": report.name,
        "question": report.question,
        "command": command,
        "date": today,
        "machine": before,
        "load_after": after["load"],
        "rows": [
            {
                "name": row.name,
                "value": row.value,
                "bound": row.bound,
                "unit": row.unit,
                "goal": row.goal,
                "verdict": row.verdict,
                "note": row.note,
                "pairs": row.raw,
            }
            for row in report.rows
        ],
    }
    stem.with_suffix(".json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def markdown(report: Report, command: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return *report* as a Markdown page."""
    lines = [
        f"# {report.name}",
        "",
        report.question,
        "",
        "| measure | median | upper 95 % bound | unit | goal | verdict | note |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in report.rows:
        goal = "–" if row.goal is None else f"{row.goal:g}"
        note = f"unstable; {row.note}" if row.unstable else row.note
        lines.append(
            f"| {row.name} | {row.value:.4g} | {row.bound:.4g} | {row.unit} | {goal} "
            f"| {row.verdict} | {note} |"
        )
    facts = ", ".join(f"{name} {value}" for name, value in before.items() if name != "load")
    lines += ["", f"`{command}`", "", f"Machine: {facts}; load {before['load']} → {after['load']}."]
    return "\n".join(lines) + "\n"


def run(
    name: str,
    question: str | None,
    measure: Callable[[Report, Options], None],
    argv: Sequence[str] | None = None,
) -> int:
    """Answer one benchmark's *question*: parse options, measure, print, write."""
    parser = argparse.ArgumentParser(prog=f"benchmarks.{name}", description=question)
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"at least; default {PAIRS}")
    parser.add_argument("--quick", action="store_true", help="3 pairs, no report: does it run?")
    parser.add_argument("--reports", type=Path, default=REPORTS, help="folder to write to")
    given = parser.parse_args(argv)
    options = Options(3, None) if given.quick else Options(pairs=given.pairs, reports=given.reports)
    before = machine()
    first_line = (question or name).strip().splitlines()[0]
    report = Report(name, first_line)
    measure(report, options)
    write(report, options, before)
    return 0


def settle(action: Callable[[], object], done: Callable[[], bool], limit: int = 200) -> int:
    """Run *action* until *done* says so; returns the number of runs.

    Ends the program with a message after *limit* runs: a figure taken in
    another state than the one asked for would be wrong.
    """
    for count in range(1, limit + 1):
        action()
        if done():
            return count
    sys.exit(f"the function did not settle within {limit} calls")
