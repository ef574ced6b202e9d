"""Regions, calls and loops of one function, numbered for editions and runtime."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from adaptive_jit.analysis.constructs import change, obstacle
from adaptive_jit.analysis.dependence import Dependences, dependences
from adaptive_jit.analysis.heads import is_walk, walks
from adaptive_jit.analysis.roles import looks_like_display, role_of, weight_of
from adaptive_jit.records import Operation, Region, RegionBlock
from adaptive_jit.syntax.keys import consumed, keyed
from adaptive_jit.syntax.program import Analysis, CallRole, CallSite, LoopSite, RegionSource
from adaptive_jit.syntax.scope import (
    ALL_MUTATORS,
    changed_container,
    is_parent,
    numbered,
    opens_to_write,
    scope_of,
)
from adaptive_jit.syntax.source import FunctionSource, NotAnalysable, statement_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def analyse(source: FunctionSource) -> Analysis:
    """Return the regions of *source*; raise `NotAnalysable` where nothing may be touched."""
    scope = scope_of(source.node, source.code.co_cellvars)
    if scope.reads_frame is not None:
        raise NotAnalysable(f"it uses `{scope.reads_frame}`, which can see the frame")
    for node in _own_nodes(source.node.body):
        if isinstance(node, ast.Yield | ast.YieldFrom | ast.Await):
            raise NotAnalysable("it is a generator or coroutine")
    builder = _Builder(Analysis(source, scope))
    builder.block(source.node.body, first=True)
    return builder.finish()


def _own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in body:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _own_nodes(ast.iter_child_nodes(node))


class _Builder:
    """Walks the blocks of a function and groups statements into regions."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.operations: list[Operation] = []
        self.blocks: list[RegionBlock] = []
        self.lines: dict[int, ast.Call] = {}

    def block(self, body: list[ast.stmt], *, first: bool = False) -> None:
        run: list[ast.stmt] = []
        for position, statement in enumerate(body):
            if first and position == 0 and _is_docstring(statement):
                continue
            if _names_a_lambda(statement) and weight_of(run, self.analysis.scope) == 0:
                # Behind it the name stands for the very function that the program has made.
                run = []
                continue
            reason = obstacle(statement, self.analysis.scope)
            if reason is None:
                run.append(statement)
                continue
            block = RegionBlock(statement.lineno, reason)
            self.region(run, block)
            run = []
            self.blocks.append(block)
            self.inside(statement)
        self.region(run, None)

    def inside(self, statement: ast.stmt) -> None:
        """Regions in the blocks of a statement that is itself a barrier."""
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return
        if isinstance(statement, ast.AsyncWith):
            return
        for name in ("body", "orelse", "finalbody"):
            body = getattr(statement, name, None)
            # A `finally` may run while an exception is on its way, when nothing may start.
            if isinstance(body, list) and name != "finalbody":
                self.block(body)
        for case in getattr(statement, "cases", ()):
            self.block(case.body)

    def region(self, run: list[ast.stmt], block: RegionBlock | None) -> None:
        if not run or weight_of(run, self.analysis.scope) < 2:
            return
        analysis = self.analysis
        index = len(analysis.regions)
        numbering = _Numbering(analysis, index)
        for statement in run:
            numbering.visit(statement)
        flows = dependences(run, numbering.operation_numbers())
        operations = tuple(_operations(numbering, flows))
        for needs in (*flows.same.values(), *flows.carried.values()):
            analysis.feeding |= needs
        analysis.feeding |= flows.used
        self.operations += operations
        record = Region(
            index,
            run[0].lineno,
            max(statement.end_lineno or statement.lineno for statement in run),
            tuple(operation.index for operation in operations),
            block,
        )
        analysis.regions[id(run[0])] = RegionSource(record, tuple(run))

    def finish(self) -> Analysis:
        self.analysis.operations = tuple(self.operations)
        self.analysis.blocks = tuple(self.blocks)
        return self.analysis


