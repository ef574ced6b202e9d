"""Which operations need the results of which others, by following names.

Used for the prediction only: the runtime follows the values themselves.
A loop body is followed twice; what an operation needs in the second round
but not in the first it needs from an earlier iteration.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adaptive_jit.syntax.scope import changed_container, stored_names

if TYPE_CHECKING:
    from collections.abc import Iterable

Flow = frozenset[int]
_NOTHING: Flow = frozenset()


@dataclass(slots=True)
class Dependences:
    """For each operation number: the operations it needs, and those of an earlier iteration."""

    same: dict[int, set[int]] = field(default_factory=dict)
    carried: dict[int, set[int]] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    """Operations whose results decide a branch, a loop or a filter."""


def dependences(statements: Iterable[ast.stmt], operations: dict[int, int]) -> Dependences:
    """Follow *statements*; *operations* maps ``id(call node)`` to operation numbers."""
    follower = _Follower(operations)
    follower.block(statements)
    return follower.found


class _Follower:
    def __init__(self, operations: dict[int, int]) -> None:
        self.operations = operations
        self.found = Dependences()
        self.names: dict[str, Flow] = {}
        self.control: Flow = _NOTHING
        self.rounds = 0

    def block(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        changed = changed_container(node)
        if isinstance(node, ast.For):
            self.loop(node)
        elif isinstance(node, ast.While):
            self.rounds_of(node)
        elif isinstance(node, ast.If):
            self.branch(node)
        elif isinstance(node, ast.Try):
            self.block([*node.body, *node.orelse])
            for clause in node.handlers:
                self.block(clause.body)
        elif changed is not None and not isinstance(node, ast.AugAssign):
            self.names[changed.id] = self.names.get(changed.id, _NOTHING) | self.parts(node)
        elif isinstance(node, ast.Assign):
            flow = self.value(node.value)
            for target in node.targets:
                self.bind(target, flow)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self.bind(node.target, self.value(node.value))
        elif isinstance(node, ast.AugAssign):
            assert isinstance(node.target, ast.Name)
            flow = self.value(node.value)
            self.names[node.target.id] = self.names.get(node.target.id, _NOTHING) | flow
        elif isinstance(node, ast.Assert):
            self.decides(node.test)
        else:
            self.parts(node)

    def decides(self, node: ast.expr) -> Flow:
        """The flow of something on which control depends."""
        flow = self.value(node)
        self.found.used |= flow
        return flow

    def bind(self, target: ast.expr, flow: Flow) -> None:
        for name in ast.walk(target):
            if isinstance(name, ast.Name):
                self.names[name.id] = flow

    def branch(self, node: ast.If) -> None:
        outer = self.control
        self.control = outer | self.decides(node.test)
        before = dict(self.names)
        self.block(node.body)
        after = self.names
        self.names = dict(before)
        self.block(node.orelse)
        bound = stored_names([*node.body, *node.orelse])
        for name, flow in after.items():
            other = self.names.get(name, _NOTHING)
            known = before.get(name, _NOTHING)
            # What neither arm touches does not depend on which of them ran.
            touched = name in bound or flow != known or other != known
            self.names[name] = other | flow | (self.control if touched else _NOTHING)
        self.control = outer

    def loop(self, node: ast.For) -> None:
        outer = self.control
        self.control = outer | self.decides(node.iter)
        self.twice(node.target, self.control, lambda: self.block(node.body))
        self.control = outer
        self.block(node.orelse)

    def rounds_of(self, node: ast.While) -> None:
        outer = self.control
        self.control = outer | self.decides(node.test)
        self.twice(ast.Tuple([]), self.control, lambda: self.block(node.body))
        self.control = outer

    def twice(self, target: ast.expr, flow: Flow, body: object) -> None:
        assert callable(body)
        for again in (0, 1):
            self.rounds += again
            self.bind(target, flow)
            body()
        self.rounds -= 1

    def parts(self, node: ast.AST) -> Flow:
        flow = _NOTHING
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                flow |= self.value(child)
            elif not isinstance(child, ast.stmt):
                flow |= self.parts(child)
        return flow

    def value(self, node: ast.expr) -> Flow:
        if isinstance(node, ast.Name):
            return self.names.get(node.id, _NOTHING)
        if isinstance(node, ast.Lambda):
            return _NOTHING
        if isinstance(node, ast.NamedExpr):
            flow = self.value(node.value)
            self.bind(node.target, flow)
            return flow
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            return self.comprehension(node)
        if isinstance(node, ast.IfExp):
            self.decides(node.test)
        elif isinstance(node, ast.BoolOp):
            for part in node.values[:-1]:
                self.decides(part)
        flow = self.parts(node)
        number = self.operations.get(id(node))
        if number is None:
            if isinstance(node, ast.Call):
                self.found.used |= flow
            return flow
        self.note(number, flow | self.control)
        return frozenset((number,))

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> Flow:
        outer, names = self.control, dict(self.names)
        flow = _NOTHING
        for clause in node.generators:
            self.control |= self.decides(clause.iter)
            self.bind(clause.target, self.control)
            for condition in clause.ifs:
                self.control |= self.decides(condition)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for result in results:
            flow |= self.value(result)
        flow |= self.control - outer
        self.control, self.names = outer, names
        return flow

    def note(self, number: int, flow: Flow) -> None:
        same = self.found.same.setdefault(number, set())
        if self.rounds:
            new = set(flow) - same
            self.found.carried.setdefault(number, set()).update(new)
        else:
            same.update(flow - {number})
