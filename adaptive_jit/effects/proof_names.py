"""How proved code finds things: names in scopes, globals and builtins, attributes of objects."""

from __future__ import annotations

import functools
from contextvars import ContextVar
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
)
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.attributes import (
    MISSING,
    attribute_is_transparent,
    class_member,
    is_class,
    is_data_descriptor,
    is_stock_lookup,
)
from adaptive_jit.effects.catalogue import Member, lookup, type_named, type_rule
from adaptive_jit.effects.catalogue_values import exact
from adaptive_jit.effects.proof_checks import ABSENT, PLAIN, SAME, TYPE, content, stored
from adaptive_jit.effects.proof_state import Frame, Machine, text_of
from adaptive_jit.effects.proof_values import (
    CHANGEABLE,
    CONTAINERS,
    NEVER,
    NONE,
    SCALARS,
    Bound,
    Caught,
    Choice,
    Const,
    Fresh,
    Never,
    Opaque,
    Parent,
    Plain,
    Record,
    Result,
    Stream,
    Thing,
    Value,
    join,
    join_all,
)

if TYPE_CHECKING:
    import ast

_FIXED = (FunctionType, BuiltinFunctionType, type, ModuleType, functools.partial)
"""Objects that stand for code: another one of the same type is another matter."""


class Finder(Machine):
    """Names and attributes, each recorded with what it relied on."""

    def name(self, frame: Frame, node: ast.AST, name: str) -> Value:
        """The value of a name where the code stands now."""
        scope: Frame | None = frame
        while scope is not None:
            if name in scope.locals:
                return (scope.names or {}).get(name, NEVER)
            if scope.function is not None:
                return self._beyond(scope, node, name)
            scope = scope.outer
        raise self.refusal(node, f"`{name}` cannot be found")

    def _beyond(self, frame: Frame, node: ast.AST, name: str) -> Value:
        """A captured variable, a global or a builtin of a real function."""
        function = frame.function
        assert function is not None
        code: CodeType = function.__code__
        if name in code.co_freevars and function.__closure__ is not None:
            number = code.co_freevars.index(name)
            cell = function.__closure__[number]
            found = content(cell)
            if found is MISSING:
                raise self.refusal(node, f"`{name}` has no value yet")
            if frame.is_root:
                self.assume.captured(number)
            else:
                self.assume.cell(cell, found)
            return self.lift(found)
        found = function.__globals__.get(name, MISSING)
        self.assume.entry(function.__globals__, name, found)
        if found is not MISSING:
            return self.lift(found)
        namespace = builtins_of(function)
        found = namespace.get(name, MISSING)
        self.assume.entry(namespace, name, found)
        if found is MISSING:
            raise self.refusal(node, f"`{name}` is not defined")
        return Thing(found) if type(found) not in SCALARS else Const(found)

    # Objects at hand --------------------------------------------------------

    def lift(self, found: Any, *, from_memory: bool = True) -> Value:
        """What is known of an object whose identity is assumed."""
        kind = type(found)
        if kind in SCALARS or kind in CONTAINERS:
            self.assume.reads_memory |= from_memory
        if kind in SCALARS:
            return Const(found)
        if kind in CONTAINERS and exact(found):
            self.assume.contents(found)
            return Plain(kind)
        return Thing(found)

    def argument(self, key: int | str, found: Any) -> Value:
        """What is known of an argument of the function that is being proved."""
        check = self._check_of(found)
        return self._at_slot(found, self.assume.argument(key, check), check)

    def _check_of(self, found: Any) -> int:
        kind = type(found)
        if kind is bool or issubclass(kind, _FIXED):
            return SAME
        return PLAIN if kind in CONTAINERS and exact(found) else TYPE

    def _at_slot(self, found: Any, slot: int, check: int) -> Value:
        kind = type(found)
        if found is None or kind is bool:
            return Const(found)
        if check == SAME:
            return Thing(found)
        # What a list holds may be changed before this call's turn comes.
        self.assume.reads_memory |= kind in CHANGEABLE or kind is tuple
        if kind in SCALARS or check == PLAIN:
            return Plain(kind, alias=True, origin=slot)
        return Thing(found, slot)

    def _child(self, parent: Thing, name: str, found: Any) -> Value:
        """What the instance itself stores under *name*."""
        self.assume.reads_memory = True
        if parent.slot is None:
            self.assume.instance(parent.obj, name, found)
            return self.lift(found)
        check = self._check_of(found)
        return self._at_slot(found, self.assume.attribute(parent.slot, name, check), check)

    def has_none(self, parent: Thing, name: str) -> None:
        """Assume that the instance itself stores nothing under *name*."""
        if parent.slot is None:
            self.assume.instance(parent.obj, name, MISSING)
        else:
            self.assume.attribute(parent.slot, name, ABSENT)

    # Attributes -------------------------------------------------------------

    def attribute(self, frame: Frame, node: ast.AST, value: Value, name: str) -> Value:
        """The value of ``value.name``; raises `Refused` if reading it may do something."""
        if isinstance(value, Choice):
            return join_all(self.attribute(frame, node, one, name) for one in value.options)
        if isinstance(value, Never):
            return NEVER
        if isinstance(value, (Const, Plain, Fresh)):
            return self._of_builtin(node, value, name)
        if isinstance(value, Thing):
            return self._of_thing(frame, node, value, name)
        if isinstance(value, Result):
            return self._of_result(node, value, name)
        if isinstance(value, (Record, Parent)):
            return self.of_record(frame, node, value, name)
        if isinstance(value, Caught) and value.rule is not None:
            member = value.rule.member(name)
            if member is not None and member.kind == "attribute":
                return self.result(member.result, f"`.{name}` of an exception")
        if isinstance(value, Caught) and name == "args":
            return Opaque("the arguments of an exception")
        if isinstance(value, Bound) and name == "__name__":
            return Plain(str)
        why = value.why if isinstance(value, Opaque) else "a value of unknown type"
        raise self.refusal(node, f"reads `.{name}` of {why}")

    def _of_builtin(self, node: ast.AST, value: Const | Plain | Fresh, name: str) -> Value:
        kind = type(value.value) if isinstance(value, Const) else value.type
        if name.startswith("__"):
            raise self.refusal(node, f"reads `.{name}`")
        if kind is not None and not hasattr(kind, name):
            return NEVER
        if name in ("real", "imag", "numerator", "denominator", "start", "stop", "step"):
            return Plain()
        return Bound(value, name)

    def _of_result(self, node: ast.AST, value: Result, name: str) -> Value:
        member = value.rule.member(name) or _inherited(value.rule.kind, name)
        if member is None:
            raise self.refusal(node, f"reads `.{name}` of {value.name}, which is not known")
        if member.kind == "method":
            return Bound(value, name, member)
        return self.result(member.result, f"`.{name}` of {value.name}")

    def result(self, name: str | None, what: str) -> Value:
        """The value that a rule's ``result`` stands for."""
        if name is None:
            return Opaque(what)
        if name == "builtin":
            return Plain()
        if name.endswith("?"):
            return join(self.result(name[:-1], what), NONE)
        if name.startswith("iter["):
            return Stream(self.result(name[5:-1], what))
        kind = _PLAIN_RESULTS.get(name)
        if kind is not None:
            return Plain(kind)
        rule = type_named(name)
        return Opaque(what) if rule is None else Result(name, rule)

    def _of_thing(self, frame: Frame, node: ast.AST, value: Thing, name: str) -> Value:
        owner = value.obj
        if type(owner) is ModuleType:
            found = owner.__dict__.get(name, MISSING)
            self.assume.entry(owner.__dict__, name, found)
            if found is MISSING:
                raise self.refusal(node, f"`{text_of(node)}` does not exist yet")
            return self.lift(found)
        if is_class(owner):
            return self._of_class(node, owner, name)
        if name == "__name__" and type(owner) in (FunctionType, BuiltinFunctionType):
            return Plain(str)
        return self._of_instance(frame, node, value, name)

    def _of_class(self, node: ast.AST, owner: type, name: str) -> Value:
        if name in ("__name__", "__qualname__", "__module__"):
            return Plain(str)
        if not attribute_is_transparent(owner, name) or name.startswith("__"):
            raise self.refusal(node, f"reads `{text_of(node)}`, which may run code")
        member = class_member(owner, name)
        self.assume.member(owner, name, member)
        if type(member) is staticmethod:
            return self.lift(member.__func__)
        if type(member) is classmethod:
            return Bound(Thing(owner), name, member.__func__)
        if type(member) in (FunctionType, type) or type(member) is BuiltinFunctionType:
            return Thing(member)
        found = getattr(owner, name)
        if type(found) in (BuiltinFunctionType, MethodType):
            return Thing(found)
        return self.lift(found)

    def _of_instance(self, frame: Frame, node: ast.AST, value: Thing, name: str) -> Value:
        kind = type(value.obj)
        if kind in CONTAINERS:
            raise self.refusal(node, f"`{text_of(node)}`: the {kind.__name__} may hold objects")
        if kind is ContextVar and name == "get":
            return Bound(value, name)
        member = class_member(kind, name)
        self.assume.member(kind, name, member)
        if type(member) is property and is_stock_lookup(kind):
            known = type_rule(kind)
            if (known is None or known.member(name) is None) and isinstance(
                member.fget, FunctionType
            ):
                return self.call_function(frame, node, member.fget, [value], {})
        if not attribute_is_transparent(value.obj, name):
            self.has_none(value, name)
            raise self.refusal(node, self._obscure(kind, member, node))
        if type(member) is not MemberDescriptorType and not is_data_descriptor(member):
            # Reading a lazy attribute stores its value where it is found from now on.
            current = getattr(value.obj, name)
            if stored(value.obj, name) is not MISSING:
                return self._child(value, name, stored(value.obj, name))
            return self._from_class(node, value, name, member, current)
        if type(member) is MemberDescriptorType:
            return self._child(value, name, stored(value.obj, name))
        return self._made_anew(node, value, name)

    def _from_class(
        self, node: ast.AST, value: Thing, name: str, member: object, current: object
    ) -> Value:
        self.has_none(value, name)
        if type(member) is staticmethod:
            return self.lift(member.__func__)
        if type(member) is classmethod:
            return Bound(Thing(type(value.obj)), name, member.__func__)
        if type(member) is FunctionType or type(current) in (MethodType, BuiltinFunctionType):
            return Bound(value, name, member)
        if current is member:
            return self.lift(member)
        return self._made_anew(node, value, name)

    def _made_anew(self, node: ast.AST, value: Thing, name: str) -> Value:
        """An attribute that the catalogue vouches for, but that is made anew at each reading."""
        rule = type_rule(type(value.obj))
        member = rule.member(name) if rule is not None else None
        if member is None or member.kind == "method":
            raise self.refusal(node, f"reads `{text_of(node)}`, which is not known")
        self.assume.reads_memory = True
        return self.result(member.result, f"`{text_of(node)}`")

    def _obscure(self, kind: type, member: object, node: ast.AST) -> str:
        if member is MISSING:
            return f"reads `{text_of(node)}`, which is not there or may run code"
        what = type(member).__name__
        return f"reads `{text_of(node)}`, a {what} of {kind.__name__}, which may run code"

    # Filled in by the classes below -----------------------------------------

    def of_record(self, frame: Frame, node: ast.AST, value: Record | Parent, name: str) -> Value:
        """An attribute of an object that the proved code has made itself."""
        raise NotImplementedError

    def call_function(
        self,
        frame: Frame,
        node: ast.AST,
        function: FunctionType,
        args: list[Value],
        kwargs: dict[str, Value],
    ) -> Value:
        """Follow a call of a Python function."""
        raise NotImplementedError

    def iterate(self, node: ast.AST, value: Value) -> Value:
        """What a loop over *value* gives; raises `Refused` if that may run unknown code."""
        if isinstance(value, Choice):
            return join_all(self.iterate(node, one) for one in value.options)
        if isinstance(value, Fresh) and value.type is dict:
            return Plain(owned=True)
        if isinstance(value, (Fresh, Stream)):
            return value.elements
        if isinstance(value, Const):
            return Plain(_ELEMENT.get(type(value.value)))
        if isinstance(value, Plain):
            return (
                Plain(_ELEMENT.get(value.type), value.alias)
                if value.type
                else Plain(None, value.alias)
            )
        if isinstance(value, Result) and value.rule.item is not None:
            if value.gives_owned and value.name in _OWNED_ELEMENTS:
                return Plain(dict, owned=True)
            return self.result(value.rule.item, f"an element of {value.name}")
        if isinstance(value, Never):
            return NEVER
        if isinstance(value, Thing) and type(value.obj) is tuple and value.slot is None:
            return join_all(map(self.lift, value.obj))
        raise self.refusal(node, "iterates over a value of unknown type")


def _inherited(kind: type | None, name: str) -> Member | None:
    """A method that the catalogue lists under a base class."""
    method = MISSING if kind is None else class_member(kind, name)
    rule = lookup(method) if type(method) in (FunctionType, MethodDescriptorType) else None
    return None if rule is None else Member("method", rule.result, rule.fresh, rule)


def builtins_of(function: FunctionType) -> dict[str, Any]:
    """The builtins that *function* sees."""
    builtins: dict[str, Any] = getattr(function, "__builtins__", {})
    return builtins


_OWNED_ELEMENTS = ("csv:DictReader",)
"""Those whose elements are dicts of strings made anew at each step."""

_ELEMENT: dict[type | None, type] = {str: str, bytes: int, range: int}
_PLAIN_RESULTS: dict[str, type] = {
    f"builtins:{kind.__name__}": kind for kind in (*SCALARS, *CONTAINERS)
}
