"""What does ``import adaptive_jit`` add to the start of a program?

Wall time of a fresh interpreter that imports it, less that of one that does not, byte code cached.
Goal: at most 40 ms, and none of numpy, scipy, rich, psutil, asyncio and sqlite3 loaded.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks import harness

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL_MS = 40.0
HEAVY = ("numpy", "scipy", "rich", "psutil", "asyncio", "sqlite3")


def starting(statement: str) -> Callable[[], None]:
    """Return an action that runs *statement* in a fresh interpreter with cached byte code."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}  # noqa: TID251

    def start() -> None:
        subprocess.run([sys.executable, "-c", statement], check=True, env=environment)

    return start


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure starts with and without the import, and look at what was loaded."""
    pairs = harness.paired(starting("import adaptive_jit"), starting("pass"), options.pairs)
    extra = [(candidate - baseline) * 1e3 for candidate, baseline in pairs]
    report.add(
        harness.Row(
            "import adaptive_jit",
            statistics.median(extra),
            harness.upper_bound(extra),
            "ms",
            GOAL_MS,
            raw=pairs,
        )
    )
    heavy = f"import sys, adaptive_jit; print(*({HEAVY!r} & sys.modules.keys()))".replace(
        repr(HEAVY), repr(set(HEAVY))
    )
    loaded = subprocess.run(
        [sys.executable, "-c", heavy], check=True, capture_output=True, text=True
    ).stdout.split()
    report.add(
        harness.Row(
            "heavy modules loaded", len(loaded), len(loaded), "number", 0.0, ", ".join(loaded)
        )
    )


if __name__ == "__main__":
    sys.exit(harness.run("import_time", __doc__, measure))
