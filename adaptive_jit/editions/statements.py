"""The statements of the issue slice; see `adaptive_jit.editions.issue_slice`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from adaptive_jit.editions.clauses import Clauses
from adaptive_jit.editions.guards import on_the_way
from adaptive_jit.editions.issue_slice import CHECK, ISSUER, PATH, POISON_NAME
from adaptive_jit.editions.needs import Needs, contains_jump, leaves_loop, read_first
from adaptive_jit.editions.nodes import assign, const, load, method
from adaptive_jit.editions.walks import ITEM, is_waited_for
from adaptive_jit.syntax.program import CallRole
from adaptive_jit.syntax.scope import changed_container, stored_names
from adaptive_jit.syntax.telling import tells
from adaptive_jit.syntax.trees import walk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from adaptive_jit.editions.certain import Certain, Evidence
    from adaptive_jit.syntax.program import Analysis

_ON_THE_WAY = (
    *(CallRole.OPERATION, CallRole.LIGHT, CallRole.DISPLAY),
    *(CallRole.OPENED, CallRole.LEFT),
)
"""What may stop those that follow."""

_LEAVES = (
    *(ast.Break, ast.Continue, ast.Return, ast.Assert, ast.Raise),
    *(ast.For, ast.While, ast.Try, ast.Match, ast.With),
)


class Slice(Clauses):
    """Translates statements; loops with decisions inside become strands."""

    strands = 0

    def __init__(self, analysis: Analysis, statements: list[ast.stmt], certain: Certain) -> None:
        super().__init__(analysis, Needs(statements, analysis.sites), stored_names(statements))
        self.statements = statements
        self.continue_ends_strand = False
        self.aside: list[ast.If] = []
        self.operands: set[str] | None = None
        self.certain = certain

    def block(self, statements: list[ast.stmt]) -> None:
        """Translate *statements* in order."""
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        changed = changed_container(node)
        if isinstance(node, ast.For):
            self.for_loop(node)
        elif isinstance(node, ast.While):
            self.while_loop(node)
        elif isinstance(node, ast.If):
            self.branch(node)
        elif isinstance(node, ast.Try):
            self.attempt(node)
        elif isinstance(node, ast.Match):
            self.match(node)
        elif isinstance(node, ast.With):
            self.entered(node)
        elif changed is not None and not self.is_rebinding(node, changed.id):
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
            self.passed_by(leaves_function=True)
            self.emit(ast.Return(None))
        elif isinstance(node, ast.Break | ast.Continue):
            self.passed_by(leaves_function=False)
            ends = isinstance(node, ast.Continue) and self.continue_ends_strand
            self.emit(ast.Return(None) if ends else type(node)())

    @staticmethod
    def give_up() -> ast.stmt:
        return ast.Expr(method(load(ISSUER), "give_up"))

    # ---- assignments ----------------------------------------------------------------

    def assignment(self, targets: list[ast.expr], value: ast.expr | None) -> None:
        assert value is not None
        names = {n.id for t in targets for n in walk(t) if isinstance(n, ast.Name)}
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

    def is_rebinding(self, node: ast.stmt, name: str) -> bool:
        """Whether ``x += [v]`` is followed by its value: a list of others' would change in place."""
        return isinstance(node, ast.AugAssign) and name not in self.analysis.scope.fresh

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
        if self.is_idle(node):
            self.unless_undecided(node)
            return
        if self.goes_aside(node):
            self.strand(self.path, const(None), lambda: self.decide(node), [node])
            for name in sorted(stored_names([node])):
                self.emit(assign(name, load(POISON_NAME)))
            return
        self.decide(node)

    def is_idle(self, node: ast.If) -> bool:
        """Whether no operation depends on the outcome, as with the best score so far."""
        arms = [*node.body, *node.orelse]
        if any(isinstance(inner, _LEAVES) for arm in arms for inner in walk(arm)):
            return False
        sites = (self.analysis.sites.get(id(inner)) for arm in arms for inner in walk(arm))
        if any(site is not None and site.role is not CallRole.MUTATOR for site in sites):
            return False
        if self.operands is None:
            self.operands = Needs(self.statements, self.analysis.sites, deciding=False).names
        return not stored_names([node]) & self.operands

    def unless_undecided(self, node: ast.If) -> None:
        """A condition that is not yet known is passed by; what it may bind is unknown then."""
        test = self.keep(self.value(node.test))
        unknown: list[ast.stmt] = [
            assign(name, load(POISON_NAME)) for name in sorted(stored_names([node]))
        ]
        passed = method(load(ISSUER), "passes", const(self.certain.needed(node)), test)
        self.emit(ast.If(passed, unknown, self.nested(lambda: self.decide(node, test))))

    def goes_aside(self, node: ast.If) -> bool:
        """Whether what follows need not wait for a condition that is not yet known."""
        if node in self.aside or not self.has_calls(node.test):
            return False
        if contains_jump([node], ast.Break, ast.Continue, ast.Return, ast.Assert, ast.Raise):
            return False
        handed_on = stored_names([node]) & self.needs.names
        self.aside.append(node)
        return not handed_on & self.read_elsewhere(node)

    def decide(self, node: ast.If, test: ast.expr | None = None) -> None:
        """Follow the arm that the condition chooses, as soon as that is known."""
        if test is None:
            test = self.value(node.test)
        decided = self.retried(method(load(ISSUER), "truth", test))
        body = self.nested(lambda: self.block(node.body))
        orelse = self.nested(lambda: self.block(node.orelse)) if node.orelse else []
        self.emit(ast.If(decided, body, orelse))

    def for_loop(self, node: ast.For) -> None:
        items = self.items(node.iter)
        orelse = self.nested(lambda: self.block(node.orelse)) if node.orelse else None
        if self.runs_as_strands(node):
            self.loop(items, lambda path, item: self.iteration(node, path, item), orelse)
            for name in sorted(stored_names([node])):
                self.emit(assign(name, load(POISON_NAME)))
            return

        def body(path: str, item: str) -> None:
            self.unpack(node.target, load(item))
            self.path = path
            self.rounds(node.body)

        outer, self.continue_ends_strand = self.continue_ends_strand, False
        self.loop(items, body, orelse)
        self.continue_ends_strand = outer

    def rounds(self, body: list[ast.stmt]) -> None:
        """The body of a loop: jumps in it pass the `finally` blocks that are inside it."""
        self.finals.append(None)
        self.block(body)
        self.finals.pop()

    def while_loop(self, node: ast.While) -> None:
        """Round after round, as far as the condition is known."""
        path, outer = self.temporary(), self.path
        count = self.keep(const(-1))
        jumps, self.continue_ends_strand = self.continue_ends_strand, False

        def build() -> None:
            self.emit(assign(count.id, ast.BinOp(load(count.id), ast.Add(), const(1))))
            self.emit(assign(path, method(load(ISSUER), "round", load(outer), load(count.id))))
            self.path = path
            decided = self.truth(node.test)
            self.emit(ast.If(ast.UnaryOp(ast.Not(), decided), [ast.Break()], []))
            self.rounds(node.body)

        body = self.nested(build)
        self.path, self.continue_ends_strand = outer, jumps
        self.emit(ast.While(const(True), body, []))

    def runs_as_strands(self, node: ast.For) -> bool:
        """Whether iterations may go on independently: no jump, nothing handed on."""
        if not any(is_waited_for(inner) for s in node.body for inner in walk(s)):
            return False
        if leaves_loop(node.body) or node.orelse:
            return False
        handed_on = stored_names(node.body) & self.needs.names
        bound = {n.id for n in walk(node.target) if isinstance(n, ast.Name)}
        return not handed_on & (read_first(node.body, bound) | self.read_elsewhere(node))

    def read_elsewhere(self, node: ast.stmt) -> set[str]:
        inside = {id(inner) for inner in walk(node)}
        return {
            inner.id
            for statement in self.statements
            for inner in walk(statement)
            if isinstance(inner, ast.Name)
            and isinstance(inner.ctx, ast.Load)
            and id(inner) not in inside
        }

    def strand(
        self, path: str, item: ast.expr, build: Callable[[], None], parts: Sequence[ast.AST]
    ) -> None:
        """What *build* emits for *parts*, as a generator with its own copies of the variables."""
        Slice.strands += 1
        name = f".strand{Slice.strands}"
        shadows = sorted(self.shadows | {n for scope in self.renamed for n in scope.values()})
        outer = self.path, self.continue_ends_strand
        self.path, self.continue_ends_strand = PATH, True
        body = self.nested(build)
        body += [ast.Return(None), self.yielded()]
        self.path, self.continue_ends_strand = outer
        parameters = [ast.arg(part) for part in (PATH, ITEM, *shadows)]
        arguments = ast.arguments([], parameters, None, [], [], None, [])
        self.emit(ast.FunctionDef(name, arguments, body, []))
        for inner in self.telling(parts):
            checked = method(load(CHECK), "t", self.transparent(inner.func, []))
            index = const(self.analysis.sites[id(inner)].index)
            nothing = ast.arguments([], [], None, [], [], None, [])
            self.emit(ast.Expr(method(load(ISSUER), "tells", index, ast.Lambda(nothing, checked))))
        call = ast.Call(load(name), [load(path), item, *[load(part) for part in shadows]], [])
        self.emit(ast.Expr(method(load(ISSUER), "spawn", call, const(self.clear(parts)), item)))
        self.pause()

    def iteration(self, node: ast.For, path: str, item: str) -> None:
        """One iteration of a loop as a strand."""

        def build() -> None:
            self.unpack(node.target, load(ITEM))
            self.rounds(node.body)

        self.strand(path, load(item), build, node.body)

    def clear(self, parts: Sequence[ast.AST]) -> tuple[Evidence, tuple[int, ...]] | None:
        """What must have been harmless so far if later iterations may overtake this one."""
        nodes = [inner for part in parts for inner in on_the_way(part)]
        if any(isinstance(inner, ast.Assert | ast.Raise) for inner in nodes):
            return None
        sites = tuple(
            self.analysis.sites[id(inner)].index
            for inner in nodes
            if id(inner) in self.analysis.sites
            and self.analysis.sites[id(inner)].role in _ON_THE_WAY
        )
        telling = self.telling(parts)
        plain = [one for call in telling for one in self.certain.tells_plainly(call) or ()]
        return (*self.certain.needed(*parts, besides=telling), *plain), sites

    def telling(self, parts: Sequence[ast.AST]) -> list[ast.Call]:
        """Calls in *parts* that tell of something, by their names and in plain values."""
        return [
            inner
            for part in parts
            for inner in on_the_way(part)
            if isinstance(inner, ast.Call)
            and id(inner) in self.analysis.sites
            and tells(inner)
            and self.certain.tells_plainly(inner) is not None
        ]
