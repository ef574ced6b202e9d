"""The values that a proof reasons about: what is known of an object before the code runs.

=========  =============================================================================
`Never`    no value: the code that would need it is not reached
`Const`    this very scalar
`Plain`    exact builtin types at every depth; ``type`` is the outermost, if known
`Fresh`    a builtin container that the proved code itself makes, so it may change it
`Thing`    this object; one found through an argument is known by its type only (`slot`)
`Result`   what a catalogued call will return, described by a type rule
`Bound`    a method found on a value that is not there yet
`Closure`  a function or lambda of the proved code itself
`Stream`   an iterator that the proved code makes and uses up
`Caught`   an exception in its handler
`Timed`    a reading of a clock, or what is computed from it
`Opaque`   anything: it may be moved about, but no code may touch it
`Choice`   one of several of these
=========  =============================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import ast

SCALARS: Final = frozenset({type(None), bool, int, float, complex, str, bytes, type(...), range})
CONTAINERS: Final = frozenset({list, dict, tuple, set, frozenset})
CHANGEABLE: Final = frozenset({list, dict, set, bytearray})

Maker = Callable[[list[Any], int], Any]

Origin = int | tuple[Any, ...]
"""A slot, or for a string its pieces (strings, and origins of other scalars), or `Computed`."""


class Computed(NamedTuple):
    """The string that *function* of the standard library makes of strings, at each start anew."""

    function: Callable[..., str]
    pieces: tuple[Any, ...]


_MOST_CHOICES = 6


class Value:
    """What is known of one object."""

    __slots__ = ()


class Never(Value):
    """No value at all."""

    __slots__ = ()


class Const(Value):
    """Exactly *value*, a scalar."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Plain(Value):
    """Exact builtin types at every depth.

    ``alias`` says that it may be, or hold, a part of an argument of the proved
    function that could be changed. ``origin`` tells how to get at the very
    value once there are arguments: a slot, or the pieces of a string. ``owned``
    says that nobody else holds it or a part of it: freshly parsed data.
    """

    __slots__ = ("alias", "origin", "owned", "type")

    def __init__(
        self,
        kind: type | None = None,
        alias: bool = False,
        origin: Origin | None = None,
        *,
        owned: bool = False,
    ) -> None:
        self.type = kind
        self.alias = alias and kind not in SCALARS
        self.origin = origin
        self.owned = owned


class Fresh(Value):
    """A container made by the proved code at one place; stores only ever widen it.

    ``items`` lists the elements of a list or tuple, ``entries`` those of a
    dict with literal keys, as long as they are exactly known; ``elements`` is
    the join of everything inside. Keys of a dict are hashable builtins, thus
    unchangeable, and not told apart.
    """

    __slots__ = ("elements", "entries", "items", "type")

    def __init__(
        self,
        kind: type,
        elements: Value,
        items: tuple[Value, ...] | None = None,
        entries: dict[Any, Value] | None = None,
    ) -> None:
        self.type = kind
        self.elements = elements
        self.items = items
        self.entries = entries

    def store(self, value: Value) -> None:
        """Let *value* be anywhere inside from now on."""
        self.elements = join(self.elements, value)
        self.items = self.entries = None


class Thing(Value):
    """An object at hand. With a ``slot``, other calls may bring another of the same type."""

    __slots__ = ("obj", "slot")

    def __init__(self, obj: Any, slot: int | None = None) -> None:
        self.obj = obj
        self.slot = slot


class Result(Value):
    """An object that a catalogued call returns; nobody else can have it.

    ``is_manager`` says that it may be entered by ``with``, giving itself.
    ``maker`` builds it from the values in the slots, where making it is pure.
    ``gives_owned``: nothing that others could change was given to what made it.
    """

    __slots__ = ("gives_owned", "is_manager", "maker", "name", "rule")

    def __init__(self, name: str, rule: Any) -> None:
        self.name = name
        self.rule = rule
        self.is_manager = False
        self.gives_owned = False
        self.maker: Maker | None = None


class Bound(Value):
    """The method *name* of *receiver*; ``member`` is its entry in the catalogue, if it has one."""

    __slots__ = ("member", "name", "receiver")

    def __init__(self, receiver: Value, name: str, member: Any = None) -> None:
        self.receiver = receiver
        self.name = name
        self.member = member


class Closure(Value):
    """A function or lambda of the proved code itself, with the names around it."""

    __slots__ = ("defaults", "frame", "keyword_defaults", "locals", "node")

    def __init__(
        self,
        node: ast.FunctionDef | ast.Lambda,
        frame: Any,
        locals_: frozenset[str],
        defaults: list[Value],
        keyword_defaults: dict[str, Value],
    ) -> None:
        self.node = node
        self.frame = frame
        self.locals = locals_
        self.defaults = defaults
        self.keyword_defaults = keyword_defaults


class Stream(Value):
    """An iterator over *elements* that has not left the proved code."""

    __slots__ = ("elements",)

    def __init__(self, elements: Value) -> None:
        self.elements = elements


class Caught(Value):
    """An exception raised by the proved code or what it calls."""

    __slots__ = ()


class Timed(Value):
    """A reading of a clock or what is computed from it: for log records only."""

    __slots__ = ()


class Opaque(Value):
    """Anything; *why* names what is not known."""

    __slots__ = ("why",)

    def __init__(self, why: str) -> None:
        self.why = why


class Choice(Value):
    """One of *options*, which are no choices themselves."""

    __slots__ = ("options",)

    def __init__(self, options: tuple[Value, ...]) -> None:
        self.options = options


NEVER: Final = Never()
NONE: Final = Const(None)
CAUGHT: Final = Caught()


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
    if isinstance(first, Stream) and isinstance(second, Stream):
        return same(first.elements, second.elements)
    if isinstance(first, Bound) and isinstance(second, Bound):
        return first.name == second.name and same(first.receiver, second.receiver)
    return isinstance(first, (Never, Caught, Timed, Opaque))


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
