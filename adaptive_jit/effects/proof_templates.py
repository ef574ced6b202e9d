"""The arguments of a call inside proved code, in a form that the catalogue can judge.

The catalogue judges calls by their actual arguments. Those of a call inside
proved code are rebuilt at each start as far as they are known: constants,
arguments of the proved function, strings put together from both, containers
of these. What is known by type only is stood in for by a *sample*: a value
for which the catalogue says the worst (an empty string is no endpoint, no
query and no mode), or several of which the worst answer counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from adaptive_jit.effects.catalogue_values import is_leaf, is_model
from adaptive_jit.effects.proof_values import (
    Choice,
    Const,
    Fresh,
    Origin,
    Plain,
    Result,
    Thing,
    Value,
    join,
)

_SAMPLES: dict[type | None, tuple[Any, ...]] = {
    None: (None, True, "", 1, {}, []),
    type(None): (None,),
    bool: (True, False),
    int: (1, 0),
    float: (1.0, 0.0),
    complex: (1j,),
    str: ("",),
    bytes: (b"",),
    range: (range(0),),
    list: ([], [""]),
    dict: ({}, {"": ""}),
    tuple: ((), ("",)),
    set: (set(), {""}),
    frozenset: (frozenset(),),
}

ROUNDS = 6
"""As many as there are samples for a value of unknown type."""


class Unfit(Exception):
    """The value may not be handed to a catalogued call; the text says what it is."""


class Template:
    """One argument: ``fill(values, number)`` builds it, with sample *number* where need be."""

    __slots__ = ("fill", "is_exact", "key", "needs_values")

    def __init__(
        self,
        key: object,
        fill: Callable[[list[Any], int], Any],
        *,
        needs_values: bool = False,
        is_exact: bool = True,
    ) -> None:
        self.key = key
        self.fill = fill
        self.needs_values = needs_values
        self.is_exact = is_exact


def template(value: Value, depth: int = 0) -> Template:
    """The template of *value*; raises `Unfit` if code of the user could run in it."""
    if isinstance(value, Const):
        constant = value.value
        return Template((type(constant), constant), lambda values, number: constant)
    if isinstance(value, Plain):
        return _plain(value)
    if isinstance(value, Fresh) and depth < 8:
        return _container(value, depth)
    if isinstance(value, Thing) and (is_leaf(type(value.obj)) or is_model(type(value.obj))):
        return _thing(value)
    if isinstance(value, Result) and value.maker is not None:
        return Template(("made", id(value.maker)), value.maker, needs_values=True)
    if isinstance(value, Choice):
        return _choice([template(option, depth + 1) for option in value.options])
    raise Unfit(_words(value))


def _plain(value: Plain) -> Template:
    origin = value.origin
    if origin is not None:
        return Template(
            ("origin", origin), lambda values, number: rebuilt(origin, values), needs_values=True
        )
    samples = _SAMPLES.get(value.type, _SAMPLES[None])
    return Template(
        ("sample", value.type),
        lambda values, number: samples[number % len(samples)],
        is_exact=len(samples) == 1,
    )


def rebuilt(origin: Origin, values: list[Any]) -> Any:
    """The value that *origin* stands for, from the values in the slots."""
    if isinstance(origin, int):
        return values[origin]
    return "".join(piece if type(piece) is str else str(rebuilt(piece, values)) for piece in origin)


def _container(value: Fresh, depth: int) -> Template:
    if value.type is dict:
        return _mapping(value, depth)
    kind: Callable[[Any], Any] = value.type
    if value.items is None:
        return _gathered(template(join(value.elements, value.elements), depth + 1), value)
    parts = [template(item, depth + 1) for item in value.items]
    return _compound(
        (value.type, *(part.key for part in parts)),
        lambda values, number: kind([part.fill(values, number) for part in parts]),
        parts,
    )


def _mapping(value: Fresh, depth: int) -> Template:
    if value.entries is None:
        return _gathered(template(value.elements, depth + 1), value)
    entries = {key: template(entry, depth + 1) for key, entry in value.entries.items()}
    return _compound(
        (dict, *((key, part.key) for key, part in entries.items())),
        lambda values, number: {k: part.fill(values, number) for k, part in entries.items()},
        list(entries.values()),
    )


def _gathered(element: Template, value: Fresh) -> Template:
    """A container of unknown size: its elements are fit, and it is stood in for by samples."""
    samples = _SAMPLES.get(value.type, _SAMPLES[None])
    return Template(
        ("sample", value.type, element.key),
        lambda values, number: samples[number % len(samples)],
        is_exact=False,
    )


def _thing(value: Thing) -> Template:
    if value.slot is None:
        thing = value.obj
        return Template(("thing", id(thing)), lambda values, number: thing)
    slot = value.slot
    return Template(("origin", slot), lambda values, number: values[slot], needs_values=True)


def _choice(parts: list[Template]) -> Template:
    return Template(
        ("choice", *(part.key for part in parts)),
        lambda values, number: parts[number % len(parts)].fill(values, number // len(parts)),
        needs_values=any(part.needs_values for part in parts),
        is_exact=False,
    )


def _compound(
    key: object, fill: Callable[[list[Any], int], Any], parts: list[Template]
) -> Template:
    return Template(
        key,
        fill,
        needs_values=any(part.needs_values for part in parts),
        is_exact=all(part.is_exact for part in parts),
    )


def _words(value: Value) -> str:
    if isinstance(value, Thing):
        return f"an object of type {type(value.obj).__name__}"
    if isinstance(value, Result):
        return f"a {value.name.rpartition(':')[2]}"
    return "a value of unknown type"
