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
`Record`   an object of a small class of the user's that the proved code makes
`Parent`   ``super()`` in a method of a record
`Timed`    a reading of a clock, or what is computed from it
`Opaque`   anything: it may be moved about, but no code may touch it
`Choice`   one of several of these
=========  =============================================================================
"""

from __future__ import annotations

from collections.abc import Callable
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
    """An exception raised by the proved code or what it calls; *rule* tells its attributes."""

    __slots__ = ("rule",)

    def __init__(self, rule: Any = None) -> None:
        self.rule = rule


class Record(Value):
    """An object of a class of the user's that the proved code makes: its *fields* by name."""

    __slots__ = ("fields", "kind", "names")

    def __init__(self, kind: type, fields: Fresh, names: set[str]) -> None:
        self.kind = kind
        self.fields = fields
        self.names = names


class Parent(Value):
    """``super()`` of *record* in a method of the class *after*."""

    __slots__ = ("after", "record")

    def __init__(self, record: Record, after: type) -> None:
        self.record = record
        self.after = after


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
