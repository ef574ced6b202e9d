"""Which tests are asked about a change: those that execute its statement, the telling ones first.

A fault in a condition shows where the condition decides, so for each line of
the function around the change some tests that execute this line come first
(few tests execute the rare lines), then the cheap tests of each file in turn.
"""

from __future__ import annotations

import ast
import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ENOUGH_SECONDS = 15.0
"""Test time that a change must outlive."""

FIRST_SECONDS = 3.0
FIRST_FILES = 8
"""What the first round may take: most changes are noticed by it."""

PER_LINE = 10
"""Tests that a line of the function is given before the others."""

MOST_OWN = 60
"""Tests of the module's own file, and of the latest map, that come before all others."""

TIMED = ("learning", "within_one_call", "settle", "_gains")
"""Words in the names of tests that measure time: on a loaded machine they may fail unchanged."""

AGAIN = ("threads", "two_workers", "traced", "tracer", "monitoring")
"""Words in the names of tests that run programs again in other regimes: they come last."""


class Reach:
    """The tests, what they take, and which lines each executes, as `mutation.reach` wrote it.

    Of several maps a later one has the word on the tests that it holds.
    """

    def __init__(self, *paths: Path) -> None:
        self.names: list[str] = []
        self.seconds: list[float] = []
        self.executed: dict[str, int] = defaultdict(int)
        self.latest = 0
        for number, path in enumerate(paths):
            base = len(self.names)
            self._add(json.loads(path.read_text(encoding="utf-8")))
            self.latest = (1 << len(self.names)) - (1 << base) if number else 0
        self.numbers = {name: number for number, name in enumerate(self.names)}
        self.cheap = sorted(range(len(self.names)), key=self._order)

    def _add(self, found: dict[str, Any]) -> None:
        again = {name for name, _ in found["tests"]}
        kept = sum(1 << at for at, name in enumerate(self.names) if name not in again)
        for key in self.executed:
            self.executed[key] &= kept
        base = len(self.names)
        for name, seconds in found["tests"]:
            self.names.append(name)
            self.seconds.append(seconds)
        for key, bits in found["executed"].items():
            self.executed[key] |= int(bits, 16) << base

    def _order(self, number: int) -> tuple[bool, float]:
        return any(word in self.names[number] for word in AGAIN), self.seconds[number]

    def rounds(self, root: Path, path: str, line: int, within: str = "tests/") -> list[list[str]]:
        """Return the tests for a change at *line* of *path*, in the rounds to run them in."""
        head, function = _around(root / path, line)
        allowed = sum(1 << at for at, name in enumerate(self.names) if _is_asked(name, within))
        lines = [self.executed.get(f"{path}:{at}", 0) & allowed for at in function]
        hit = 0
        for at in head:
            hit |= self.executed.get(f"{path}:{at}", 0) & allowed
        if not hit:  # runs when the module is imported: whoever uses the module may notice
            for key, tests in self.executed.items():
                hit |= tests & allowed if key.startswith(f"{path}:") else 0
            lines = []
        return self._in_rounds(self._telling(hit, lines, Path(path).stem), hit)

    def _telling(self, hit: int, lines: list[int], module: str) -> list[int]:
        own = hit & (self._of(module) | self.latest)
        chosen = dict.fromkeys(itertools.islice(self._spread(own), MOST_OWN))
        for tests in sorted((tests & hit for tests in lines), key=int.bit_count):
            missing = PER_LINE - sum(tests >> number & 1 for number in chosen)
            for number in itertools.islice(self._spread(tests), max(missing, 0)):
                chosen[number] = None
        return list(chosen)

    def _of(self, module: str) -> int:
        """The tests in files that are named after *module*."""
        file = f"test_{module}.py"
        return sum(
            1 << at
            for at, name in enumerate(self.names)
            if file_of(name).rpartition("/")[2] == file
        )

    def _spread(self, tests: int) -> Iterator[int]:
        """The tests of a set, the cheapest of each file first."""
        files: dict[str, list[int]] = defaultdict(list)
        for number in self.cheap:
            if tests >> number & 1:
                files[file_of(self.names[number])].append(number)
        for row in itertools.zip_longest(*files.values()):
            yield from (number for number in row if number is not None)

    def _in_rounds(self, telling: list[int], hit: int) -> list[list[str]]:
        spent, files = 0.0, set()
        first: list[int] = []
        rest: list[int] = []
        for number in dict.fromkeys([*telling, *self._spread(hit)]):
            file = file_of(self.names[number])
            if spent + self.seconds[number] > ENOUGH_SECONDS:
                continue
            spent += self.seconds[number]
            if spent < FIRST_SECONDS and (file in files or len(files) < FIRST_FILES):
                files.add(file)
                first.append(number)
            else:
                rest.append(number)
        return [self._by_file(numbers) for numbers in (first, rest) if numbers]

    def _by_file(self, numbers: Iterable[int]) -> list[str]:
        """The names, file by file, so that each file's fixtures are made once; cheap files first."""
        files: dict[str, list[int]] = defaultdict(list)
        for number in numbers:
            files[file_of(self.names[number])].append(number)
        rows = sorted(files.values(), key=lambda row: sum(self.seconds[number] for number in row))
        return [self.names[number] for row in rows for number in row]

    def cost(self, names: Iterable[str]) -> float:
        """Return the seconds that *names* take together without a change."""
        return sum(self.seconds[self.numbers[name]] for name in names)

    def longest(self, names: Iterable[str]) -> float:
        """Return the seconds that the longest of *names* takes without a change."""
        return max((self.seconds[self.numbers[name]] for name in names), default=0.0)


def _is_asked(name: str, within: str) -> bool:
    return name.startswith(within) and not any(word in name for word in TIMED)


def file_of(name: str) -> str:
    """Return the file of a test."""
    return name.partition("::")[0]


def _around(path: Path, line: int) -> tuple[range, range]:
    """The lines of the innermost statement at *line* (without its body), and of its function.

    A change at the head of a function concerns all of it. What runs when the
    module is imported has no lines of its own: nothing tells who depends on it.
    """
    head, function = range(0), range(0)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):  # the outer before the inner
        if not isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            continue
        first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
        first = min([first, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        last = max(getattr(inner, "end_lineno", first) or first for inner in ast.walk(node))
        if not first <= line <= last:
            continue
        body = getattr(node, "body", None)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            head = function = range(body[0].lineno, last + 1)
        elif function:
            head = range(first, max(body[0].lineno, first + 1) if body else last + 1)
            if line not in head:
                head = range(line, line + 1)
    return head, function
