"""Loop heads that walk over containers through iterators of the library, by their names.

What a name stands for is checked at run time (`adaptive_jit.runtime.iterators`).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adaptive_jit.syntax.scope import Scope

_BUILTINS = frozenset({"enumerate", "zip", "reversed", "range"})
_TOOLS = frozenset(
    "chain islice pairwise product zip_longest repeat count cycle combinations "
    "combinations_with_replacement permutations batched".split()
)


def is_walk(node: ast.expr, scope: Scope) -> bool:
    """Whether a loop over *node* needs more than the iterator over one container.

    ``range``, ``enumerate`` and ``zip`` over containers are calls like others.
    """
    if not walks(node, scope):
        return False
    assert isinstance(node, ast.Call)
    if _name(node, scope) not in ("enumerate", "zip", "range"):
        return True
    return any(_name(part, scope) != "range" and walks(part, scope) for part in node.args)


def walks(node: ast.expr, scope: Scope) -> bool:
    """Whether *node* is spelt like an iterator of the library, without stars."""
    if not isinstance(node, ast.Call) or any(isinstance(one, ast.Starred) for one in node.args):
        return False
    if any(keyword.arg is None for keyword in node.keywords):
        return False
    return _name(node, scope) != ""


def _name(node: ast.expr, scope: Scope) -> str:
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Name):
        known = function.id in _BUILTINS | _TOOLS
        names = (scope.local, scope.captured, scope.foreign)
        return function.id if known and not any(function.id in one for one in names) else ""
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        known = function.value.id == "itertools" and function.attr in _TOOLS
        return function.attr if known and "itertools" not in scope.local else ""
    return ""
