"""Guards that a part of a loop that has never run need not have passed.

An arm for what goes wrong may never have been entered: ``failed.append(url)``,
``missing += 1``, ``f"no {url}"``. Its guards say nothing then. Some cannot
fail, whatever runs: a number that only constants are added to, a container
that the function itself writes down. For a name that is bound in one place,
what the other guards on it have seen is good for all of them. A call that
tells of it (``print``, ``log.warning``) is judged before it is ever made.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from adaptive_jit.editions.guards import guard_of, on_the_way
from adaptive_jit.syntax.scope import captured_names
from adaptive_jit.syntax.telling import is_path
from adaptive_jit.syntax.trees import walk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adaptive_jit.syntax.program import Analysis

_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
_OPERATORS = (ast.Add, ast.Sub, ast.Mult)
_NUMBERS = (int, float)
_SCALAR = "s"
"""What has passed this guard passes those on operands, formats and truth tests too."""

_WEAKER = frozenset("sqfbv")

Evidence = tuple[int | tuple[int, ...], ...]


class Certain:
    """What is known of the guards of one function without running it.

    Made while its tree is still the user's; the nodes are kept, for they are known by identity.
    """

    def __init__(self, analysis: Analysis) -> None:
        self.nodes = list(walk(analysis.source.node))
        self.plain = analysis.scope.is_plain_local
        self.parameters = analysis.scope.parameters
        self.bound: dict[str, list[ast.AST | None]] = {}
        """Each name with what binds it: the value, or ``None`` where that is not written down."""
        self.guarded: dict[tuple[str, str], list[int]] = {}
        """The guards on each name or dotted name; on an owner by the attribute that is read."""
        self.read: dict[int, ast.Attribute] = {}
        for node in self.nodes:
            self._bindings(node)
            if isinstance(node, ast.Attribute):
                self.read[id(node.value)] = node
            guard = guard_of(node)
            if guard is not None and is_path(node):
                key = (self._path(node, guard.kind), guard.kind)
                self.guarded.setdefault(key, []).append(guard.number)

    def needed(self, *nodes: ast.AST, besides: Iterable[ast.Call] = ()) -> Evidence:
        """The guards in *nodes* that must have passed; of several in a tuple one is enough.

        The callees of *besides* are checked otherwise.
        """
        found: list[int | tuple[int, ...]] = []
        checked = set(map(id, _callees(besides)))
        for inner in (part for node in nodes for part in on_the_way(node)):
            guard = guard_of(inner)
            if guard is None or id(inner) in checked or self._cannot_fail(inner, guard.kind):
                continue
            others = self._others(inner, guard.kind)
            found.append((guard.number, *others) if others else guard.number)
        return tuple(found)

    def tells_plainly(self, call: ast.Call) -> Evidence | None:
        """What must have passed for the arguments of a call that tells to be plain values.

        ``None`` if that cannot be said before it is made.
        """
        found: list[int | tuple[int, ...]] = []
        for argument in call.args:
            if is_path(argument):
                others = self._others(argument, "f")
                if not others:
                    return None
                found.append(others)
            elif not isinstance(argument, ast.Constant | ast.JoinedStr):
                return None
        plain = all(one.arg and isinstance(one.value, ast.Constant) for one in call.keywords)
        return tuple(found) if plain else None

    def _cannot_fail(self, node: ast.AST, kind: str) -> bool:
        if not isinstance(node, ast.Name) or not self._is_own(node.id):
            return False
        values = self.bound.get(node.id, [None])
        if kind == "m":
            return all(isinstance(value, _DISPLAYS) for value in values)
        return kind in _WEAKER and all(map(_is_number, values))

    def _others(self, node: ast.AST, kind: str) -> tuple[int, ...]:
        """Other guards that have met the same values."""
        if not is_path(node):
            return ()
        name = next(inner.id for inner in walk(node) if isinstance(inner, ast.Name))
        if not self._is_own(name) or len(self.bound.get(name, ())) != 1:
            return ()
        path = self._path(node, kind)
        kinds = {kind, _SCALAR} if kind in _WEAKER else {kind}
        return tuple(sorted(one for kind in kinds for one in self.guarded.get((path, kind), ())))

    def _path(self, node: ast.AST, kind: str) -> str:
        """What is guarded: a value, or the attribute of it that is about to be read."""
        return ast.unparse(self.read[id(node)] if kind == "a" and id(node) in self.read else node)

    def _is_own(self, name: str) -> bool:
        return self.plain(name) and name not in self.parameters

    def _bindings(self, node: ast.AST) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            self._bind(node.target, node.value)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            known = isinstance(node.op, _OPERATORS) and _is_number(node.value)
            self._note(node.target.id, node.value if known else None)
        else:
            for name in _otherwise_bound(node):
                self._note(name, None)

    def _bind(self, target: ast.expr, value: ast.expr | None) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            starred = any(isinstance(one, ast.Starred) for one in (*target.elts, *value.elts))
            if not starred and len(target.elts) == len(value.elts):
                for part, given in zip(target.elts, value.elts, strict=True):
                    self._bind(part, given)
                return
        if isinstance(target, ast.Name):
            self._note(target.id, value)
            return
        for inner in walk(target):
            if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
                self._note(inner.id, None)

    def _note(self, name: str, value: ast.AST | None) -> None:
        self.bound.setdefault(name, []).append(value)


def _otherwise_bound(node: ast.AST) -> Iterable[str]:
    """The names that *node* binds to what is not written down, or deletes."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.pattern | ast.ExceptHandler):
        return captured_names(node)
    targets: list[ast.expr] = []
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        targets = [node.target]
    elif isinstance(node, ast.Delete):
        targets = node.targets
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        targets = [node.optional_vars]
    return [
        inner.id
        for target in targets
        for inner in walk(target)
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load)
    ]


def _callees(calls: Iterable[ast.Call]) -> Iterable[ast.AST]:
    return [inner for call in calls for inner in walk(call.func)]


def _is_number(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in _NUMBERS
