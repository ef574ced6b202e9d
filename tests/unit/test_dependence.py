"""Which results operations need, as far as the prediction goes: chains are told from fans."""

from __future__ import annotations

import ast
import textwrap

import pytest

from adaptive_jit.analysis.dependence import dependences


def needs(source):
    """For each call of ``f`` in *source*, by number: what it needs, in its round and from others."""
    tree = ast.parse(textwrap.dedent(source))
    calls = [
        node for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "f"
    ]  # fmt: skip
    calls.sort(key=lambda node: (node.lineno, node.col_offset))
    found = dependences(tree.body, {id(node): number for number, node in enumerate(calls)})
    return {
        number: (found.same.get(number, set()), found.carried.get(number, set()))
        for number in range(len(calls))
    }


FREE = (set(), set())

CHAINS = {
    "any": "any(f(k) for k in xs)",
    "all": "all(not f(k) for k in xs)",
    "a break": """
        for k in xs:
            if f(k):
                break
        """,
    "a return after other statements": """
        for k in xs:
            found = f(k)
            kept.append(found)
            if found:
                return found
        """,
    "an exception": """
        for k in xs:
            if f(k):
                raise ValueError
        """,
    "an assertion": """
        for k in xs:
            assert f(k)
        """,
    "a case": """
        for k in xs:
            match f(k):
                case 1:
                    break
        """,
    "a return in an inner loop": """
        for k in xs:
            found = f(k)
            for part in parts:
                if found == part:
                    return part
        """,
}

FANS = {
    "a list": "[f(k) for k in xs]",
    "any of a list": "any([f(k) for k in xs])",
    "a branch that goes on": """
        for k in xs:
            if f(k):
                kept.append(k)
        """,
    "a break of an inner loop": """
        for k in xs:
            found = f(k)
            for part in parts:
                if found == part:
                    break
        """,
    "a function that returns": """
        for k in xs:
            found = f(k)
            if found:
                def inner():
                    return 1
        """,
}


@pytest.mark.parametrize("name", CHAINS)
def test_what_may_end_a_loop_is_needed_by_its_next_round(name):
    """Nothing starts that the program might not reach."""
    assert needs(CHAINS[name])[0] == (set(), {0})


@pytest.mark.parametrize("name", FANS)
def test_rounds_that_are_all_reached_need_nothing_of_each_other(name):
    """The twins."""
    assert needs(FANS[name])[0] == FREE


def test_behind_a_branch_that_may_return_everything_waits_for_its_test():
    """Those before it do not."""
    found = needs("a = f(1)\nb = f(2)\nif a:\n    return\nc = f(3)")
    assert found == {0: FREE, 1: FREE, 2: ({0}, set())}


def test_behind_a_loop_that_may_break_everything_waits_for_its_end():
    """The twin ends when its items do."""
    loop = "for k in xs:\n    if f(k):\n        {}\nb = f(2)"
    assert needs(loop.format("break"))[1] == ({0}, set())
    assert needs(loop.format("pass"))[1] == FREE


@pytest.mark.parametrize("text", ["f(1) or f(2)", "f(1) and f(2)", "f(2) if f(1) else 0"])
def test_what_is_evaluated_only_sometimes_waits_for_what_decides_it(text):
    """The slice does not guess."""
    found = needs(text)
    first = 1 if text.startswith("f(2)") else 0
    assert found[first] == FREE
    assert found[1 - first] == ({first}, set())
