"""Puts an edition together and proves that it fits its function.

The prologue asks the function's dispatcher for a window; each region opens
it, runs its statements instrumented or plain, and closes it; the epilogue
leaves it. What is generated around the user's statements has no position, so
tracers, debuggers and coverage see the user's lines only.
"""

from __future__ import annotations

import ast
import copy
import types
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any

from adaptive_jit.editions.certain import Certain
from adaptive_jit.editions.guards import GuardPoints
from adaptive_jit.editions.issue_slice import CHECK, ISSUER, PATH, POISON_NAME
from adaptive_jit.editions.needs import loaded_names
from adaptive_jit.editions.nodes import (
    MARK,
    WINDOW,
    around,
    assign,
    const,
    load,
    located,
    method,
    nowhere,
    start,
    window,
)
from adaptive_jit.editions.replay import Replay
from adaptive_jit.editions.statements import Slice
from adaptive_jit.syntax.scope import captured_names, is_parent, stored_names
from adaptive_jit.syntax.source import NotAnalysable, compile_function
from adaptive_jit.syntax.trees import copied, positioned, walk

if TYPE_CHECKING:
    from adaptive_jit.syntax.program import Analysis, RegionSource

DISPATCHER = MARK + "dispatcher"
ABSENT = MARK + "absent"


@dataclass(frozen=True, slots=True)
class Edition:
    """The instrumented code with the slices of its regions, not yet bound to a function."""

    code: CodeType
    slices: dict[int, CodeType]
    guard_count: int
    constants: dict[Any, object]

    def with_constants(self, dispatcher: object, absent: object) -> CodeType:
        """The code with the library's objects in the place of their markers."""
        return _exchanged(self.code, {**self.constants, DISPATCHER: dispatcher, ABSENT: absent})

    def slice_codes(self, retry: object, poison: object) -> dict[int, CodeType]:
        """The code of the slices, which are generator functions over the user's globals."""
        objects = {**self.constants, MARK + "retry": retry, MARK + "poison": poison}
        return {region: _exchanged(code, objects) for region, code in self.slices.items()}


def build(analysis: Analysis) -> Edition:
    """Return the edition of the function that *analysis* describes."""
    points = GuardPoints(analysis.sites, analysis.scope.fresh)
    for region in analysis.regions.values():
        for statement in region.statements:
            points.visit(statement)
    assembly = _Assembly(analysis)
    node = assembly.function()
    code = compile_function(analysis.source, node)
    original = analysis.source.code
    if code is None:
        raise NotAnalysable("the instrumented form does not compile")
    if code.co_freevars != original.co_freevars or _kind(code) != _kind(original):
        raise NotAnalysable("the instrumented form has other free variables or flags")
    return Edition(code, assembly.slices, points.count, _containers(original))


def _kind(code: CodeType) -> int:
    return code.co_flags & ~0x3


