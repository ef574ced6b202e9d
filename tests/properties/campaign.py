"""Many thousand generated programs: ``scripts/generated-programs [COUNT [FIRST_SEED]]``.

Each program runs plain and adaptive in two worlds (see `test_generated_programs`).
The result goes to ``reports``; the exit status is 1 if one differs.
"""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "semantics")]

CHUNK = 250
"""Programs per process: what each leaves in memory (code, proofs) goes with it."""

CONSTRUCTS = (
    "for", "while", "if", "try", "with", "match", "break", "continue", "return", "lambda", "yield",
    "finally", "else", "assert", "del", "nonlocal", "global", "raise", "any(", "all(", ":=",
)  # fmt: skip


def chunk(seeds: range) -> dict[str, Any]:
    """Compare the programs of *seeds*; return what was found."""
    import generators
    import harness
    from properties.test_generated_programs import difference
    from world.model import World
    from world.sources import load

    found: dict[str, Any] = {"programs": 0, "overlapped": 0, "differences": [], "with": {}}
    with tempfile.TemporaryDirectory() as folder:
        for seed in seeds:
            program = generators.generate(seed)
            try:
                module = load(Path(folder), program.source(), f"counted_{seed}")
            except SyntaxError:
                continue
            found["programs"] += 1
            words = difference(program, Path(folder), thorough=True)
            if words is not None:
                found["differences"].append({"seed": seed, "words": words})
            world = World(latency=lambda _: 0.0005)
            harness.observe(harness.forced()(module.generated), (), world)
            found["overlapped"] += world.peak > 1
            body = program.source().removeprefix(generators.HEADER)
            for word in CONSTRUCTS:
                if word in body:
                    found["with"][word] = found["with"].get(word, 0) + 1
    return found


def main(count: int = 20_000, first: int = 0) -> int:
    """Compare *count* programs in as many processes as there are cores; write the report."""
    began = time.monotonic()
    parts = [
        range(start, min(start + CHUNK, first + count))
        for start in range(first, first + count, CHUNK)
    ]
    total: dict[str, Any] = {"programs": 0, "overlapped": 0, "differences": [], "with": {}}
    context = multiprocessing.get_context("spawn")
    with context.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for number, found in enumerate(pool.imap(chunk, parts), 1):
            total["programs"] += found["programs"]
            total["overlapped"] += found["overlapped"]
            total["differences"] += found["differences"]
            for word, times in found["with"].items():
                total["with"][word] = total["with"].get(word, 0) + times
            print(f"{number}/{len(parts)}: {len(total['differences'])} differ", flush=True)
    write(total, f"scripts/generated-programs {count} {first}", time.monotonic() - began)
    return 1 if total["differences"] or not total["overlapped"] else 0


def write(total: dict[str, Any], command: str, seconds: float) -> None:
    """Write what was found to ``reports``."""
    from benchmarks.harness import machine

    known = machine()
    lines = [
        "# generated_programs",
        "",
        "Do generated programs do the same adaptive and plain: values, exceptions, effects, order?",
        "",
        "| measure | value |",
        "|---|---|",
        f"| programs | {total['programs']} |",
        f"| of them with operations that overlapped | {total['overlapped']} |",
        f"| that differ | {len(total['differences'])} |",
        *(f"| with `{word}` | {times} |" for word, times in sorted(total["with"].items())),
        "",
        *(f"- seed {one['seed']}: {one['words']}" for one in total["differences"]),
        f"`{command}`, {seconds:.0f} s",
        "",
        "Machine: " + ", ".join(f"{key} {value}" for key, value in known.items()) + ".",
    ]
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    stem = ROOT / "reports" / f"{today}-generated_programs"
    stem.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    data = {"format": 1, "command": command, "machine": known, "seconds": seconds, **total}
    stem.with_suffix(".json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
