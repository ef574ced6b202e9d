"""Builtin functions and the methods of builtin types, as proved code may call them.

On exact builtin types these run no code but the interpreter's. What remains
to be seen to: functions given to them (``key=``), containers that they
change, and iterators that they use up.
"""

# ruff: noqa: ARG001, ARG002 - the entries of a table share one signature
from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from adaptive_jit.effects.escape import MUTATORS
from adaptive_jit.effects.proof_classes import answers_plainly
from adaptive_jit.effects.proof_expressions import Evaluator
from adaptive_jit.effects.proof_operators import kind_of
from adaptive_jit.effects.proof_state import Frame, text_of
from adaptive_jit.effects.proof_tools import TOOLS
from adaptive_jit.effects.proof_values import (
    NEVER,
    NONE,
    Caught,
    Choice,
    Const,
    Fresh,
    Opaque,
    Plain,
    Stream,
    Thing,
    Value,
    aliases,
    is_fresh_everywhere,
    is_owned,
    join,
    join_all,
    options,
)

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

Keywords = dict[str, Value]

_TYPED: dict[object, type | None] = {
    len: int, abs: None, round: None, divmod: tuple, pow: None, ord: int, chr: str, hash: int,
    bin: str, hex: str, oct: str, repr: str, ascii: str, int: int, float: float, complex: complex,
    bool: bool, bytes: bytes, slice: slice, range: range, any: bool, all: bool, sum: None,
    format: str, str: str, frozenset: frozenset,
}  # fmt: skip
"""Builtins that are harmless on exact builtin types, with the type of their result."""

_USERS = (any, all, sum, frozenset, bytes)
"""Those of `_TYPED` that iterate over their first argument."""

_METHODS: dict[str, type | None] = {
    name: kind
    for kind, names in (
        (
            str,
            (
                "lower upper strip lstrip rstrip title capitalize casefold swapcase center ljust "
                "rjust zfill replace removeprefix removesuffix format join expandtabs translate hex"
            ),
        ),
        (
            bool,
            (
                "startswith endswith isdigit isalpha isalnum isspace isupper islower isnumeric "
                "isdecimal isidentifier istitle isprintable isascii issubset issuperset isdisjoint "
                "is_integer"
            ),
        ),
        (int, "count find rfind rindex bit_length bit_count"),
    )
    for name in names.split()
}  # fmt: skip
"""Results of methods whose name says their type whatever builtin type has them."""

_ENCODINGS = ("utf-8", "utf8", "ascii", "latin-1", "utf-8-sig", "utf-16")


