"""Calls in an `except` that only tell of the exception, as far as their names say."""

from __future__ import annotations

import ast

TELLING = frozenset("critical debug error exception info print repr str type warning".split())
"""Names of what programs call to tell of an exception, or to make a text of it."""


def is_path(node: ast.AST) -> bool:
    """Whether *node* is a name or a dotted name."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def tells(call: ast.Call) -> bool:
    """Whether *call* looks like one that tells of an exception; the slice checks what it is."""
    function = call.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    return name in TELLING and is_path(function)


def telling(node: ast.Try) -> list[ast.expr]:
    """The callees in the `except` clauses of *node* which are passed by if they only tell."""
    calls = [inner for c in node.handlers for inner in ast.walk(c) if isinstance(inner, ast.Call)]
    return [call.func for call in calls if tells(call)]
