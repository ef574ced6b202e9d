"""The arguments of a call inside proved code, in a form that the catalogue can judge.

The catalogue judges calls by their actual arguments. Those of a call inside
proved code are rebuilt at each start as far as they are known: constants,
arguments of the proved function, strings put together from both, containers
of these. What is known by type only is stood in for by a *sample*: a value
for which the catalogue says the worst (an empty string is no endpoint and no
query), or several of which the worst answer counts (``"w+"`` opens a file for
writing).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.catalogue_values import is_leaf, is_model
from adaptive_jit.effects.known_callbacks import is_known_argument
from adaptive_jit.effects.proof_values import (
    Choice,
    Computed,
    Const,
    Fresh,
    Origin,
    Plain,
    Result,
    Thing,
    Value,
    join,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_SAMPLES: dict[type | None, tuple[Any, ...]] = {
    None: (None, True, "", 1, {}, []),
    type(None): (None,),
    bool: (True, False),
    int: (1, 0),
    float: (1.0, 0.0),
    complex: (1j,),
    str: ("", "w+"),
    bytes: (b"",),
    range: (range(0),),
    list: ([], [""]),
    dict: ({}, {"": ""}),
    tuple: ((), ("",)),
    set: (set(), {""}),
    frozenset: (frozenset(),),
}


_CLASSES = frozenset({bool, bytes, complex, float, int, object, str})
"""Classes that may be arguments, such as ``dtype=str``; only lowerings that expect them agree."""


class Unfit(Exception):
    """The value may not be handed to a catalogued call; the text says what it is."""


class Template:
    """One argument: ``fill(values, number)`` builds it, with sample *number* where need be.

    ``count`` is the number of samples after which they repeat.
    """

    __slots__ = ("count", "fill", "key", "needs_values")

    def __init__(
        self,
        key: object,
        fill: Callable[[list[Any], int], Any],
        *,
        needs_values: bool = False,
        count: int = 1,
    ) -> None:
        self.key = key
        self.fill = fill
        self.needs_values = needs_values
        self.count = count


def template(value: Value, depth: int = 0) -> Template:
    """The template of *value*; raises `Unfit` if code of the user could run in it."""
    if isinstance(value, Const):
        constant = value.value
        return Template((type(constant), constant), lambda _values, _number: constant)
    if isinstance(value, Plain):
        return _plain(value)
    if isinstance(value, Fresh) and depth < 8:
        return _container(value, depth)
    if isinstance(value, Thing) and _is_fit(value.obj):
        return _thing(value)
    if isinstance(value, Thing) and is_known_argument(value.obj):
        return _thing(value)
    if isinstance(value, Result) and value.maker is not None:
        return Template(("made", id(value.maker)), value.maker, needs_values=True)
    if isinstance(value, Choice):
        return _choice([template(option, depth + 1) for option in value.options])
    raise Unfit(_words(value))


def _is_fit(thing: Any) -> bool:
    kind = type(thing)
    return is_leaf(kind) or is_model(kind) or (kind is type and thing in _CLASSES)


def _plain(value: Plain) -> Template:
    origin = value.origin
    if origin is not None:
        return Template(
            ("origin", origin), lambda values, _number: rebuilt(origin, values), needs_values=True
        )
    samples = _SAMPLES.get(value.type, _SAMPLES[None])
    return Template(
        ("sample", value.type),
        lambda _values, number: samples[number % len(samples)],
        count=len(samples),
    )


def rebuilt(origin: Origin, values: list[Any]) -> Any:
    """The value that *origin* stands for, from the values in the slots."""
    if isinstance(origin, int):
        return values[origin]
    if type(origin) is Computed:
        return origin.function(*[_piece(piece, values) for piece in origin.pieces])
    return "".join(_piece(piece, values) for piece in origin)


def _piece(piece: Origin | str, values: list[Any]) -> str:
    return piece if type(piece) is str else str(rebuilt(piece, values))  # type: ignore[arg-type]


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
        lambda _values, number: samples[number % len(samples)],
        count=len(samples),
    )


def _thing(value: Thing) -> Template:
    if value.slot is None:
        thing = value.obj
        return Template(("thing", id(thing)), lambda _values, _number: thing)
    slot = value.slot
    return Template(("origin", slot), lambda values, _number: values[slot], needs_values=True)


def _choice(parts: list[Template]) -> Template:
    return Template(
        ("choice", *(part.key for part in parts)),
        lambda values, number: parts[number % len(parts)].fill(values, number // len(parts)),
        needs_values=any(part.needs_values for part in parts),
        count=len(parts) * max(part.count for part in parts),
    )


def _compound(
    key: object, fill: Callable[[list[Any], int], Any], parts: list[Template]
) -> Template:
    return Template(
        key,
        fill,
        needs_values=any(part.needs_values for part in parts),
        count=max((part.count for part in parts), default=1),
    )


def _words(value: Value) -> str:
    if isinstance(value, Thing):
        return f"an object of type {type(value.obj).__name__}"
    if isinstance(value, Result):
        return f"a {value.name.rpartition(':')[2]}"
    return "a value of unknown type"
