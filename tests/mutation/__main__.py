"""Try mutants and report how many the tests notice: ``python -m mutation`` in ``tests``.

``scripts/mutants`` makes the map of tests first. Own mutants are those of
``own.toml``, each of which takes away one guard, barrier, order or bound; they
are tried twice, by the tests that enter the function and by the generated
programs alone. The sampled ones are drawn by `mutation.sample`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import queue
import sys
import tempfile
import threading
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import machine
from mutation.sample import COUNT, SEED, Place, sampled
from mutation.trees import PATIENCE, Outcome, Reach, Tree, try_mutant

ROOT = Path(__file__).resolve().parents[2]
GOALS = {"own": 0.95, "sampled": 0.85, "generated": 0.5}
"""Shares that must be noticed: by all tests, and of the own ones by generated programs alone."""

GENERATED = ["tests/properties/test_generated_programs.py"]
GENERATED_LIMIT = 900.0


@dataclass(frozen=True)
class Mutant:
    """One changed file."""

    group: str
    name: str
    path: str
    line: int
    text: str
    equivalent: str = ""


def own(root: Path) -> list[Mutant]:
    """Return the mutants of ``own.toml``; one whose old text is not there once is an error."""
    found = tomllib.loads((Path(__file__).parent / "own.toml").read_text(encoding="utf-8"))
    made = []
    for entry in found["mutant"]:
        source = (root / entry["path"]).read_text(encoding="utf-8")
        if source.count(entry["old"]) != 1:
            raise SystemExit(f"own.toml, {entry['name']}: its old text is not there exactly once")
        line = source[: source.index(entry["old"])].count("\n") + 1
        text = source.replace(entry["old"], entry["new"])
        compile(text, entry["path"], "exec")
        made.append(Mutant("own", entry["name"], entry["path"], line, text))
    return made


def drawn(root: Path, count: int, seed: int) -> list[Mutant]:
    """Return the sampled mutants, with what was found of the survivors in ``explained.toml``."""
    path = Path(__file__).parent / "explained.toml"
    explained = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    made = []
    for place in sampled(root, count, seed):
        text = place.applied((root / place.path).read_text(encoding="utf-8"))
        name = _name(place, root)
        made.append(Mutant("sampled", name, place.path, place.line, text, explained.get(name, "")))
    return made


def _name(place: Place, root: Path) -> str:
    source = (root / place.path).read_text(encoding="utf-8").splitlines()[place.line - 1].strip()
    return f"{place.operator.partition('/')[2]} at `{source}` in {place.path}"


def run_all(
    mutants: list[Mutant], jobs: int, attempt: Callable[[Tree, Tree, Mutant], Outcome]
) -> list[dict[str, Any]]:
    """Try *mutants* in *jobs* trees at once; return what became of each, in their order."""
    waiting: queue.SimpleQueue[tuple[int, Mutant]] = queue.SimpleQueue()
    for pair in enumerate(mutants):
        waiting.put(pair)
    results: dict[int, dict[str, Any]] = {}

    def work(folder: Path) -> None:
        tree, clean = Tree(ROOT, folder / "mutant"), Tree(ROOT, folder / "clean")
        while True:
            try:
                index, mutant = waiting.get_nowait()
            except queue.Empty:
                return
            outcome = attempt(tree, clean, mutant)
            row = asdict(mutant) | asdict(outcome)
            del row["text"]
            results[index] = row
            word = "noticed" if outcome.noticed else "SURVIVED"
            print(f"{len(results)}/{len(mutants)} {word} {mutant.name} ({outcome.by})", flush=True)

    with tempfile.TemporaryDirectory() as scratch:
        threads = [
            threading.Thread(target=work, args=(Path(scratch) / str(number),))
            for number in range(jobs)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return [results[index] for index in sorted(results)]


def by_tests(reach: Reach) -> Callable[[Tree, Tree, Mutant], Outcome]:
    """Return the attempt by the tests that enter the changed function."""

    def attempt(tree: Tree, clean: Tree, mutant: Mutant) -> Outcome:
        tests = reach.tests(ROOT, mutant.path, mutant.line)
        limit = 30.0 + PATIENCE * reach.cost(tests)
        return try_mutant(tree, clean, tests, mutant.path, mutant.text, limit)

    return attempt


def by_generated(tree: Tree, clean: Tree, mutant: Mutant) -> Outcome:
    """The attempt by the generated programs alone."""
    return try_mutant(tree, clean, GENERATED, mutant.path, mutant.text, GENERATED_LIMIT)


def report(groups: dict[str, list[dict[str, Any]]], command: str) -> bool:
    """Write the results to ``reports``; return whether every group reaches its goal."""
    lines = ["# mutants", "", "Which faults put into the library do its tests notice?", ""]
    lines += ["| group | mutants | noticed | share | goal |", "|---|---|---|---|---|"]
    good = True
    for group, rows in groups.items():
        counted = [row for row in rows if not row["equivalent"]]
        noticed = sum(row["noticed"] for row in counted)
        share = noticed / len(counted) if counted else 0.0
        good = good and share >= GOALS[group]
        lines.append(f"| {group} | {len(counted)} | {noticed} | {share:.1%} | {GOALS[group]:.0%} |")
    for group, rows in groups.items():
        left = [row for row in rows if not row["noticed"]]
        if left:
            lines += ["", f"## Survivors: {group}", ""]
            lines += [
                f"- {row['name']}, line {row['line']}"
                + (f": changes nothing, {row['equivalent']}" if row["equivalent"] else "")
                for row in left
            ]
    known = machine()
    lines += ["", f"`{command}`", ""]
    lines += ["Machine: " + ", ".join(f"{key} {value}" for key, value in known.items()) + "."]
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    stem = ROOT / "reports" / f"{today}-mutants"
    stem.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    data = {"format": 1, "command": command, "machine": known, "groups": groups}
    stem.with_suffix(".json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return good


def main() -> int:
    """Try the groups that were asked for."""
    parser = argparse.ArgumentParser(prog="scripts/mutants")
    parser.add_argument("groups", nargs="*", choices=[*GOALS, []], help="default: all")
    parser.add_argument("--map", type=Path, required=True, help="written by mutation.reach")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", default="", help="mutants whose name contains this")
    chosen = parser.parse_args()
    reach = Reach(chosen.map)
    found: dict[str, list[dict[str, Any]]] = {}
    for group in chosen.groups or GOALS:
        mutants = drawn(ROOT, chosen.count, chosen.seed) if group == "sampled" else own(ROOT)
        mutants = [mutant for mutant in mutants if chosen.only in mutant.name]
        attempt = by_generated if group == "generated" else by_tests(reach)
        found[group] = run_all(mutants, chosen.jobs, attempt)
    return 0 if report(found, " ".join(["scripts/mutants", *sys.argv[1:]])) else 1


if __name__ == "__main__":
    sys.exit(main())
