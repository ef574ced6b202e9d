"""Try mutants and report how many the tests notice: ``python -m mutation`` in ``tests``.

``scripts/mutants`` makes the map of tests first. Own mutants are those of
``own.toml``, each of which takes away one guard, barrier, order or bound; they
are tried twice, by the tests that execute the changed statement and by the
generated programs alone. The sampled ones are drawn by `mutation.sample`.

What is found is written to the report's JSON one by one: ``--go-on`` asks only
about the mutants that are new or have survived, with the tests of today.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import queue
import subprocess
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
from mutation.selection import Reach
from mutation.trees import Outcome, Round, Server, Tree, try_mutant

ROOT = Path(__file__).resolve().parents[2]
GOALS = {"own": 0.95, "sampled": 0.85, "generated": 0.5}
"""Shares that must be noticed: by all tests, and of the own ones by generated programs alone."""

WITHIN = {"generated": "tests/properties/"}
"""The tests that a group is asked about; else all."""


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


def rounds(reach: Reach, group: str, mutant: Mutant, last: str) -> list[Round]:
    """Return what to run for *mutant*: the test that noticed it *last*, then those of the map."""
    found = reach.rounds(ROOT, mutant.path, mutant.line, WITHIN.get(group, "tests/"))
    if last in reach.numbers:
        found.insert(0, [last])
    return [Round(tests, reach.cost(tests), reach.longest(tests)) for tests in found]


def run_all(
    mutants: list[Mutant],
    jobs: int,
    asked: Callable[[Mutant], list[Round]],
    note: Callable[[Mutant, Outcome], None],
) -> None:
    """Try *mutants* in *jobs* pairs of trees at once; *note* what becomes of each."""
    waiting: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
    for mutant in mutants:
        waiting.put(mutant)
    noting = threading.Lock()
    done = 0

    def work(folder: Path) -> None:
        nonlocal done
        folder.mkdir()
        server = Server(folder / "printed.txt")
        tree = Tree(ROOT, folder / "mutant", server)
        clean = Tree(ROOT, folder / "clean", server)
        while True:
            try:
                mutant = waiting.get_nowait()
            except queue.Empty:
                server.close()
                return
            outcome = try_mutant(tree, clean, asked(mutant), mutant.path, mutant.text)
            with noting:
                done += 1
                note(mutant, outcome)
                word = "noticed" if outcome.noticed else "SURVIVED"
                words = f"{done}/{len(mutants)} {word} {mutant.name}, line {mutant.line}"
                print(f"{words} ({outcome.by or outcome.tests})", flush=True)

    with tempfile.TemporaryDirectory() as scratch:
        threads = [
            threading.Thread(target=work, args=(Path(scratch) / str(number),))
            for number in range(jobs)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


class Results:
    """What became of the mutants, kept in the JSON of a report."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.commit = _commit()
        self.groups: dict[str, dict[str, Any]] = {}
        self.drawn: dict[str, int] = {}
        if path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))["groups"]
            self.groups = {name: {row["name"]: row for row in rows} for name, rows in kept.items()}

    def noticed_by(self, group: str, mutant: Mutant) -> str:
        """Return the test that noticed *mutant* last time; "" if none has."""
        return str(self.groups.get(group, {}).get(mutant.name, {}).get("by", ""))

    def note(self, group: str, mutant: Mutant, outcome: Outcome) -> None:
        """Keep what became of *mutant*, at once."""
        row = asdict(mutant) | asdict(outcome) | {"commit": self.commit}
        del row["text"], row["group"]
        self.groups.setdefault(group, {})[mutant.name] = row
        self.write("", machine())

    def keep(self, group: str, mutants: list[Mutant]) -> None:
        """Forget other mutants of *group*, and bring the order and the explanations up to date."""
        found = self.groups.get(group, {})
        self.drawn[group] = len(mutants)
        self.groups[group] = {
            mutant.name: found[mutant.name] | {"line": mutant.line, "equivalent": mutant.equivalent}
            for mutant in mutants
            if mutant.name in found
        }

    def write(self, command: str, known: dict[str, Any]) -> None:
        """Write the report's JSON."""
        groups = {name: list(rows.values()) for name, rows in self.groups.items()}
        data = {"format": 2, "command": command, "machine": known, "groups": groups}
        self.path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _commit() -> str:
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    )
    return found.stdout.strip()


def report(results: Results, command: str, note: str = "") -> bool:
    """Write the report; return whether every group reaches its goal."""
    lines = ["# mutants", "", "Which faults put into the library do its tests notice?", ""]
    lines += [
        "| group | mutants | change nothing | noticed | share | goal |",
        "|---|---|---|---|---|---|",
    ]
    good = True
    commits: set[str] = set()
    part: list[str] = []
    for group, rows in results.groups.items():
        counted = [row for row in rows.values() if row["noticed"] or not row["equivalent"]]
        noticed = sum(row["noticed"] for row in counted)
        equal = len(rows) - len(counted)
        share = noticed / len(counted) if counted else 0.0
        good = good and share >= GOALS[group]
        figures = f"{len(rows)} | {equal} | {noticed} | {share:.1%} | {GOALS[group]:.0%}"
        lines.append(f"| {group} | {figures} |")
        commits |= {row["commit"] for row in rows.values()}
        if len(rows) < results.drawn.get(group, 0):
            part.append(f"{group}: the first {len(rows)} of {results.drawn[group]}")
    lines += ["", f"Tried so far, in order: {'; '.join(part)}."] if part else []
    for group, rows in results.groups.items():
        left = [row for row in rows.values() if not row["noticed"]]
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
    lines += [f"Commits: {', '.join(sorted(commits))} (each mutant's is in the JSON)."]
    lines += ["", note] if note else []
    results.path.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    results.write(command, known)
    print("\n".join(lines))
    return good


def main() -> int:
    """Try the groups that were asked for."""
    parser = argparse.ArgumentParser(prog="scripts/mutants")
    parser.add_argument("groups", nargs="*", choices=[*GOALS, []], help="default: all")
    parser.add_argument("--map", type=Path, nargs="+", required=True, help="by mutation.reach")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", default="", help="mutants whose name contains this")
    parser.add_argument("--go-on", action="store_true", help="leave out what was noticed before")
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    default = ROOT / "reports" / f"{today}-mutants.json"
    parser.add_argument("--note", default="", help="a sentence for the report")
    parser.add_argument("--report", type=Path, default=default, help="JSON, beside it the text")
    chosen = parser.parse_args()
    reach = Reach(*chosen.map)
    results = Results(chosen.report)
    for group in chosen.groups or GOALS:
        mutants = drawn(ROOT, chosen.count, chosen.seed) if group == "sampled" else own(ROOT)
        results.keep(group, mutants)
        _try(group, mutants, reach, results, chosen)
        results.keep(group, mutants)
    words = ["scripts/mutants", *chosen.groups, *(["--go-on"] if chosen.go_on else ())]
    return 0 if report(results, " ".join(words), chosen.note) else 1


def _try(
    group: str,
    mutants: list[Mutant],
    reach: Reach,
    results: Results,
    chosen: argparse.Namespace,
) -> None:
    left = [mutant for mutant in mutants if chosen.only in mutant.name]
    if chosen.go_on:
        left = [mutant for mutant in left if not results.noticed_by(group, mutant)]

    def asked(mutant: Mutant) -> list[Round]:
        return rounds(reach, group, mutant, results.noticed_by(group, mutant))

    def note(mutant: Mutant, outcome: Outcome) -> None:
        results.note(group, mutant, outcome)

    run_all(left, chosen.jobs, asked, note)


if __name__ == "__main__":
    sys.exit(main())
