"""The replay: the user's statements in their order, on their lines, in their frame.

``f(x)`` becomes ``window.done(k, window.take(k, f, x)())``: `take` answers
with what to call, either something that returns (or raises) the early
result, or the call itself; so the call stays in the user's frame. Each loop
body and each region exists twice, instrumented and plain, chosen by a flag:
a window that is closed, or that has seen enough, costs one test.
"""

from __future__ import annotations

import ast
import copy
import sys
from typing import TYPE_CHECKING, Any

from adaptive_jit.editions.guards import Guard, guard_of, is_display, is_walker, loop_guard
from adaptive_jit.editions.nodes import (
    WINDOW,
    around,
    called,
    const,
    load,
    located,
    nowhere,
    placed,
    start,
    window,
)
from adaptive_jit.syntax.keys import consumed, keyed
from adaptive_jit.syntax.program import CallRole, LoopSite
from adaptive_jit.syntax.scope import is_parent, numbered

if TYPE_CHECKING:
    from adaptive_jit.syntax.program import Analysis


class Replay(ast.NodeTransformer):
    """Rewrites the statements of one region in place."""

    def __init__(self, analysis: Analysis) -> None:
        self.sites = analysis.sites
        self.loops = analysis.loops
        self.class_name = analysis.source.class_name
        self.code = analysis.source.code
        self.attribute_of: dict[int, str] = {}

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """The instrumented form of *body*."""
        out: list[ast.stmt] = []
        for statement in body:
            new = self.visit(statement)
            out += new if isinstance(new, list) else [new]
        return out

    def visit(self, node: ast.AST) -> Any:
        """Rewrite *node*, then put its guard around it."""
        guard = guard_of(node)
        new = super().visit(node)
        if guard is None or (isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)):
            return new
        assert isinstance(node, ast.expr)
        return self.guarded(guard, new, node)

    def guarded(self, guard: Guard, new: ast.expr, like: ast.expr) -> ast.AST:
        extra = []
        if guard.deferred:
            later = window("later", const(guard.number), const(guard.kind), new)
            return around(later, like)
        if guard.kind in "ap":
            extra.append(const(self.attribute_of[id(like)]))
        extra += [const(part) for part in guard.detail]
        checked = around(window(guard.kind, const(guard.number), new, *extra), like)
        if guard.settles:
            return around(window("settle", const(guard.settles), checked), like)
        return checked

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.attribute_of[id(node.value)] = mangled(node.attr, self.class_name)
        if is_parent(node):
            guard = guard_of(node.value)
            if guard is not None:
                node.value = self.guarded(guard, node.value, node.value)  # type: ignore[assignment]
            return node
        return self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        node.generators[0].iter = self.visit(node.generators[0].iter)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        site = self.sites[id(node)]
        number = const(site.index)
        if site.role is CallRole.MANAGER:
            return self.generic_visit(node)
        if site.role is CallRole.CONSUMER:
            node.func = self.visit(node.func)
            generator = consumed(node)
            assert generator is not None
            if generator is node.args[0]:
                self.comprehension(generator)
            else:
                node.args[0] = self.mapped(node.args[0], generator)
            return node
        if site.role is CallRole.KEYED:
            return self.keyed(node)
        self.generic_visit(node)
        if site.role is CallRole.WALKER:
            return node
        if site.role is CallRole.PARALLEL:
            node.func = window("reach", number, node.func)
            return around(window("reached", number, node), node)
        how = "opened" if site.role is CallRole.OPENED else "done"
        return placed(window(how, number, self.fetched("take", number, node)), node)

    def keyed(self, node: ast.Call) -> ast.Call:
        """``sorted(xs, key=lambda x: …)``: each key is computed in a round of its own."""
        keys = keyed(node)
        assert keys is not None
        loop = const(self.loops[id(keys.generators[0])].index)
        items = node.args[0]
        guard = const(loop_guard(items).number)
        node.func = self.visit(node.func)
        node.args[0] = around(window("keyed", guard, loop, self.visit(items)), items)
        for keyword in node.keywords:
            if isinstance(keyword.value, ast.Lambda):
                body = keyword.value.body
                begun = window("turn", loop)
                keyword.value.body = around(window("key", begun, self.visit(body)), body)
        return node

    def mapped(self, node: Any, generator: ast.GeneratorExp) -> ast.expr:
        """``map(f, xs)`` that calls through the window; made in the user's frame."""
        clause = generator.generators[0]
        guard = guard_of(generator.elt)
        numbers = (
            loop_guard(clause.iter).number,
            self.loops[id(clause)].index,
            self.sites[id(generator.elt)].index,
            -1 if guard is None else guard.number,
            "" if guard is None else guard.kind,
        )
        given = [self.visit(argument) for argument in node.args]
        chosen = window("maps", const(numbers), node.func, *given)
        return placed(ast.Call(placed(chosen, node), [], []), node)

    @staticmethod
    def fetched(how: str, number: ast.expr, node: ast.Call) -> ast.expr:
        """The call *node* through the window, made in the user's frame."""
        chosen: ast.expr = ast.Attribute(load(WINDOW), how, ast.Load())
        given = [number, node.func]
        if any(isinstance(argument, ast.Starred) for argument in node.args) or any(
            keyword.arg is None for keyword in node.keywords
        ):
            # What cannot be unpacked is reported with the name of the callee.
            chosen = window("starred", const(how), number, node.func)
            given = []
        chosen = ast.Call(chosen, [*given, *node.args], node.keywords)
        return ast.copy_location(ast.Call(placed(chosen, node), [], []), called(node))

    def comprehension(self, node: Any) -> ast.AST:
        for clause in node.generators:
            clause.iter = self.iterable(clause.iter, self.loops[id(clause)], clause.target)
            clause.ifs = [self.visit(condition) for condition in clause.ifs]
        for name in ("elt", "key", "value"):
            if hasattr(node, name):
                plain = copy.deepcopy(getattr(node, name))
                instrumented = self.visit(getattr(node, name))
                if not isinstance(instrumented, ast.Name | ast.Constant):
                    test = ast.Attribute(load(WINDOW), "on", ast.Load())
                    instrumented = located(ast.IfExp(test, instrumented, plain), plain)
                setattr(node, name, instrumented)
        return node  # type: ignore[no-any-return]

    visit_ListComp = visit_SetComp = visit_DictComp = comprehension

    def iterable(self, node: ast.expr, loop: LoopSite, target: ast.expr) -> ast.expr:
        guard = loop_guard(node)
        numbers = (const(guard.number), const(loop.index))
        unpacks = const(isinstance(target, ast.Tuple))
        inner = numbered(node)
        outer = inner is not None and is_display(inner, self.sites)
        display = inner if outer else node
        if not is_display(display, self.sites):  # type: ignore[arg-type]
            how = "walked" if is_walker(node, self.sites) else "loop"
            return around(window(how, *numbers, self.visit(node), unpacks), node)
        assert isinstance(display, ast.Call)
        index = const(self.sites[id(display)].index)
        self.generic_visit(display)
        call = self.fetched("shown", index, display)
        if outer:
            assert isinstance(node, ast.Call)
            node.func = self.visit(node.func)
            node.args[0] = around(window("display", index, call), display)
            call = node
        return around(window("displayed", index, *numbers, call, unpacks), node)

    def visit_For(self, node: ast.For) -> ast.AST:
        plain = copy.deepcopy(node.body)
        node.iter = self.iterable(node.iter, self.loops[id(node)], node.target)
        test = ast.Attribute(load(WINDOW), "on", ast.Load())
        instrumented = self.block(node.body)
        node.body = [nowhere(ast.If(test, instrumented, plain))]
        node.orelse = self.block(node.orelse)
        return node

    def visit_While(self, node: ast.While) -> Any:
        plain = copy.deepcopy(node.body)
        loop = const(self.loops[id(node)].index)
        test = node.test
        # Counted before the condition is evaluated: its calls belong to the round.
        begun = window("turn", loop)
        node.test = around(window("round", begun, self.visit(test)), test)
        self.jumps(node, test)
        on = located(ast.Attribute(load(WINDOW), "on", ast.Load()), start(self.code, plain[0]))
        node.body = [nowhere(ast.If(on, self.block(node.body), plain))]
        return [nowhere(ast.Expr(window("rounds", loop))), node]

    def visit_If(self, node: ast.If) -> ast.AST:
        test = node.test
        node.test = self.visit(test)
        self.jumps(node, test)
        node.body = self.block(node.body)
        node.orelse = self.block(node.orelse)
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        test = node.test
        self.generic_visit(node)
        if isinstance(test, ast.Compare):  # what fails needs a line
            self.jumps(node, test)
        return node

    @staticmethod
    def jumps(node: ast.If | ast.While | ast.Assert, test: ast.expr) -> None:
        """Put the jump on *test* where it is if that is a comparison by itself.

        CPython 3.11 (Python/compile.c, compiler_jump_if) has it on the line of the
        comparison, or of the last of several, but of another test on that of the statement.
        """
        compares = isinstance(test, ast.Compare | ast.BoolOp)
        if sys.version_info < (3, 12) and compares and node.test is not test:
            ast.copy_location(node, node.test)

    def visit_Try(self, node: ast.Try) -> ast.AST:
        node.body = self.block(node.body)
        node.orelse = self.block(node.orelse)
        for clause in node.handlers:
            if clause.type is not None:
                clause.type = self.visit(clause.type)
            clause.body = [self.caught(), *self.block(clause.body)]
        if node.finalbody:
            # An exception may be on its way: what raised it has ended.
            node.finalbody = [self.caught(), *self.block(node.finalbody)]
        return node

    @staticmethod
    def caught() -> ast.stmt:
        return nowhere(ast.Expr(window("caught")))

    def visit_With(self, node: ast.With) -> Any:
        """What was suppressed has been caught behind the statement; a file has been closed."""
        site = self.sites.get(id(node))
        for item in node.items:
            item.context_expr = self.visit(item.context_expr)
        node.body = self.block(node.body)
        if site is not None:
            return [node, nowhere(ast.Expr(window("left", const(site.index))))]
        return [node, self.caught()]

    def visit_Match(self, node: ast.Match) -> ast.AST:
        node.subject = self.visit(node.subject)
        for case in node.cases:
            if case.guard is not None:
                case.guard = self.visit(case.guard)
            case.body = self.block(case.body)
        return node

    def visit_Expr(self, node: ast.Expr) -> Any:
        value = node.value
        site = self.sites.get(id(value)) if isinstance(value, ast.Call) else None
        if site is not None and site.role is CallRole.MUTATOR:
            assert isinstance(value, ast.Call)
            assert isinstance(value.func, ast.Attribute)
            value.func.value = self.visit(value.func.value)
            value.args = [self.visit(argument) for argument in value.args]
            return node
        return self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        assert isinstance(node.target, ast.Name)
        guard = guard_of(node.target)
        node.value = self.visit(node.value)
        if guard is None:
            return node
        value = load(node.target.id)
        number, kind = const(guard.number), const(guard.kind)
        check = ast.Expr(
            window("later", number, kind, value)
            if guard.deferred
            else window(guard.kind, number, value)
        )
        return [located(check, node), node]


def mangled(name: str, class_name: str | None) -> str:
    """The name under which a class stores its private attribute *name*."""
    if class_name is None or not name.startswith("__") or name.endswith("__"):
        return name
    stripped = class_name.lstrip("_")
    return f"_{stripped}{name}" if stripped else name
