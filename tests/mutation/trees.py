"""Copies of the repository in which mutants are tried, and the tests that are run there."""

from __future__ import annotations

import ast
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

PARTS = ("adaptive_jit", "tests", "docs", "benchmarks", "scripts", "notebooks", "pyproject.toml")
ENOUGH_SECONDS = 120.0
"""Test time that a mutant must outlive; the tests that enter its function, round the files."""

PATIENCE = 4.0
"""Times that the tests may take what they take without a mutant; then it counts as noticed."""

_ticks = itertools.count(10)


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: whether a test noticed it, which one, and how long that took."""

    noticed: bool
    by: str
    tests: int


class Reach:
    """Which tests enter which function, and what they take."""

    def __init__(self, path: Path) -> None:
        found = json.loads(path.read_text(encoding="utf-8"))
        self.seconds: dict[str, float] = found["seconds"]
        self.entered: dict[str, list[str]] = found["entered"]

    def tests(self, root: Path, path: str, line: int) -> list[str]:
        """Return the tests for a change at *line* of *path*, the cheap ones of each file first."""
        key = f"{path}:{_first_line(root / path, line)}"
        names = self.entered.get(key)
        if names is None:  # runs at import, or in no test: whoever uses the module may notice
            names = sorted(
                {
                    name
                    for other, of in self.entered.items()
                    if other.startswith(f"{path}:")
                    for name in of
                }
            )
        return self._spread(names)

    def _spread(self, names: list[str]) -> list[str]:
        files: dict[str, list[str]] = defaultdict(list)
        for name in sorted(names, key=lambda name: (self.seconds.get(name, 0.0), name)):
            files[name.partition("::")[0]].append(name)
        chosen, spent = [], 0.0
        for row in itertools.zip_longest(*files.values()):
            for name in filter(None, row):
                if spent < ENOUGH_SECONDS:
                    chosen.append(name)
                    spent += self.seconds.get(name, 0.0)
        return chosen

    def cost(self, names: list[str]) -> float:
        """Return the seconds that *names* take together without a mutant."""
        return sum(self.seconds.get(name, 0.0) for name in names)


def _first_line(path: Path, line: int) -> int:
    """The first line (of its decorators, if any) of the innermost function around *line*."""
    best, size = 0, sys.maxsize
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno
            if node.lineno <= line <= (node.end_lineno or 0) and length < size:
                decorators = [decorator.lineno for decorator in node.decorator_list]
                best, size = min([node.lineno, *decorators]), length
    return best


class Tree:
    """A copy of the repository."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.folder = folder
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

    def run(self, tests: list[str], limit: float, *more: str) -> tuple[int | None, str]:
        """Run *tests* up to the first failure; the exit status is ``None`` after *limit* seconds."""
        names = self.folder / "mutation-tests.txt"
        names.write_text("\n".join(tests) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        with subprocess.Popen(
            [*command, *more, f"@{names}"],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.communicate()
                return None, ""
        return process.returncode, output

    def failed(self, output: str) -> str:
        """Return the test that failed, by the summary that pytest prints."""
        found = re.search(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
        return found[1] if found else ""


def try_mutant(
    tree: Tree, clean: Tree, tests: list[str], path: str, text: str, limit: float
) -> Outcome:
    """Run *tests* against the changed file; a failure that the clean tree shows too is none."""
    tree.replace(path, text)
    try:
        left = list(tests)
        while left:
            status, output = tree.run(left, limit)
            if status is None:
                return Outcome(True, "no end", len(tests))
            if status == 0:
                return Outcome(False, "", len(tests))
            name = tree.failed(output)
            if not name or status != 1:
                return Outcome(True, "cannot be imported", len(tests))
            status, _ = clean.run([name], limit)
            if status == 0:
                return Outcome(True, name, len(tests))
            left = [other for other in left if other != name]
        return Outcome(False, "", len(tests))
    finally:
        tree.restore(path)
