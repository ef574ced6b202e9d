"""Where the user's own statements could run unknown code: the guard points.

An operator, attribute, subscript, truth test, format or iteration on a value
that is not of an exact builtin type may run anyone's code. Each such operand
gets a number and a kind (a method of the window, see
`adaptive_jit.runtime.guards.Guards`); replay and slice both read it here.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

from adaptive_jit.editions.folding import is_format, loop_head
from adaptive_jit.editions.patterns import classes_in, looks_into
from adaptive_jit.syntax.keys import consumed, keyed
from adaptive_jit.syntax.program import CallRole, CallSite
from adaptive_jit.syntax.scope import DECIDERS, changed_container, is_parent, numbered

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard point: its number in the function and the check to make.

    A *deferred* one stands on an operand behind which others make calls before the
    operator runs; what it finds is acted upon behind the last operand with calls,
    whose guard *settles* it. *detail* is, of the subject of a `match`, how many levels
    of it the patterns look into, and the builtin classes that they name.
    """

    number: int
    kind: str
    deferred: bool = False
    settles: tuple[int, ...] = ()
    detail: tuple[object, ...] = ()


def guard_of(node: ast.AST) -> Guard | None:
    """The guard on *node*, if its user could run unknown code."""
    return getattr(node, "_adaptive_guard", None)


def guards_in(*nodes: ast.AST) -> tuple[int, ...]:
    """The numbers of all guards in *nodes*, but for those behind an `except`."""
    return tuple(
        guard.number
        for node in nodes
        for inner in on_the_way(node)
        if (guard := guard_of(inner)) is not None
    )


def guards_behind_an_except(node: ast.Try) -> tuple[int, ...]:
    """The numbers of all guards in the `except` clauses of *node*."""
    inside = (inner for clause in node.handlers for inner in ast.walk(clause))
    return tuple(guard.number for inner in inside if (guard := guard_of(inner)) is not None)


