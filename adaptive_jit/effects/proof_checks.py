"""What a proof relies on, checked again at each start: the same objects in the same places.

`Assumptions` are collected while code is proved and frozen into tuples that
`Assumptions.hold` walks. Dictionary entries come first: globals, builtins,
module names and instance attributes are all read from dictionaries.

Arguments are *slots*: the callee's function itself (0), then what is given,
then what is reached from there by attributes. A slot is checked by type
(`TYPE`), by identity (`SAME`), by type and plainness of its contents
(`PLAIN`), or by the absence of the attribute (`ABSENT`).
"""

from __future__ import annotations

from types import CellType, FunctionType, MemberDescriptorType
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.effects import source
from adaptive_jit.effects.attributes import MISSING, class_member, instance_values
from adaptive_jit.effects.catalogue_values import exact
from adaptive_jit.effects.proof_values import CONTAINERS, SCALARS

if TYPE_CHECKING:
    from collections.abc import Mapping

TYPE: Final = 0
SAME: Final = 1
PLAIN: Final = 2
ABSENT: Final = 3

_DATA: Final = SCALARS | CONTAINERS

_POSITION: Final = 0
_KEYWORD: Final = 1
_ATTRIBUTE: Final = 2
_CELL: Final = 3


class Assumptions:
    """Everything that has to be as it was for one proof to hold."""

    def __init__(
        self, function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._count = len(args)
        self._names = frozenset(kwargs)
        self._code = source.original_code(function)
        self._globals = function.__globals__
        self._defaults = function.__defaults__
        self._keyword_defaults = function.__kwdefaults__
        self._entries: dict[tuple[int, Any], tuple[Mapping[Any, Any], Any, object]] = {}
        self._cells: dict[int, tuple[CellType, object]] = {}
        self._members: dict[tuple[int, str], tuple[type, str, object]] = {}
        self._functions: dict[int, tuple[FunctionType, Any, Any, Any]] = {}
        self._contents: dict[int, object] = {}
        self._instances: dict[tuple[int, str], tuple[object, type, str, object]] = {}
        self._steps: list[tuple[int, int, Any, int, object]] = []
        self._index: dict[tuple[int, int, Any], int] = {}
        self.values: list[Any] = []
        self._sources = (function, args, kwargs)
        self.reads_memory = False

    # Collecting -------------------------------------------------------------

    def entry(self, mapping: Mapping[Any, Any], key: Any, expected: object) -> None:
        """*mapping* holds *expected* under *key* (`MISSING`: nothing)."""
        self._entries[id(mapping), key] = (mapping, key, expected)

    def cell(self, cell: CellType, expected: object) -> None:
        """The captured variable *cell* holds *expected*."""
        self._cells[id(cell)] = (cell, expected)

    def member(self, owner: type, name: str, expected: object) -> None:
        """Instances of *owner* find *expected* in their classes under *name*."""
        self._members[id(owner), name] = (owner, name, expected)

    def instance(self, owner: object, name: str, expected: object) -> None:
        """The very object *owner* itself holds *expected* under *name* (`MISSING`: nothing)."""
        self._instances[id(owner), name] = (owner, type(owner), name, expected)

    def function(self, function: FunctionType) -> None:
        """*function* has the code and the defaults that it has now."""
        if function is self._sources[0]:
            # Checked on the callee itself; holding it here would keep it alive.
            return
        self._functions[id(function)] = (
            function,
            source.original_code(function),
            function.__defaults__,
            function.__kwdefaults__,
        )

    def include(self, other: Assumptions) -> None:
        """Rely on what *other* relies on, data excepted: objects, code, and what is missing."""
        for key, entry in other._entries.items():
            if type(entry[2]) not in _DATA:
                self._entries[key] = entry
        for number, cell in other._cells.items():
            if type(cell[1]) not in _DATA:
                self._cells[number] = cell
        for place, held in other._instances.items():
            if type(held[3]) not in _DATA:
                self._instances[place] = held
        self._members.update(other._members)
        self._functions.update(other._functions)

    def keyword_defaults(self, function: FunctionType) -> None:
        """The defaults of keyword-only parameters, held in a dictionary that could be changed."""
        named = function.__kwdefaults__ or {}
        for name, value in named.items():
            self.entry(named, name, value)

    def contents(self, container: object) -> None:
        """*container* holds exact builtin types only."""
        self._contents[id(container)] = container

    def argument(self, key: int | str, check: int) -> int:
        """The slot of a positional (by number) or keyword argument (by name)."""
        kind = _POSITION if isinstance(key, int) else _KEYWORD
        _, args, kwargs = self._sources
        value = args[key] if isinstance(key, int) else kwargs[key]
        return self._slot(-1, kind, key, check, value)

    def captured(self, number: int) -> object:
        """The content of the function's own captured variable *number*, from now on fixed."""
        function = self._sources[0]
        assert function.__closure__ is not None
        value = function.__closure__[number].cell_contents
        self._slot(-1, _CELL, number, SAME, value)
        return value

    def attribute(self, parent: int, name: str, check: int) -> int:
        """The slot of an attribute of what is in slot *parent*."""
        value = MISSING if check == ABSENT else stored(self.values[parent], name)
        return self._slot(parent, _ATTRIBUTE, name, check, value)

    def strengthen(self, slot: int, check: int) -> None:
        """Check *slot* more strictly than before."""
        parent, kind, key, before, _ = self._steps[slot]
        if before != SAME:
            value = self.values[slot]
            self._steps[slot] = (parent, kind, key, check, _expected(check, value))

    def _slot(self, parent: int, kind: int, key: Any, check: int, value: Any) -> int:
        known = self._index.get((parent, kind, key))
        if known is not None:
            if check != self._steps[known][3] and check in (SAME, PLAIN):
                self.strengthen(known, check)
            return known
        self._steps.append((parent, kind, key, check, _expected(check, value)))
        self.values.append(value)
        self._index[parent, kind, key] = len(self._steps) - 1
        return len(self._steps) - 1

    # Checking ---------------------------------------------------------------

    def freeze(self) -> Frozen:
        """The same assumptions in the form that is quick to check."""
        return Frozen(
            (
                self._count,
                self._names,
                self._code,
                self._globals,
                self._defaults,
                self._keyword_defaults,
            ),
            (
                tuple(self._entries.values()),
                tuple(self._cells.values()),
                tuple(self._members.values()),
                tuple(self._functions.values()),
                tuple(self._contents.values()),
                tuple(self._instances.values()),
            ),
            tuple(self._steps),
        )


class Frozen:
    """Assumptions that are complete."""

    __slots__ = (
        "cells",
        "code",
        "contents",
        "count",
        "defaults",
        "entries",
        "functions",
        "globals",
        "has_more",
        "instances",
        "keyword_defaults",
        "members",
        "names",
        "steps",
    )  # fmt: skip

    def __init__(
        self,
        call: tuple[Any, ...],
        tables: tuple[tuple[Any, ...], ...],
        steps: tuple[tuple[int, int, Any, int, object], ...],
    ) -> None:
        self.count, self.names, self.code, self.globals = call[:4]
        self.defaults, self.keyword_defaults = call[4:]
        self.entries, self.cells, self.members = tables[:3]
        self.functions, self.contents, self.instances = tables[3:]
        self.steps = steps
        self.has_more = any(tables[1:])

    def hold(
        self, function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> list[Any] | None:
        """The values in the slots if everything is as it was, else ``None``."""
        if len(args) != self.count or kwargs.keys() != self.names:
            return None
        code = self.code
        if (
            (function.__code__ is not code and source.original_code(function) is not code)
            or function.__globals__ is not self.globals
            or function.__defaults__ is not self.defaults
            or function.__kwdefaults__ is not self.keyword_defaults
        ):
            return None
        for mapping, key, expected in self.entries:
            if mapping.get(key, MISSING) is not expected:
                return None
        values: list[Any] = []
        for parent, kind, key, check, expected in self.steps:
            if kind == _POSITION:
                value = args[key]
            elif kind == _KEYWORD:
                value = kwargs[key]
            elif kind == _ATTRIBUTE:
                value = stored(values[parent], key)
            else:
                value = _captured(function, key)
            if check in (SAME, ABSENT):
                if value is not expected:
                    return None
            elif type(value) is not expected or (check == PLAIN and not exact(value)):
                return None
            values.append(value)
        return values if not self.has_more or self._rest_holds() else None

    def _rest_holds(self) -> bool:
        for cell, expected in self.cells:
            if content(cell) is not expected:
                return False
        for holder, kind, name, expected in self.instances:
            if type(holder) is not kind or stored(holder, name) is not expected:
                return False
        for owner, name, expected in self.members:
            if class_member(owner, name) is not expected:
                return False
        for function, code, defaults, keyword_defaults in self.functions:
            if function.__code__ is not code and source.original_code(function) is not code:
                return False
            if function.__defaults__ is not defaults:
                return False
            if function.__kwdefaults__ is not keyword_defaults:
                return False
        return all(map(exact, self.contents))


def stored(owner: Any, name: str) -> Any:
    """What the instance itself holds under *name*, in its dictionary or a slot, else `MISSING`."""
    member = class_member(type(owner), name)
    if type(member) is MemberDescriptorType:
        try:
            return member.__get__(owner)
        except AttributeError:
            return MISSING
    values = instance_values(owner)
    return MISSING if values is None else values.get(name, MISSING)


def content(cell: CellType) -> object:
    """What a captured variable holds, `MISSING` if it is unset."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def _captured(function: FunctionType, number: int) -> object:
    return content(function.__closure__[number]) if function.__closure__ else MISSING


def _expected(check: int, value: object) -> object:
    return value if check in (SAME, ABSENT) else type(value)
