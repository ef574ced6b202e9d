"""The names of a function: local, captured by inner code, fresh containers.

A *fresh* container is a local that is only ever bound to a new empty (or
literal) list, dict or set, and is read as a whole only after its last
change: nobody else can see it change, so its changes are not effects.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adaptive_jit.syntax.keys import consumed, in_turn, keyed
from adaptive_jit.syntax.trees import walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

FRAME_READERS = frozenset(
    "locals vars dir eval exec breakpoint globals __import__ _getframe currentframe stack".split()
)
"""Names through which a function may look at its own frame; such functions are left alone."""

CONSUMERS = frozenset("sum max min sorted list tuple set dict frozenset".split())
"""Builtins that use up a generator expression at once and completely."""

DECIDERS = frozenset({"any", "all"})
"""Builtins that use up a generator expression at once, as far as they have to."""

MUTATORS = {
    ast.List: frozenset("append extend insert".split()),
    ast.Dict: frozenset("update setdefault".split()),
    ast.Set: frozenset("add update".split()),
}
ALL_MUTATORS = frozenset().union(*MUTATORS.values())

QUIET_MANAGERS = frozenset({"suppress", "nullcontext"})
"""Names under which programs know context managers of contextlib that do nothing on entry."""

_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.GeneratorExp)
_LOOPS = (ast.For, ast.While, ast.AsyncFor)


@dataclass(slots=True)
class Scope:
    """What is known of each name of one function."""

    parameters: frozenset[str] = frozenset()
    local: set[str] = field(default_factory=set)
    captured: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    rebound: set[str] = field(default_factory=set)
    """Names that inner functions bind anew (``nonlocal``), whenever they are called."""
    reads_frame: str | None = None
    first: str | None = None
    """The first parameter, if nothing binds it anew: what ``super()`` stands on."""

    def is_plain_local(self, name: str) -> bool:
        """Whether a store to *name* can be seen by this function's own statements only."""
        return name in self.local and name not in self.captured and name not in self.foreign


def scope_of(function: ast.FunctionDef, cells: Collection[str]) -> Scope:
    """Return the scope of *function*, of whose variables inner code reads none but *cells*."""
    scope = Scope(parameters=frozenset(_parameters(function.args)))
    scope.local |= scope.parameters
    for statement in function.body:
        _collect(statement, scope)
    scope.local -= scope.foreign
    # A name of an inner function's own is not that of its surroundings.
    scope.captured -= scope.local - set(cells)
    scope.first = _first(function)
    scope.fresh = _fresh(function, scope)
    return scope


def _first(function: ast.FunctionDef) -> str | None:
    arguments = [*function.args.posonlyargs, *function.args.args]
    if not arguments:
        return None
    name = arguments[0].arg
    for node in walk(function):
        if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load):
            return None
        if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name == name:
            return None
        if isinstance(node, ast.Nonlocal) and name in node.names:
            return None
    return name


