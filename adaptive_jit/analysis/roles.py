"""What a call of the source is for the editions, and how many operations may meet in a block."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from adaptive_jit.analysis.constructs import LIGHT
from adaptive_jit.syntax.keys import consumed, keyed
from adaptive_jit.syntax.program import CallRole
from adaptive_jit.syntax.scope import ALL_MUTATORS, Scope, consumes_generator

if TYPE_CHECKING:
    from collections.abc import Iterable

LIGHT_METHODS = frozenset(
    "format join strip lstrip rstrip lower upper split rsplit replace title startswith endswith "
    "items keys values encode decode splitlines removeprefix removesuffix".split()
)
"""Method names that are nearly always those of str, bytes and dict: not worth a thread."""

DISPLAYS = frozenset({"tqdm", "trange", "track"})
"""Names under which programs know the displays of tqdm and rich."""

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp)


def looks_like_display(node: ast.expr) -> bool:
    """Whether *node* is spelt like a progress display; what it is shows at run time."""
    if not isinstance(node, ast.Call) or not node.args:
        return False
    function = node.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    return name in DISPLAYS


def role_of(node: ast.Call, scope: Scope) -> CallRole:
    """What the call *node* is, by how it is spelt; run-time checks confirm it."""
    function = node.func
    name = function.id if isinstance(function, ast.Name) else ""
    shadowed = name in scope.local or name in scope.captured or name in scope.foreign
    one = len(node.args) == 1 and not node.keywords
    listed = one and isinstance(node.args[0], ast.List | ast.Tuple | ast.ListComp)
    if name == "parallel" and not shadowed and listed:
        return CallRole.PARALLEL
    if consumes_generator(node) and not shadowed and not _maps_itself(node, scope):
        return CallRole.CONSUMER
    if not shadowed and keyed(node) is not None:
        return CallRole.KEYED
    if name in LIGHT and not shadowed:
        return CallRole.LIGHT
    if getattr(node, "_adaptive_manager", False):
        return CallRole.MANAGER
    if getattr(node, "_adaptive_opened", False):
        return CallRole.OPENED
    if isinstance(function, ast.Attribute) and function.attr in LIGHT_METHODS:
        return CallRole.LIGHT
    return CallRole.OPERATION


def _maps_itself(node: ast.Call, scope: Scope) -> bool:
    """Whether *node* uses up a ``map`` that is the program's own, or of a builtin of no weight."""
    given = node.args[0]
    if not isinstance(given, ast.Call):
        return False
    function = given.args[0]
    light = isinstance(function, ast.Name) and function.id in LIGHT
    return light or any("map" in names for names in (scope.local, scope.captured, scope.foreign))


def weight_of(statements: Iterable[ast.AST], scope: Scope, *, in_loop: bool = False) -> int:
    """How many operations may meet here; one in a loop counts as two."""
    total = 0
    for node in statements:
        if isinstance(node, ast.Lambda | ast.withitem):
            continue
        if isinstance(node, ast.Call) and role_of(node, scope) is CallRole.OPERATION:
            changes = isinstance(node.func, ast.Attribute) and node.func.attr in ALL_MUTATORS
            if not changes:
                total += 2 if in_loop else 1
        if isinstance(node, ast.Call) and role_of(node, scope) is CallRole.KEYED:
            keys = keyed(node)
            assert keys is not None
            total += weight_of([keys.elt], scope, in_loop=True)
        if isinstance(node, ast.Call) and role_of(node, scope) is CallRole.CONSUMER:
            generator = consumed(node)
            assert generator is not None
            total += weight_of([node.func, generator], scope, in_loop=in_loop)
            continue
        loops = isinstance(node, (ast.For, ast.While, ast.GeneratorExp, *COMPREHENSIONS))
        total += weight_of(ast.iter_child_nodes(node), scope, in_loop=in_loop or loops)
    return total
