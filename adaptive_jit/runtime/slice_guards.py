"""The guards of the issue slice: where the next step could run unknown code, it stops."""

from __future__ import annotations

import sys
from types import MethodType
from typing import TYPE_CHECKING, Any

from adaptive_jit.records import EffectKind
from adaptive_jit.records.effects import is_output_file
from adaptive_jit.runtime.exact import (
    CONTAINERS,
    SCALARS,
    SEQUENCES,
    Stop,
    adds,
    are_builtin,
    formats,
    indexes,
    is_change_target,
    is_consumer,
    is_quiet_manager,
    is_truthy_plainly,
    matches,
    parent_function,
    stays,
    tells_membership,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.records import Effect


class SliceGuards:
    """The guards of the slice: refuse with `Stop` instead of running unknown code."""

    __slots__ = ("effect_of", "looks_up", "passes", "transparent")

    def __init__(
        self,
        transparent: Callable[[Any, str], bool],
        looks_up: Callable[[Any, str], bool],
        effect_of: Callable[[Any, tuple[Any, ...], dict[str, Any]], Effect],
        passes: Callable[[Effect], bool],
    ) -> None:
        self.transparent = transparent
        self.looks_up = looks_up
        self.effect_of = effect_of
        self.passes = passes

    @staticmethod
    def s(value: Any) -> Any:
        """Operand of an operator or a format."""
        if id(type(value)) in SCALARS:
            return value
        raise Stop("an operator meets a value that is not of a builtin type")

    @staticmethod
    def q(value: Any) -> Any:
        """Operand of ``+`` or ``*``."""
        if adds(value):
            return value
        raise Stop("an operator meets a value that is not of a builtin type")

    @staticmethod
    def v(value: Any) -> Any:
        """Left operand of ``+=`` or ``*=``."""
        if stays(value):
            return value
        raise Stop("`+=` or `*=` may change a list that other names lead to")

    def f(self, value: Any) -> Any:
        """Right operand of ``%``."""
        if formats(value, self.tells):
            return value
        raise Stop("a format meets a value that is not of a builtin type")

    def tells(self, value: Any) -> bool:
        """The text of *value* is made by a library's code that is known."""
        return self.looks_up(value, "__str__")

    def d(self, value: Any) -> Any:
        """Operand of ``/``."""
        if id(type(value)) in SCALARS or self.looks_up(value, "__truediv__"):
            return value
        raise Stop("an operator meets a value that is not of a builtin type")

    @staticmethod
    def b(value: Any) -> Any:
        """A truth test."""
        if is_truthy_plainly(value):
            return value
        raise Stop("a condition on something that is not of a builtin type")

    def c(self, value: Any) -> Any:
        """The container of a subscript."""
        if indexes(value) or self.looks_up(value, "__getitem__"):
            return value
        raise Stop("a subscript of something that is not of a builtin type")

    @staticmethod
    def i(value: Any) -> Any:
        """Something that is unpacked; an iterator would be used up."""
        if id(type(value)) in CONTAINERS:
            return value
        raise Stop("unpacks something that is not a builtin container")

    @staticmethod
    def z(value: Any) -> Any:
        """An operand that needs no check."""
        return value

    def n(self, value: Any) -> Any:
        """The container of ``in``."""
        if tells_membership(value) or self.looks_up(value, "__contains__"):
            return value
        raise Stop("`in` looks into something that is not of a builtin type")

    @staticmethod
    def m(value: Any) -> Any:
        """A container that is changed, or merged into another."""
        if is_change_target(value):
            return value
        raise Stop("a container that is not of a builtin type")

    @staticmethod
    def each(values: Any) -> Any:
        """A list of scalars."""
        if all(id(type(value)) in SCALARS for value in values):
            return values
        raise Stop("a builtin walks over values that are not of a builtin type")

    @staticmethod
    def pairs(values: Any) -> Any:
        """A list of pairs whose first parts are scalars."""
        if all(id(type(value[0])) in SCALARS for value in values):
            return values
        raise Stop("a key that is not of a builtin type")

    @staticmethod
    def u(function: Any) -> Any:
        """A builtin that consumes a generator expression."""
        if is_consumer(function):
            return function
        raise Stop("a builtin has been replaced")

    @staticmethod
    def k(value: Any, depth: int, *classes: str) -> Any:
        """The subject of a `match`."""
        if matches(value, depth) and are_builtin(classes, sys._getframe(1).f_globals):
            return value
        raise Stop("`match` meets a value that is not of a builtin type")

    @staticmethod
    def w(function: Any) -> Any:
        """What makes the context manager of a `with`."""
        if is_quiet_manager(function):
            return function
        raise Stop("`with`: what its context manager does is not known")

    def t(self, function: Any) -> Any:
        """What an `except` calls: with a text, it makes another one or tells it.

        Told into a file it must not be a write that what was seen here so far may read.
        """
        effect = self.effect_of(function, ("",), {})
        if effect.kind is EffectKind.PURE or (
            effect.kind is EffectKind.WRITES
            and (effect.resource == "console" or (is_output_file(effect) and self.passes(effect)))
        ):
            return function
        raise Stop("an `except` calls something that does more than tell of the exception")

    @staticmethod
    def named(value: Any, names: tuple[str, ...]) -> Any:
        """What ``**`` unpacks beside the keywords *names*."""
        if type(value) is dict and all(type(key) is str and key not in names for key in value):
            return value
        raise Stop("`**` unpacks something that is not a plain dict")

    @staticmethod
    def parent(builtin: Any, kind: Any, receiver: Any, name: str) -> Any:
        """``super().name``, if that is a plain method and *builtin* is ``super`` itself."""
        found = parent_function(kind, receiver, name) if builtin is super else None
        if found is None:
            raise Stop(f"`super().{name}` is not a plain method")
        return MethodType(found, receiver)

    def a(self, value: Any, name: str) -> Any:
        """The owner of an attribute."""
        if self.transparent(value, name):
            return value
        raise Stop(f"reading the attribute `{name}` may run unknown code")

    @staticmethod
    def unpack(value: Any, count: int) -> Any:
        """An exact tuple or list of *count* elements."""
        if id(type(value)) in SEQUENCES and len(value) == count:
            return value
        raise Stop("unpacks something that is not a tuple or list of that length")
