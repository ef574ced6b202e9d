"""Does a second process gain in its very first call, if a first one has left what it learnt?

Five operations of 50 ms each, as five statements and as a loop; a process of its own for each
measurement, so that nothing but the store connects them. Measured is the first call, as the
process itself sees it, imports and reading of the store within the call included. The goal is a
quarter of the same call with the library switched off.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import harness

GOAL = 0.25
LEARNING_CALLS = 8

PROGRAM = """
import sys, time
from adaptive_jit import adaptive, reads


@reads
def ask(number):
    time.sleep(0.05)
    return number


@adaptive
def statements():
    first = ask(1)
    second = ask(2)
    third = ask(3)
    fourth = ask(4)
    return first + second + third + fourth + ask(5)


@adaptive
def loop():
    found = []
    for number in (1, 2, 3, 4, 5):
        found.append(ask(number))
    return sum(found)


function = {"statements": statements, "loop": loop}[sys.argv[1]]
for call in range(int(sys.argv[2])):
    began = time.perf_counter()
    assert function() == 15
    if not call:
        print(time.perf_counter() - began)
"""


def first_call(folder: str, name: str, calls: int = 1, *, enabled: bool = True) -> float:
    """Seconds of the first call of `PROGRAM` in a process of its own."""
    script = Path(folder) / "program.py"
    script.write_text(PROGRAM, encoding="utf-8")
    settings = {
        "ADAPTIVE_JIT_CACHE_DIR": str(Path(folder) / "cache"),
        "ADAPTIVE_JIT_ENABLED": str(int(enabled)),
    }
    done = subprocess.run(
        [sys.executable, str(script), name, str(calls)],
        env=os.environ | settings,  # noqa: TID251  # a child's environment
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout)


def measure(report: harness.Report, options: harness.Options) -> None:
    """Measure first calls of later processes against plain ones."""
    for name in ("statements", "loop"):
        with tempfile.TemporaryDirectory() as folder:
            first_call(folder, name, LEARNING_CALLS)
            pairs = []
            for turn in range(options.pairs):
                order = (True, False) if turn % 2 else (False, True)
                walls = {on: first_call(folder, name, enabled=on) for on in order}
                pairs.append((walls[True], walls[False]))
            report.add(harness.ratio_row(f"5 × 50 ms, {name}, first call", pairs, GOAL))


if __name__ == "__main__":
    sys.exit(harness.run("second_process", __doc__, measure))
