"""Wherever user code may run unseen, in an operator, an attribute or a format, order holds.

Each program fetches an object whose special methods are unknown operations on the
world, lets one expression run one of them between two reads, and must see what the
plain run sees. The same expression on builtin values must not stop the reads.
"""

from __future__ import annotations

from pathlib import Path

import harness
import pytest
from world.registry import Program, programs_of
from world.sources import load

EXPRESSIONS = {
    "add": "x + 1",
    "add_right": "1 + x",
    "subtract": "x - 1",
    "multiply": "x * 2",
    "multiply_right": "2 * x",
    "divide": "x / 2",
    "divide_right": "2 / x",
    "matrix": "x @ x",
    "negative": "-x",
    "invert": "~x",
    "equal": "x == 1",
    "equal_right": "1 == x",
    "not_equal": "x != 1",
    "less": "x < 1",
    "between": "0 < x < 9",
    "contained": "3 in x",
    "found_in_a_list": "x in [1, 2]",
    "found_in_a_dict": "x in {1: 2}",
    "not": "not x",
    "and": "x and 1",
    "or": "x or 1",
    "jump_threading": "(x and 2) or 5",
    "jump_threading_deep": "((x and y) or 0) and 3",
    "conditional": "1 if x else 2",
    "subscript": "x[0]",
    "slice": "x[0:2]",
    "as_index": "[5, 6, 7][x]",
    "as_key": "{x: 1}",
    "set_of": "len({x, 3})",
    "property": "x.prop",
    "getattr": "x.anything",
    "descriptor": "held.field",
    "getattribute": "watched.plain",
    "getattr_builtin": "getattr(x, 'prop')",
    "hasattr_builtin": "hasattr(x, 'prop')",
    "call": "x(1)",
    "fstring": "f'{x}'",
    "fstring_spec": "f'{x:>10}'",
    "fstring_repr": "f'{x!r}'",
    "fstring_width": "f'{5:{x.value}}'",
    "percent": "'%s' % x",
    "percent_tuple": "'%s %s' % (1, x)",
    "percent_dict": "'%(k)s' % {'k': x}",
    "format_method": "'{}'.format(x)",
    "format_attribute": "'{0.prop}'.format(x)",
    "format_nested": "'{}'.format([x])",
    "str": "str(x)",
    "repr": "repr(x)",
    "repr_nested": "str([x])",
    "int": "int(x)",
    "float": "float(x)",
    "bool": "bool(x)",
    "len": "len(x)",
    "abs": "abs(x)",
    "round": "round(x)",
    "sum": "sum([x, 1])",
    "max": "max([x, 1])",
    "sorted": "len(sorted([x, 1]))",
    "sorted_key": "sorted([1, 2], key=x)",
    "list": "list(x)",
    "tuple": "tuple(x)",
    "reversed": "list(reversed(x))",
    "enumerate": "list(enumerate(x))",
    "zip": "list(zip(x, [1]))",
    "map": "list(map(x, [1, 2]))",
    "any": "any([x])",
    "unpack_star": "[*x]",
    "comprehension": "[n for n in x]",
    "generator": "sum(n for n in x)",
    "dict_comprehension": "{n: n for n in x}",
    "filter": "[n for n in [1] if x]",
    "isinstance": "isinstance(x, Loud)",
    "list_equal": "[x] == [1]",
    "list_count": "[1, x].count(3)",
    "dict_get": "{1: 2}.get(x)",
    "join": "', '.join(x.words)",
    "nested_in_tuple": "(1, (x + 1, 2))",
}

