"""Which statements the issue slice can follow; the reason where it cannot.

A statement outside this set is a barrier: it ends the region before it, and
the blocks inside it hold regions of their own.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from adaptive_jit.analysis.clauses import attempted, entered, matched
from adaptive_jit.syntax.scope import Scope, changed_container
from adaptive_jit.syntax.trees import walk

if TYPE_CHECKING:
    from collections.abc import Callable

LIGHT = frozenset(
    "len range int float str bool abs enumerate zip isinstance sum max min sorted list tuple "
    "round ord chr repr set dict frozenset reversed divmod type".split()
)
"""Builtins that take no noticeable time: never operations of their own."""

_OF_LISTS = frozenset({"append", "extend", "insert"})

_EXPRESSIONS: dict[type, str] = {
    ast.Await: "awaits",
    ast.Yield: "yields",
    ast.YieldFrom: "yields",
}

_OWN_SCOPE = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

_STATEMENTS: dict[type, str] = {
    ast.AsyncWith: "`async with`",
    ast.AsyncFor: "`async for`",
    ast.Import: "`import` runs code",
    ast.ImportFrom: "`import` runs code",
    ast.FunctionDef: "defines a function",
    ast.AsyncFunctionDef: "defines a function",
    ast.ClassDef: "defines a class",
    ast.Delete: "`del`: finalisers may run",
    ast.Global: "declares globals",
    ast.Nonlocal: "declares nonlocals",
    ast.Raise: "raises",
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
    return expression(node.value, scope)


def _shared(name: str, scope: Scope) -> str:
    """Why a name is not stored out of turn: who else reads it."""
    if name in scope.local and name in scope.captured:
        return f"stores `{name}`, which a lambda or an inner function captures"
    return f"stores `{name}`, which other code can see"


def _target(target: ast.expr, scope: Scope) -> str | None:
    if isinstance(target, ast.Name):
        if scope.is_plain_local(target.id):
            return None
        return _shared(target.id, scope)
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
            return expression(target.slice, scope)
        reason = _changed_in_turns(target.value, scope)
        if reason is not None:
            return reason
        return f"stores into `{target.value.id}[…]`, which other code may see"
    if isinstance(target, ast.Attribute):
        return f"stores the attribute `{target.attr}`"
    return "stores into something that other code may see"


def _annotated(node: ast.AnnAssign, scope: Scope, _loop: bool) -> str | None:
    if not isinstance(node.target, ast.Name) or not node.simple or node.value is None:
        return "annotates something other than a local variable"
    return _target(node.target, scope) or expression(node.value, scope)


def _augmented(node: ast.AugAssign, scope: Scope, _loop: bool) -> str | None:
    if not isinstance(node.target, ast.Name):
        owner = node.target.value
        element = isinstance(node.target, ast.Subscript) and isinstance(owner, ast.Name)
        reason = _changed_in_turns(owner, scope) if element else None  # type: ignore[arg-type]
        return reason or "changes an attribute or element in place"
    for inner in walk(node.value):
        if isinstance(inner, ast.NamedExpr) and inner.target.id == node.target.id:
            return f"reads `{inner.target.id}` to the left of where it is assigned (:=)"
    return _target(node.target, scope) or expression(node.value, scope)


def _expr(node: ast.Expr, scope: Scope, _loop: bool) -> str | None:
    changed = changed_container(node)
    if changed is not None and changed.id not in scope.fresh:
        return _changed_in_turns(changed, scope) or change(changed, node)
    if changed is not None:
        given = node.value.args if isinstance(node.value, ast.Call) else []
        if any(isinstance(one, ast.GeneratorExp) for one in given):
            return "hands a generator to a container: write a list, [f(x) for x in xs]"
    return expression(node.value, scope)


def _changed_in_turns(name: ast.Name, scope: Scope) -> str | None:
    """A local that others do not see, but of another class, or read between its changes."""
    if not scope.is_plain_local(name.id) or name.id in scope.parameters:
        return None
    return (
        f"changes `{name.id}` and reads it in turns, or it is no plain list, dict or set: collect in "
        "a list, and use that behind the loop"
    )


def change(owner: ast.expr, node: ast.AST) -> str:
    """Return in words that *node* changes the object of *owner*, and what to write instead."""
    kind = "container"
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        function = node.value.func
        if isinstance(function, ast.Attribute) and function.attr in _OF_LISTS:
            kind = "list"
    seen = f"changes `{ast.unparse(owner)}`, which other code may see"
    return f"{seen}: collect in a local {kind}, and store that behind the loop"


def _return(node: ast.Return, scope: Scope, _loop: bool) -> str | None:
    return None if node.value is None else expression(node.value, scope)


def _assert(node: ast.Assert, scope: Scope, _loop: bool) -> str | None:
    message = None if node.msg is None else expression(node.msg, scope)
    return expression(node.test, scope) or message


def _if(node: ast.If, scope: Scope, in_loop: bool) -> str | None:
    reason = expression(node.test, scope)
    for statement in (*node.body, *node.orelse):
        reason = reason or obstacle(statement, scope, in_loop=in_loop)
    return reason


def _for(node: ast.For, scope: Scope, in_loop: bool) -> str | None:
    reason = _loop_target(node.target, scope) or expression(node.iter, scope)
    for statement in node.body:
        reason = reason or obstacle(statement, scope, in_loop=True)
    for statement in node.orelse:
        reason = reason or obstacle(statement, scope, in_loop=in_loop)
    return reason


def _while(node: ast.While, scope: Scope, _loop: bool) -> str | None:
    """Round after round: the slice waits for each condition before it enters the round."""
    if node.orelse:
        return "`while` with an `else`"
    reason = expression(node.test, scope)
    for statement in node.body:
        reason = reason or obstacle(statement, scope, in_loop=True)
    return reason


def _try(node: ast.Try, scope: Scope, in_loop: bool) -> str | None:
    return attempted(node, scope, in_loop, obstacle)


def _match(node: ast.Match, scope: Scope, in_loop: bool) -> str | None:
    reason = expression(node.subject, scope)
    for case in node.cases:
        if case.guard is not None:
            reason = reason or expression(case.guard, scope)
    return reason or matched(node, scope, in_loop, obstacle)


def _with(node: ast.With, scope: Scope, in_loop: bool) -> str | None:
    return entered(node, scope, in_loop, obstacle)


def _loop_target(target: ast.expr, scope: Scope) -> str | None:
    if isinstance(target, ast.Tuple) and _nested_names(target):
        names = [n.id for n in walk(target) if isinstance(n, ast.Name)]
        bad = [name for name in names if not scope.is_plain_local(name)]
        return _shared(bad[0], scope) if bad else None
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
    ast.Try: _try,
    ast.Match: _match,
    ast.With: _with,
    ast.While: _while,
    ast.Pass: _nothing,
    ast.Break: _nothing,
    ast.Continue: _nothing,
}


def expression(node: ast.expr, scope: Scope) -> str | None:
    """Return why the slice cannot follow *node*; ``None`` if it can."""
    for inner in walk(node):
        if isinstance(inner, ast.NamedExpr):
            reason = _named(inner, node, scope)
            if reason is not None:
                return reason
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
            reason = _call(inner, node, scope)
            if reason is not None:
                return reason
    return None


def _call(node: ast.Call, whole: ast.expr, scope: Scope) -> str | None:
    if isinstance(node.func, ast.Name) and node.func.id == "super":
        return _parent(node, whole, scope)
    if sum(keyword.arg is None for keyword in node.keywords) > 1:
        return "several `**` in one call"
    return None


def _parent(node: ast.Call, whole: ast.expr, scope: Scope) -> str | None:
    """`super().name` in a method whose first parameter is never bound anew."""
    if node.args or node.keywords or scope.first is None or "super" in scope.local:
        return "`super` with arguments"
    for inner in walk(whole):
        inside = isinstance(inner, _OWN_SCOPE) and any(part is node for part in walk(inner))
        if inside:
            return "`super()` in a scope of its own"
        if isinstance(inner, ast.Attribute) and inner.value is node:
            return None
    return "`super()` reads the frame"


def _named(node: ast.NamedExpr, whole: ast.expr, scope: Scope) -> str | None:
    """`:=` binds a plain local that nothing to its left reads, outside any comprehension."""
    name = node.target.id
    if not scope.is_plain_local(name):
        return _shared(name, scope)
    for inner in walk(whole):
        if isinstance(inner, _OWN_SCOPE) and any(part is node for part in walk(inner)):
            return "assigns inside an expression with a scope of its own (:=)"
        if not isinstance(inner, ast.Name) or inner.id != name or inner is node.target:
            continue
        if (inner.lineno, inner.col_offset) < (node.lineno, node.col_offset):
            return f"reads `{name}` to the left of where it is assigned (:=)"
    return None


def is_private(name: str) -> bool:
    """Whether a class mangles *name*."""
    return name.startswith("__") and not name.endswith("__")
