"""Looks for things bound to a thread in all that a function names, and keeps where it looked.

A `Scan` follows the paths of a function's code (`affinity_paths`) to the
objects that are there now, and on into the functions among them. What it met
is kept as *steps*, checked again at each start: code by identity, objects by
type. A step that is the end of a path may hold any other harmless object.
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

from adaptive_jit.effects import affinity_types as types
from adaptive_jit.effects.affinity_contents import Contents, Look, filled, is_code, reader_of
from adaptive_jit.effects.attributes import MISSING, class_member
from adaptive_jit.effects.proof_checks import content
from adaptive_jit.effects.source import original_code
from adaptive_jit.runtime.exact import ids

if TYPE_CHECKING:
    from types import CodeType

ARGUMENT: Final = 0
ENTRY: Final = 1
CELL: Final = 2
STATE: Final = 3
SLOT: Final = 4
FIXED: Final = 5

Step = tuple[int, Any, Any, type | None, object]
"""How a value is found, from what, under which name; its exact type and identity if they matter."""

CONTAINERS = ids(list, tuple, set, frozenset, dict)
_LOOKED_AT = 1000
"""Elements of an argument that are looked at; of larger containers, which are data, the first."""

_SAMPLED = 3
"""Elements of an argument that are gone into."""

_harmless: dict[int, type] = {
    id(kind): kind for kind in (type(None), bool, int, float, complex, str, bytes, bytearray, range)
}
_scalars = frozenset(_harmless)
_KEPT = 4000


class Scan:
    """What was found for one function, and everything that has to be as it was."""

    __slots__ = ("_code", "_codes", "_containers", "_locks", "_same", "_steps", "said")

    def __init__(
        self,
        code: CodeType,
        same: list[tuple[Any, Any, object]],
        steps: list[Step],
        codes: list[tuple[FunctionType, CodeType]],
        locks: dict[int, str],
        containers: dict[int, str],
        said: str | None,
    ) -> None:
        self._code = code
        self._same = tuple(same)
        self._steps = tuple(steps)
        self._codes = tuple(codes)
        self._locks = tuple(locks.items())
        self._containers = tuple(Contents(index, path) for index, path in containers.items())
        self.said = said

    def holds(
        self, function: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> list[Any] | None:
        """The values of the steps if all is as it was, else ``None``."""
        code = self._code
        if function.__code__ is not code and original_code(function) is not code:
            return None
        for mapping, key, expected in self._same:
            if mapping.get(key, MISSING) is not expected:
                return None
        values: list[Any] = []
        for kind, source, key, exact, pinned in self._steps:
            if kind == ARGUMENT:
                value = args[key] if key < len(args) else kwargs.get(*source)
            elif kind == STATE:
                value = source[1](values[source[0]]).get(key, MISSING)
            else:
                value = _found(kind, source, key, values, function)
            if exact is None:
                if id(type(value)) not in _harmless and not is_harmless(value):
                    return None
            elif type(value) is not exact or (pinned is not MISSING and value is not pinned):
                return None
            values.append(value)
        for followed, code in self._codes:
            if followed.__code__ is not code and original_code(followed) is not code:
                return None
        return values

    def verdict(self, values: list[Any]) -> str | None:
        """What speaks for the calling thread now, in words; ``None`` if nothing."""
        if self.said is not None:
            return self.said
        for index, path in self._locks:
            if types.is_held(types.lock_of(values[index])):
                return f"`{path}, a lock that the calling thread may hold"
        for contents in self._containers:
            said = contents.verdict(values[contents.index])
            if said is not None:
                return said
        return None


def of_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """The argument that belongs to a thread, in words; containers are looked into."""
    for value in args:
        if id(type(value)) not in _harmless and (said := of_argument(value)) is not None:
            return said
    for value in kwargs.values():
        if id(type(value)) not in _harmless and (said := of_argument(value)) is not None:
            return said
    return None


def of_argument(value: Any) -> str | None:
    """The same for one object."""
    kind = type(value)
    if id(kind) in _harmless:
        return None
    if id(kind) not in CONTAINERS:
        said = _of_one(value)
        return said if said is not None or reader_of(kind) is None else _of_inside([value])
    if len(value) > _LOOKED_AT:
        return _of_inside([value])
    inside: list[Any] = []
    for element in list(value.values() if kind is dict else value):
        kind = type(element)
        if id(kind) not in _harmless and id(kind) not in CONTAINERS:
            said = _of_one(element)
            if said is not None:
                return said
        if id(kind) not in _scalars and not is_code(element):
            inside.append(element)
    return _of_inside(inside) if inside else None


def _of_inside(holders: list[Any]) -> str | None:
    """What containers and elements hold: where the first few have no lock, no other has."""
    look = Look()
    said = look.through(holders[:_SAMPLED])
    if said is None and look.met_locks:
        said = look.through(holders)
    return None if said is None else f"an argument, which holds {said}"


def _of_one(value: Any) -> str | None:
    if is_code(value) or is_harmless(value):
        return None
    lock = types.lock_of(value)
    if lock is not None:
        held = types.is_held(lock)
        return "an argument, a lock that the calling thread may hold" if held else None
    said = types.binding(value)
    return None if said is None else f"an argument, {said}"


def is_harmless(value: Any) -> bool:
    """Whether every object of this type is nobody's; remembered by type."""
    kind = type(value)
    if id(kind) in CONTAINERS:
        return True
    if is_code(value) or types.lock_of(value) is not None or types.of_type(kind) is not None:
        return False
    if type(class_member(kind, "__call__")) is FunctionType:
        return False
    if types.may_stand_on_lock(kind) or reader_of(kind) is not None:
        return True
    if len(_harmless) < _KEPT:
        _harmless[id(kind)] = kind
    return True


def _found(kind: int, source: Any, key: Any, values: list[Any], function: FunctionType) -> Any:
    if kind == ENTRY:
        return source.get(key, MISSING)
    if kind == CELL:
        cell = source if source is not None else (function.__closure__ or ())[key]
        return content(cell)
    if kind == SLOT:
        return filled(source[1], values[source[0]])
    return source
