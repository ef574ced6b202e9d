"""``python -m benchmarks [NAME ...] [--quick] [--pairs N]``: run the named ones, or all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NAMES = (
    "import_time",
    "no_candidates",
    "cost_per_operation",
    "profiling_overhead",
    "short_operations",
    "sleep_fanout",
    "window",
    "constructs",
    "http_fanout",
    "local_writes",
    "chain_and_cpu",
    "slow_models",
    "first_call",
    "second_process",
)


def main(argv: list[str]) -> int:
    """Run each benchmark in a process of its own: none inherits another's threads or caches."""
    known = [word for word in argv if word in NAMES]
    options = [word for word in argv if word not in NAMES]
    unknown = [word for word in options if not word.startswith("-") and not word.isdigit()]
    if unknown:
        print(f"no benchmark is called {unknown[0]!r}; there are {', '.join(NAMES)}")
        return 2
    root = Path(__file__).resolve().parent.parent
    status = 0
    for name in known or NAMES:
        command = [sys.executable, "-m", f"benchmarks.{name}", *options]
        status |= subprocess.run(command, cwd=root, check=False).returncode
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
