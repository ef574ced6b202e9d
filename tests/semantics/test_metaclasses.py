"""Objects whose class cannot be looked up: its metaclass compares or hashes classes itself.

Nothing of the library may ask such a metaclass, whose answer is user code, or refuse for
want of a hash: the program would fail where the plain one does not.
"""

from __future__ import annotations

from pathlib import Path

import harness
import pytest
from world.registry import Program, programs_of
from world.sources import load

TEMPLATE = '''
from world.model import current
from world.operations import ask, combine, fetch, flag, note, second
from world.registry import program

class Comparing(type):
    """Classes of this kind have no hash."""

    def __eq__(cls, other):
        return cls is other

class Watching(type):
    """Whoever compares a class of this kind is seen."""

    __hash__ = type.__hash__

    def __eq__(cls, other):
        current().perform("comparison of a class", "unknown", None, lambda _: None)
        return cls is other

class Hashing(type):
    """Whoever hashes a class of this kind is seen."""

    def __hash__(cls):
        current().perform("hash of a class", "unknown", None, lambda _: None)
        return 5

class Thing(metaclass={metaclass}):
    number = 3

    def __add__(self, other):
        return 5

    def __bool__(self):
        return False

    def __iter__(self):
        return iter((1, 2))

    def __format__(self, spec):
        return "thing"

    def __getitem__(self, key):
        return 4

    def __contains__(self, key):
        return True

    def __call__(self, key):
        return fetch(key)

    def get(self, key):
        return fetch(key)

    @staticmethod
    def own(key):
        return fetch(key)

def takes(thing, key):
    return fetch(key + thing.number)

def gives(key):
    fetch(key)
    return Thing()

@program(overlaps={overlaps})
def guarded():
    """One expression on such an object, between reads."""
    thing = Thing()
    before = fetch(10)
    value = {expression}
    return before, value, fetch(11), second(12)
'''

EXPRESSIONS = (
    "thing + fetch(2)",
    "fetch(3) if thing else fetch(4)",
    "f'{thing}{fetch(5)}'",
    "[fetch(q) for q in thing]",
    "thing.number + fetch(6)",
    "thing[fetch(1)]",
    "fetch(1) in thing",
    "[*thing, fetch(1)]",
    "thing(fetch(1))",
    "thing.get(1) + thing.get(2)",
    "thing.own(1) + Thing.own(2)",
    "takes(thing, 1) + takes(thing, 2)",
    "gives(1).number + gives(2).number",
    "flag(1, thing) is thing",
    "flag(1, Thing) is Thing",
    "flag(1, [thing])[0] is thing",
    "flag(0, thing).number + fetch(3)",
    "flag(0, thing) + 1",
    "len({'a': thing, 'b': fetch(1)})",
    "[fetch(1) for each in (thing, Thing)]",
    "note(thing)",
)


def _program(folder: Path, metaclass: str, expression: str, overlaps: str = "None") -> Program:
    text = TEMPLATE.replace("{metaclass}", metaclass).replace("{expression}", expression)
    (found,) = programs_of(load(folder, text.replace("{overlaps}", overlaps), "metaclasses"))
    return found


@pytest.mark.parametrize("metaclass", ["Comparing", "Watching", "Hashing"])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_metaclass_is_never_asked(expression: str, metaclass: str, tmp_path: Path) -> None:
    """The program does what it does plain, and no hash of the class is taken."""
    harness.check_forced(_program(tmp_path, metaclass, expression))


def test_a_class_of_the_usual_kind_stops_nothing(tmp_path: Path) -> None:
    """The twin: the same attribute of an object of an ordinary class is read ahead."""
    harness.check_forced(_program(tmp_path, "type", "thing.number + fetch(6)", "3"))
