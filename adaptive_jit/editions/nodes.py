"""Small pieces of syntax for generated code.

Names that begin with a dot cannot clash with the user's: the compiler takes
them, no source text can spell them. Objects of the library are put in as
marker strings and exchanged for the objects among the constants of the
compiled code, so that no name is added to the user's globals.
"""

from __future__ import annotations

import ast
from typing import TypeVar

WINDOW = ".window"
MARK = "\x00adaptive_jit:"


def load(name: str) -> ast.Name:
    """Read a variable."""
    return ast.Name(name, ast.Load())


def store(name: str) -> ast.Name:
    """Bind a variable."""
    return ast.Name(name, ast.Store())


def const(value: object) -> ast.Constant:
    """A literal; tuples of literals are allowed."""
    return ast.Constant(value)  # type: ignore[arg-type]


def method(owner: ast.expr, name: str, *args: ast.expr) -> ast.Call:
    """``owner.name(*args)``."""
    return ast.Call(ast.Attribute(owner, name, ast.Load()), list(args), [])


def window(name: str, *args: ast.expr) -> ast.Call:
    """A call of a method of the invocation's window."""
    return method(load(WINDOW), name, *args)


def assign(name: str, value: ast.expr) -> ast.Assign:
    """``name = value``."""
    return ast.Assign([store(name)], value)


T = TypeVar("T", bound=ast.AST)


def nowhere(node: T) -> T:
    """*node* whose new parts have no position: no line event, nothing in a traceback.

    CPython detail: the compiler writes "no line" for line numbers below zero, and its
    validator accepts -1 throughout (Python/ast.c, validate_positions; 3.11 to 3.13).
    """
    for inner in ast.walk(node):
        if "lineno" in inner._attributes and not hasattr(inner, "lineno"):
            inner.lineno = inner.end_lineno = -1  # type: ignore[attr-defined]
            inner.col_offset = inner.end_col_offset = -1  # type: ignore[attr-defined]
    return node


def located(node: T, like: ast.AST) -> T:
    """Give *node* and its new parts the position of *like*, where they have none."""
    for inner in ast.walk(node):
        if "lineno" in inner._attributes and not hasattr(inner, "lineno"):
            ast.copy_location(inner, like)
    return node
