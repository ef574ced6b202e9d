"""Which operations need the results of which others, by following names.

Used for the prediction only: the runtime follows the values themselves.
A loop body is followed twice; what an operation needs in the second round
but not in the first it needs from an earlier iteration.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from adaptive_jit.syntax.keys import keyed, mapped
from adaptive_jit.syntax.scope import captured_names, changed_container, stored_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
        follow = _CONTROL.get(type(node))
        changed = changed_container(node)
        if follow is not None:
            follow(self, node)
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

    def entered(self, node: ast.With) -> None:
        for item in node.items:
            self.value(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, _NOTHING)
        self.block(node.body)

    def attempt(self, node: ast.Try) -> None:
        self.block([*node.body, *node.orelse])
        for clause in node.handlers:
            self.block(clause.body)
        self.block(node.finalbody)

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
        bound = stored_names([*node.body, *node.orelse])
        self.arms([partial(self.block, part) for part in (node.body, node.orelse)], bound)
        self.control = outer

    def cases(self, node: ast.Match) -> None:
        """Each case is an arm; which of them runs depends on the subject and the guards."""
        outer = self.control
        subject = self.decides(node.subject)
        self.control = outer | subject

        def arm(case: ast.match_case) -> None:
            for name in captured_names(case.pattern):
                self.names[name] = subject
            if case.guard is not None:
                self.control |= self.decides(case.guard)
            self.block(case.body)

        self.arms([partial(arm, case) for case in node.cases], stored_names(node.cases))
        self.control = outer

    def arms(self, arms: list[Callable[[], None]], bound: set[str]) -> None:
        """What is known behind *arms*, of which one runs; they bind the names *bound*."""
        before = dict(self.names)
        ends = []
        for arm in arms:
            self.names = dict(before)
            arm()
            ends.append(self.names)
        for name in {name for end in ends for name in end}:
            known = before.get(name, _NOTHING)
            flows = [end.get(name, _NOTHING) for end in ends]
            # What no arm touches does not depend on which of them ran.
            touched = name in bound or any(flow != known for flow in flows)
            control = self.control if touched else _NOTHING
            self.names[name] = control.union(*flows)

    def loop(self, node: ast.For) -> None:
        outer = self.control
        self.control = outer | self.decides(node.iter)
        self.twice(node.target, self.control, lambda: self.block(node.body))
        self.control = outer
        self.block(node.orelse)

    def rounds_of(self, node: ast.While) -> None:
        outer = self.control

        def body() -> None:
            # Each round waits for its condition, which needs those of the rounds before.
            self.control |= self.decides(node.test)
            self.block(node.body)

        self.twice(ast.Tuple([]), self.control, body)
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
        keys = keyed(node) if isinstance(node, ast.Call) else None
        maps = mapped(node)
        if maps is not None:
            return self.comprehension(maps) | self.parts(node)
        if keys is not None:
            flow = self.comprehension(keys)
            self.found.used |= flow
            return flow
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


_CONTROL: dict[type, Callable[[_Follower, Any], None]] = {
    ast.For: _Follower.loop,
    ast.While: _Follower.rounds_of,
    ast.If: _Follower.branch,
    ast.Match: _Follower.cases,
    ast.With: _Follower.entered,
    ast.Try: _Follower.attempt,
}
