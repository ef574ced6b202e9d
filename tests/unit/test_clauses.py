"""What analysis says of statements with clauses that the issue slice does not follow."""

from __future__ import annotations

import ast

import pytest

from adaptive_jit.analysis.constructs import obstacle
from adaptive_jit.syntax.scope import scope_of


def _obstacle(text: str) -> str | None:
    """Return the reason against the last statement of a function."""
    body = "\n    ".join(text.splitlines())
    function = ast.parse(f"def f(x, xs):\n    {body}").body[0]
    assert isinstance(function, ast.FunctionDef)
    return obstacle(function.body[-1], scope_of(function, ("e", "y")))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("match x:\n case Point(): pass", "a class pattern may run unknown code"),
        ("match x:\n case m.int(): pass", "a class pattern may run unknown code"),
        ("int = x\nmatch x:\n case int(): pass", "a class pattern may run unknown code"),
        ("match x:\n case int(real=1): pass", "a class pattern reads attributes"),
        ("match x:\n case [int(a, b)]: pass", "a class pattern reads attributes"),
        ("match x:\n case Color.RED: pass", "a dotted name"),
        ("match x:\n case {Color.RED: 1}: pass", "a dotted name"),
        ("g = lambda: y\nmatch x:\n case [y]: pass", "`case` binds `y`"),
        ("global y\nmatch x:\n case {**y}: pass", "`case` binds `y`"),
        ("match x:\n case 1:\n  import y", "`import` runs code"),
        ("try:\n f()\nfinally:\n return 1", "`finally` that leaves"),
        ("try:\n f()\nfinally:\n for y in xs: break", "`finally` that leaves"),
        ("try:\n f()\nexcept g(): pass", "`except` evaluates an expression"),
        ("try:\n f()\nexcept E:\n g()", "`except` makes a call"),
        ("try:\n f()\nexcept E:\n y = g()", "`except` makes a call"),
        ("try:\n f()\nexcept E:\n if x: g()", "`except` makes a call"),
        ("try:\n f()\nexcept E:\n if g(): pass", "`except` makes a call"),
        ("try:\n f()\nexcept E as e:\n print(e, g())", "`except` makes a call"),
        ("try:\n f()\nexcept E as e:\n g().error(e)", "`except` makes a call"),
        ("try:\n f()\nexcept E: return 1", "`except` does more than note"),
        ("g = lambda: e\ntry:\n f()\nexcept E as e: pass", "`except` binds `e`"),
        ("try:\n f()\nexcept E: xs.append(1)", "changes `xs`"),
        ("with f(): pass", "what its context manager does is not known"),
        ("with suppress(E), f(): pass", "what its context manager does is not known"),
        ("with suppress(f()): pass", "is made from expressions"),
        ("with suppress(*xs): pass", "is made from expressions"),
        ("with nullcontext(enter_result=x): pass", "is made from expressions"),
        ("with nullcontext(x) as y: pass", "binds what its context manager gives"),
        ("with suppress(E):\n xs.y = 1", "stores the attribute"),
    ],
)
def test_what_is_not_followed_says_why(text: str, reason: str) -> None:
    """The statement is a barrier; the blocks in it are looked at by themselves."""
    found = _obstacle(text)
    assert found is not None
    assert reason in found


@pytest.mark.parametrize(
    "text",
    [
        "match x:\n case int() | str(): pass\n case [list(y), -1, *z] if y: pass",
        "match x:\n case {'a': None, 1 + 2j: True, **y}: pass\n case _: pass",
        "try:\n return f()\nexcept m.E: raise\nexcept (A, m.B) as e:\n if x: raise E(e) from e",
        "try:\n f()\nexcept E as e:\n x.log.error('%s', e)\n y = [str(e), repr(e)]\n print(type(e))",
        "try:\n f()\nexcept: pass\nelse:\n g()\nfinally:\n y = 1",
        "with suppress(A, m.B), contextlib.nullcontext(): return f()",
    ],
)
def test_what_is_followed_has_no_obstacle(text: str) -> None:
    """Twins of those above."""
    assert _obstacle(text) is None
