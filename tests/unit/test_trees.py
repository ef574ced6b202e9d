"""Trees are walked, copied and positioned as the standard library does it."""

from __future__ import annotations

import ast
import copy
import inspect

import pytest

from adaptive_jit.editions import build, statements
from adaptive_jit.syntax import source
from adaptive_jit.syntax.trees import copied, positioned, walk

MODULES = [build, statements, source, ast]


@pytest.fixture(params=MODULES, ids=lambda module: module.__name__)
def tree(request):
    return ast.parse(inspect.getsource(request.param))


def dumped(node):
    return ast.dump(node, include_attributes=True)


def test_the_order_is_that_of_the_standard_library(tree):
    """Others may depend on it."""
    assert [*map(id, walk(tree))] == [*map(id, ast.walk(tree))]


def test_a_copy_is_equal_and_shares_no_node_with_a_position(tree):
    """So that changing either leaves the other alone; also lists of nodes."""
    for new, old in ((copied(tree), tree), *zip(copied(tree.body), tree.body, strict=True)):
        assert dumped(new) == dumped(old) == dumped(copy.deepcopy(old))
        shared = {*map(id, ast.walk(new))} & {*map(id, ast.walk(old))}
        assert not any(hasattr(node, "lineno") for node in ast.walk(old) if id(node) in shared)


def test_positions_are_those_of_the_standard_library(tree):
    """Where a node has none, that of the node around it."""
    for number, node in enumerate(ast.walk(tree)):
        if number % 3 == 0 and hasattr(node, "lineno"):
            del node.lineno, node.end_lineno, node.col_offset, node.end_col_offset
        elif number % 5 == 0 and hasattr(node, "lineno"):
            node.end_lineno = None
    expected = dumped(ast.fix_missing_locations(copy.deepcopy(tree)))
    positioned(tree)
    assert dumped(tree) == expected
