"""What the patterns of a `match` look at."""

from __future__ import annotations

import ast


def looks_into(pattern: ast.pattern | None) -> int:
    """How many levels of a value *pattern* looks at: 0 if it takes anything as it is."""
    if pattern is None or isinstance(pattern, ast.MatchSingleton | ast.MatchStar):
        return 0
    if isinstance(pattern, ast.MatchAs):
        return looks_into(pattern.pattern)
    if isinstance(pattern, ast.MatchValue):
        return 1
    inner = [looks_into(part) for part in pattern.patterns]  # type: ignore[attr-defined]
    deepest = max(inner, default=0)
    return deepest if isinstance(pattern, ast.MatchOr) else deepest + 1


def classes_in(node: ast.Match) -> list[str]:
    """The names of the classes that the patterns of *node* ask for."""
    found = {
        inner.cls.id
        for case in node.cases
        for inner in ast.walk(case.pattern)
        if isinstance(inner, ast.MatchClass) and isinstance(inner.cls, ast.Name)
    }
    return sorted(found)
