"""What the contributors' guide promises about the source."""

from __future__ import annotations

import ast
import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "adaptive_jit").rglob("*.py"))
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_has_at_most_400_lines(path: Path):
    """What grows beyond that holds two subjects."""
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_function_has_at_most_50_lines(path: Path):
    """And half of all functions of the package at most 10."""
    long = [f"{f.name}: {body_lines(f)}" for f in functions(path) if body_lines(f) > 50]
    assert long == []


def test_the_median_function_is_short():
    """Half of all functions have at most 10 lines."""
    assert statistics.median(body_lines(f) for path in MODULES for f in functions(path)) <= 10


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_nothing_is_left_unfinished(path: Path):
    """No notes of what is still to be done."""
    assert UNFINISHED.findall(path.read_text()) == []


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_every_module_says_what_it_is_for(path: Path):
    """A docstring at the top, and annotations that cost nothing at run time."""
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)) or not text.strip()
    if "import" in text and path.name != "__init__.py":
        assert "from __future__ import annotations" in text


def test_unit_tests_do_not_sleep():
    """They use the fake clock; programs under test may name sleep, as long as no test runs it."""
    sleeping = [
        f"{named(path)}: {function.name}"
        for path in (ROOT / "tests" / "unit").rglob("test_*.py")
        for function in functions(path)
        if function.name.startswith("test_") and any(map(is_sleep, function.body))
    ]
    assert sleeping == []


def is_sleep(statement: ast.stmt) -> bool:
    """Whether a test's own statement, not one of a program inside it, waits."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return False
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "sleep")
        for node in ast.walk(statement)
    )
