"""Dicts and sets that hold objects with an ``__eq__`` of their own, looked into by scalars.

A key of equal hash is compared by user code, which must run in its turn, once.
"""

from __future__ import annotations

from pathlib import Path

import harness
import pytest
from world.registry import Program, programs_of
from world.sources import load

TEMPLATE = '''
from world.model import current
from world.operations import fetch, flag
from world.registry import program

class Same:
    """Of the same hash as 5, and equal to everything; whoever compares it is seen."""

    def __hash__(self):
        return 5

    def __eq__(self, other):
        current().perform("eq", "unknown", None, lambda _: None)
        return True

HELD = {{{key}: 1, "k": 2}}
SEEN = {{{key}, 2}}
MANY = {{**{{n: n for n in range(100, 200)}}, 5: 1}}

@program(overlaps={overlaps})
def guarded():
    """One lookup between reads."""
    held, seen = flag(0, HELD), flag(1, SEEN)
    before = fetch(1)
    value = {expression}
    return before, value, fetch(2), fetch(3)
'''

LOOKUPS = (
    "held[5]",
    "5 in held",
    "5 in seen",
    "len({**held, 5: 4})",
    "len({**HELD, 5: fetch(4)})",
    "HELD[5] + fetch(4)",
    "HELD[fetch(5)]",
    "fetch(5) in SEEN",
)


def _program(folder: Path, expression: str, key: str, overlaps: str) -> Program:
    text = TEMPLATE.format(expression=expression, key=key, overlaps=overlaps)
    (found,) = programs_of(load(folder, text, "keys"))
    return found


@pytest.mark.parametrize("expression", LOOKUPS)
def test_a_key_with_a_comparison_of_its_own_is_a_barrier(expression: str, tmp_path: Path) -> None:
    """Nothing crosses the lookup, and the comparison is made once."""
    harness.check_forced(_program(tmp_path, expression, "Same()", "None"))


@pytest.mark.parametrize("expression", [*LOOKUPS, "MANY[5]"])
def test_a_key_of_a_builtin_type_is_none(expression: str, tmp_path: Path) -> None:
    """The twin: the same lookup among builtin keys stops nothing."""
    harness.check_forced(_program(tmp_path, expression, "5", "3"))
