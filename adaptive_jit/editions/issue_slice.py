"""The issue slice of a region: a generator that starts operations ahead of the replay.

It evaluates the same expressions as the user's statements as far as they are
transparent, leaves out what no operation needs, and yields where it is
blocked (`adaptive_jit.runtime.strands`). A value that it cannot know is POISON;
an operation on it is held for its turn.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from adaptive_jit.editions.guards import guard_of, guards_in
from adaptive_jit.editions.nodes import assign, const, load, method, store
from adaptive_jit.editions.replay import mangled
from adaptive_jit.syntax.program import Analysis, CallRole

if TYPE_CHECKING:
    from adaptive_jit.editions.needs import Needs

ISSUER, CHECK, PATH, POISON_NAME = ".issuer", ".check", ".path", ".poison"


class Emitter:
    """Collects statements; knows which names may be pending."""

    def __init__(self, analysis: Analysis, needs: Needs, shadows: set[str]) -> None:
        self.analysis = analysis
        self.needs = needs
        self.shadows = shadows
        self.renamed: list[dict[str, str]] = []
        self.out: list[ast.stmt] = []
        self.counter = 0
        self.path = PATH

    # ---- emitting -------------------------------------------------------------------

    def temporary(self) -> str:
        self.counter += 1
        return f".t{self.counter}"

    def emit(self, *statements: ast.stmt) -> None:
        self.out.extend(statements)

    def keep(self, value: ast.expr) -> ast.Name:
        name = self.temporary()
        self.emit(assign(name, value))
        return load(name)

    def retried(self, value: ast.expr) -> ast.Name:
        """Evaluate *value* until it is no longer RETRY, yielding between."""
        name = self.temporary()
        again = ast.While(
            ast.Compare(load(name), [ast.Is()], [load(".retry")]),
            [self.yielded(), assign(name, value)],
            [],
        )
        self.emit(assign(name, value), again)
        return load(name)

    @staticmethod
    def yielded() -> ast.stmt:
        return ast.Expr(ast.Yield(None))

    def pause(self) -> None:
        """Yield if the last step left the strand blocked."""
        blocked = ast.Attribute(load(ISSUER), "block", ast.Load())
        test = ast.Compare(blocked, [ast.IsNot()], [const(None)])
        self.emit(ast.If(test, [self.yielded()], []))

    def nested(self, build: Any) -> list[ast.stmt]:
        outer, self.out = self.out, []
        build()
        inner, self.out = self.out, outer
        return inner or [ast.Pass()]

    # ---- names ----------------------------------------------------------------------

    def resolve(self, name: str) -> tuple[str, bool]:
        """The slice's name for *name* and whether its value may be pending."""
        for scope in reversed(self.renamed):
            if name in scope:
                return scope[name], True
        return name, name in self.shadows

    # ---- expressions ----------------------------------------------------------------

    def value(self, node: ast.expr) -> ast.expr:
        """An expression for the value of *node*, whose operations have been started."""
        if isinstance(node, ast.Constant):
            return node
        if isinstance(node, ast.Name):
            return self.transparent(node, [])
        if isinstance(node, ast.Call):
            return self.call(node)
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp):
            return self.comprehension(node)
        if isinstance(node, ast.IfExp) and self.branches(node):
            return self.conditional(node.test, node.body, node.orelse)
        if isinstance(node, ast.BoolOp) and self.branches(node):
            return self.short_circuit(node)
        if isinstance(node, ast.Compare) and self.branches(node):
            self.emit(ast.Expr(method(load(ISSUER), "give_up")))
            return load(POISON_NAME)
        inputs: list[str] = []
        return self.derived("derive", node, self.transparent(node, inputs), inputs)

    def effects(self, node: ast.expr) -> None:
        """As `value` where nobody needs the value: start operations, check the guards."""
        if isinstance(node, ast.Constant | ast.Name | ast.Lambda):
            return
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp):
            self.comprehension(node, needed=False)
            return
        if isinstance(node, ast.Call) or self.branches(node):
            self.value(node)
            return
        inputs: list[str] = []
        expression = self.transparent(node, inputs)
        if guards_in(node):
            self.derived("cross", node, expression, inputs)

    def derived(self, how: str, node: ast.AST, expression: ast.expr, inputs: list[str]) -> ast.expr:
        inputs = list(dict.fromkeys(inputs))
        if not inputs:
            return self.keep(expression)
        arguments = ast.arguments([], [ast.arg(name) for name in inputs], None, [], [], None, [])
        return self.retried(
            method(
                load(ISSUER),
                how,
                const(guards_in(node)),
                ast.Lambda(arguments, expression),
                *[load(name) for name in inputs],
            )
        )

    def checked(self, node: ast.expr, expression: ast.expr) -> ast.expr:
        """*expression* behind the slice's own check, which refuses unknown code."""
        guard = guard_of(node)
        if guard is None or guard.kind == "a":
            return expression
        return method(load(CHECK), guard.kind, expression)

    def transparent(self, node: ast.expr, inputs: list[str]) -> ast.expr:
        """*node* with its operations replaced by their values, collected in *inputs*."""
        if isinstance(node, ast.Name):
            name, pending = self.resolve(node.id)
            if pending:
                inputs.append(name)
            return load(name)
        if isinstance(node, ast.Call | ast.ListComp | ast.SetComp | ast.DictComp) or self.branches(
            node
        ):
            result = self.value(node)
            if isinstance(result, ast.Name):
                inputs.append(result.id)
            return result
        if isinstance(node, ast.Attribute):
            owner = self.transparent(node.value, inputs)
            name = mangled(node.attr, self.analysis.source.class_name)
            return ast.Attribute(method(load(CHECK), "a", owner, const(name)), name, ast.Load())
        if isinstance(node, ast.Lambda | ast.GeneratorExp):
            return load(self.unknown(inputs))
        if isinstance(node, ast.Starred):
            inner = self.checked(node.value, self.transparent(node.value, inputs))
            return ast.Starred(inner, ast.Load())
        rebuilt: ast.expr = self.rebuilt(node, inputs)
        return rebuilt

    def unknown(self, inputs: list[str]) -> str:
        inputs.append(POISON_NAME)
        return POISON_NAME

    def rebuilt(self, node: Any, inputs: list[str]) -> Any:
        """A copy of *node* over transparent parts."""
        fields: dict[str, Any] = {}
        later = [part for part in ast.iter_child_nodes(node) if self.has_calls(part)]
        for name, field in ast.iter_fields(node):
            if isinstance(field, list):
                fields[name] = [self.part(element, inputs, later) for element in field]
            else:
                fields[name] = self.part(field, inputs, later)
        return type(node)(**fields)

    def part(self, part: Any, inputs: list[str], later: list[ast.AST]) -> Any:
        """One part of an expression; *later* are those with calls, in order, not yet reached.

        What a part computes is computed before the calls behind it are started:
        the program does so too, and it could run unknown code.
        """
        if not isinstance(part, ast.expr):
            return part
        if later and later[0] is part:
            later.pop(0)
        if isinstance(part, ast.Starred):
            return ast.Starred(self.part(part.value, inputs, later), ast.Load())
        if isinstance(part, ast.Slice):
            return self.rebuilt(part, inputs)
        computes = any(guard_of(inner) for inner in ast.walk(part) if inner is not part)
        if not (later and computes):
            return self.checked(part, self.transparent(part, inputs))
        value = self.value(part)
        if isinstance(value, ast.Name):
            inputs.append(value.id)
        return self.checked(part, value)

    def branches(self, node: ast.expr) -> bool:
        """Whether *node* decides if calls inside it are made at all."""
        if isinstance(node, ast.IfExp):
            return self.has_calls(node.body, node.orelse)
        if isinstance(node, ast.BoolOp):
            return self.has_calls(*node.values[1:])
        return isinstance(node, ast.Compare) and self.has_calls(*node.comparators[1:])

    def has_calls(self, *nodes: ast.AST) -> bool:
        sites = self.analysis.sites
        return any(id(inner) in sites for node in nodes for inner in ast.walk(node))

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

    # ---- operations -----------------------------------------------------------------

    def call(self, node: ast.Call) -> ast.expr:
        site = self.analysis.sites[id(node)]
        if site.role is CallRole.CONSUMER:
            return self.consumer(node)
        if site.role is CallRole.PARALLEL:
            return self.listed(node)
        function = self.callee(node.func)
        args = [self.value(argument) for argument in node.args]
        keys: list[ast.expr | None] = [const(keyword.arg) for keyword in node.keywords]
        values = [self.value(keyword.value) for keyword in node.keywords]
        parts = (*node.args, *map(_value, node.keywords))
        made = 2 if self.needs.makes(node.func) else int(any(map(self.needs.makes, parts)))
        result = self.retried(
            method(
                load(ISSUER),
                "call",
                const(site.index),
                load(self.path),
                function,
                ast.Tuple(args, ast.Load()),
                ast.Dict(keys, values),
                const(made),
            )
        )
        self.pause()
        return result

    def callee(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Lambda):
            return load(POISON_NAME)
        return self.value(node)

    def consumer(self, node: ast.Call) -> ast.expr:
        generator = node.args[0]
        assert isinstance(generator, ast.GeneratorExp)
        items = self.comprehension(generator)
        inputs: list[str] = []
        function = method(load(CHECK), "u", self.transparent(node.func, inputs))
        if isinstance(items, ast.Name):
            inputs.append(items.id)
        checked = items
        if guard_of(generator.elt) is not None:
            checked = method(load(CHECK), "each", items)
        return self.derived("derive", node, ast.Call(function, [checked], []), inputs)

    def listed(self, node: ast.Call) -> ast.expr:
        site = self.analysis.sites[id(node)]
        result = self.value(node.args[0])
        function = self.callee(node.func)
        self.emit(
            ast.Expr(method(load(ISSUER), "listed", const(site.index), load(self.path), function))
        )
        self.pause()
        if isinstance(result, ast.Name):
            return self.retried(method(load(ISSUER), "gather", result))
        return result

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
        names = self.renamed[-1]
        items = self.items(clause.iter)

        def body(path: str, item: str) -> None:
            for name in ast.walk(clause.target):
                if isinstance(name, ast.Name):
                    names[name.id] = f".c{self.counter}_{name.id}"
                    self.counter += 1
            self.unpack(clause.target, load(item))
            self.path = path
            self.filtered(clause.ifs, lambda: self.clause(node, position + 1, results))

        self.loop(items, body)

    def filtered(self, conditions: list[ast.expr], build: Any) -> None:
        if not conditions:
            build()
            return
        decided = self.truth(conditions[0])
        self.emit(ast.If(decided, self.nested(lambda: self.filtered(conditions[1:], build)), []))

    def items(self, iterable: ast.expr) -> ast.expr:
        return self.retried(method(load(ISSUER), "arrived", self.value(iterable)))

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


def _value(keyword: ast.keyword) -> ast.expr:
    return keyword.value