STATEMENTS = {
    "augmented": "x += 1\n    y = 0",
    "augmented_item": "box = {'k': x}\n    box['k'] += 1\n    y = 0",
    "unpack": "y, _, _ = x",
    "unpack_star_target": "y, *_ = x",
    "loop": "y = 0\n    for n in x:\n        y = y + n",
    "loop_over_seen_iterable": "y = 0\n    for n in Countdown(2):\n        y = y + n",
    "if_statement": "if x:\n        y = 1\n    else:\n        y = 2",
    "while_statement": "y = 0\n    while x and y < 2:\n        y = y + 1",
    "assertion": "assert x\n    y = 0",
    "match_statement": "match x:\n        case 1:\n            y = 1\n        case _:\n            y = 2",
    "match_attribute": "match x:\n        case Loud(prop=p):\n            y = p\n        case _:\n            y = 2",
    "append_in_loop": "y = []\n    for n in [1, 2]:\n        y.append(x + n)",
    "dict_store_key": "y = {}\n    y[x] = 1\n    y = 0",
    "set_add": "y = set()\n    y.add(x)\n    y = len(y)",
    "extend": "y = []\n    y.extend(x)",
    "update": "y = {}\n    y.update({x: 1})\n    y = 0",
    "walrus": "y = [z := x + 1, z]",
    "delete_item": "y = {x: 1}\n    del y[x]\n    y = 0",
    "global_lookup": "y = lookup(x)",
    "raise_caught": "try:\n        raise ValueError(f'{x}')\n    except ValueError as e:\n        y = str(e)",
}

TEMPLATE = '''
from world.objects import Countdown, Held, Intercepting, Loud
from world.operations import fetch, flag
from world.registry import program

def lookup(x):
    return x + 1

@program(overlaps={overlaps}, arguments=lambda: ({argument},))
def guarded(value):
    """Order holds around one statement on one value."""
    held = Held()
    watched = Intercepting()
    y = 1
    a = fetch(1)
    x = {value}
    {statement}
    b = fetch(2)
    return a, y, b
'''

BUILTIN_TWINS = {
    "add": "x + 1",
    "divide": "x / 2",
    "compare": "x < 1",
    "contained": "3 in [x]",
    "not": "not x",
    "negative": "-x",
    "fstring": "f'{x:03d}'",
    "percent": "'%d' % x",
    "format_method": "'{}'.format(x)",
    "str": "str(x)",
    "float": "float(x)",
    "and_or": "(x and 2) or 5",
    "conditional": "1 if x else 2",
    "sum": "sum([x, 1])",
    "sorted": "sorted([x, 1])",
    "len": "len([x])",
    "subscript": "[5, 6, 7, 8][x]",
    "dict_display": "{x: 1}",
    "comprehension": "[n + x for n in [1, 2]]",
    "join": "', '.join([str(x)])",
}


def _program(folder: Path, statement: str, value: str, argument: str, overlaps: str) -> Program:
    text = TEMPLATE.format(statement=statement, value=value, argument=argument, overlaps=overlaps)
    (found,) = programs_of(load(folder, text, "guarded"))
    return found


ALL = {
    **{name: f"y = {expression}" for name, expression in EXPRESSIONS.items()},
    **{f"statement_{name}": text for name, text in STATEMENTS.items()},
}


@pytest.mark.parametrize("name", ALL)
def test_user_code_on_a_known_value_is_a_barrier(name: str, tmp_path: Path) -> None:
    """An argument with special methods: nothing crosses the expression that uses it."""
    harness.check_forced(_program(tmp_path, ALL[name], "value", "Loud(3)", "None"))


@pytest.mark.parametrize("name", ALL)
def test_user_code_on_a_fetched_value_is_a_barrier(name: str, tmp_path: Path) -> None:
    """The same when the object has been fetched."""
    harness.check_forced(_program(tmp_path, ALL[name], "flag(0, value)", "Loud(3)", "None"))


@pytest.mark.parametrize("name", ALL)
def test_user_code_inside_a_fetched_container_is_a_barrier(name: str, tmp_path: Path) -> None:
    """The same when a fetched dict holds it."""
    value = "flag(0, {'o': value})['o']"
    harness.check_forced(_program(tmp_path, ALL[name], value, "Loud(3)", "None"))


@pytest.mark.parametrize("name", BUILTIN_TWINS)
def test_builtin_values_are_no_barrier(name: str, tmp_path: Path) -> None:
    """The twin: the same kinds of expression on a builtin value stop nothing."""
    statement = f"y = {BUILTIN_TWINS[name]}"
    harness.check_forced(_program(tmp_path, statement, "value", "3", "2"))


@pytest.mark.parametrize("name", BUILTIN_TWINS)
def test_builtin_fetched_values_are_no_barrier(name: str, tmp_path: Path) -> None:
    """The twin on a fetched builtin value (which is itself in flight with the reads)."""
    statement = f"y = {BUILTIN_TWINS[name]}"
    harness.check_forced(_program(tmp_path, statement, "flag(0, value)", "3", "2"))
