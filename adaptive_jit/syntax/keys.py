"""Calls that call a function for each item while they run.

``sorted(xs, key=lambda x: f(x))``, ``min`` and ``max`` compute a key for each;
``list(map(f, xs))`` and others use up a ``map`` at once.
"""

from __future__ import annotations

import ast


def keyed(node: ast.Call) -> ast.GeneratorExp | None:
    """``(x, f(x)) for x in xs`` of ``sorted(xs, key=lambda x: f(x))``, ``min`` and ``max``.

    Each of them computes the key of every item once, in their order, while it is called.
    """
    known: ast.GeneratorExp | None = getattr(node, "_adaptive_keys", None)
    if known is not None:
        return known
    if not isinstance(node.func, ast.Name) or node.func.id not in ("sorted", "min", "max"):
        return None
    others = [one for one in node.keywords if one.arg != "key"]
    keys = [one.value for one in node.keywords if one.arg == "key"]
    plain = all(
        one.arg in ("default", "reverse") and isinstance(one.value, ast.Constant) for one in others
    )
    if len(node.args) != 1 or isinstance(node.args[0], ast.Starred) or len(keys) != 1 or not plain:
        return None
    parameter = _only_parameter(keys[0])
    if parameter is None:
        return None
    assert isinstance(keys[0], ast.Lambda)
    clause = ast.comprehension(ast.Name(parameter, ast.Store()), node.args[0], [], 0)
    pair = ast.Tuple([ast.Name(parameter, ast.Load()), keys[0].body], ast.Load())
    found = ast.GeneratorExp(pair, [clause])
    node._adaptive_keys = found  # type: ignore[attr-defined]
    return found


def _only_parameter(node: ast.expr) -> str | None:
    """The one plain parameter of a lambda that binds and defines nothing else."""
    if not isinstance(node, ast.Lambda):
        return None
    given = node.args
    rest = (given.posonlyargs, given.kwonlyargs, given.defaults, given.vararg, given.kwarg)
    inner = (ast.Lambda, ast.NamedExpr, ast.GeneratorExp, ast.Yield, ast.YieldFrom, ast.Await)
    if any(rest) or len(given.args) != 1:
        return None
    if any(isinstance(part, inner) for part in ast.walk(node.body)):
        return None
    return given.args[0].arg


def in_turn(keyword: ast.keyword) -> ast.expr:
    """What of a keyword argument is evaluated while the call runs."""
    return keyword.value.body if isinstance(keyword.value, ast.Lambda) else keyword.value


def consumed(node: ast.Call) -> ast.GeneratorExp | None:
    """What the only argument of *node* gives one by one: a generator expression, or a ``map``."""
    if len(node.args) != 1:
        return None
    given = node.args[0]
    return given if isinstance(given, ast.GeneratorExp) else mapped(given)


def mapped(node: ast.expr) -> ast.GeneratorExp | None:
    """``(f(x) for x in xs)`` of ``map(f, xs)``, if *f* is a name or an attribute.

    They are alike in all but that *f* is looked up once, and its `StopIteration` ends the
    ``map``: the replay keeps the ``map``.
    """
    known: ast.GeneratorExp | None = getattr(node, "_adaptive_mapped", None)
    if known is not None:
        return known
    if not isinstance(node, ast.Call) or len(node.args) != 2 or node.keywords:
        return None
    function, items = node.args
    if not isinstance(node.func, ast.Name) or node.func.id != "map":
        return None
    if not isinstance(function, ast.Name | ast.Attribute) or isinstance(
        items, ast.Starred | ast.Set
    ):
        return None
    call = ast.Call(function, [ast.Name(ITEM, ast.Load())], [])
    clause = ast.comprehension(ast.Name(ITEM, ast.Store()), items, [], 0)
    found = ast.GeneratorExp(ast.copy_location(call, node), [clause])
    node._adaptive_mapped = found  # type: ignore[attr-defined]
    return found


ITEM = "…"
"""What stands for the item in reports; no variable of the program's has that name."""
