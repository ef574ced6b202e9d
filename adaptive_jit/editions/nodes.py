"""Small pieces of syntax for generated code.

Names that begin with a dot cannot clash with the user's: the compiler takes
them, no source text can spell them. Objects of the library are put in as
marker strings and exchanged for the objects among the constants of the
compiled code, so that no name is added to the user's globals.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeVar

from adaptive_jit.syntax.trees import walk

if TYPE_CHECKING:
    from types import CodeType

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
    for inner in walk(node):
        if "lineno" in inner._attributes and not hasattr(inner, "lineno"):
            inner.lineno = inner.end_lineno = -1  # type: ignore[attr-defined]
            inner.col_offset = inner.end_col_offset = -1  # type: ignore[attr-defined]
    return node


def located(node: T, like: ast.AST) -> T:
    """Give *node* and its new parts the position of *like*, where they have none.

    The compiler places a method call on the line where the method's name *ends*
    (Python/compile.c, update_start_location_to_match_attr; 3.11 to 3.13), so a name
    that is ours must not reach over several lines as *like* may.
    """
    for inner in walk(node):
        if "lineno" in inner._attributes and not hasattr(inner, "lineno"):
            ast.copy_location(inner, like)
            if isinstance(inner, ast.Attribute) and inner.end_lineno != inner.lineno:
                inner.end_lineno, inner.end_col_offset = inner.lineno, inner.col_offset
    return node


def around(node: ast.Call, like: ast.expr) -> ast.Call:
    """Position *node*, which first loads what is ours and then evaluates *like*.

    Over several lines nothing can be said of the line of the first part of *like*,
    and nothing need be: what follows has its own. Jumps and loops over *node* are
    where they would be over *like*.
    """
    if like.lineno != like.end_lineno:
        for part in ast.iter_child_nodes(node):
            nowhere(part)
        if isinstance(like, ast.BoolOp):  # which is no instruction itself
            return nowhere(node)
    return located(node, like)


def placed(node: T, call: ast.Call) -> T:
    """Position *node*, which loads what is ours, then evaluates the parts of *call*, and calls."""
    if call.func.lineno == call.lineno and called(call) is call:
        return located(node, call)
    return nowhere(node)


def called(node: ast.Call) -> ast.expr:
    """Where the compiler places the call itself, of a method in a chain: at its name."""
    function = node.func
    if not isinstance(function, ast.Attribute) or function.end_lineno == node.lineno:
        return node
    place = ast.copy_location(ast.Constant(None), node)
    assert function.end_lineno is not None
    assert function.end_col_offset is not None
    place.lineno = function.end_lineno
    place.col_offset = max(function.end_col_offset - len(function.attr), 0)
    return place


def start(code: CodeType, statement: ast.stmt) -> ast.stmt:
    """Where the first line of *statement* that runs is; it may begin further up.

    What runs before it lies there too: without a line it would be on that of the
    statement before, or of ``def``, and a jump back to it would tell tracers of that one.
    """
    parts = (statement, *getattr(statement, "decorator_list", ()))
    first = min(part.lineno for part in parts)
    end = statement.end_lineno or first
    lines = (line for _, _, line in code.co_lines() if line is not None)
    line = next((one for one in lines if first <= one <= end), first)
    return ast.Pass(lineno=line, end_lineno=line, col_offset=0, end_col_offset=0)
