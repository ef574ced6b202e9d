"""Loops, comprehensions and branches in expressions, as the issue slice follows them."""

from __future__ import annotations

import abc
import ast
from typing import TYPE_CHECKING, Any

from adaptive_jit.editions.guards import is_display, is_walker
from adaptive_jit.editions.issue_slice import CHECK, ISSUER, POISON_NAME, Emitter
from adaptive_jit.editions.nodes import assign, const, load, method, store
from adaptive_jit.syntax.scope import numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CONTROL = (
    ast.If,
    ast.For,
    ast.While,
    ast.Match,
    ast.IfExp,
    ast.BoolOp,
    ast.comprehension,
    ast.Assert,
    ast.Starred,
)

ITEM = ".item"
"""What a strand is given: the item of its round, or where its result goes."""


class Walks(Emitter):
    """Emits what is repeated, and what is done on a condition only."""

    # ---- branches in expressions ----------------------------------------------------

    def truth(self, node: ast.expr) -> ast.Name:
        return self.retried(method(load(ISSUER), "truth", self.value(node)))

    def conditional(self, test: ast.expr, body: ast.expr, orelse: ast.expr) -> ast.expr:
        name = self.temporary()
        decided = self.truth(test)

        def arm(value: ast.expr) -> list[ast.stmt]:
            return self.nested(lambda: self.emit(assign(name, self.value(value))))

        self.emit(ast.If(decided, arm(body), arm(orelse)))
        return load(name)

    def short_circuit(self, node: ast.BoolOp) -> ast.expr:
        name = self.temporary()

        def rest(values: list[ast.expr]) -> None:
            self.emit(assign(name, self.value(values[0])))
            if len(values) == 1:
                return
            decided = self.retried(method(load(ISSUER), "truth", load(name)))
            further = self.nested(lambda: rest(values[1:]))
            if isinstance(node.op, ast.And):
                self.emit(ast.If(decided, further, []))
            else:
                self.emit(ast.If(ast.UnaryOp(ast.Not(), decided), further, []))

        rest(node.values)
        return load(name)

    def comparison(self, node: ast.Compare) -> ast.expr:
        name = self.temporary()

        def operand(part: ast.expr) -> ast.expr:
            value = self.value(part)
            # Kept: it is compared with both of its neighbours.
            return value if isinstance(value, ast.Name | ast.Constant) else self.keep(value)

        def rest(position: int, left: ast.expr) -> None:
            before = node.comparators[position - 1] if position else node.left
            part = node.comparators[position]
            right = operand(part)
            inputs = [side.id for side in (left, right) if isinstance(side, ast.Name)]
            compared = ast.Compare(
                self.checked(before, left), [node.ops[position]], [self.checked(part, right)]
            )
            guarded = ast.Tuple([before, part], ast.Load())
            value = self.derived("derive", guarded, compared, inputs)
            self.emit(assign(name, value))
            if position + 1 < len(node.ops):
                decided = self.retried(method(load(ISSUER), "truth", load(name)))
                further = self.nested(lambda: rest(position + 1, right))
                self.emit(ast.If(decided, further, []))

        rest(0, operand(node.left))
        return load(name)

    def chosen(self, node: ast.expr) -> ast.expr:
        """A strand of its own gives the value, unless it binds names that others read."""
        if any(isinstance(inner, ast.NamedExpr) for inner in ast.walk(node)):
            return self.alternative(node)
        return self.beside(lambda: self.alternative(node), node)

    def beside(self, value: Callable[[], ast.expr], node: ast.expr) -> ast.expr:
        """The place of a value that a strand of its own gives when it is known."""
        slot = self.keep(method(load(ISSUER), "slot"))

        def build() -> None:
            self.emit(ast.Expr(method(load(ITEM), "fill", value())))

        self.strand(self.path, slot, build, [node])
        return slot

    def decider(self, function: ast.Name, generator: ast.GeneratorExp) -> ast.expr:
        """``any`` and ``all``: each element is awaited before the next one is begun."""

        def build() -> ast.expr:
            called = self.transparent(function, [])
            self.emit(ast.Expr(method(load(CHECK), "u", called)))
            result = self.keep(const(function.id == "all"))
            outer = self.path
            self.renamed.append({})
            self.until(generator, 0, result.id, stops=function.id == "any")
            self.renamed.pop()
            self.path = outer
            return result

        return self.beside(build, generator)

    def until(self, node: ast.GeneratorExp, position: int, result: str, *, stops: bool) -> None:
        """The clauses from *position* on, left as soon as an element is as *stops* says."""
        if position == len(node.generators):
            decided: ast.expr = self.truth(node.elt)
            if not stops:
                decided = ast.UnaryOp(ast.Not(), decided)
            self.emit(ast.If(decided, [assign(result, const(stops)), ast.Break()], []))
            return
        clause = node.generators[position]

        def body(path: str, item: str) -> None:
            self.rename(clause.target)
            self.unpack(clause.target, load(item))
            self.path = path
            self.filtered(clause.ifs, lambda: self.until(node, position + 1, result, stops=stops))

        self.loop(self.items(clause.iter), body)
        if position:
            found = ast.Compare(load(result), [ast.Is()], [const(stops)])
            self.emit(ast.If(found, [ast.Break()], []))

    # ---- comprehensions -------------------------------------------------------------

    def comprehension(self, node: Any, *, needed: bool = True) -> ast.expr:
        results = self.temporary() if needed else ""
        keyed = isinstance(node, ast.DictComp)
        if needed:
            self.emit(assign(results, ast.List([], ast.Load())))
        outer_path = self.path
        self.renamed.append({})
        self.clause(node, 0, results)
        self.renamed.pop()
        self.path = outer_path
        if not needed:
            return load(POISON_NAME)
        gathered = method(load(ISSUER), "gather", load(results))
        if keyed:
            gathered = method(load(ISSUER), "gather_pairs", load(results))
        elif isinstance(node, ast.SetComp):
            gathered = method(load(ISSUER), "gather_set", load(results))
        return self.keep(gathered)

    def clause(self, node: Any, position: int, results: str) -> None:
        if position == len(node.generators):
            if not results:
                for name in ("elt", "key", "value"):
                    if hasattr(node, name):
                        self.effects(getattr(node, name))
            elif isinstance(node, ast.DictComp):
                pair = ast.Tuple([self.value(node.key), self.value(node.value)], ast.Load())
                self.emit(ast.Expr(method(load(results), "append", pair)))
            else:
                self.emit(ast.Expr(method(load(results), "append", self.value(node.elt))))
            return
        clause = node.generators[position]
        items = self.items(clause.iter)

        def body(path: str, item: str) -> None:
            self.rename(clause.target)
            self.unpack(clause.target, load(item))
            self.path = path
            if position == len(node.generators) - 1 and _waits(node):
                self.element(node, path, results)
            else:
                self.filtered(clause.ifs, lambda: self.clause(node, position + 1, results))

        self.loop(items, body)

    def rename(self, target: ast.expr) -> None:
        """Give the names of a clause their own variables in the slice."""
        for name in ast.walk(target):
            if isinstance(name, ast.Name):
                self.renamed[-1][name.id] = f".c{self.counter}_{name.id}"
                self.counter += 1

    @abc.abstractmethod
    def strand(
        self, path: str, item: ast.expr, build: Callable[[], None], parts: Sequence[ast.AST]
    ) -> None:
        """What *build* emits, as a strand of its own."""

    def element(self, node: Any, path: str, results: str) -> None:
        """One element as a strand: those behind it need not wait for its conditions."""
        conditions = node.generators[-1].ifs
        slot: ast.expr = const(None)
        if results:
            slot = self.keep(method(load(ISSUER), "slot"))
            self.emit(ast.Expr(method(load(results), "append", slot)))

        def fill() -> None:
            if results:
                inner = node.elt
                value = self.alternative(inner) if self.branches(inner) else self.value(inner)
                self.emit(ast.Expr(method(load(ITEM), "fill", value)))
            else:
                self.effects(node.elt)

        def build() -> None:
            self.filtered(conditions, fill)
            if results:
                self.emit(ast.Expr(method(load(ITEM), "leave_out")))

        self.strand(path, slot, build, [*conditions, node.elt])

    def filtered(self, conditions: list[ast.expr], build: Any) -> None:
        if not conditions:
            build()
            return
        decided = self.truth(conditions[0])
        self.emit(ast.If(decided, self.nested(lambda: self.filtered(conditions[1:], build)), []))

    def items(self, iterable: ast.expr) -> ast.expr:
        if is_walker(iterable, self.analysis.sites):
            return self.iterator(iterable)
        inner = numbered(iterable)
        if inner is not None and is_display(inner, self.analysis.sites):
            assert isinstance(iterable, ast.Call)
            start = [*iterable.args[1:], *(keyword.value for keyword in iterable.keywords)]
            given = (load("enumerate"), self.items(inner), *start)
            return self.keep(method(load(ISSUER), "numbered", *given))
        if is_display(iterable, self.analysis.sites):
            assert isinstance(iterable, ast.Call)
            items = self.started("shown", iterable)
        else:
            items = self.value(iterable)
        return self.retried(method(load(ISSUER), "arrived", items))

    def iterator(self, node: ast.expr) -> ast.expr:
        """An iterator of the slice's own over what the program's walks over."""
        inputs: list[str] = []
        made = self.walker(node, inputs)
        kept = self.keep(self.derived("derive", node, made, inputs))
        arrived = self.retried(method(load(ISSUER), "arrived", kept))
        return method(load(ISSUER), "made", arrived)

    def walker(self, node: ast.expr, inputs: list[str]) -> ast.expr:
        """The call that makes it, over parts that are started; its callee is checked first."""
        assert isinstance(node, ast.Call)
        function = self.keep(method(load(CHECK), "g", self.transparent(node.func, inputs)))

        def part(given: ast.expr) -> ast.expr:
            if is_walker(given, self.analysis.sites):
                return self.walker(given, inputs)
            value = self.value(given)
            if isinstance(value, ast.Name):
                inputs.append(value.id)
            return method(load(CHECK), "h", value)

        args = [part(given) for given in node.args]
        named = [ast.keyword(one.arg, part(one.value)) for one in node.keywords]
        return ast.Call(function, args, named)

    def loop(self, items: ast.expr, build: Any, orelse: list[ast.stmt] | None = None) -> None:
        path, item = self.temporary(), self.temporary()
        outer = self.path
        walk = method(load(ISSUER), "walk", load(outer), items)
        target = ast.Tuple([store(path), store(item)], ast.Store())
        body = self.nested(lambda: build(path, item))
        self.path = outer
        self.emit(ast.For(target, walk, body, orelse or []))

    def unpack(self, target: ast.expr, value: ast.expr) -> None:
        """Bind the names of *target* to the parts of *value*, a known item."""
        if isinstance(target, ast.Name):
            name, _ = self.resolve(target.id)
            self.emit(assign(name, value))
            return
        assert isinstance(target, ast.Tuple)
        whole = self.keep(method(load(CHECK), "unpack", value, const(len(target.elts))))
        for position, element in enumerate(target.elts):
            part = ast.Subscript(whole, const(position), ast.Load())
            self.unpack(element, self.keep(part))


def _waits(node: Any) -> bool:
    """Whether the elements of a comprehension hold conditions that may have to be waited for."""
    if isinstance(node, ast.DictComp):
        return False
    conditions = node.generators[-1].ifs
    if any(isinstance(inner, ast.Call) for one in conditions for inner in ast.walk(one)):
        return True
    inside = list(ast.walk(node.elt))
    calls = any(isinstance(inner, ast.Call) for inner in inside)
    return calls and any(is_waited_for(inner) for inner in inside)


def is_waited_for(node: ast.AST) -> bool:
    """Whether the slice goes on behind *node* only when a value has arrived."""
    unpacks = isinstance(node, ast.keyword) and node.arg is None
    return unpacks or isinstance(node, _CONTROL)
