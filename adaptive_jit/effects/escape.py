"""Two questions to the source of a declared function, answered without running anything.

Does the code plainly contradict the declaration? Does it leave its arguments
alone: neither keep, nor return, nor change them? The second is a taint
analysis over names: what is reached through a parameter is tainted; a tainted
value may be compared, formatted, iterated, subscripted and read, but not
stored, returned or handed to code that is not known to only read.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from adaptive_jit.effects.source import (
    Definition,
    FunctionSource,
    NoSource,
    original_code,
    source_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FunctionType

MUTATORS = frozenset(
    "add append appendleft clear difference_update discard extend extendleft insert "
    "intersection_update pop popitem popleft remove reverse rotate setdefault sort "
    "symmetric_difference_update update".split()
)
"""Methods of the standard containers that change them."""

_READERS = frozenset(
    "len str repr int float bool abs round sum min max any all isinstance print hash format "
    "type ord ascii hex".split()
)
"""Builtins that read their arguments and return nothing that contains them."""

_VIEWERS = frozenset("list tuple dict set sorted reversed enumerate zip range iter".split())
"""Builtins whose result holds the elements of their arguments."""

_READING_METHODS = frozenset(
    "count decode encode endswith find format get index isalnum isalpha isdigit items join keys "
    "lower lstrip partition replace rfind rpartition rsplit rstrip split splitlines startswith "
    "strip title upper values copy".split()
)


_TEXT_METHODS = frozenset(
    "count encode endswith find format isalnum isalpha isdigit join lower lstrip replace rfind "
    "rstrip startswith strip title upper".split()
)
"""Methods of strings whose result is a scalar, so that nothing of an argument is in it."""


_PRINTERS = frozenset(("print", "sys.stdout.write", "sys.stderr.write", "pprint", "pprint.pprint"))


def contradiction(function: FunctionType) -> str | None:
    """Why *function* cannot be ``pure`` or ``reads``: "line 4: assigns to global `n`", or None."""
    try:
        source = source_of(function)
    except NoSource:
        return None
    for node in ast.walk(source.node):
        said = _contradicts(node, source, original_code(function))
        if said is not None:
            return f"line {getattr(node, 'lineno', 0)}: {said}"
    return None


def leaves_arguments(function: FunctionType) -> bool:
    """Whether the source of *function* shows that it only reads its arguments."""
    try:
        source = source_of(function)
    except NoSource:
        return False
    return _Taint(source.node).is_clean()


def prints(function: FunctionType) -> bool:
    """Whether *function* itself writes to the console, where order can be seen."""
    try:
        source = source_of(function)
    except NoSource:
        return False
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func) in _PRINTERS
        for node in ast.walk(source.node)
    )


def _contradicts(node: ast.AST, source: FunctionSource, code: CodeType) -> str | None:
    if isinstance(node, ast.Name) and _is_rebound(node, source, code):
        return f"assigns to `{node.id}`, which lives outside the function"
    if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
        root = _root(node)
        if root is not None and (_is_outside(root, code) or root == _receiver(source)):
            return f"stores in `{ast.unparse(node)}`"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        root = _root(node.func)
        if node.func.attr in MUTATORS and root is not None and _is_held(root, source, code):
            return f"changes `{ast.unparse(node.func.value)}`"
    return None


def _root(node: ast.expr) -> str | None:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _receiver(source: FunctionSource) -> str | None:
    arguments = [*source.node.args.posonlyargs, *source.node.args.args]
    return arguments[0].arg if source.class_name is not None and arguments else None


def _is_outside(name: str, code: CodeType) -> bool:
    """Whether *name* is no variable of the function itself: a global or captured one."""
    return name not in code.co_varnames and name not in code.co_cellvars


def _is_rebound(name: ast.Name, source: FunctionSource, code: CodeType) -> bool:
    """Whether *name* is stored here, and declared ``global`` or ``nonlocal`` beyond the function."""
    if isinstance(name.ctx, ast.Load) or not _is_outside(name.id, code):
        return False
    declared = (
        node.names for node in ast.walk(source.node) if isinstance(node, (ast.Global, ast.Nonlocal))
    )
    return any(name.id in names for names in declared)


def _is_held(root: str, source: FunctionSource, code: CodeType) -> bool:
    """Whether a container reached from *root* certainly outlives the call."""
    if root == _receiver(source):
        return True
    inner = any(
        isinstance(node, (ast.FunctionDef, ast.Lambda, ast.comprehension))
        and node is not source.node
        and root in _bound_names(node)
        for node in ast.walk(source.node)
    )
    return not inner and not hasattr(builtins, root) and _is_outside(root, code)


def _bound_names(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.arg):
            yield part.arg
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id


class _Taint:
    """Which names may reach an argument, and whether one of them gets away."""

    def __init__(self, node: Definition) -> None:
        self.node = node
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        # The receiver belongs to the callee, not to its arguments.
        self.names = {argument.arg for argument in every} - {"self", "cls"}
        self.names |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}

    def is_clean(self) -> bool:
        """Whether no tainted value escapes; taint spreads through names until nothing is new."""
        if isinstance(self.node, ast.Lambda):
            return self._reads(self.node.body) and not self._tainted(self.node.body)
        body = self.node.body
        if any(isinstance(part, _REFUSED) for stmt in body for part in ast.walk(stmt)):
            return False
        before = -1
        while before != len(self.names):
            before = len(self.names)
            verdicts = [self._statement(part) for stmt in body for part in ast.walk(stmt)]
        return all(verdicts)

    def _statement(self, node: ast.AST) -> bool:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            verdicts = [self._bind(t, node.value) for t in targets if node.value is not None]
            return all(verdicts)
        if isinstance(node, (ast.For, ast.comprehension)):
            return self._bind(node.target, node.iter)
        if isinstance(node, ast.AugAssign):
            fresh = isinstance(node.target, ast.Name) and not self._tainted(node.target)
            return fresh and self._bind(node.target, node.value)
        if isinstance(node, ast.Return):
            return node.value is None or not self._tainted(node.value)
        if isinstance(node, ast.withitem):
            return not self._tainted(node.context_expr)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Delete):
            return all(isinstance(target, ast.Name) for target in node.targets)
        return True

    def _bind(self, target: ast.expr, value: ast.expr) -> bool:
        if isinstance(target, (ast.Attribute, ast.Subscript)):
            return not self._tainted(value) and not self._tainted(target.value)
        if self._tainted(value):
            self.names.update(_bound_names(target))
        return True

    def _reads(self, node: ast.AST) -> bool:
        return all(self._statement(part) for part in ast.walk(node))

    def _call(self, node: ast.Call) -> bool:
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(node.func, ast.Attribute):
            if node.func.attr in _READING_METHODS:
                text = isinstance(node.func.value, (ast.Constant, ast.JoinedStr))
                return text or not any(map(self._tainted, given))
            return not any(map(self._tainted, [node.func.value, *given]))
        if isinstance(node.func, ast.Name) and node.func.id in _READERS | _VIEWERS:
            return node.func.id not in self.names
        return not any(map(self._tainted, [node.func, *given]))

    def _tainted(self, node: ast.AST) -> bool:
        """Whether the value of *node* may be, or contain, a part of an argument."""
        if isinstance(node, ast.Name):
            return node.id in self.names
        if isinstance(node, (ast.JoinedStr, ast.Compare, ast.Constant)):
            return False
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in _READERS:
                return False
            if isinstance(node.func, ast.Attribute) and node.func.attr in _TEXT_METHODS:
                return False
        return any(map(self._tainted, ast.iter_child_nodes(node)))


_REFUSED = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Yield, ast.YieldFrom,
    ast.Await, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom, ast.Match, ast.Raise,
)  # fmt: skip
