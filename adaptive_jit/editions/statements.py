"""The statements of the issue slice; see `adaptive_jit.editions.issue_slice`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from adaptive_jit.editions.guards import guards_in
from adaptive_jit.editions.issue_slice import CHECK, ISSUER, PATH, POISON_NAME, Emitter
from adaptive_jit.editions.needs import Needs, contains_jump, loaded_names, stored_names
from adaptive_jit.editions.nodes import assign, const, load, method
from adaptive_jit.syntax.scope import changed_container

if TYPE_CHECKING:
    from adaptive_jit.syntax.program import Analysis

_CONTROL = (ast.If, ast.For, ast.IfExp, ast.BoolOp, ast.comprehension, ast.Assert)


class Slice(Emitter):
    """Translates statements; loops with decisions inside become strands."""

    strands = 0

    def __init__(self, analysis: Analysis, statements: list[ast.stmt]) -> None:
        super().__init__(analysis, Needs(statements, analysis.sites), stored_names(statements))
        self.statements = statements
        self.continue_ends_strand = False

    def block(self, statements: list[ast.stmt]) -> None:
        """Translate *statements* in order."""
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        changed = changed_container(node)
        if isinstance(node, ast.For):
            self.for_loop(node)
        elif isinstance(node, ast.If):
            self.branch(node)
        elif changed is not None:
            self.change(node, changed.id)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else (node.target,)
            self.assignment(list(targets), node.value)
        elif isinstance(node, ast.AugAssign):
            self.augmented(node)
        elif isinstance(node, ast.Expr):
            self.effects(node.value)
        elif isinstance(node, ast.Assert):
            decided = self.truth(node.test)
            self.emit(ast.If(decided, [ast.Pass()], [self.give_up()]))
        else:
            self.jump(node)

    def jump(self, node: ast.stmt) -> None:
        if isinstance(node, ast.Return):
            if node.value is not None:
                self.effects(node.value)
            self.emit(ast.Return(None))
        elif isinstance(node, ast.Continue) and self.continue_ends_strand:
            self.emit(ast.Return(None))
        elif isinstance(node, ast.Break | ast.Continue):
            self.emit(type(node)())

    @staticmethod
    def give_up() -> ast.stmt:
        return ast.Expr(method(load(ISSUER), "give_up"))

    # ---- assignments ----------------------------------------------------------------

    def assignment(self, targets: list[ast.expr], value: ast.expr | None) -> None:
        assert value is not None
        names = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        target = targets[0]
        if isinstance(target, ast.Tuple):
            self.unpacked(target, value)
        elif names & self.needs.names:
            result = self.value(value)
            for name in sorted(names):
                self.emit(assign(name, result))
        else:
            self.effects(value)
            for name in sorted(names):
                self.emit(assign(name, load(POISON_NAME)))

    def unpacked(self, target: ast.Tuple, value: ast.expr) -> None:
        names = [element.id for element in target.elts if isinstance(element, ast.Name)]
        if isinstance(value, ast.Tuple) and len(value.elts) == len(names):
            parts = [self.keep(self.value(part)) for part in value.elts]
            for name, part in zip(names, parts, strict=True):
                self.emit(assign(name, part))
            return
        whole = self.value(value)
        for position, name in enumerate(names):
            item = ast.Subscript(
                method(load(CHECK), "unpack", whole, const(len(names))),
                const(position),
                ast.Load(),
            )
            inputs = [whole.id] if isinstance(whole, ast.Name) else []
            self.emit(assign(name, self.derived("derive", value, item, inputs)))

    def augmented(self, node: ast.AugAssign) -> None:
        assert isinstance(node.target, ast.Name)
        name = node.target.id
        left = ast.Name(name, ast.Load())
        for attribute in ("_adaptive_guard",):
            if hasattr(node.target, attribute):
                setattr(left, attribute, getattr(node.target, attribute))
        combined = ast.BinOp(left, node.op, node.value)
        if name in self.needs.names:
            self.emit(assign(name, self.value(combined)))
        else:
            self.effects(combined)
            self.emit(assign(name, load(POISON_NAME)))

    def change(self, node: ast.stmt, name: str) -> None:
        """A change of a container of the function's own: not followed, but its parts are."""
        if isinstance(node, ast.AugAssign | ast.Assign):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
                self.effects(node.value)
                self.effects(node.targets[0].slice)
            else:
                self.effects(node.value)
        else:
            assert isinstance(node, ast.Expr)
            assert isinstance(node.value, ast.Call)
            for argument in node.value.args:
                self.effects(argument)
        self.emit(assign(name, load(POISON_NAME)))

    # ---- control --------------------------------------------------------------------

    def branch(self, node: ast.If) -> None:
        decided = self.truth(node.test)
        body = self.nested(lambda: self.block(node.body))
        orelse = self.nested(lambda: self.block(node.orelse)) if node.orelse else []
        self.emit(ast.If(decided, body, orelse))

    def for_loop(self, node: ast.For) -> None:
        items = self.items(node.iter)
        orelse = self.nested(lambda: self.block(node.orelse)) if node.orelse else None
        if self.runs_as_strands(node):
            self.loop(items, lambda path, item: self.strand(node, path, item), orelse)
            for name in sorted(stored_names([node])):
                self.emit(assign(name, load(POISON_NAME)))
            return

        def body(path: str, item: str) -> None:
            self.unpack(node.target, load(item))
            self.path = path
            self.block(node.body)

        outer, self.continue_ends_strand = self.continue_ends_strand, False
        self.loop(items, body, orelse)
        self.continue_ends_strand = outer

    def runs_as_strands(self, node: ast.For) -> bool:
        """Whether iterations may go on independently: no jump, nothing handed on."""
        if not any(isinstance(inner, _CONTROL) for s in node.body for inner in ast.walk(s)):
            return False
        if contains_jump(node.body, ast.Break, ast.Return) or node.orelse:
            return False
        handed_on = stored_names(node.body) & self.needs.names
        return not handed_on & (self.read_first(node) | self.read_elsewhere(node))

    def read_first(self, node: ast.For) -> set[str]:
        """Names that an iteration may read before it has certainly bound them."""
        bound = {n.id for n in ast.walk(node.target) if isinstance(n, ast.Name)}
        early: set[str] = set()
        for statement in node.body:
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                early |= loaded_names(statement.value) - bound
                bound |= stored_names([statement])
            else:
                early |= (loaded_names(statement) | stored_names([statement])) - bound
        return early

    def read_elsewhere(self, node: ast.For) -> set[str]:
        inside = {id(inner) for inner in ast.walk(node)}
        return {
            inner.id
            for statement in self.statements
            for inner in ast.walk(statement)
            if isinstance(inner, ast.Name)
            and isinstance(inner.ctx, ast.Load)
            and id(inner) not in inside
        }

    def strand(self, node: ast.For, path: str, item: str) -> None:
        """One iteration as a generator of its own, with its own copies of the variables."""
        Slice.strands += 1
        name = f".strand{Slice.strands}"
        shadows = sorted(self.shadows | {n for scope in self.renamed for n in scope.values()})
        outer = self.path, self.continue_ends_strand
        self.path, self.continue_ends_strand = PATH, True

        def build() -> None:
            self.unpack(node.target, load(".item"))
            self.block(node.body)
            self.emit(ast.Return(None), self.yielded())

        body = self.nested(build)
        self.path, self.continue_ends_strand = outer
        parameters = [ast.arg(part) for part in (PATH, ".item", *shadows)]
        arguments = ast.arguments([], parameters, None, [], [], None, [])
        self.emit(ast.FunctionDef(name, arguments, body, []))
        call = ast.Call(load(name), [load(path), load(item), *[load(part) for part in shadows]], [])
        self.emit(ast.Expr(method(load(ISSUER), "spawn", call, const(self.clear(node)))))
        self.pause()

    def clear(self, node: ast.For) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
        """What must have been harmless so far if later iterations may overtake this one."""
        if contains_jump(node.body, ast.Assert, ast.Raise):
            return None
        sites = tuple(
            self.analysis.sites[id(inner)].index
            for statement in node.body
            for inner in ast.walk(statement)
            if id(inner) in self.analysis.sites
            and self.analysis.sites[id(inner)].role.value in ("operation", "light")
        )
        return guards_in(*node.body), sites