def on_the_way(node: ast.AST) -> Iterator[ast.AST]:
    """*node* and all that is in it and may run without an exception."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.ExceptHandler):
            yield from on_the_way(child)


class GuardPoints(ast.NodeVisitor):
    """Marks the guard points of regions; ``count`` numbers them over the whole function."""

    def __init__(self, sites: dict[int, CallSite], own: Container[str] = ()) -> None:
        self.sites = sites
        self.own = own
        """The names of lists that only the function itself can see."""
        self.count = 0

    def operands(self, *operands: tuple[ast.expr | None, str]) -> None:
        """Operands that are all evaluated before the operator runs."""
        last = max((i for i, (node, _) in enumerate(operands) if self.calls(node)), default=-1)
        waiting: list[int] = []
        for position, (node, kind) in enumerate(operands):
            if node is None or (kind == "z" and position != last):
                continue
            if position < last:
                if self.markable(node, kind):
                    waiting.append(self.count)
                    self.put(node, Guard(self.count, kind, deferred=True))
            elif position == last and guard_of(node) is None:
                plain = "z" if isinstance(node, ast.JoinedStr) else kind
                self.put(node, Guard(self.count, plain, settles=tuple(waiting)))
            else:
                self.mark(node, kind)

    def at_once(self, *operands: tuple[ast.expr, str]) -> None:
        """Parts of a display that take effect one after the other."""
        for node, kind in operands:
            self.mark(node, kind)

    def calls(self, node: ast.expr | None) -> bool:
        return node is not None and any(id(part) in self.sites for part in ast.walk(node))

    def mark(self, node: ast.expr | None, kind: str) -> None:
        if node is not None and self.markable(node, kind):
            self.put(node, Guard(self.count, kind))

    def markable(self, node: ast.expr, kind: str) -> bool:
        if isinstance(node, ast.Constant) or guard_of(node) is not None:
            return False
        return not (isinstance(node, ast.JoinedStr) and kind in "sqfbv")

    def put(self, node: ast.expr, guard: Guard) -> None:
        node._adaptive_guard = guard  # type: ignore[attr-defined]
        self.count += 1

    def truth(self, node: ast.expr) -> None:
        """A truth test. A nested and/or is left bare: its operands are tested once each."""
        if isinstance(node, ast.BoolOp):
            for value in node.values:
                self.truth(value)
        else:
            self.mark(node, "b")

    def visit_BinOp(self, node: ast.BinOp) -> None:
        left, right = _operand_kinds(node.op)
        if is_format(node):
            assert isinstance(node.right, ast.Tuple)
            self.at_once(*((part, "f") for part in node.right.elts))
        else:
            self.operands((node.left, left), (node.right, right))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self.truth(node.operand)
        else:
            self.mark(node.operand, "s")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        for value in node.values[:-1]:
            self.truth(value)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.truth(node.test)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for position, operator in enumerate(node.ops):
            left, right = operands[position], operands[position + 1]
            if isinstance(operator, ast.Is | ast.IsNot):
                continue
            membership = isinstance(operator, ast.In | ast.NotIn)
            self.operands((left, "s"), (right, "n" if membership else "s"))
        self.generic_visit(node)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> None:
        self.mark(node.value, "f")
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        container = (node.value, "c" if isinstance(node.ctx, ast.Load) else "m")
        if isinstance(node.slice, ast.Slice):
            parts = (node.slice.lower, node.slice.upper, node.slice.step)
            self.operands(container, *((part, "s") for part in parts))
        else:
            self.operands(container, (node.slice, "s"))
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if is_parent(node):
            self.mark(node.value, "p")
            return
        self.mark(node.value, "a")
        self.generic_visit(node)

    def visit_Set(self, node: ast.Set) -> None:
        """Elements behind a star are added as they come, those of a large display too."""
        if len(node.elts) <= _AT_A_TIME and not any(map(_is_starred, node.elts)):
            self.operands(*((element, "s") for element in node.elts))
        else:
            # What a star gives is hashed: it must be of builtin types at every depth.
            self.at_once(*((e.value, "f") if _is_starred(e) else (e, "s") for e in node.elts))
        self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> None:
        """What is in front of ``**`` is built before that is evaluated, and merged at once."""
        keys = [key for key in node.keys if key is not None]
        operands: list[tuple[ast.expr | None, str]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                self.operands(*operands)
                operands = []
                self.mark(value, "m")
            elif len(keys) <= _AT_A_TIME // 2:
                operands += [(key, "s"), (value, "z")]
            else:
                self.at_once((key, "s"))
        self.operands(*operands)
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        self.mark(node.value, "i")
        self.generic_visit(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Runs when it is called, elsewhere."""

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        """Runs where it is consumed; only its first iterable is evaluated here."""
        first = node.generators[0]
        first.iter = loop_head(first.iter)
        self.mark(first.iter, "i")
        self.visit(first.iter)

    def visit_Call(self, node: ast.Call) -> None:
        site = self.sites.get(id(node))
        if site is not None and site.role is CallRole.MANAGER:
            self.mark(node.func, "w")
        if site is not None and site.role is CallRole.CONSUMER:
            self.mark(node.func, "u")
            self.visit(node.func)
            generator = consumed(node)
            assert generator is not None
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name == "dict":
                assert isinstance(generator.elt, ast.Tuple)
                self.operands(*zip(generator.elt.elts, "sz", strict=True))
            elif name in DECIDERS:
                self.truth(generator.elt)
            elif name not in ("list", "tuple"):
                self.mark(generator.elt, "s")
            self.comprehension(generator.generators, [generator.elt])
            return
        if site is not None and site.role is CallRole.KEYED:
            keys = keyed(node)
            assert keys is not None
            assert isinstance(keys.elt, ast.Tuple)
            self.mark(node.func, "u")
            self.visit(node.func)
            self.loop(node.args[0])
            self.visit(node.args[0])
            self.mark(keys.elt.elts[1], "f")  # builtin at every depth, as tuples are compared
            self.visit(keys.elt.elts[1])
            return
        if site is not None and site.role is CallRole.WALKER:
            self.mark(node.func, "g")
            for part in (*node.args, *(keyword.value for keyword in node.keywords)):
                if not is_walker(part, self.sites):
                    self.mark(part, "h")
        for keyword in node.keywords:
            if keyword.arg is None:
                self.mark(keyword.value, "m")
        self.generic_visit(node)

    def comprehension(
        self, clauses: Iterable[ast.comprehension], results: Iterable[ast.expr]
    ) -> None:
        for clause in clauses:
            clause.iter = loop_head(clause.iter)
            self.loop(clause.iter)
            self.visit(clause.iter)
            for condition in clause.ifs:
                self.truth(condition)
                self.visit(condition)
        for result in results:
            self.visit(result)

    def loop(self, iterable: ast.expr) -> None:
        inner = numbered(iterable)
        if inner is not None and is_display(inner, self.sites):
            assert isinstance(iterable, ast.Call)
            self.put(iterable.func, Guard(self.count, "e"))
        iterable._adaptive_loop = Guard(self.count, "loop")  # type: ignore[attr-defined]
        self.count += 1

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self.comprehension(node.generators, [node.elt])

    def visit_SetComp(self, node: ast.SetComp) -> None:
        self.mark(node.elt, "s")
        self.comprehension(node.generators, [node.elt])

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self.mark(node.key, "s")
        self.comprehension(node.generators, [node.key, node.value])

    def visit_For(self, node: ast.For) -> None:
        node.iter = loop_head(node.iter)
        self.loop(node.iter)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self.truth(node.test)
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        self.truth(node.test)
        self.generic_visit(node)

    def visit_Match(self, node: ast.Match) -> None:
        depth = max(looks_into(case.pattern) for case in node.cases)
        if depth:
            self.put(node.subject, Guard(self.count, "k", detail=(depth, *classes_in(node))))
        self.generic_visit(node)

    def visit_match_case(self, node: ast.match_case) -> None:
        """The pattern is covered by the guard on the subject."""
        if node.guard is not None:
            self.truth(node.guard)
            self.visit(node.guard)
        for statement in node.body:
            self.visit(statement)

    def visit_Assert(self, node: ast.Assert) -> None:
        self.truth(node.test)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        unpacks = any(isinstance(target, ast.Tuple) for target in node.targets)
        if unpacks and not isinstance(node.value, ast.Tuple):
            self.mark(node.value, "i")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        left, right = _operand_kinds(node.op)
        if left == "q" and not (isinstance(node.target, ast.Name) and node.target.id in self.own):
            left = "v"  # a list is changed in place, and may have other names
        self.operands((node.target, left), (node.value, right))
        self.visit(node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        changed = changed_container(node)
        if changed is not None and isinstance(node.value, ast.Call):
            self.mark(changed, "m")
            assert isinstance(node.value.func, ast.Attribute)
            kind = {"add": "s", "setdefault": "s", "extend": "i", "update": "i"}
            check = kind.get(node.value.func.attr)
            if check is not None and node.value.args:
                self.mark(node.value.args[0], check)
            for argument in node.value.args:
                self.visit(argument)
            return
        self.generic_visit(node)


_AT_A_TIME = 30
"""Elements that the compiler evaluates before it builds a set; larger ones grow bit by bit.

CPython detail: STACK_USE_GUIDELINE (Python/compile.c, 3.11 to 3.13); keys and values of
a dict count separately.
"""


def _is_starred(node: ast.expr) -> TypeGuard[ast.Starred]:
    return isinstance(node, ast.Starred)


def is_display(node: ast.expr, sites: dict[int, CallSite]) -> bool:
    """Whether *node* makes the progress display of a loop."""
    site = sites.get(id(node))
    return site is not None and site.role is CallRole.DISPLAY


def is_walker(node: ast.expr, sites: dict[int, CallSite]) -> bool:
    """Whether *node* is a library's iterator at the head of a loop."""
    site = sites.get(id(node))
    return site is not None and site.role is CallRole.WALKER


def loop_guard(node: ast.expr) -> Guard:
    """The guard on the iterable of a loop."""
    guard: Guard = node._adaptive_loop  # type: ignore[attr-defined]
    return guard


def _operand_kinds(operator: ast.operator) -> tuple[str, str]:
    if isinstance(operator, ast.Add | ast.Mult):
        return "q", "q"
    if isinstance(operator, ast.Mod):
        return "s", "f"
    if isinstance(operator, ast.Div):
        return "d", "d"
    return "s", "s"
