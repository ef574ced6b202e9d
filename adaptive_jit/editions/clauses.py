"""`try`, `match` and `with`, as the issue slice follows them: the way without an exception."""

from __future__ import annotations

import abc
import ast
from typing import TYPE_CHECKING

from adaptive_jit.editions.guards import Guard, guard_of, guards_behind_an_except
from adaptive_jit.editions.issue_slice import CHECK, ISSUER, POISON_NAME
from adaptive_jit.editions.nodes import assign, const, load, method
from adaptive_jit.editions.walks import Walks
from adaptive_jit.syntax.scope import opens_to_write, stored_names
from adaptive_jit.syntax.telling import telling

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENDS = (ast.Continue, ast.Raise)


class Clauses(Walks):
    """Emits statements with clauses; knows what a jump passes on its way out."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.finals: list[list[ast.stmt] | None] = []
        """The `finally` blocks around a statement, and ``None`` for each loop."""

    @abc.abstractmethod
    def block(self, statements: list[ast.stmt]) -> None:
        """Translate *statements* in order."""

    def forget(self, names: Iterable[str]) -> None:
        """Nothing is known of *names* from here on."""
        for name in sorted(names):
            self.emit(assign(name, load(POISON_NAME)))

    def passed_by(self, *, leaves_function: bool) -> None:
        """The `finally` blocks that a jump runs on its way out of a loop or the function."""
        outer = self.finals
        for position in range(len(outer) - 1, -1, -1):
            final = outer[position]
            if final is not None:
                self.finals = outer[:position]
                self.block(final)
            elif not leaves_function:
                break
        self.finals = outer

    def attempt(self, node: ast.Try) -> None:
        """The body as it runs without an exception; what an exception makes of names is unknown."""
        excused = guards_behind_an_except(node)
        if excused:
            self.emit(ast.Expr(method(load(ISSUER), "excuses", const(excused))))
        for callee in telling(node):
            self.emit(ast.Expr(method(load(CHECK), "t", self.transparent(callee, []))))
        if node.finalbody:
            self.finals.append(node.finalbody)
        self.block(node.body)
        self.block(node.orelse)
        if node.finalbody:
            self.finals.pop()
        going_on = [c for c in node.handlers if not isinstance(c.body[-1], _ENDS)]
        unknown = stored_names(c for c in node.handlers if not isinstance(c.body[-1], ast.Raise))
        if going_on and (len(node.body) > 1 or node.orelse):
            unknown |= stored_names([*node.body, *node.orelse])
        self.forget(unknown)
        self.block(node.finalbody)

    def entered(self, node: ast.With) -> None:
        """The body of a `with` that does nothing on entry, and may suppress an exception."""
        if opens_to_write(node):
            self.written(node)
            return
        for item in node.items:
            assert isinstance(item.context_expr, ast.Call)
            function = self.transparent(item.context_expr.func, [])
            self.emit(ast.Expr(method(load(CHECK), "w", function)))
        self.block(node.body)
        if len(node.body) > 1:
            self.forget(stored_names(node.body))

    def written(self, node: ast.With) -> None:
        """A `with` around a file that is written: of the file itself nothing is known."""
        item = node.items[0]
        self.effects(item.context_expr)
        if isinstance(item.optional_vars, ast.Name):
            self.forget([item.optional_vars.id])
        self.block(node.body)
        site = self.analysis.sites[id(node)]
        left = method(load(ISSUER), "left", const(site.index), load(self.path))
        self.emit(ast.Expr(left))
        self.pause()

    def match(self, node: ast.Match) -> None:
        """Case after case, as far as the subject and the guards are known."""
        subject = self.retried(method(load(ISSUER), "arrived", self.value(node.subject)))
        guard = guard_of(node.subject)
        if guard is not None:
            self.emit(ast.Expr(_look(guard, subject)))
        found = self.keep(const(False))

        def rest(cases: list[ast.match_case]) -> None:
            case = cases[0]
            body = self.nested(lambda: self.case(case, found.id))
            self.emit(ast.Match(subject, [ast.match_case(case.pattern, None, body)]))
            if len(cases) > 1:
                further = self.nested(lambda: rest(cases[1:]))
                self.emit(ast.If(ast.UnaryOp(ast.Not(), found), further, []))

        rest(node.cases)

    def case(self, case: ast.match_case, found: str) -> None:
        """What is done where a pattern matches."""

        def build() -> None:
            self.emit(assign(found, const(True)))
            self.block(case.body)

        if case.guard is None:
            build()
        else:
            decided = self.truth(case.guard)
            self.emit(ast.If(decided, self.nested(build), []))


def _look(guard: Guard, subject: ast.expr) -> ast.expr:
    return method(load(CHECK), guard.kind, subject, *[const(part) for part in guard.detail])
