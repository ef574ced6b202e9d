"""Mutants drawn by lot: the operators of cosmic-ray, over the four rooms where guards live.

The lot of a place depends on what stands there, not on what stands elsewhere:
a change of the library takes few of the drawn ones out and brings few in.

Left out are places whose change no test could notice: annotations (never
evaluated), docstrings, blocks for type checkers, and words of messages.
"""

from __future__ import annotations

import ast
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cosmic_ray.ast
import cosmic_ray.mutating
import cosmic_ray.plugins

ROOMS = ("analysis", "effects", "editions", "runtime")
SEED = 20_261_125
COUNT = 300

SAME = frozenset(
    f"core/ReplaceComparisonOperator_{change}"
    for change in ("Eq_Is", "Is_Eq", "NotEq_IsNot", "IsNot_NotEq")
)
"""Left out: small numbers, states, ``None`` and classes are equal exactly if they are the same."""


@dataclass(frozen=True)
class Place:
    """One change that an operator can make: its occurrence-th place in a file, at a line."""

    path: str
    line: int
    column: int
    operator: str
    occurrence: int

    def applied(self, source: str) -> str:
        """Return *source* with the change."""
        made = cosmic_ray.plugins.get_operator(self.operator)()
        found = cosmic_ray.mutating.mutate_code(source, made, self.occurrence)
        assert found is not None, self
        return found[0] if isinstance(found, tuple) else found


def sampled(root: Path, count: int = COUNT, seed: int = SEED) -> list[Place]:
    """Return *count* changes at different places, in the order of their lots."""
    drawn: dict[str, Place] = {}
    for room in ROOMS:
        for path in sorted((root / "adaptive_jit" / room).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            lines = path.read_text(encoding="utf-8").splitlines()
            by_spot: dict[tuple[int, int], list[Place]] = defaultdict(list)
            for place in places(path, name):
                by_spot[place.line, place.column].append(place)
            seen: Counter[str] = Counter()
            for (line, column), there in sorted(by_spot.items()):
                spot = f"{seed} {name} {column} {lines[line - 1]}"
                seen[spot] += 1  # the same line may stand in several functions
                lot = _lot(f"{spot} {seen[spot]}")
                drawn[lot] = min(there, key=lambda place, lot=lot: _lot(lot + place.operator))
    return [drawn[lot] for lot in sorted(drawn)[:count]]


def _lot(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def places(path: Path, name: str) -> Iterator[Place]:
    """Every change that the operators can make to a file and that something could notice."""
    source = path.read_text(encoding="utf-8")
    unseen = _unseen(ast.parse(source))
    nodes = list(cosmic_ray.ast.ast_nodes(cosmic_ray.ast.get_ast(source)))
    for operator in sorted(set(cosmic_ray.plugins.operator_names()) - SAME):
        made = cosmic_ray.plugins.get_operator(operator)
        if getattr(made, "arguments", None) and made.arguments():
            continue  # operators that need to be told names
        instance = made()
        occurrence = -1
        for node in nodes:
            for (line, column), _ in instance.mutation_positions(node):
                occurrence += 1
                if not any(first <= (line, column) < last for first, last in unseen):
                    yield Place(name, line, column, operator, occurrence)


def _unseen(tree: ast.Module) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Ranges of source that are never evaluated, or only shown to people."""
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            found.append(node.returns)
        elif isinstance(node, ast.JoinedStr):
            found.append(node)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            found.append(node)
    return [_span(node) for node in found]


def _span(node: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