def numbered(node: ast.expr) -> ast.expr | None:
    """What ``enumerate(x)`` or ``enumerate(x, 1)`` numbers; ``None`` if it is something else."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    start = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
    plain = len(start) <= 1 and all(isinstance(one, ast.Constant) for one in start)
    named = all(keyword.arg == "start" for keyword in node.keywords)
    return node.args[0] if node.func.id == "enumerate" and node.args and plain and named else None


def is_parent(node: ast.AST) -> bool:
    """Whether *node* is ``super().name``."""
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "super"
        and not node.value.args
    )


def _parameters(arguments: ast.arguments) -> Iterator[str]:
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield argument.arg
    for rest in (arguments.vararg, arguments.kwarg):
        if rest is not None:
            yield rest.arg


def _collect(node: ast.AST, scope: Scope) -> None:
    if isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        if name in FRAME_READERS:
            scope.reads_frame = scope.reads_frame or name
    if isinstance(node, ast.Call) and consumes_generator(node):
        # Runs here and now, like a list comprehension.
        _collect(node.func, scope)
        _collect_comprehension(consumed(node), scope)
        return
    if isinstance(node, ast.Call) and keyed(node) is not None:
        # So does the key.
        for part in (node.func, *node.args, *(in_turn(one) for one in node.keywords)):
            _collect(part, scope)
        return
    if isinstance(node, _INNER):
        _collect_inner(node, scope)
        return
    _collect_bindings(node, scope)
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp):
        _collect_comprehension(node, scope)
        return
    for child in ast.iter_child_nodes(node):
        _collect(child, scope)


def _collect_bindings(node: ast.AST, scope: Scope) -> None:
    """The names that *node* itself binds, deletes or declares."""
    if isinstance(node, ast.Global | ast.Nonlocal):
        scope.foreign |= set(node.names)
    elif isinstance(node, ast.Name):
        if isinstance(node.ctx, ast.Store | ast.Del):
            scope.local.add(node.id)
        if isinstance(node.ctx, ast.Del):
            scope.deleted.add(node.id)
    elif isinstance(node, ast.ExceptHandler) and node.name:
        scope.local.add(node.name)
        scope.deleted.add(node.name)
    elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
        scope.local.add(node.name)
    elif isinstance(node, ast.MatchMapping) and node.rest:
        scope.local.add(node.rest)
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            scope.local.add((alias.asname or alias.name).split(".")[0])


def _collect_inner(node: ast.AST, scope: Scope) -> None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        scope.local.add(node.name)
        scope.captured.add(node.name)
    here: set[int] = set()
    if isinstance(node, ast.GeneratorExp):
        # Its first iterable is evaluated where it stands, not when it runs.
        first = node.generators[0].iter
        _collect(first, scope)
        here = {id(inner) for inner in walk(first)}
    for inner in walk(node):
        if id(inner) in here:
            continue
        if isinstance(inner, ast.Name):
            scope.captured.add(inner.id)
            if inner.id in FRAME_READERS:
                scope.reads_frame = scope.reads_frame or inner.id
        elif isinstance(inner, ast.Nonlocal | ast.Global):
            scope.captured |= set(inner.names)
            scope.rebound |= set(inner.names)


def _collect_comprehension(node: Any, scope: Scope) -> None:
    """Targets of a comprehension are not locals of the function (walrus targets are)."""
    before = set(scope.local)
    for child in ast.iter_child_nodes(node):
        _collect(child, scope)
    targets = {
        name.id
        for generator in node.generators
        for name in walk(generator.target)
        if isinstance(name, ast.Name)
    }
    scope.local = before | (scope.local - targets)


def consumes_generator(node: ast.Call) -> bool:
    """Whether *node* is ``sum(x for …)``, ``", ".join(x for …)``, ``list(map(…))`` or the like."""
    generator = consumed(node)
    if generator is None:
        return False
    for keyword in node.keywords:
        if keyword.arg not in ("default", "reverse", "start"):
            return False
        if not isinstance(keyword.value, ast.Constant):
            return False
    if isinstance(node.func, ast.Name):
        if node.func.id == "dict":
            pair = generator.elt
            return isinstance(pair, ast.Tuple) and len(pair.elts) == 2 and not node.keywords
        return node.func.id in CONSUMERS or (node.func.id in DECIDERS and not node.keywords)
    joins = isinstance(node.func, ast.Attribute) and node.func.attr == "join"
    return joins and not node.keywords


def _fresh(function: ast.FunctionDef, scope: Scope) -> set[str]:
    bound: dict[str, set[type]] = {}
    accepted: set[int] = set()
    last_change: dict[str, int] = {}
    for node in walk(function):
        for target, kind in _display_targets(node):
            bound.setdefault(target.id, set()).add(kind)
            accepted.add(id(target))
    _changes(function, None, accepted, last_change, bound)
    escapes: dict[str, int] = {}
    spoiled = set(scope.parameters) | scope.captured | scope.foreign
    for node in walk(function):
        if isinstance(node, ast.Name) and id(node) not in accepted:
            if isinstance(node.ctx, ast.Load):
                escapes[node.id] = min(escapes.get(node.id, node.lineno), node.lineno)
            else:
                spoiled.add(node.id)
    return {
        name
        for name, kinds in bound.items()
        if name not in spoiled
        and len(kinds) == 1
        and (name not in escapes or escapes[name] > last_change.get(name, 0))
    }


def _display_targets(node: ast.AST) -> Iterator[tuple[ast.Name, type]]:
    """The names that *node* binds to a new list, dict or set, each with its kind."""
    pairs: list[tuple[ast.expr, ast.expr | None]] = []
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, value = node.targets[0], node.value
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            starred = any(isinstance(one, ast.Starred) for one in (*target.elts, *value.elts))
            pairs = [] if starred else list(zip(target.elts, value.elts, strict=False))
    elif isinstance(node, ast.AnnAssign):
        pairs = [(node.target, node.value)]
    for name, display in pairs:
        kind = _container_kind(display)
        if kind is not None and isinstance(name, ast.Name):
            yield name, kind


def _container_kind(value: ast.expr | None) -> type | None:
    """The kind of a new container: a display, or ``list()``, ``dict()``, ``set()``."""
    if isinstance(value, ast.List | ast.Dict | ast.Set):
        return type(value)
    if not isinstance(value, ast.Call) or value.args or value.keywords:
        return None
    if isinstance(value.func, ast.Name):
        return {"list": ast.List, "dict": ast.Dict, "set": ast.Set}.get(value.func.id)
    return None


def _changes(
    node: ast.AST,
    loop_end: int | None,
    accepted: set[int],
    last: dict[str, int],
    bound: dict[str, set[type]],
) -> None:
    """Collect the places where a container is changed; a change in a loop lasts to its end."""
    for child in ast.iter_child_nodes(node):
        changed = changed_container(child) or _grown(child)
        if changed is not None and _change_fits(child, bound.get(changed.id, set())):
            accepted.add(id(changed))
            line = loop_end or int(getattr(child, "end_lineno", None) or 0)
            last[changed.id] = max(last.get(changed.id, 0), line)
        inner_end = loop_end
        if inner_end is None and isinstance(child, _LOOPS):
            inner_end = child.end_lineno
        _changes(child, inner_end, accepted, last, bound)


def _grown(node: ast.AST) -> ast.Name | None:
    """The name whose list ``x += v`` or ``x *= v`` changes in place, whatever *v* is."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Mult):
        return node.target if isinstance(node.target, ast.Name) else None
    return None


