"""Questions about the values that a proof reasons about, and their join; the sorts themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptive_jit.effects.proof_kinds import (
    CAUGHT,
    CHANGEABLE,
    CONTAINERS,
    NEVER,
    NONE,
    SCALARS,
    Bound,
    Caught,
    Choice,
    Closure,
    Computed,
    Const,
    Fresh,
    Maker,
    Never,
    Opaque,
    Origin,
    Parent,
    Plain,
    Record,
    Result,
    Stream,
    Thing,
    Timed,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "CAUGHT",
    "CHANGEABLE",
    "CONTAINERS",
    "NEVER",
    "NONE",
    "SCALARS",
    "Bound",
    "Caught",
    "Choice",
    "Closure",
    "Computed",
    "Const",
    "Fresh",
    "Maker",
    "Never",
    "Opaque",
    "Origin",
    "Parent",
    "Plain",
    "Record",
    "Result",
    "Stream",
    "Thing",
    "Timed",
    "Value",
    "aliases",
    "has_stream",
    "is_fresh_everywhere",
    "is_owned",
    "is_scalar",
    "join",
    "join_all",
    "options",
    "plainness",
    "same",
]

_MOST_CHOICES = 6


def options(value: Value) -> tuple[Value, ...]:
    """The possibilities of *value*, one unless it is a choice."""
    return value.options if isinstance(value, Choice) else (value,)


def join(first: Value, second: Value) -> Value:
    """The least that is known if it is one or the other."""
    if first is second or isinstance(second, Never):
        return first
    if isinstance(first, Never):
        return second
    found: list[Value] = []
    for value in (*options(first), *options(second)):
        _include(found, value)
    if len(found) == 1:
        return found[0]
    if len(found) > _MOST_CHOICES:
        for value in found:
            if isinstance(value, Timed):
                return value
        return Opaque("one of many different values")
    return Choice(tuple(found))


def join_all(values: Iterable[Value]) -> Value:
    """`join` of any number of values; `NEVER` of none."""
    result: Value = NEVER
    for value in values:
        result = join(result, value)
    return result


def _include(found: list[Value], value: Value) -> None:
    for index, known in enumerate(found):
        merged = _merge(known, value)
        if merged is not None:
            found[index] = merged
            return
    found.append(value)


def _merge(first: Value, second: Value) -> Value | None:
    """One value standing for both, if they are of one sort."""
    if same(first, second):
        return first
    if isinstance(first, (Const, Plain)) and isinstance(second, (Const, Plain)):
        if _is_none(first) or _is_none(second):
            return None
        left, right = _as_plain(first), _as_plain(second)
        kind = left.type if left.type is right.type else None
        return Plain(kind, left.alias or right.alias, owned=is_owned(left) and is_owned(right))
    if isinstance(first, Opaque) and isinstance(second, Opaque):
        return first
    if isinstance(first, Result) and isinstance(second, Result) and first.name == second.name:
        made = Result(first.name, first.rule)
        made.is_manager = first.is_manager and second.is_manager
        made.gives_owned = first.gives_owned and second.gives_owned
        return made
    if isinstance(first, Stream) and isinstance(second, Stream):
        return Stream(join(first.elements, second.elements))
    return None


def _is_none(value: Value) -> bool:
    return isinstance(value, Const) and value.value is None


def _as_plain(value: Const | Plain) -> Plain:
    return value if isinstance(value, Plain) else Plain(type(value.value))


def same(first: Value, second: Value) -> bool:
    """Whether both say exactly the same; loops end when nothing changes any more."""
    if first is second:
        return True
    if type(first) is not type(second) or isinstance(first, Fresh):
        return False
    if isinstance(first, Closure) and isinstance(second, Closure):
        return first.node is second.node and first.frame is second.frame
    if isinstance(first, Const) and isinstance(second, Const):
        return type(first.value) is type(second.value) and first.value == second.value
    if isinstance(first, Plain) and isinstance(second, Plain):
        return (
            first.type is second.type
            and first.alias == second.alias
            and first.origin == second.origin
            and first.owned == second.owned
        )
    if isinstance(first, Thing) and isinstance(second, Thing):
        return first.obj is second.obj and first.slot == second.slot
    if isinstance(first, Result) and isinstance(second, Result):
        return (
            first.name == second.name
            and first.is_manager == second.is_manager
            and first.gives_owned == second.gives_owned
            and first.maker is second.maker
        )
    if isinstance(first, Choice) and isinstance(second, Choice):
        return len(first.options) == len(second.options) and all(
            map(same, first.options, second.options)
        )
    return _alike(first, second)


def _alike(first: Value, second: Value) -> bool:
    """`same` for values of the same sort that are made of others, or that say nothing."""
    if isinstance(first, Stream) and isinstance(second, Stream):
        return same(first.elements, second.elements)
    if isinstance(first, Bound) and isinstance(second, Bound):
        return first.name == second.name and same(first.receiver, second.receiver)
    if isinstance(first, Record) and isinstance(second, Record):
        return first.kind is second.kind and first.fields is second.fields
    is_told_by_rule = isinstance(first, (Never, Caught, Timed, Opaque))
    return is_told_by_rule and getattr(first, "rule", None) is getattr(second, "rule", None)


def plainness(value: Value) -> bool:
    """Whether *value* is certainly made of exact builtin types at every depth."""
    if isinstance(value, Choice):
        return all(map(plainness, value.options))
    if isinstance(value, Fresh):
        return _fresh_is_plain(value, set())
    return isinstance(value, (Never, Const, Plain))


def _fresh_is_plain(value: Fresh, seen: set[int]) -> bool:
    seen.add(id(value))
    return all(
        _fresh_is_plain(part, seen) if isinstance(part, Fresh) else plainness(part)
        for part in options(value.elements)
        if id(part) not in seen
    )


def aliases(value: Value, seen: frozenset[int] = frozenset()) -> bool:
    """Whether a changeable part of an argument may be reached through *value*."""
    if isinstance(value, Plain):
        return value.alias
    if isinstance(value, Choice):
        return any(aliases(option, seen) for option in value.options)
    if isinstance(value, (Fresh, Stream)):
        return id(value) not in seen and aliases(value.elements, seen | {id(value)})
    if isinstance(value, Record):
        return aliases(value.fields, seen)
    if isinstance(value, Thing):
        return value.slot is not None
    return False


def is_fresh_everywhere(value: Value, seen: frozenset[int] = frozenset()) -> bool:
    """Whether nobody else can hold *value* or anything changeable in it."""
    if isinstance(value, Choice):
        return all(is_fresh_everywhere(option, seen) for option in value.options)
    if isinstance(value, Fresh):
        return id(value) in seen or is_fresh_everywhere(value.elements, seen | {id(value)})
    return isinstance(value, Never) or is_owned(value)


def is_owned(value: Value) -> bool:
    """Whether *value* is plain data that nobody else could change or see changed."""
    return isinstance(value, Const) or (
        isinstance(value, Plain) and (value.owned or value.type in SCALARS)
    )


def is_scalar(value: Value) -> bool:
    """Whether *value* is certainly a builtin scalar."""
    if isinstance(value, Choice):
        return all(map(is_scalar, value.options))
    return isinstance(value, Const) or (isinstance(value, Plain) and value.type in SCALARS)


def has_stream(value: Value) -> bool:
    """Whether an iterator of the proved code may get out, alone or in a container."""
    seen: set[int] = set()

    def search(one: Value) -> bool:
        if isinstance(one, Choice):
            return any(map(search, one.options))
        if isinstance(one, Fresh) and id(one) not in seen:
            seen.add(id(one))
            return search(one.elements)
        if isinstance(one, Record):
            return search(one.fields)
        return isinstance(one, Stream)

    return search(value)
