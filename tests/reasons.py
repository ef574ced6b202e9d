"""Collects, from the source of the package, every reason that a report may give.

A reason is a phrase (text with a space) that stands where the code gives reasons:
among the arguments of `GIVERS`, as a keyword ``reason=``, returned by a function whose
result is ``str | None`` or a pair with a text, in a constant or table of such phrases,
or as a ``reason`` in the catalogue's data. What an f-string puts in becomes ``…``.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "adaptive_jit"
STAGES = ("analysis", "classify", "decision", "editions", "effects", "engine", "runtime", "syntax")
"""Where reasons are made; the other folders show them, and advice is not a reason."""

GIVERS = frozenset(
    "Refused refusal Stop NotAnalysable NoSource RegionBlock unknown _unknown Unreadable "
    "_Objection Found HolderStanding leave_alone Standing _move _settle_direct _settle_parallel "
    "_begin_trial _reopen alarm _stopped Refusal Effect".split()
)
SLOT = "…"


def reasons() -> dict[str, str]:
    """Each reason with the place of its first appearance."""
    found: dict[str, str] = {}
    paths = [p for stage in STAGES for p in (PACKAGE / stage).rglob("*.py")]
    for path in sorted({*paths, PACKAGE / "decorator.py"} - {PACKAGE / "engine" / "advice.py"}):
        for text, line in _of_module(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(text, f"{path.relative_to(PACKAGE)}:{line}")
    for path in sorted((PACKAGE / "catalogue").glob("*.toml")):
        for text in _of_data(tomllib.loads(path.read_text(encoding="utf-8"))):
            found.setdefault(text, f"catalogue/{path.name}")
    return found


def _of_data(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "reason" and isinstance(inner, str) and _is_phrase(inner):
                yield inner
            yield from _of_data(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _of_data(inner)


def _of_module(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        for value in _places(node):
            for text in _phrases(value):
                yield text, value.lineno
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            for text in _phrases(statement.value, tables=True):
                yield text, statement.lineno


def _places(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions below *node* that give a reason."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else None
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name in GIVERS:
            yield from node.args
        yield from (keyword.value for keyword in node.keywords if keyword.arg == "reason")
    elif isinstance(node, ast.FunctionDef) and node.returns is not None:
        if _tells(ast.unparse(node.returns)):
            yield from (
                inner.value
                for inner in ast.walk(node)
                if isinstance(inner, ast.Return) and inner.value is not None
            )
            yield from (
                inner.value
                for inner in ast.walk(node)
                if isinstance(inner, ast.Assign) and not isinstance(inner.value, ast.Call)
            )


def _tells(annotation: str) -> bool:
    return (
        annotation in ("str", "str | None")
        or annotation == "_Finding"
        or (annotation.startswith("tuple[") and "str" in annotation)
    )


def _phrases(node: ast.expr, *, tables: bool = False) -> Iterator[str]:
    """The phrases that *node* may be."""
    if isinstance(node, ast.IfExp):
        yield from _phrases(node.body)
        yield from _phrases(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from _phrases(value)
    elif isinstance(node, ast.Tuple):
        for value in node.elts:
            yield from _phrases(value, tables=tables)
    elif tables and isinstance(node, ast.Dict):
        for value in node.values:
            yield from _phrases(value, tables=True)
    else:
        text = _text(node)
        if text is not None and _is_phrase(text):
            yield text


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else SLOT for part in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left), _text(node.right)
        if left is not None or right is not None:
            return (left or SLOT) + (right or SLOT)
    return None


def _is_phrase(text: str) -> bool:
    words = text.replace(SLOT, " ").split()
    return " " in text.strip() and sum(word.strip("`:,()").isalpha() for word in words) >= 2