class Builtins(Evaluator):
    """Calls of builtins on values of the proved code."""

    def builtin(
        self, frame: Frame, node: ast.Call, function: Any, args: list[Value], kwargs: Keywords
    ) -> Value | None:
        """The result of a builtin function, ``None`` if *function* is not one of those known."""
        special = self._special.get(function)
        if special is not None:
            return special(self, frame, node, args, kwargs)
        if function not in _TYPED:
            return None
        if function in (str, repr, format, ascii) and len(args) <= 1 and not kwargs:
            for value in args:
                self.need_text(node, value)
            return args[0] if args and kind_of(args[0]) is str and function is str else Plain(str)
        if function in _USERS and args:
            self.need_plain(node, self.iterate(node, args[0]))
            args = args[1:]
        self.need_plain(node, *args, *kwargs.values())
        return Plain(_TYPED[function])

    def _isinstance(
        self, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
    ) -> Value:
        if len(args) != 2:
            raise self.refusal(node, f"`{text_of(node)}` is not understood")
        second = args[1]
        classes = second.items if isinstance(second, Fresh) else (second,)
        for one in [one for value in classes or (NONE,) for one in options(value)]:
            if not isinstance(one, Thing) or type(one.obj) is not type:
                raise self.refusal(node, f"`{text_of(node)}` asks a class of its own kind")
        subject = args[0]
        for option in subject.options if isinstance(subject, Choice) else (subject,):
            if isinstance(option, Opaque) or not answers_plainly(option):
                raise self.refusal(node, f"`{text_of(node)}` asks {self.words(option)}")
        return Plain(bool)

    def _container(kind: type) -> Any:  # type: ignore[misc] # noqa: N805
        def make(
            self: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
        ) -> Value:
            elements = self.iterate(node, args[0]) if args else NEVER
            if kind is set:
                self.need_plain(node, elements)
            items: tuple[Value, ...] | None = () if kind is not set and not args else None
            if args and isinstance(args[0], Fresh) and kind is not set:
                items = args[0].items
            return self.site(node, kind, elements, items)

        return make

    def _mapping(self, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords) -> Value:
        values = join_all(kwargs.values())
        if not args:
            return self.site(node, dict, values, None, dict(kwargs))
        return self.site(node, dict, join(values, self._values_of(node, args[0])))

    def _values_of(self, node: ast.AST, value: Value) -> Value:
        """The values that ``dict(x)`` or ``update(x)`` takes over from *value*."""
        if isinstance(value, Choice):
            return join_all(self._values_of(node, option) for option in value.options)
        if isinstance(value, Fresh) and value.type is dict:
            return value.elements
        if isinstance(value, Plain):
            return Plain(None, value.alias, owned=value.owned)
        pair: Value = self.iterate(node, value)
        if isinstance(pair, Fresh) and pair.items is not None and len(pair.items) == 2:
            self.need_plain(node, pair.items[0])
            return pair.items[1]
        self.need_plain(node, pair)
        return Plain(None, aliases(pair))

    def _sorted(self, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords) -> Value:
        elements = self.iterate(node, args[0]) if args else NEVER
        self._ordered(frame, node, elements, kwargs)
        return self.site(node, list, elements)

    def _ordered(self, frame: Frame, node: ast.Call, elements: Value, kwargs: Keywords) -> None:
        key = kwargs.get("key", NONE)
        if isinstance(key, Const):
            self.need_plain(node, elements)
        else:
            self.need_plain(node, self.apply(frame, node, key, [elements], {}))

    def _extreme(self, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords) -> Value:
        elements = self.iterate(node, args[0]) if len(args) == 1 else join_all(args)
        self._ordered(frame, node, elements, kwargs)
        return join(elements, kwargs.get("default", NEVER))

    def _enumerate(
        self, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
    ) -> Value:
        self.need_plain(node, *args[1:], *kwargs.values())
        element = self.iterate(node, args[0]) if args else NEVER
        return Stream(self.site(node, tuple, join(Plain(int), element), (Plain(int), element)))

    def _zip(self, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords) -> Value:
        parts = tuple(self.iterate(node, value) for value in args)
        return Stream(self.site(node, tuple, join_all(parts), parts))

    def _through(self, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords) -> Value:
        if len(args) != 1 or kwargs:
            raise self.refusal(node, f"`{text_of(node)}` is not understood")
        return Stream(self.iterate(node, args[0]))

    def _map(self, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords) -> Value:
        if not args:
            return NEVER
        given = [self.iterate(node, value) for value in args[1:]]
        return Stream(self.apply(frame, node, args[0], given, {}))

    def _filter(self, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords) -> Value:
        if len(args) != 2:
            return NEVER
        element = self.iterate(node, args[1])
        test = element
        if not isinstance(args[0], Const):
            test = self.apply(frame, node, args[0], [element], {})
        self.truth(node, test)
        return Stream(element)

    def _next(self, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords) -> Value:
        if not args or not isinstance(args[0], Stream):
            raise self.refusal(node, f"`{text_of(node)}` draws from an iterator of others")
        return join(args[0].elements, join_all(args[1:]))

    def _type(self, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords) -> Value:
        if len(args) != 1 or kwargs:
            raise self.refusal(node, f"`{text_of(node)}` makes a class")
        kind = kind_of(args[0])
        if kind is not None:
            return Thing(kind)
        return Caught() if isinstance(args[0], Caught) else Opaque("a class")

    def apply(
        self, frame: Frame, node: ast.Call, function: Value, args: list[Value], kwargs: Keywords
    ) -> Value:
        """Follow a call of the value *function*."""
        raise NotImplementedError

    _special: ClassVar[dict[object, Callable[[Any, Frame, Any, Any, Any], Value]]] = {
        isinstance: _isinstance,
        list: _container(list),
        tuple: _container(tuple),
        set: _container(set),
        dict: _mapping,
        sorted: _sorted,
        min: _extreme,
        max: _extreme,
        enumerate: _enumerate,
        zip: _zip,
        reversed: _through,
        iter: _through,
        map: _map,
        filter: _filter,
        next: _next,
        type: _type,
        **TOOLS,
    }

    # Methods ----------------------------------------------------------------

    def method(
        self,
        frame: Frame,
        node: ast.Call,
        receiver: Value,
        name: str,
        args: list[Value],
        kwargs: Keywords,
    ) -> Value:
        """The result of a method of an exact builtin type."""
        if name in MUTATORS and not isinstance(receiver, Const):
            return self._change(frame, node, receiver, name, args, kwargs)
        if name == "format":
            for value in (*args, *kwargs.values()):
                self.need_text(node, value)
            return Plain(str)
        if name == "join" and args:
            elements = self.iterate(node, args[0])
            self.need_plain(node, elements)
            return Plain(kind_of(receiver) if kind_of(receiver) is bytes else str)
        self.need_plain(node, *args, *kwargs.values())
        if name in ("encode", "decode"):
            self._coding(node, [*args, *kwargs.values()])
            return Plain(bytes if name == "encode" else str)
        if isinstance(receiver, Fresh):
            return self._look(frame, node, receiver, name, args)
        return self._plain_method(frame, node, receiver, name, args)

    def _coding(self, node: ast.Call, given: list[Value]) -> None:
        """A codec of one's own is user code, and so is an error handler."""
        for value in given:
            known = isinstance(value, Const) and type(value.value) is str
            if not known or value.value.lower() not in (*_ENCODINGS, *_ERRORS):  # type: ignore[attr-defined]
                raise self.refusal(node, f"`{text_of(node)}` may use a codec of one's own")

    def _plain_method(
        self, frame: Frame, node: ast.Call, receiver: Value, name: str, args: list[Value]
    ) -> Value:
        kind, alias, owned = kind_of(receiver), aliases(receiver), is_owned(receiver)
        if name in ("split", "rsplit", "splitlines"):
            return self.site(node, list, Plain(kind if kind in (str, bytes) else None))
        if name == "items" and kind is not str:
            part = Plain(None, alias, owned=owned)
            return Stream(self.site(node, tuple, part, (part, part)))
        if name in ("keys", "values"):
            return Stream(Plain(None, alias, owned=owned))
        if name == "get":
            default = args[1] if len(args) > 1 else NONE
            found = Plain(None, alias, owned=owned)
            return found if isinstance(default, Const) else join(found, default)
        if name in _METHODS:
            result = _METHODS[name]
            return Plain(bytes if kind is bytes and result is str else result)
        return Plain(None, alias or any(map(aliases, args)), owned=False)

    def _look(
        self, frame: Frame, node: ast.Call, receiver: Fresh, name: str, args: list[Value]
    ) -> Value:
        elements = receiver.elements
        if name == "items":
            key = Plain(owned=True)
            return Stream(self.site(node, tuple, join(key, elements), (key, elements)))
        if name in ("keys", "values"):
            return Stream(elements if name == "values" else Plain(owned=True))
        if name == "get":
            default = args[1] if len(args) > 1 else NONE
            wanted = args[0] if args else NONE
            if receiver.entries is not None and isinstance(wanted, Const):
                return receiver.entries.get(wanted.value, default)
            return join(elements, default)
        if name in ("copy", "union", "intersection", "difference", "symmetric_difference"):
            added = join_all(self.iterate(node, value) for value in args)
            return self.site(node, receiver.type, join(elements, added))
        self.need_plain(node, receiver)
        return Plain(_METHODS.get(name, int))

    def _change(
        self,
        frame: Frame,
        node: ast.Call,
        receiver: Value,
        name: str,
        args: list[Value],
        kwargs: Keywords,
    ) -> Value:
        """A method that changes its receiver: allowed on what the proved code made itself."""
        if isinstance(receiver, Plain) and receiver.type in (str, bytes, int, float, bool):
            return NEVER
        if isinstance(receiver, Fresh):
            return self._change_fresh(frame, node, receiver, name, args, kwargs)
        if not is_owned(receiver) or not all(map(is_fresh_everywhere, args)) or kwargs:
            changed = getattr(node.func, "value", node.func)
            raise self.refusal(node, f"changes `{text_of(changed)}`, not made here")
        self.need_plain(node, *args)
        return Plain(None, owned=True)

    def _change_fresh(
        self,
        frame: Frame,
        node: ast.Call,
        receiver: Fresh,
        name: str,
        args: list[Value],
        kwargs: Keywords,
    ) -> Value:
        if name in ("add", "discard", "remove"):
            self.need_plain(node, receiver, *args)
        elif name == "setdefault":
            self.need_plain(node, *args[:1])
            args = args if len(args) > 1 else [*args, NONE]
        elif name == "sort":
            self._ordered(frame, node, receiver.elements, kwargs)
            kwargs = {}
        if name in _ABSORBING:
            for value in args:
                self._absorb(node, receiver, value)
        stored = () if name in _ABSORBING else args[name in _KEYED :]
        # Whatever it is, the exact places of the elements are not known any more.
        self.store(receiver, join_all([*stored, *kwargs.values()]))
        if name in ("pop", "popitem", "setdefault"):
            return self._taken(frame, node, receiver, name)
        return NONE

    def _taken(self, frame: Frame, node: ast.Call, receiver: Fresh, name: str) -> Value:
        if name == "popitem":
            pair = (Plain(owned=True), receiver.elements)
            return self.site(node, tuple, join_all(pair), pair)
        return receiver.elements

    def _absorb(self, node: ast.Call, receiver: Fresh, value: Value) -> None:
        """``update`` and ``extend``: what is iterated over goes in; hashing needs plain keys."""
        if receiver.type is dict:
            self.store(receiver, self._values_of(node, value))
            return
        added = self.iterate(node, value)
        if receiver.type is set:
            self.need_plain(node, receiver, added)
        self.store(receiver, added)


_ABSORBING = ("extend", "update", "intersection_update", "difference_update",
              "symmetric_difference_update", "extendleft")  # fmt: skip
_KEYED = ("insert", "setdefault", "pop")
"""Methods whose first argument is a place or a key."""
_ERRORS = ("strict", "ignore", "replace", "surrogateescape")