def _change_fits(node: ast.AST, kinds: set[type]) -> bool:
    if isinstance(node, ast.Assign):
        return kinds <= {ast.List, ast.Dict}
    if isinstance(node, ast.AugAssign):
        return kinds == {ast.List}
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        method = node.value.func
        assert isinstance(method, ast.Attribute)
        return all(method.attr in MUTATORS[kind] for kind in kinds if kind in MUTATORS)
    return False


def changed_container(node: ast.AST) -> ast.Name | None:
    """The name whose container *node* changes: ``x.append(v)``, ``x[k] = v``, ``x += [v]``."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        function = node.value.func
        if (
            isinstance(function, ast.Attribute)
            and isinstance(function.value, ast.Name)
            and function.attr in ALL_MUTATORS
            and not node.value.keywords
            and not any(isinstance(argument, ast.Starred) for argument in node.value.args)
        ):
            return function.value
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            return target.value
    if (
        isinstance(node, ast.AugAssign)
        and isinstance(node.op, ast.Add)
        and isinstance(node.target, ast.Name)
        and isinstance(node.value, ast.List)
    ):
        return node.target
    return None


def manager_name(node: ast.AST) -> str:
    """The last name of the callee of ``suppress(E)``, ``contextlib.suppress(E)`` and the like."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def opens_to_write(node: ast.With) -> bool:
    """Whether *node* is spelt like ``with open(path, "w") as file:``, of one file."""
    call = node.items[0].context_expr
    if len(node.items) > 1 or not isinstance(call, ast.Call) or manager_name(call) != "open":
        return False
    modes = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    modes += call.args[1:2] if isinstance(call.func, ast.Name) else call.args[:2]
    return any(
        isinstance(mode, ast.Constant)
        and type(mode.value) is str
        and mode.value[:1] in ("w", "a", "x")
        and set(mode.value) <= set("waxbt")
        for mode in modes
    )


def captured_names(pattern: ast.AST) -> set[str]:
    """Names that patterns and `except … as` bind in *pattern* (alternatives bind the same)."""
    names = set()
    for node in walk(pattern):
        name = getattr(node, "rest" if isinstance(node, ast.MatchMapping) else "name", None)
        if isinstance(node, ast.pattern | ast.ExceptHandler) and isinstance(name, str):
            names.add(name)
    return names


def stored_names(statements: Iterable[ast.AST]) -> set[str]:
    """Names bound in *statements*, outside comprehensions and inner functions."""
    found: set[str] = set()
    for node in statements:
        if isinstance(node, ast.pattern):
            found |= captured_names(node)
            continue
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        changed = changed_container(node)
        if changed is not None:
            found.add(changed.id)
        if isinstance(node, ast.Lambda | ast.GeneratorExp):
            continue
        if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp):
            continue
        found |= stored_names(ast.iter_child_nodes(node))
    return found
