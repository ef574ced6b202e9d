"""Hold the decisions to their goals: ``python -m tests.quality``; see ``scripts/decision-quality``."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from pathlib import Path

from benchmarks.harness import REPORTS, Options, Report, Row, machine, write
from tests.quality.simulations import parts, rows_of, statistics_cost
from tests.quality.workloads import STEADY

RUNS = 2000
SERIES = "report"
"""Names the seeds; the constants of the rules were chosen on others."""


def main() -> int:
    """Simulate, print, write; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help=f"a cell; default {RUNS}")
    parser.add_argument("--series", default=SERIES, help="names the seeds")
    parser.add_argument("--processes", type=int, default=1, help="at once; default 1")
    parser.add_argument("--reports", type=Path, default=REPORTS, help="folder to write to")
    given = parser.parse_args()
    before = machine()
    question = "Does the decision reach its goals on simulated workloads whose truth is known?"
    report = Report("decision-quality", question)
    wanted = parts(max(given.runs // len(STEADY), 1), given.series)
    with ProcessPoolExecutor(given.processes) as pool:
        simulated = chain.from_iterable(pool.map(rows_of, wanted))
        for row in chain(simulated, statistics_cost(20)):
            report.add(Row(row.name, row.value, row.bound, row.unit, row.goal, row.note))
    command = f"scripts/decision-quality --runs {given.runs} --series {given.series}"
    write(report, Options(reports=given.reports), before, command)
    return int(any(row.verdict == "missed" for row in report.rows))


if __name__ == "__main__":
    sys.exit(main())
