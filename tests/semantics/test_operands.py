"""Operands of which nothing is known, beside operands that make calls.

``x + sum(fetch(q) for q in keys)``: what the right side starts early is still good when it
turns out that ``+`` runs unknown code, for it runs behind them. So nothing is dropped and
nothing repeated; and what is evaluated in front of a call stays in front of it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import harness
import pytest
from world.model import World
from world.registry import Program, programs_of
from world.sources import load

import adaptive_jit

TEMPLATE = '''
from world.objects import Held, Intercepting, Loud
from world.operations import ask, combine, document, fetch, flag, numbers, record, second
from world.registry import program

@program(overlaps={overlaps}, arguments=lambda: ({argument},))
def guarded(value):
    """Order holds around one expression on one value."""
    keys = [1, 2, 3]
    held = Held()
    watched = Intercepting()
    x = {value}
    y = {expression}
    return y, fetch(20), second(21)
'''

OPERANDS = {
    "sum": ("x + sum(fetch(q) for q in keys)", "3"),
    "sum_left": ("sum(fetch(q) for q in keys) + x", "3"),
    "list": ("x + len([fetch(q) for q in keys])", "3"),
    "nested": ("x + (fetch(1) + fetch(2))", "3"),
    "nested_twice": ("x + (x + (x + fetch(1)) + fetch(2)) + fetch(3)", "3"),
    "between": ("fetch(1) + x + fetch(2)", "3"),
    "builtin": ("x + max(fetch(1), fetch(2))", "3"),
    "conditional": ("x + (fetch(1) if fetch(2) else 3)", "3"),
    "or": ("x + (fetch(0) or fetch(2))", "3"),
    "and": ("x + (fetch(1) and x and fetch(2))", "3"),
    "chained": ("x - second(fetch(1)) - second(fetch(2))", "3"),
    "any": ("x * any(fetch(q) > 100 for q in keys)", "3"),
    "modulo": ("x % sum(fetch(q) for q in keys)", "3"),
    "equal": ("x == sum(fetch(q) for q in keys)", "3"),
    "less": ("x < sum(fetch(q) for q in keys) < fetch(5)", "3"),
    "less_of_a_constant": ("x < fetch(1) < 9", "0"),
    "fetched_in_the_middle": ("0 < flag(0, x) < 9", "3"),
    "fetched_in_the_middle_of_calls": ("fetch(1) < flag(0, x) < fetch(9)", "3"),
    "contained": ("fetch(1) in x", "[3]"),
    "element": ("x in [fetch(1), fetch(2)]", "3"),
    "key": ("x in {fetch(1): 1, fetch(2): 2}", "3"),
    "subscript": ("x[sum(fetch(q) for q in keys)]", "{6: 7}"),
    "slice": ("x[fetch(1):sum(fetch(q) for q in keys)]", "[1, 2, 3]"),
    "step": ("keys[fetch(1):sum(fetch(q) for q in keys):x]", "2"),
    "attribute": ("x.real + sum(fetch(q) for q in keys)", "3"),
    "descriptor": ("held.field + fetch(1) + fetch(2) + x", None),
    "getattribute": ("watched.plain + sum(fetch(q) for q in keys) + x", None),
    "format": ("f'{x}{fetch(1)}{fetch(2)}'", "3"),
    "format_between": ("f'{fetch(1)}{x}{fetch(2)}'", "3"),
    "format_last": ("f'{fetch(1)}{fetch(2)}{x}'", "3"),
    "format_width": ("f'{x:>{fetch(1) - fetch(1) + 5}}'", "3"),
    "percent": ("'%s %s' % (x, sum(fetch(q) for q in keys))", "3"),
    "percent_behind": ("'%s %s' % (fetch(1), x)", "3"),
    "percent_number": ("'%d %s' % (fetch(1), x)", "3"),
    "format_method": ("'{} {}'.format(x, sum(fetch(q) for q in keys))", "3"),
    "unpacked": ("[*x, fetch(1), fetch(2)]", "[3]"),
    "unpacked_between": ("[fetch(1), *x, fetch(2)]", "[3]"),
    "unpacked_tuple": ("(*x, sum(fetch(q) for q in keys))", "[3]"),
    "set": ("len({x, fetch(1), fetch(2)})", "3"),
    "set_unpacked": ("len({*x, fetch(1), fetch(2)})", "[3]"),
    "set_unpacked_elements": ("len({*[1, x], fetch(1), fetch(2)})", "3"),
    "set_behind": ("len({fetch(1), *numbers(2), fetch(2), x})", "3"),
    "set_large": ("len({x, " + ", ".join(f"fetch({n})" for n in range(32)) + "})", "3"),
    "dict": ("{x: fetch(1), 'b': fetch(2)}['b']", "3"),
    "dict_behind": ("{'b': fetch(1), x: fetch(2)}['b']", "3"),
    "dict_merged": ("{x: 1, **{'a': fetch(3)}, 'b': fetch(1), 'c': fetch(2)}['b']", "3"),
    "dict_large": (
        "{x: 0, " + ", ".join(f"'{n}': fetch({n})" for n in range(17)) + "}['4']",
        "3",
    ),
    "arguments": ("(flag(1, x + fetch(1)), flag(2, fetch(2)))", "3"),
    "argument_behind": ("flag(fetch(1), x + fetch(2))", "3"),
    "elements": ("[x + fetch(q) for q in keys]", "3"),
    "elements_right": ("[fetch(q) + x for q in keys]", "3"),
    "filter": ("[fetch(q) for q in keys if x == fetch(q)]", "3"),
    "summed": ("sum(x + fetch(q) for q in keys)", "3"),
    "key_function": ("max(keys, key=lambda n: fetch(n) + x)", "3"),
    "negative": ("-x + fetch(1) + fetch(2)", "3"),
    "not": ("not x or fetch(1) + fetch(2)", "3"),
    "test": ("(5 if x == fetch(2) else fetch(4)) + fetch(3)", "3"),
    "named": ("(n := x + fetch(1), fetch(2), n)", "3"),
    "called": ("x(fetch(1), fetch(2))", "combine"),
    "record": ("record(1).inner.value + x + record(2).inner.value", "3"),
}

VALUES = {
    "known": "value",
    "fetched": "flag(0, value)",
    "inside_a_fetched_dict": "flag(0, {'o': value})['o']",
}


def _program(folder: Path, name: str, argument: str, value: str, overlaps: str) -> Program:
    text = TEMPLATE.format(
        expression=OPERANDS[name][0], argument=argument, value=value, overlaps=overlaps
    )
    (found,) = programs_of(load(folder, text, "operands"))
    return found


def _dropped(program: Program) -> int:
    """How many starts were dropped; the runs themselves are compared with the plain one."""
    functions: list[Any] = []

    def decorate(function: Any) -> Any:
        functions.append(function)
        return adaptive_jit.adaptive(strategy="parallel")(function)

    standard = harness.run_plain(program)
    function = program.build(decorate)
    worlds = (
        World(),
        World(latency=harness.staggered(0.001), hesitation=0.002),
        World(latency=lambda _: 0.001),
    )
    for world in worlds:
        harness.compare_run(program, function, world, standard)
    if standard.exception is not None:
        return 0
    return sum(adaptive_jit.stats(one).counts.dropped for one in functions)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", OPERANDS)
def test_nothing_is_dropped_beside_an_unknown_operand(
    name: str, value: str, tmp_path: Path
) -> None:
    """Values, effects and their order are those of the plain run; each call is made once."""
    assert _dropped(_program(tmp_path, name, "Loud(3)", VALUES[value], "None")) == 0


@pytest.mark.parametrize("name", [name for name, (_, twin) in OPERANDS.items() if twin])
def test_calls_beside_a_builtin_operand_overlap(name: str, tmp_path: Path) -> None:
    """The twin: the same expression on a builtin value stops nothing, and drops nothing."""
    program = _program(tmp_path, name, OPERANDS[name][1] or "", "value", "2")
    assert _dropped(program) == 0
    harness.check_forced(program)


@pytest.mark.parametrize("name", [name for name, (_, twin) in OPERANDS.items() if twin])
def test_an_operand_that_was_always_builtin_may_turn_out_unknown(name: str, tmp_path: Path) -> None:
    """What was started behind the operator, on the strength of all calls so far, is not used."""
    program = _program(tmp_path, name, "Loud(3)", VALUES["fetched"], "None")
    standard = harness.run_plain(program)
    function = program.build(harness.forced())
    module = sys.modules[program.module]
    for _ in range(3):
        harness.observe(function, (eval(OPERANDS[name][1] or "", vars(module)),), World())
    world = World(latency=lambda number: 0.02 if number == 0 else 0.001, hesitation=0.002)
    other = harness.observe(function, program.arguments(), world)
    found = harness.differences(standard, other)
    assert [one for one in found if not one.startswith("executed beyond")] == []


STATEMENTS = '''
from world.operations import fetch, flag, refuse
from world.objects import Loud

def adds(value):
    """The operator of an operand whose calls fail never runs."""
    x = value
    found = []
    for q in (1, 2, 3):
        try:
            found.append(x + flag(q, refuse(q, q == 2)))
        except Exception:
            found.append(None)
    return found, fetch(1) + fetch(2)

def is_not_callable(value):
    """What cannot be called is named as in the plain run."""
    a = fetch(1)
    return a, value(fetch(2), fetch(3))
'''


@pytest.mark.parametrize("name", ["adds", "is_not_callable"])
def test_an_error_beside_an_operand_is_the_plain_one(name: str, tmp_path: Path) -> None:
    """What raised is shown, and nothing of it is left for the operators behind."""
    module = load(tmp_path, STATEMENTS, "raising")
    argument = "Loud(3)" if name == "adds" else "3"
    value = eval(argument, vars(module))
    program = Program(
        name, module.__name__, "", lambda d: d(getattr(module, name)), lambda: (value,)
    )
    standard = harness.run_plain(program)
    function = program.build(harness.forced())
    for world in (World(), World(latency=harness.staggered(0.001), hesitation=0.002)):
        harness.compare_run(program, function, world, standard)


SETS = (
    "{184, 541, 946, 102, 465, 209, 290}",
    "{770, 735, 530, 824, 234, 882}",
    "{'1', '40', '3', '100', '7', '33', '64', 'b', 'a'}",
    "{-1, 600, -20, 3 * 7, 57, (1, 2), 28, 770}",
)

OVER_SETS = """
from world.operations import flag

def walks():
    found = []
    for q in {items}:
        found.append(flag(q, q))
    return found, [flag(q, q) for q in {items}], list(flag(q, q) for q in {items})
"""


@pytest.mark.parametrize("items", SETS)
def test_a_loop_over_a_set_of_constants_has_the_order_of_the_plain_run(
    items: str, tmp_path: Path
) -> None:
    """The compiler makes one constant of it, whose order is not that of a set built anew."""
    walks: Any = load(tmp_path, OVER_SETS.replace("{items}", items), "sets").walks
    plain = walks()
    ahead = adaptive_jit.adaptive(strategy="parallel")(walks)
    assert [ahead() for _ in range(3)] == [plain] * 3
    assert adaptive_jit.stats(ahead).counts.started > 0