class _Assembly:
    """Replaces the regions of a function by their instrumented form."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.slices: dict[int, CodeType] = {}
        self.bound = set(analysis.scope.parameters) - analysis.scope.deleted
        self.certain = Certain(analysis)
        self.managers = 0
        self.within: tuple[int, ...] = ()
        """The numbers of the context managers around a block."""

    def function(self) -> ast.FunctionDef:
        node = copy.copy(self.analysis.source.node)
        body = list(node.body)
        docstring: list[ast.stmt] = []
        if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
            docstring, body = body[:1], body[1:]
        inner = self.block(body)
        place = start(self.analysis.source.code, body[0])
        enter = located(assign(WINDOW, method(const(DISPATCHER), "enter")), place)
        leave = nowhere(ast.Expr(window("leave")))
        whole = nowhere(ast.Try(inner, [], [], [leave]))
        node.body = [*docstring, enter, whole]
        return node

    def block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        outer = set(self.bound)
        position = 0
        while position < len(body):
            statement = body[position]
            region = self.analysis.regions.get(id(statement))
            if region is None:
                out.append(self.inside(statement))
                self.note(statement)
                position += 1
                continue
            out += self.region(region)
            for part in region.statements:
                self.note(part)
            position += len(region.statements)
        self.bound = outer
        return out

    def note(self, statement: ast.stmt) -> None:
        """Names that are certainly bound once *statement* has run."""
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign) and statement.value:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            self.bound |= stored_names(targets) - self.analysis.scope.deleted
        if isinstance(statement, ast.FunctionDef):
            self.bound |= {statement.name} - self.analysis.scope.deleted

    def inside(self, statement: ast.stmt) -> ast.stmt:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return statement
        new = copy.copy(statement)
        outer = set(self.bound)
        if isinstance(new, ast.With):
            self.body_of_with(new)
            self.bound = outer
            return new
        if isinstance(statement, ast.For):
            self.bind(statement.target)
        for name in ("body", "orelse"):
            part = getattr(statement, name, None)
            if isinstance(part, list):
                setattr(new, name, self.block(part))
        if isinstance(statement, ast.Match):
            assert isinstance(new, ast.Match)
            new.cases = [copy.copy(case) for case in statement.cases]
            for case in new.cases:
                self.bound = outer | captured_names(case.pattern) - self.analysis.scope.deleted
                case.body = self.block(case.body)
        self.bound = outer
        return new

    def body_of_with(self, new: ast.With) -> None:
        """Regions in the body of a `with`: for which context managers shows at run time."""
        around_it, first = self.within, self.managers
        self.managers += len(new.items)
        self.within = (*around_it, *range(first, self.managers))
        for item in new.items:
            self.bind(item.optional_vars)
        regions = len(self.slices)
        new.body = self.block(new.body)
        self.within = around_it
        if len(self.slices) == regions:
            return
        given = [self.manager(first + number, item) for number, item in enumerate(new.items)]
        new.items = [
            ast.withitem(manager, item.optional_vars)
            for manager, item in zip(given, new.items, strict=True)
        ]

    @staticmethod
    def manager(number: int, item: ast.withitem) -> ast.expr:
        expression = item.context_expr
        return around(window("manager", const(number), expression), expression)

    def bind(self, target: ast.expr | None) -> None:
        if target is not None:
            self.bound |= stored_names([target]) - self.analysis.scope.deleted

    def region(self, region: RegionSource) -> list[ast.stmt]:
        statements = list(region.statements)
        plain = copied(statements)
        names = self.inputs(statements)
        self.slices[region.record.index] = self.slice(region, names)
        replay = Replay(self.analysis)
        instrumented = replay.block(statements)
        values = [self.input(name) for name in names]
        place = start(self.analysis.source.code, plain[0])
        opened: ast.expr = located(window("open", const(region.record.index), *values), place)
        closed = nowhere(ast.Expr(window("close", const(bool(self.within)))))
        if self.within:
            admitted = located(
                window("admits", const(region.record.index), const(self.within)), place
            )
            opened = located(ast.BoolOp(ast.And(), [admitted, opened]), place)
        guarded = nowhere(ast.Try(instrumented, [], [], [closed]))
        return [nowhere(ast.If(opened, [guarded], plain))]

    def inputs(self, statements: list[ast.stmt]) -> list[str]:
        """Variables of the function that the slice starts from."""
        scope = self.analysis.scope
        read = loaded_names(*statements) | stored_names(statements)
        own = scope.local | set(self.analysis.source.free)
        parents = any(is_parent(inner) for part in statements for inner in walk(part))
        if parents and scope.first is not None:
            return sorted((read & own) | {"__class__", scope.first})
        return sorted((read & own) - {"__class__"})

    def input(self, name: str) -> ast.expr:
        if name in self.bound and name in self.analysis.scope.local:
            return load(name)
        if name in self.analysis.source.free:
            nothing = ast.arguments([], [], None, [], [], None, [])
            return ast.Lambda(nothing, load(name))
        return const(ABSENT)

    def slice(self, region: RegionSource, names: list[str]) -> CodeType:
        builder = Slice(self.analysis, list(region.statements), self.certain)
        builder.shadows |= {
            name for name in names if name not in self.bound or name in builder.shadows
        }
        rebound = self.analysis.scope.rebound
        builder.shadows |= rebound & set(names)
        for name in names:
            if name in rebound:  # an unknown call may have changed it by its turn
                builder.emit(assign(name, load(POISON_NAME)))
            elif name in self.analysis.source.free:
                builder.emit(assign(name, method(load(ISSUER), "cell", load(name))))
            elif name not in self.bound:
                builder.emit(assign(name, load(POISON_NAME)))
        builder.block(list(region.statements))
        prologue = [
            assign(".retry", const(MARK + "retry")),
            assign(POISON_NAME, const(MARK + "poison")),
        ]
        end = [ast.Return(None), ast.Expr(ast.Yield(None))]
        parameters = [ast.arg(name) for name in (ISSUER, CHECK, PATH, *names)]
        arguments = ast.arguments([], parameters, None, [], [], None, [])
        function = ast.FunctionDef(
            "slice",
            arguments,
            [*prologue, *builder.out, *end],
            [],
        )
        module = ast.Module([function], [])
        positioned(module)
        compiled = compile(module, "<issue slice>", "exec", dont_inherit=True)
        return next(c for c in compiled.co_consts if isinstance(c, types.CodeType))


def _containers(code: CodeType) -> dict[Any, object]:
    """The constant tuples and sets of the user's code, by content and types.

    They must stay the very same objects in every edition: ``is`` can tell.
    """
    found: dict[Any, object] = {}
    for value in code.co_consts:
        if isinstance(value, CodeType):
            found = {**_containers(value), **found}
        elif isinstance(value, tuple | frozenset):
            found[_content(value)] = value
    return found


def _content(value: tuple[object, ...] | frozenset[object]) -> str:
    """What a constant container holds; equal sets may have been filled in another order."""
    if isinstance(value, frozenset):
        return f"frozenset({sorted(map(repr, value))})"
    return repr(value)


def _exchanged(code: CodeType, objects: dict[Any, object]) -> CodeType:
    """*code* with markers and constant containers exchanged, at every depth."""

    def exchanged(value: object) -> object:
        if isinstance(value, CodeType):
            return _exchanged(value, objects)
        if isinstance(value, tuple | frozenset):
            return objects.get(_content(value), value)
        return objects.get(value, value) if isinstance(value, str) else value

    return code.replace(co_consts=tuple(exchanged(value) for value in code.co_consts))
