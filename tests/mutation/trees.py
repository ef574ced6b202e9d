"""Copies of the repository in which mutants are tried, and the tests that are run there."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PARTS = ("adaptive_jit", "tests", "docs", "benchmarks", "scripts", "notebooks", "pyproject.toml")

PATIENCE = 5.0
"""Times that tests may take what they take without a mutant; then it counts as noticed."""

FAR = 0.3
"""Share of that time in which the clean tree must pass what does not end with the mutant."""

LEAST_LIMIT = 150.0
LEAST_TEST_LIMIT = 20.0
"""Seconds that a run, and a test in it, may take at least."""

PLUGINS = ("-p", "pytest_timeout", "-p", "pytest_benchmark.plugin")
"""What the tests need; to look for others takes longer than most tests."""

_ticks = itertools.count(10)


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: whether a test noticed it, which one, and how many were asked."""

    noticed: bool
    by: str
    tests: int


@dataclass(frozen=True)
class Round:
    """Tests that are run together, and the seconds that all and the longest take unchanged."""

    tests: list[str]
    cost: float = 0.0
    longest: float = 0.0

    @property
    def limit(self) -> float:
        """Seconds after which the tests do not end."""
        return max(LEAST_LIMIT, PATIENCE * self.cost)


class Server:
    """Runs pytest in forks of a process that has the libraries imported (see `mutation.server`)."""

    def __init__(self, output: Path, libraries: Sequence[str] = ()) -> None:
        self.output = output
        environment = dict(os.environ)
        for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE"):
            environment.pop(name, None)
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("server.py")), *libraries],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def run(self, folder: Path, arguments: list[str], limit: float) -> tuple[int | None, str]:
        """Return the exit status (``None`` after *limit* seconds) and what was printed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        asked = {
            "folder": str(folder),
            "arguments": arguments,
            "limit": limit,
            "output": str(self.output),
        }
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        status = json.loads(self.process.stdout.readline())
        return status, self.output.read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Tree:
    """A copy of the repository."""

    def __init__(self, root: Path, folder: Path, server: Server) -> None:
        self.root = root
        self.folder = folder
        self.server = server
        folder.mkdir(parents=True)
        for part in PARTS:
            source = root / part
            if source.is_dir():
                ignore = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, folder / part, ignore=ignore)
            else:
                shutil.copy2(source, folder / part)

    def replace(self, path: str, text: str) -> None:
        """Give a file another text, with a time that no compiled file has seen."""
        target = self.folder / path
        target.write_text(text, encoding="utf-8")
        moment = (self.root / path).stat().st_mtime + next(_ticks) * 2
        os.utime(target, (moment, moment))

    def restore(self, path: str) -> None:
        """Give a file the repository's text again."""
        self.replace(path, (self.root / path).read_text(encoding="utf-8"))

    def run(self, round_: Round, share: float = 1.0) -> tuple[int | None, str]:
        """Run tests up to the first failure; the exit status is ``None`` if they do not end.

        They have to end within *share* of their limit.
        """
        names = self.folder / "mutation-tests.txt"
        names.write_text("\n".join(round_.tests) + "\n", encoding="utf-8")
        each = max(LEAST_TEST_LIMIT, 2 * PATIENCE * round_.longest)
        rewritten = "ignore::pytest.PytestAssertRewriteWarning"  # the server has them imported
        arguments = ["-x", "-q", "-p", "no:cacheprovider", "-W", rewritten]
        arguments += [*PLUGINS, f"--timeout={each:.0f}", f"@{names}"]
        return self.server.run(self.folder, arguments, share * round_.limit)


def failed(output: str, tests: list[str]) -> str:
    """Return which of *tests* failed, by the summary that pytest prints."""
    words = re.findall(r"^(?:FAILED|ERROR) (.+)$", output, re.MULTILINE)
    found = [name for name in tests for word in words if f"{word} ".startswith(f"{name} ")]
    return max(found, key=len, default="")


def try_mutant(tree: Tree, clean: Tree, rounds: list[Round], path: str, text: str) -> Outcome:
    """Run the rounds of tests against the changed file until one notices it.

    A test that fails has noticed the change if it fails alone as well and passes
    in the clean tree; else the others go on without it. What does not end, or
    ends otherwise, counts if the clean tree passes the same tests in a fraction
    of the time.
    """
    asked = sum(len(round_.tests) for round_ in rounds)
    tree.replace(path, text)
    try:
        for round_ in rounds:
            by = _noticed(tree, clean, round_)
            if by:
                return Outcome(True, by, asked)
        return Outcome(False, "", asked)
    finally:
        tree.restore(path)


def _noticed(tree: Tree, clean: Tree, round_: Round) -> str:
    left = list(round_.tests)
    while left:
        status, output = tree.run(Round(left, round_.cost, round_.longest))
        if status == 0:
            return ""
        name = failed(output, left)
        if status == 1 and name:
            alone = Round([name], round_.cost, round_.longest)
            if tree.run(alone)[0] != 0 and clean.run(alone)[0] == 0:
                return name
            left.remove(name)
            continue
        unchanged, output = clean.run(Round(left, round_.cost, round_.longest), FAR)
        if unchanged == 0:
            return "no end" if status is None else "ends otherwise"
        name = failed(output, left)
        if unchanged is None:
            return ""
        if not name:
            raise RuntimeError(f"tests cannot be run: {unchanged} {output}")
        left.remove(name)
    return ""
