"""Which statements the issue slice can follow; the reason where it cannot.

A statement outside this set is a barrier: it ends the region before it, and
the blocks inside it hold regions of their own.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from adaptive_jit.syntax.scope import Scope, changed_container

if TYPE_CHECKING:
    from collections.abc import Callable

LIGHT = frozenset(
    "len range int float str bool abs enumerate zip isinstance sum max min sorted list tuple "
    "round ord chr repr set dict frozenset reversed divmod type".split()
)
"""Builtins that take no noticeable time: never operations of their own."""

_EXPRESSIONS: dict[type, str] = {
    ast.Await: "awaits",
    ast.Yield: "yields",
    ast.YieldFrom: "yields",
    ast.NamedExpr: "assigns inside an expression (:=)",
}

_STATEMENTS: dict[type, str] = {
    ast.With: "`with`: what its context manager does is not known",
    ast.AsyncWith: "`async with`",
    ast.AsyncFor: "`async for`",
    ast.Try: "`try`: runs in order, its blocks on their own",
    ast.While: "`while`: the number of rounds is not known beforehand",
    ast.Import: "`import` runs code",
    ast.ImportFrom: "`import` runs code",
    ast.FunctionDef: "defines a function",
    ast.AsyncFunctionDef: "defines a function",
    ast.ClassDef: "defines a class",
    ast.Delete: "`del`: finalisers may run",
    ast.Global: "declares globals",
    ast.Nonlocal: "declares nonlocals",
    ast.Raise: "raises",
    ast.Match: "`match`",
}


def obstacle(statement: ast.stmt, scope: Scope, *, in_loop: bool = False) -> str | None:
    """Return why the slice cannot follow *statement*; ``None`` if it can."""
    reason = _STATEMENTS.get(type(statement))
    if reason is not None:
        return reason
    check = _CHECKS.get(type(statement))
    if check is None:
        return f"`{type(statement).__name__}` is not followed"
    if isinstance(statement, ast.Break | ast.Continue):
        return None if in_loop else "leaves a loop that is not followed"
    return check(statement, scope, in_loop)


def _assign(node: ast.Assign, scope: Scope, _loop: bool) -> str | None:
    if len(node.targets) > 1 and not all(isinstance(t, ast.Name) for t in node.targets):
        return "assigns to several targets at once"
    for target in node.targets:
        reason = _target(target, scope)
        if reason is not None:
            return reason
    return expression(node.value)


def _target(target: ast.expr, scope: Scope) -> str | None:
    if isinstance(target, ast.Name):
        if scope.is_plain_local(target.id):
            return None
        return f"stores `{target.id}`, which other code can see"
    if isinstance(target, ast.Tuple):
        for element in target.elts:
            if not isinstance(element, ast.Name):
                return "unpacks into something other than names"
            reason = _target(element, scope)
            if reason is not None:
                return reason
        return None
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        if target.value.id in scope.fresh and not isinstance(target.slice, ast.Slice):
            return expression(target.slice)
        return f"stores into `{target.value.id}[…]`, which other code may see"
    if isinstance(target, ast.Attribute):
        return f"stores the attribute `{target.attr}`"
    return "stores into something that other code may see"


def _annotated(node: ast.AnnAssign, scope: Scope, _loop: bool) -> str | None:
    if not isinstance(node.target, ast.Name) or not node.simple or node.value is None:
        return "annotates something other than a local variable"
    return _target(node.target, scope) or expression(node.value)


def _augmented(node: ast.AugAssign, scope: Scope, _loop: bool) -> str | None:
    if not isinstance(node.target, ast.Name):
        return "changes an attribute or element in place"
    return _target(node.target, scope) or expression(node.value)


def _expr(node: ast.Expr, scope: Scope, _loop: bool) -> str | None:
    changed = changed_container(node)
    if changed is not None and changed.id not in scope.fresh:
        return f"changes `{changed.id}`, which other code may see"
    return expression(node.value)


def _return(node: ast.Return, _scope: Scope, _loop: bool) -> str | None:
    return None if node.value is None else expression(node.value)


def _assert(node: ast.Assert, _scope: Scope, _loop: bool) -> str | None:
    return expression(node.test) or (None if node.msg is None else expression(node.msg))


def _if(node: ast.If, scope: Scope, in_loop: bool) -> str | None:
    reason = expression(node.test)
    for statement in (*node.body, *node.orelse):
        reason = reason or obstacle(statement, scope, in_loop=in_loop)
    return reason


def _for(node: ast.For, scope: Scope, in_loop: bool) -> str | None:
    reason = _loop_target(node.target, scope) or expression(node.iter)
    for statement in node.body:
        reason = reason or obstacle(statement, scope, in_loop=True)
    for statement in node.orelse:
        reason = reason or obstacle(statement, scope, in_loop=in_loop)
    return reason


def _loop_target(target: ast.expr, scope: Scope) -> str | None:
    if isinstance(target, ast.Tuple) and _nested_names(target):
        names = [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
        bad = [name for name in names if not scope.is_plain_local(name)]
        return f"stores `{bad[0]}`, which other code can see" if bad else None
    return _target(target, scope) if isinstance(target, ast.Name) else "an unusual loop target"


def _nested_names(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple):
        return all(_nested_names(element) for element in target.elts)
    return isinstance(target, ast.Name)


def _nothing(_node: ast.stmt, _scope: Scope, _loop: bool) -> str | None:
    return None


_CHECKS: dict[type, Callable[[Any, Scope, bool], str | None]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Expr: _expr,
    ast.Return: _return,
    ast.Assert: _assert,
    ast.If: _if,
    ast.For: _for,
    ast.Pass: _nothing,
    ast.Break: _nothing,
    ast.Continue: _nothing,
}


def expression(node: ast.expr) -> str | None:
    """Return why the slice cannot follow *node*; ``None`` if it can."""
    for inner in ast.walk(node):
        reason = _EXPRESSIONS.get(type(inner))
        if reason is not None:
            return reason
        if isinstance(inner, ast.comprehension):
            if inner.is_async:
                return "an asynchronous comprehension"
            if not _nested_names(inner.target):
                return "an unusual comprehension target"
        if isinstance(inner, ast.Name) and is_private(inner.id):
            return f"`{inner.id}` is a private name of its class"
        if isinstance(inner, ast.Call):
            if isinstance(inner.func, ast.Name) and inner.func.id == "super":
                return "`super()` reads the frame"
            if any(isinstance(argument, ast.Starred) for argument in inner.args) or any(
                keyword.arg is None for keyword in inner.keywords
            ):
                return "star-arguments"
    return None


def is_private(name: str) -> bool:
    """Whether a class mangles *name*."""
    return name.startswith("__") and not name.endswith("__")
