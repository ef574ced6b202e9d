"""The issue slice of a region: a generator that starts operations ahead of the replay.

It evaluates the same expressions as the user's statements as far as they are
transparent, leaves out what no operation needs, and yields where it is
blocked (`adaptive_jit.runtime.strands`). A value that it cannot know is POISON;
an operation on it is held for its turn.
"""

from __future__ import annotations

import abc
import ast
from typing import TYPE_CHECKING, Any

from adaptive_jit.editions.guards import guard_of, guards_in
from adaptive_jit.editions.nodes import assign, const, load, method
from adaptive_jit.editions.replay import mangled
from adaptive_jit.syntax.keys import consumed, keyed
from adaptive_jit.syntax.program import Analysis, CallRole
from adaptive_jit.syntax.scope import DECIDERS, is_parent
from adaptive_jit.syntax.trees import walk

if TYPE_CHECKING:
    from adaptive_jit.editions.needs import Needs

_EVALUATED = (ast.Call, ast.ListComp, ast.SetComp, ast.DictComp, ast.NamedExpr)

ISSUER, CHECK, PATH, POISON_NAME = ".issuer", ".check", ".path", ".poison"


class Emitter(abc.ABC):
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
        if isinstance(node, ast.NamedExpr):
            return self.named(node)
        if self.branches(node):
            return self.chosen(node)
        inputs: list[str] = []
        return self.derived("derive", node, self.transparent(node, inputs), inputs)

    def alternative(self, node: ast.expr) -> ast.expr:
        """The value of an expression that may not evaluate all of its parts, here and now."""
        if isinstance(node, ast.IfExp):
            return self.conditional(node.test, node.body, node.orelse)
        if isinstance(node, ast.BoolOp):
            return self.short_circuit(node)
        assert isinstance(node, ast.Compare)
        return self.comparison(node)

    @abc.abstractmethod
    def chosen(self, node: ast.expr) -> ast.expr:
        """As `alternative`; what follows need not wait for it."""

    @abc.abstractmethod
    def comprehension(self, node: Any, *, needed: bool = True) -> ast.expr:
        """The value of a comprehension, or of a generator expression that is used up."""

    @abc.abstractmethod
    def decider(self, function: ast.Name, generator: ast.GeneratorExp) -> ast.expr:
        """The value of ``any`` or ``all``, which stop at the first element that decides."""

    @abc.abstractmethod
    def comparison(self, node: ast.Compare) -> ast.expr:
        """The value of a chain of comparisons, whose later operands may not be reached."""

    @abc.abstractmethod
    def conditional(self, test: ast.expr, body: ast.expr, orelse: ast.expr) -> ast.expr:
        """The value of the arm that *test* chooses."""

    @abc.abstractmethod
    def short_circuit(self, node: ast.BoolOp) -> ast.expr:
        """The value of ``and`` or ``or``, whose later operands may not be reached."""

    def effects(self, node: ast.expr) -> None:
        """As `value` where nobody needs the value: start operations, check the guards."""
        if isinstance(node, ast.Constant | ast.Name | ast.Lambda):
            return
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp):
            self.comprehension(node, needed=False)
            return
        if isinstance(node, ast.Call | ast.NamedExpr) or self.branches(node):
            self.value(node)
            return
        inputs: list[str] = []
        expression = self.transparent(node, inputs)
        if guards_in(node):
            self.derived("cross", node, expression, inputs)

    def named(self, node: ast.NamedExpr) -> ast.expr:
        """``name := value``: bound here, in the order of the program."""
        result = self.value(node.value)
        if not isinstance(result, ast.Name | ast.Constant):
            result = self.keep(result)
        name, _ = self.resolve(node.target.id)
        self.emit(assign(name, result))
        # What the name holds now; a later store to it must not be seen here.
        return self.keep(result)

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
        if isinstance(node, _EVALUATED) or self.branches(node):
            result = self.value(node)
            if isinstance(result, ast.Name):
                inputs.append(result.id)
            return result
        if isinstance(node, ast.Attribute) and is_parent(node):
            return self.parent(node, inputs)
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

    def parent(self, node: ast.Attribute, inputs: list[str]) -> ast.expr:
        """``super().name``, found without a frame."""
        first = self.analysis.scope.first
        assert first is not None
        owner = self.transparent(load(first), inputs)
        name = mangled(node.attr, self.analysis.source.class_name)
        return method(load(CHECK), "parent", load("super"), load("__class__"), owner, const(name))

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
        computes = any(guard_of(inner) for inner in walk(part) if inner is not part)
        guard = guard_of(part)
        acts = guard is not None and not guard.deferred
        if not (later and (computes or acts)):
            return self.checked(part, self.transparent(part, inputs))
        value = self.value(part)
        checked = self.checked(part, value)
        if acts:
            given = [value.id] if isinstance(value, ast.Name) else []
            value = checked = self.derived("derive", part, checked, given)
        if isinstance(value, ast.Name):
            inputs.append(value.id)
        return checked

    def branches(self, node: ast.expr) -> bool:
        """Whether *node* decides if calls inside it are made at all."""
        if isinstance(node, ast.IfExp):
            return self.has_calls(node.body, node.orelse)
        if isinstance(node, ast.BoolOp):
            return self.has_calls(*node.values[1:])
        return isinstance(node, ast.Compare) and self.has_calls(*node.comparators[1:])

    def has_calls(self, *nodes: ast.AST) -> bool:
        """Whether a part does more than compute: makes a call, or binds a name."""
        sites = self.analysis.sites
        return any(
            id(inner) in sites or isinstance(inner, ast.NamedExpr)
            for node in nodes
            for inner in walk(node)
        )

    # ---- operations -----------------------------------------------------------------

    def call(self, node: ast.Call) -> ast.expr:
        site = self.analysis.sites[id(node)]
        if site.role is CallRole.CONSUMER:
            return self.consumer(node)
        if site.role is CallRole.KEYED:
            return self.keyed(node)
        if site.role is CallRole.PARALLEL:
            return self.listed(node)
        return self.started("call", node)

    def started(self, how: str, node: ast.Call) -> ast.expr:
        """Start the operation, or learn what a progress display walks over."""
        site = self.analysis.sites[id(node)]
        function = self.callee(node.func)
        args = [self.argument(argument) for argument in node.args]
        keys: list[ast.expr | None] = [
            None if keyword.arg is None else const(keyword.arg) for keyword in node.keywords
        ]
        names = tuple(keyword.arg for keyword in node.keywords if keyword.arg is not None)
        values = [self.keyword(keyword, names) for keyword in node.keywords]
        parts = (*node.args, *map(_value, node.keywords))
        made = 2 if self.needs.makes(node.func) else int(any(map(self.needs.makes, parts)))
        result = self.retried(
            method(
                load(ISSUER),
                how,
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

    def argument(self, node: ast.expr) -> ast.expr:
        """One argument; what a star unpacks must be there, and of a builtin type."""
        if not isinstance(node, ast.Starred):
            return self.value(node)
        arrived = self.retried(method(load(ISSUER), "arrived", self.value(node.value)))
        return ast.Starred(self.keep(method(load(CHECK), "i", arrived)), ast.Load())

    def keyword(self, keyword: ast.keyword, names: tuple[str, ...]) -> ast.expr:
        """One keyword argument, or the dict behind ``**``."""
        if keyword.arg is not None:
            return self.value(keyword.value)
        arrived = self.retried(method(load(ISSUER), "arrived", self.value(keyword.value)))
        return self.keep(method(load(CHECK), "named", arrived, const(names)))

    def callee(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Lambda):
            return load(POISON_NAME)
        return self.value(node)

    def consumer(self, node: ast.Call) -> ast.expr:
        generator = consumed(node)
        assert generator is not None
        given = node.args[0]
        if isinstance(given, ast.Call):
            self.emit(ast.Expr(method(load(CHECK), "maps", self.transparent(given.func, []))))
        if isinstance(node.func, ast.Name) and node.func.id in DECIDERS:
            return self.decider(node.func, generator)
        items = self.comprehension(generator)
        inputs: list[str] = []
        function = method(load(CHECK), "u", self.transparent(node.func, inputs))
        if isinstance(items, ast.Name):
            inputs.append(items.id)
        checked = items
        if guard_of(generator.elt) is not None:
            checked = method(load(CHECK), "each", items)
        elif isinstance(node.func, ast.Name) and node.func.id == "dict":
            checked = method(load(CHECK), "pairs", items)
        called = ast.Call(function, [checked], node.keywords)
        return self.derived("derive", ast.Tuple([node, generator]), called, inputs)

    def keyed(self, node: ast.Call) -> ast.expr:
        """``sorted``, ``min`` or ``max`` by a key."""
        keys = keyed(node)
        assert keys is not None
        function = self.keep(method(load(CHECK), "u", self.transparent(node.func, [])))
        pairs = self.comprehension(keys)
        others = [one for one in node.keywords if one.arg != "key"]
        names: list[ast.expr | None] = [const(one.arg) for one in others]
        given = ast.Dict(names, [one.value for one in others])
        ranked = method(load(CHECK), "ranked", function, pairs, given)
        inputs = [pairs.id] if isinstance(pairs, ast.Name) else []
        return self.derived("derive", node, ranked, inputs)

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


def _value(keyword: ast.keyword) -> ast.expr:
    return keyword.value