class _Numbering(ast.NodeVisitor):
    """Gives each call and loop of a region its number, in source order."""

    def __init__(self, analysis: Analysis, region: int) -> None:
        self.analysis = analysis
        self.region = region
        self.loops: list[int] = []
        self.found: dict[int, CallSite] = {}
        self.nodes: dict[int, ast.Call] = {}
        self.chains: dict[int, tuple[int, ...]] = {}
        self.asserted = -1
        self.handling = False

    def operation_numbers(self) -> dict[int, int]:
        """The operations found so far: node identity to number."""
        return {
            key: site.index for key, site in self.found.items() if site.role is CallRole.OPERATION
        }

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Calls in a lambda run when it is called, not here."""

    def visit_Expr(self, node: ast.Expr) -> None:
        value = node.value
        if changed_container(node) is not None:
            assert isinstance(value, ast.Call)
            self.site(value, CallRole.MUTATOR)
            for argument in value.args:
                self.visit(argument)
        elif isinstance(value, ast.Call):
            self.call(value, discarded=True)
            self.changes(node, value)
        else:
            self.visit(value)

    def changes(self, node: ast.Expr, call: ast.Call) -> None:
        """``self.found.append(x)``: what holds the rounds behind it back, if it is a container."""
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr not in ALL_MUTATORS:
            return
        if isinstance(function.value, ast.Attribute | ast.Subscript):
            index = self.found[id(call)].index
            self.analysis.changes[index] = change(function.value, node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """``super()`` itself is no operation."""
        if not is_parent(node):
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        self.call(node, discarded=False)

    def call(self, node: ast.Call, *, discarded: bool) -> None:
        role = role_of(node, self.analysis.scope)
        if role is CallRole.PARALLEL:
            outer, self.asserted = self.asserted, self.analysis.site_count
            self.site(node, role)
            self.visit(node.args[0])
            self.asserted = outer
            return
        keys = keyed(node) if role is CallRole.KEYED else None
        if keys is not None:
            self.visit(node.func)
            self.comprehension(keys.generators, [keys.elt], head=self.visit)
        elif role is CallRole.CONSUMER:
            self.visit(node.func)
            self.generator(consumed(node))
        else:
            self.generic_visit(node)
        self.site(node, role, discarded=discarded)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        """A generator that escapes is run by others: its calls are not ours."""
        self.visit(node.generators[0].iter)

    def generator(self, node: ast.expr | None) -> None:
        assert isinstance(node, ast.GeneratorExp)
        self.comprehension(node.generators, [node.elt])

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self.comprehension(node.generators, [node.elt])

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self.comprehension(node.generators, [node.elt])

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self.comprehension(node.generators, [node.key, node.value])

    def comprehension(
        self,
        clauses: list[ast.comprehension],
        results: list[ast.expr],
        *,
        head: Callable[[ast.expr], None] | None = None,
    ) -> None:
        depth = len(self.loops)
        for clause in clauses:
            (head or self.iterable)(clause.iter)
            self.loop(clause, clause.iter.lineno)
            for condition in clause.ifs:
                self.visit(condition)
        for result in results:
            self.visit(result)
        del self.loops[depth:]

    def iterable(self, node: ast.expr) -> None:
        """What a loop walks over; a progress display is walked as what it is given."""
        if is_walk(node, self.analysis.scope):
            self.walker(node)
            return
        inner = numbered(node)
        if inner is not None and looks_like_display(inner):
            self.iterable(inner)
        elif looks_like_display(node):
            assert isinstance(node, ast.Call)
            self.generic_visit(node)
            self.site(node, CallRole.DISPLAY)
        else:
            self.visit(node)

    def walker(self, node: ast.expr) -> None:
        """An iterator over containers, or over another one."""
        assert isinstance(node, ast.Call)
        self.visit(node.func)
        for part in (*node.args, *(keyword.value for keyword in node.keywords)):
            if walks(part, self.analysis.scope):
                self.walker(part)
            else:
                self.visit(part)
        self.site(node, CallRole.WALKER)

    def visit_For(self, node: ast.For) -> None:
        self.iterable(node.iter)
        depth = len(self.loops)
        self.loop(node, node.lineno)
        for statement in node.body:
            self.visit(statement)
        del self.loops[depth:]
        for statement in node.orelse:
            self.visit(statement)

    def visit_With(self, node: ast.With) -> None:
        """The context managers that do nothing on entry are no operations."""
        if opens_to_write(node):
            item = node.items[0]
            item.context_expr._adaptive_opened = True  # type: ignore[attr-defined]
            self.generic_visit(node)
            self.site(node, CallRole.LEFT)
            return
        for item in node.items:
            item.context_expr._adaptive_manager = True  # type: ignore[attr-defined]
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        depth = len(self.loops)
        self.loop(node, node.lineno)
        self.visit(node.test)
        for statement in node.body:
            self.visit(statement)
        del self.loops[depth:]

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        outer, self.handling = self.handling, True
        self.generic_visit(node)
        self.handling = outer

    def loop(self, node: ast.AST, line: int) -> None:
        index = len(self.analysis.loop_parents)
        parent = self.loops[-1] if self.loops else -1
        self.analysis.loop_parents.append(parent)
        self.analysis.loops[id(node)] = LoopSite(index, parent, line)
        self.loops.append(index)

    def site(
        self, node: ast.Call | ast.With, role: CallRole, *, discarded: bool = False
    ) -> CallSite:
        loop = self.loops[-1] if self.loops else -1
        site = CallSite(
            self.analysis.site_count, role, loop, self.asserted, discarded, self.handling
        )
        self.analysis.site_count += 1
        self.analysis.sites[id(node)] = site
        self.found[id(node)] = site
        if isinstance(node, ast.Call):
            self.nodes[id(node)] = node
        self.chains[id(node)] = tuple(self.loops)
        return site


def _operations(numbering: _Numbering, flows: Dependences) -> Iterator[Operation]:
    for key, site in numbering.found.items():
        if site.role is not CallRole.OPERATION:
            continue
        node = numbering.nodes[key]
        yield Operation(
            index=site.index,
            line=node.lineno,
            column=node.col_offset,
            text=statement_text(node),
            region=numbering.region,
            loops=numbering.chains[key],
            depends_on=tuple(sorted(flows.same.get(site.index, ()))),
            carried=tuple(sorted(flows.carried.get(site.index, ()))),
            discarded=site.discarded,
            asserted=site.asserted >= 0,
        )


def _names_a_lambda(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Lambda)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
