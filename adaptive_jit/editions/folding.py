"""What the compiler makes of an expression before it looks at the parts.

CPython detail (Python/ast_opt.c, 3.11 to 3.13): a set of constants at the head of a
loop is one constant, with an order of its own, and ``"%s-%s" % (a, b)`` may become an
f-string, which formats one part before it evaluates the next. What is put around
such an expression must not undo that.
"""

from __future__ import annotations

import ast

from adaptive_jit.syntax.trees import copied, positioned, walk


def loop_head(iterable: ast.expr) -> ast.expr:
    """What a loop over *iterable* walks: for a set of constants the compiler's own."""
    names = (ast.Name, ast.Call, ast.Starred)
    if not isinstance(iterable, ast.Set) or any(isinstance(part, names) for part in walk(iterable)):
        return iterable
    loop = ast.For(ast.Name("_", ast.Store()), copied(iterable), [ast.Pass()], [])
    module = ast.Module([loop], [])
    positioned(module)
    code = compile(module, "<loop head>", "exec", dont_inherit=True)
    for value in code.co_consts:
        if isinstance(value, frozenset):
            return ast.copy_location(ast.Constant(value), iterable)  # type: ignore[arg-type]
    return iterable


def is_format(node: ast.BinOp) -> bool:
    """Whether ``text % (a, b)`` may be compiled as an f-string: its parts are formatted in turn."""
    return (
        isinstance(node.op, ast.Mod)
        and isinstance(node.left, ast.Constant)
        and isinstance(node.left.value, str)
        and isinstance(node.right, ast.Tuple)
        and not any(isinstance(part, ast.Starred) for part in node.right.elts)
    )
