"""Which values the slice must follow, and which containers it would make itself.

Values that no operation, condition or loop needs are left out: following a
running total over 100,000 results would keep all of them alive.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from adaptive_jit.syntax.keys import keyed
from adaptive_jit.syntax.program import CallRole, CallSite
from adaptive_jit.syntax.scope import captured_names, changed_container, stored_names
from adaptive_jit.syntax.trees import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MAKERS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def loaded_names(*nodes: ast.AST | None) -> set[str]:
    """Names read anywhere in *nodes*."""
    return {
        inner.id
        for node in nodes
        if node is not None
        for inner in walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)
    }


def leaves_loop(statements: Iterable[ast.AST]) -> bool:
    """Whether *statements*, the body of a loop, may leave it for good."""
    for node in statements:
        parts: Iterable[ast.AST] = ast.iter_child_nodes(node)
        if isinstance(node, ast.For | ast.While):
            if contains_jump(node.body, ast.Return):
                return True
            parts = node.orelse  # a `break` in its body ends the inner loop
        if isinstance(node, ast.Break | ast.Return) or leaves_loop(parts):
            return True
    return False


def contains_jump(statements: Iterable[ast.stmt], *kinds: type[ast.stmt]) -> bool:
    """Whether a statement of one of *kinds* is in *statements*, at any depth."""
    return any(isinstance(inner, kinds) for node in statements for inner in walk(node))


def read_first(statements: Iterable[ast.stmt], bound: set[str]) -> set[str]:
    """Names that *statements* may read before having certainly bound them; adds to *bound*."""
    early: set[str] = set()
    for node in statements:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            early |= _read(node.value, bound)
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                early |= loaded_names(target) - bound
            bound |= stored_names([node])
        elif isinstance(node, ast.If):
            early |= _read(node.test, bound)
            arms = [set(bound), set(bound)]
            early |= read_first(node.body, arms[0]) | read_first(node.orelse, arms[1])
            bound |= arms[0] & arms[1]
        elif isinstance(node, ast.Try):
            # The slice does not enter an `except`, and knows nothing of what it binds.
            early |= read_first([*node.body, *node.orelse, *node.finalbody], bound)
        elif isinstance(node, ast.With):
            early |= loaded_names(*node.items) - bound
            bound |= stored_names(node.items)
            early |= read_first(node.body, bound)
        elif isinstance(node, ast.Match):
            early |= _read(node.subject, bound) | _read_in_cases(node, bound)
        else:
            early |= (loaded_names(node) | stored_names([node])) - bound
    return early


def _read_in_cases(node: ast.Match, bound: set[str]) -> set[str]:
    """As `read_first`, of the cases of a `match`, none of which need be the one."""
    early: set[str] = set()
    for case in node.cases:
        arm = bound | captured_names(case.pattern)
        early |= _read(case.guard, arm)
        early |= read_first(case.body, arm)
    return early


def _read(value: ast.expr | None, bound: set[str]) -> set[str]:
    """Names read in an expression; a name that it binds for certain is bound behind it."""
    first = _first_of(value)
    if isinstance(first, ast.NamedExpr):
        # Nothing reads the name before (see `adaptive_jit.analysis.constructs`).
        early = loaded_names(first.value) - bound
        bound.add(first.target.id)
        return early | (loaded_names(value) - bound)
    return loaded_names(value) - bound


def _first_of(node: ast.expr | None) -> ast.expr | None:
    """The part of an expression that is evaluated first, whatever the others are."""
    while True:
        if isinstance(node, ast.Compare | ast.BinOp):
            node = node.left
        elif isinstance(node, ast.BoolOp):
            node = node.values[0]
        elif isinstance(node, ast.UnaryOp):
            node = node.operand
        else:
            return node


class Needs:
    """The names of a region whose values an operation, condition or loop depends on."""

    def __init__(
        self, statements: list[ast.stmt], sites: dict[int, CallSite], *, deciding: bool = True
    ) -> None:
        self.sites = sites
        self.deciding = deciding
        self.names = self._roots(statements)
        self.made: set[str] = set()
        assignments = list(_assignments(statements))
        changed = True
        while changed:
            changed = False
            for targets, value in assignments:
                if targets & self.names and not loaded_names(value) <= self.names:
                    self.names |= loaded_names(value)
                    changed = True
        changed = True
        while changed:
            changed = False
            for targets, value in assignments:
                if self.makes(value) and not targets <= self.made:
                    self.made |= targets
                    changed = True

    def _roots(self, statements: list[ast.stmt]) -> set[str]:
        roots: set[str] = set()
        for node in (inner for statement in statements for inner in walk(statement)):
            if isinstance(node, ast.Call) and id(node) in self.sites:
                if self.sites[id(node)].role is not CallRole.MUTATOR:
                    roots |= loaded_names(node)
            elif isinstance(node, ast.If) and not self.deciding and not self._operates(node):
                continue
            elif isinstance(node, ast.If | ast.IfExp | ast.Assert | ast.While):
                roots |= loaded_names(node.test)
            elif isinstance(node, ast.Match):
                roots |= loaded_names(node.subject)
            elif isinstance(node, ast.match_case):
                roots |= loaded_names(node.guard)
            elif isinstance(node, ast.For | ast.comprehension):
                roots |= loaded_names(node.iter)
                if isinstance(node, ast.comprehension):
                    roots |= loaded_names(*node.ifs)
            elif isinstance(node, ast.BoolOp) and (self.deciding or self._chooses(node)):
                roots |= loaded_names(*node.values[:-1])
        return roots

    def _chooses(self, node: ast.BoolOp) -> bool:
        """Whether an operand that may not be reached has a call or a name in it that counts."""
        return any(
            isinstance(inner, ast.NamedExpr) or id(inner) in self.sites
            for value in node.values[1:]
            for inner in walk(value)
        )

    def _operates(self, node: ast.If) -> bool:
        """Whether a branch decides about calls or about leaving."""
        return contains_jump([node], ast.Break, ast.Continue, ast.Return) or any(
            id(inner) in self.sites and self.sites[id(inner)].role is not CallRole.MUTATOR
            for inner in walk(node)
        )

    def makes(self, value: ast.expr | None) -> bool:
        """Whether *value* may hold a container that the slice makes a copy of its own of."""
        if value is None:
            return False
        for node in walk(value):
            if isinstance(node, _MAKERS) or _is_new_tuple(node):
                return True
            if isinstance(node, ast.Call) and keyed(node) is not None:
                return True
            if isinstance(node, ast.Name) and node.id in self.made:
                return True
            if isinstance(node, ast.BinOp | ast.Subscript) and _may_copy(node):
                return True
        return False


def _is_new_tuple(node: ast.AST) -> bool:
    """A tuple of constants is itself a constant, the same object in slice and replay."""
    return isinstance(node, ast.Tuple) and not all(
        isinstance(element, ast.Constant) or _is_constant_tuple(element) for element in node.elts
    )


def _is_constant_tuple(node: ast.AST) -> bool:
    return isinstance(node, ast.Tuple) and not _is_new_tuple(node)


def _may_copy(node: ast.BinOp | ast.Subscript) -> bool:
    """``a + b`` and ``a[1:]`` may build a new list; constants and formats cannot."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Slice)
    if isinstance(node.op, ast.Add | ast.Mult):
        return not any(
            isinstance(side, ast.JoinedStr)
            or (isinstance(side, ast.Constant) and isinstance(side.value, str | int | float))
            for side in (node.left, node.right)
        )
    return False


def _assignments(
    statements: Iterable[ast.AST],
) -> Iterator[tuple[set[str], ast.expr]]:
    for node in (inner for statement in statements for inner in walk(statement)):
        if isinstance(node, ast.Assign):
            changed = changed_container(node)
            names = {n for target in node.targets for n in _bound(target)}
            yield names | ({changed.id} if changed is not None else set()), node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield _bound(node.target), node.value
        elif isinstance(node, ast.AugAssign):
            names = _bound(node.target) or {_root(node.target)}
            yield names, node.value
            yield names, ast.Name(next(iter(names)), ast.Load())
        elif isinstance(node, ast.NamedExpr):
            yield _bound(node.target), node.value
        elif isinstance(node, ast.For):
            yield _bound(node.target), node.iter
        elif isinstance(node, ast.Match):
            yield captured_names(node), node.subject


def _bound(target: ast.expr) -> set[str]:
    """The names that an assignment to *target* binds: those in an index are read."""
    return {
        node.id
        for node in walk(target)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }


def _root(target: ast.expr) -> str:
    """The name that a chain of indices and attributes begins with; empty if it is a value."""
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""
