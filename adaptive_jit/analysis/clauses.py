"""Statements with clauses: `try`, `match` and `with`, and which of them the slice can follow.

What an exception would prevent may be started early, as everywhere; so the
slice follows a `try` as it runs without one. Its `except` clauses are passed by.
"""

from __future__ import annotations

import ast
from typing import Protocol

from adaptive_jit.syntax.scope import (
    QUIET_MANAGERS,
    Scope,
    captured_names,
    changed_container,
    manager_name,
    opens_to_write,
)
from adaptive_jit.syntax.telling import is_path, tells


class Follow(Protocol):
    """Returns why a statement cannot be followed (`adaptive_jit.analysis.constructs.obstacle`)."""

    def __call__(self, statement: ast.stmt, scope: Scope, *, in_loop: bool) -> str | None: ...


_LEAVES = (ast.Return, ast.Break, ast.Continue)
_JUMPS = (*_LEAVES, ast.Raise)

_MATCHED_CLASSES = frozenset("bool bytes dict float frozenset int list set str tuple".split())
"""Builtin classes: whether a builtin value is of them runs no code of the user's."""


def attempted(node: ast.Try, scope: Scope, in_loop: bool, follow: Follow) -> str | None:
    """Return why a `try` cannot be followed; *follow* says it of the statements inside."""
    if any(isinstance(inner, _LEAVES) for part in node.finalbody for inner in ast.walk(part)):
        return "`finally` that leaves: in order, its blocks on their own"
    reason = None
    for clause in node.handlers:
        reason = reason or _clause(clause, scope, in_loop, follow)
    for statement in (*node.body, *node.orelse, *node.finalbody):
        reason = reason or follow(statement, scope, in_loop=in_loop)
    return reason


def _clause(clause: ast.ExceptHandler, scope: Scope, in_loop: bool, follow: Follow) -> str | None:
    """An `except` that may be passed by: it calls nothing and does not leave by itself."""
    kinds = clause.type.elts if isinstance(clause.type, ast.Tuple) else [clause.type]
    if not all(kind is None or is_path(kind) for kind in kinds):
        return "`except` evaluates an expression"
    if clause.name is not None and not scope.is_plain_local(clause.name):
        return f"`except` binds `{clause.name}`, which other code can see"
    for statement in clause.body:
        reason = _excused(statement, scope, in_loop, follow)
        if reason is not None:
            return reason
    return None


def _excused(statement: ast.stmt, scope: Scope, in_loop: bool, follow: Follow) -> str | None:
    """Return why a statement of an `except` keeps what follows behind it."""
    if isinstance(statement, ast.If):
        parts: list[ast.AST] = [statement.test]
        for inner in (*statement.body, *statement.orelse):
            reason = _excused(inner, scope, in_loop, follow)
            if reason is not None:
                return reason
    elif isinstance(statement, ast.Raise):
        # As without a `try`: the exception leaves. What makes it is called in its turn.
        return None
    elif isinstance(statement, ast.Continue):
        return follow(statement, scope, in_loop=in_loop)
    elif isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr | ast.Pass):
        parts = [statement]
        reason = follow(statement, scope, in_loop=in_loop)
        if reason is not None:
            return reason
    else:
        return "`except` does more than note something"
    calls = [inner for part in parts for inner in ast.walk(part) if isinstance(inner, ast.Call)]
    if changed_container(statement) is not None and isinstance(statement, ast.Expr):
        calls.remove(statement.value)  # type: ignore[arg-type]
    return None if all(map(tells, calls)) else "`except` makes a call"


def matched(node: ast.Match, scope: Scope, in_loop: bool, follow: Follow) -> str | None:
    """Return why a `match` cannot be followed."""
    reason = None
    for case in node.cases:
        reason = reason or _pattern(case.pattern, scope)
        for statement in case.body:
            reason = reason or follow(statement, scope, in_loop=in_loop)
    return reason


def _pattern(pattern: ast.pattern, scope: Scope) -> str | None:
    """Return why *pattern* may run code of the user's, or be seen by other code."""
    for name in sorted(captured_names(pattern)):
        if not scope.is_plain_local(name):
            return f"`case` binds `{name}`, which other code can see"
    for part in ast.walk(pattern):
        if isinstance(part, ast.MatchClass):
            kind = part.cls
            shadowed = scope.local | scope.captured | scope.foreign
            if not isinstance(kind, ast.Name) or kind.id not in _MATCHED_CLASSES - shadowed:
                return "`match`: a class pattern may run unknown code"
            if part.kwd_patterns or len(part.patterns) > 1:
                return "`match`: a class pattern reads attributes"
        elif isinstance(part, ast.MatchValue | ast.MatchMapping):
            values = [part.value] if isinstance(part, ast.MatchValue) else part.keys
            if any(isinstance(inner, ast.Name) for value in values for inner in ast.walk(value)):
                return "`match`: a dotted name may compare with unknown code"
    return None


def entered(node: ast.With, scope: Scope, in_loop: bool, follow: Follow) -> str | None:
    """Return why a `with` cannot be followed; those that do nothing on entry can."""
    if opens_to_write(node):
        return _written(node, scope, in_loop, follow)
    for item in node.items:
        call = item.context_expr
        if manager_name(call) not in QUIET_MANAGERS:
            return "`with`: what its context manager does is not known"
        assert isinstance(call, ast.Call)
        if call.keywords or not all(is_path(one) for one in call.args):
            return "`with`: its context manager is made from expressions"
        target = item.optional_vars
        if target is not None:
            return "`with`: binds what its context manager gives"
    reason = None
    for statement in node.body:
        reason = reason or follow(statement, scope, in_loop=in_loop)
    return reason


def _written(node: ast.With, scope: Scope, in_loop: bool, follow: Follow) -> str | None:
    """Return why a `with` around a file that is written cannot be followed."""
    item = node.items[0]
    target = item.optional_vars
    if target is not None and not (
        isinstance(target, ast.Name) and scope.is_plain_local(target.id)
    ):
        return "`with`: binds what other code can see"
    if any(isinstance(inner, _JUMPS) for part in node.body for inner in ast.walk(part)):
        return "`with`: leaves the block from within"
    reason = follow(ast.copy_location(ast.Expr(item.context_expr), node), scope, in_loop=in_loop)
    for statement in node.body:
        reason = reason or follow(statement, scope, in_loop=in_loop)
    return reason
