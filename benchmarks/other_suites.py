"""Do the suites of toolz, boltons, more-itertools and sqlite-utils pass with everything decorated?

Each suite runs plain, with every function of its library forced ahead, and with every function
learning, alternately. Fails if a test that passes plainly does not pass decorated, if a regime takes
more than 1.3 times the plain time over all suites, or if fewer than 1,000 operations were started
early in other threads where they are forced. What the calling thread computes itself ahead of its
turn is told, but not counted. Times are wall seconds of the whole process, imports and decorating
included.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import time
import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import harness

MOST_SLOWER = 1.3
FEWEST_STARTS = 1_000
PAIRS = 3
ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".other-suites"
REGIMES = {"plain": (), "forced": ("--adaptive-forced",), "learning": ()}


@dataclass(frozen=True, slots=True)
class Suite:
    """A library, the package to decorate, and where its tests are within its source archive."""

    library: str
    package: str
    tests: str


SUITES = (
    Suite("toolz", "toolz", "toolz"),
    Suite("boltons", "boltons", "tests"),
    Suite("more-itertools", "more_itertools", "tests"),
    Suite("sqlite-utils", "sqlite_utils", "tests"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one suite: wall seconds, outcome by test, and what was decorated."""

    seconds: float
    outcomes: dict[str, str]
    counts: dict[str, Any]


def fetched(suite: Suite) -> Path:
    """The unpacked source archive of the installed version, from the package index if need be."""
    name = f"{suite.library}=={version(suite.library)}"
    found = FOLDER / name
    if not found.exists():
        FOLDER.mkdir(exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--no-binary",
            ":all:",
        ]
        subprocess.run([*command, "-d", str(FOLDER), name], check=True)
        stem = f"{suite.library.replace('-', '_')}-{version(suite.library)}"
        with tarfile.open(FOLDER / f"{stem}.tar.gz") as archive:
            archive.extractall(FOLDER, filter="data")
        shield(FOLDER / stem)
        (FOLDER / stem).rename(found)
    return found


def shield(folder: Path) -> None:
    """Keep pytest from taking our own configuration for a suite that has none."""
    files = [folder / name for name in ("pyproject.toml", "tox.ini", "setup.cfg")]
    sections = ("[pytest]", "[tool:pytest]", "[tool.pytest")
    texts = "".join(path.read_text("utf-8") for path in files if path.exists())
    if not any(section in texts for section in sections):
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")


def run(suite: Suite, regime: str) -> Run:
    """Run *suite* once."""
    counts, results = FOLDER / "counts.json", FOLDER / "results.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [f"--junitxml={results}", suite.tests]
    if regime != "plain":
        command += ["-p", "adaptive_jit.testing.plugin", f"--adaptive={suite.package}"]
        command += [f"--adaptive-counts={counts}", *REGIMES[regime]]
    folder = fetched(suite)
    began = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=surroundings(), capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode not in (0, 1):
        sys.exit(
            f"{suite.library}, {regime}: pytest ended with {done.returncode}\n{done.stdout}{done.stderr}"
        )
    found = json.loads(counts.read_text(encoding="utf-8"))[0] if regime != "plain" else {}
    return Run(seconds, outcomes(results), found)


def surroundings() -> dict[str, str]:
    """The environment without settings of ours, with this copy of the library."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ADAPTIVE_JIT_")}  # noqa: TID251
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}


def outcomes(results: Path) -> dict[str, str]:
    """What became of each test; the worst, where one is reported several times."""
    found: dict[str, str] = {}
    for case in ET.parse(results).iter("testcase"):  # noqa: S314  # pytest has written it
        name = f"{case.get('classname')}::{case.get('name')}"
        worst = [part.tag for part in case if part.tag in ("failure", "error", "skipped")]
        if worst or name not in found:
            found[name] = worst[0] if worst else "passed"
    return found


def new_failures(plain: Run, other: Run) -> list[str]:
    """The tests that pass plainly and do not pass (or are gone) in *other*."""
    good = [name for name, outcome in plain.outcomes.items() if outcome == "passed"]
    return [name for name in good if other.outcomes.get(name) != "passed"]


def measure(report: harness.Report, suites: list[Suite], pairs: int) -> bool:
    """Run all, add what was found to *report*; whether everything is as it must be."""
    total: dict[str, list[float]] = defaultdict(lambda: [0.0] * pairs)
    handed = 0
    broken: list[str] = []
    for suite in suites:
        runs: dict[str, list[Run]] = defaultdict(list)
        for turn in range(pairs):
            for regime in REGIMES if turn % 2 == 0 else reversed(REGIMES):
                runs[regime].append(run(suite, regime))
        for regime, found in runs.items():
            total[regime] = [a + one.seconds for a, one in zip(total[regime], found, strict=True)]
            if regime == "plain":
                continue
            failures = {
                n for p, o in zip(runs["plain"], found, strict=True) for n in new_failures(p, o)
            }
            broken += [f"{suite.library}, {regime}: {name}" for name in sorted(failures)]
            times = [(o.seconds, p.seconds) for o, p in zip(found, runs["plain"], strict=True)]
            report.add(harness.ratio_row(f"{suite.library}, {regime}", times, None, told(found[0])))
            handed += found[0].counts["handed"] if regime == "forced" else 0
    for regime in ("forced", "learning"):
        times = list(zip(total[regime], total["plain"], strict=True))
        report.add(harness.ratio_row(f"all suites, {regime}", times, MOST_SLOWER))
    report.add(
        harness.Row("new failures", len(broken), len(broken), "tests", 0.0, "; ".join(broken))
    )
    few = max(FEWEST_STARTS - handed, 0)
    note = f"{handed} operations were started early in other threads; {FEWEST_STARTS} are asked for"
    report.add(harness.Row("starts that are missing", few, few, "operations", 0.0, note))
    return all(row.verdict != "missed" for row in report.rows)


def told(one: Run) -> str:
    """What was decorated in a run and started early, in words."""
    counts = one.counts
    left = sum(counts["left_alone"].values())
    return (
        f"{len(one.outcomes)} tests; {counts['decorated']} functions decorated, {left} left alone, in "
        f"{counts['seconds']:.2f} s; {counts['counts']['started']} operations started early, "
        f"{counts['handed']} in other threads, {counts['counts']['dropped']} in vain"
    )


def main() -> int:
    """Answer the question; 0 if all is as it must be."""
    first_line = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="scripts/other-suites", description=first_line)
    parser.add_argument("names", nargs="*", help="libraries; default all, and a report")
    parser.add_argument("--pairs", type=int, default=PAIRS, help=f"default {PAIRS}")
    given = parser.parse_args()
    suites = [suite for suite in SUITES if not given.names or suite.library in given.names]
    before = harness.machine()
    report = harness.Report("other-suites", first_line)
    good = measure(report, suites, given.pairs)
    if not given.names:
        command = f"scripts/other-suites --pairs {given.pairs}"
        harness.write(report, harness.Options(given.pairs), before, command)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
