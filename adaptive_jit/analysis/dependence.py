"""Which operations need the results of which others, by following names.

Used for the prediction only: the runtime follows the values themselves.
A loop body is followed twice; what an operation needs in the second round
but not in the first it needs from an earlier iteration.

Nothing is started that the program might not reach. So whatever decides
whether it goes on (the test before a ``break``, an element of ``any``) is
needed by all that comes behind it, the later rounds of its loop included.
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
        self.leaving: Flow = _NOTHING
        """What decides whether the loop, or the function, goes on."""
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
            flow = self.decides(node.test)
            self.control |= flow
            self.leaving |= flow
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
        self.goes_on(outer, [*node.body, *node.orelse])

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
        self.goes_on(outer, [statement for case in node.cases for statement in case.body])

    def goes_on(self, outer: Flow, arms: list[ast.stmt]) -> None:
        """Behind a branch: what decided it decides all that follows where an arm may leave."""
        if _leaves(arms, _LEAVING):
            self.leaving |= self.control - outer
        else:
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
        self.ended(outer, node)

    def rounds_of(self, node: ast.While) -> None:
        outer = self.control

        def body() -> None:
            # Each round waits for its condition, which needs those of the rounds before.
            self.control |= self.decides(node.test)
            self.block(node.body)

        self.twice(ast.Tuple([]), self.control, body)
        self.ended(outer, node)

    def twice(self, target: ast.expr, flow: Flow, body: Callable[[], None]) -> None:
        begun, self.leaving = (self.control, self.leaving), _NOTHING
        for again in (0, 1):
            self.rounds += again
            self.control = begun[0] | self.leaving
            self.bind(target, flow)
            body()
        self.rounds -= 1
        self.control, self.leaving = self.leaving, begun[1]

    def ended(self, outer: Flow, node: ast.For | ast.While) -> None:
        """Behind a loop: `twice` has left what decides where it ends."""
        if _leaves(node.body, _RETURNING):
            self.leaving |= self.control
        self.control |= outer
        self.block(node.orelse)

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
            self.reached([node.test], [node.body, node.orelse])
        elif isinstance(node, ast.BoolOp):
            self.reached(node.values[:-1], node.values[-1:])
        walked = _until(node)
        flow = self.parts(node) if walked is None else self.comprehension(walked, ends=True)
        number = self.operations.get(id(node))
        if number is None:
            if isinstance(node, ast.Call):
                self.found.used |= flow
            return flow
        self.note(number, flow | self.control)
        return frozenset((number,))

    def reached(self, conditions: list[ast.expr], results: list[ast.expr]) -> None:
        """Expressions each of which decides whether those behind it are evaluated."""
        outer = self.control
        for condition in conditions:
            self.control |= self.decides(condition)
        for result in results:
            self.value(result)
        self.control = outer

    def comprehension(
        self,
        node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
        *,
        ends: bool = False,
    ) -> Flow:
        """The flow of all its elements; with *ends* each decides whether there is another."""
        outer, names = self.control, dict(self.names)
        flow = self.elements(node)
        if ends:
            self.found.used |= flow
            self.rounds += 1
            self.control = outer | flow
            self.elements(node)
            self.rounds -= 1
        flow |= self.control - outer
        self.control, self.names = outer, names
        return flow

    def elements(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> Flow:  # fmt: skip
        flow = _NOTHING
        for clause in node.generators:
            self.control |= self.decides(clause.iter)
            self.bind(clause.target, self.control)
            for condition in clause.ifs:
                self.control |= self.decides(condition)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for result in results:
            flow |= self.value(result)
        return flow

    def note(self, number: int, flow: Flow) -> None:
        same = self.found.same.setdefault(number, set())
        if self.rounds:
            new = set(flow) - same
            self.found.carried.setdefault(number, set()).update(new)
        else:
            same.update(flow - {number})


_LEAVING = (ast.Break, ast.Return, ast.Raise)
_RETURNING = (ast.Return, ast.Raise)
_OTHERS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PARTS = (ast.stmt, ast.ExceptHandler, ast.match_case)


def _leaves(statements: Iterable[ast.AST], kinds: tuple[type, ...]) -> bool:
    """Whether *statements* hold one of *kinds*; a ``break`` of an inner loop is that loop's."""
    for node in statements:
        if isinstance(node, kinds):
            return True
        if isinstance(node, _OTHERS):
            continue
        inner = _RETURNING if isinstance(node, ast.For | ast.AsyncFor | ast.While) else kinds
        parts = [child for child in ast.iter_child_nodes(node) if isinstance(child, _PARTS)]
        if _leaves(parts, inner):
            return True
    return False


def _until(node: ast.expr) -> ast.GeneratorExp | None:
    """The generator of an ``any`` or ``all``, which draws from it until it knows."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1):
        return None
    generator = node.args[0]
    if node.func.id in ("any", "all") and isinstance(generator, ast.GeneratorExp):
        return generator
    return None


_CONTROL: dict[type, Callable[[_Follower, Any], None]] = {
    ast.For: _Follower.loop,
    ast.While: _Follower.rounds_of,
    ast.If: _Follower.branch,
    ast.Match: _Follower.cases,
    ast.With: _Follower.entered,
    ast.Try: _Follower.attempt,
}
