"""Objects of the user's own small classes that proved code makes itself, field by field.

Data classes and named tuples only store what they are given; an exception
class may have an ``__init__`` of its own, which is followed. What is read of
such an object is what was stored, so that code can go on from there.
"""

from __future__ import annotations

import dataclasses
from types import FunctionType
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.attributes import MISSING, class_member, is_data_descriptor
from adaptive_jit.effects.describe import describe
from adaptive_jit.effects.proof_classes import (
    is_exception,
    is_plain_exception,
    is_plain_record,
    is_plain_tuple,
)
from adaptive_jit.effects.proof_state import text_of
from adaptive_jit.effects.proof_values import (
    CAUGHT,
    NEVER,
    NONE,
    Bound,
    Fresh,
    Opaque,
    Parent,
    Record,
    Stream,
    Thing,
    Value,
    aliases,
    join_all,
    options,
)

if TYPE_CHECKING:
    import ast

    from adaptive_jit.effects.proof_state import Frame

Keywords = dict[str, Value]


def construct(
    machine: Any, frame: Frame, node: ast.Call, kind: type, args: list[Value], kwargs: Keywords
) -> Value:
    """An object of the class *kind*; raises the refusal of *machine* for unknown classes."""
    given = [*args, *kwargs.values()]
    if any(isinstance(one, Stream) for value in given for one in options(value)):
        raise machine.refusal(node, f"gives `{text_of(node.func)}` an iterator, which runs later")
    # It holds on to what it is made from.
    machine.escaped |= any(map(aliases, given))
    if is_plain_exception(kind):
        return CAUGHT
    if is_exception(kind):
        return _exception(machine, frame, node, kind, args, kwargs)
    if is_plain_record(kind):
        made: Any = class_member(kind, "__init__")
        machine.assume.member(kind, "__init__", made)
        machine.assume.member(kind, "__post_init__", MISSING)
        return _record(machine, node, kind, made, args, kwargs)
    if is_plain_tuple(kind):
        made = class_member(kind, "__new__")
        machine.assume.member(kind, "__new__", made)
        return _record(machine, node, kind, getattr(made, "__func__", made), args, kwargs)
    raise machine.refusal(node, f"makes a `{describe(kind)}`, which is not known")


def _exception(
    machine: Any, frame: Frame, node: ast.Call, kind: type, args: list[Value], kwargs: Keywords
) -> Value:
    """Follow the ``__init__`` that the class has."""
    made = class_member(kind, "__init__")
    machine.assume.member(kind, "__init__", made)
    if type(made) is not FunctionType:
        raise machine.refusal(node, f"makes a `{describe(kind)}`, which is not known")
    record = Record(kind, machine.site(node, dict, NEVER, None, {}), set())
    machine.call_function(frame, node, made, [record, *args], kwargs)
    return CAUGHT


def _record(
    machine: Any, node: ast.Call, kind: type, made: Any, args: list[Value], kwargs: Keywords
) -> Value:
    code = made.__code__
    positional = code.co_varnames[1 : code.co_argcount]
    entries = {**dict(zip(positional, args, strict=False)), **kwargs}
    names = _names(kind)
    if len(args) > len(positional) or not entries.keys() <= names.keys():
        return Opaque(f"a `{kind.__name__}`")
    for name, default in names.items():
        if name in entries:
            continue
        if default in (list, dict, set):
            entries[name] = machine.site(_place(kind, name), default, NEVER)
        elif default is not dataclasses.MISSING:
            entries[name] = machine.lift(default)
    fields = machine.site(node, dict, join_all(entries.values()), None, entries)
    return Record(kind, fields, set(names))


def _names(kind: type) -> dict[str, Any]:
    """The fields, with their defaults or the builtin classes that make them."""
    if issubclass(kind, tuple):
        defaults: dict[str, Any] = kind._field_defaults  # type: ignore[attr-defined]
        return {name: defaults.get(name, dataclasses.MISSING) for name in kind._fields}  # type: ignore[attr-defined]
    return {
        field.name: field.default
        if field.default_factory is dataclasses.MISSING
        else field.default_factory
        for field in dataclasses.fields(kind)  # type: ignore[arg-type]
    }


def _place(kind: type, name: str) -> Any:
    """What stands for the place where the default of a field is made."""
    return kind.__dataclass_fields__[name]  # type: ignore[attr-defined]


def field(machine: Any, frame: Frame, node: ast.AST, record: Record, name: str) -> Value:
    """``record.name``: what was stored, or a method or property of the class."""
    member = class_member(record.kind, name)
    machine.assume.member(record.kind, name, member)
    if name in record.names:
        entries = record.fields.entries
        return record.fields.elements if entries is None else entries.get(name, NEVER)
    if type(member) is property and type(member.fget) is FunctionType:
        found: Value = machine.call_function(frame, node, member.fget, [record], {})
        return found
    if type(member) is FunctionType:
        return Bound(record, name, member)
    raise machine.refusal(node, f"reads `.{name}` of a `{record.kind.__name__}`")


def sets_field(machine: Any, record: Value, name: str, value: Value) -> bool:
    """Store *value* in an object that the proved code made, if that runs no code."""
    if not isinstance(record, Record) or is_data_descriptor(class_member(record.kind, name)):
        return False
    is_open = is_exception(record.kind)
    if not is_open and (name not in record.names or not _is_changeable(record.kind)):
        return False
    for one in (name, "__setattr__"):
        machine.assume.member(record.kind, one, class_member(record.kind, one))
    record.names.add(name)
    machine.store(record.fields, value)
    return True


def _is_changeable(kind: type) -> bool:
    return class_member(kind, "__setattr__") is object.__setattr__


def parent(
    machine: Any, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    """``super()`` in a method of an object that the proved code makes."""
    owner = frame.owner()
    code = owner.function.__code__ if owner.function is not None else None
    if args or kwargs or code is None or not code.co_argcount or frame is not owner:
        raise machine.refusal(node, f"`{text_of(node)}` is not understood")
    first = (frame.names or {}).get(code.co_varnames[0], NEVER)
    after = machine.name(frame, node, "__class__") if "__class__" in code.co_freevars else NONE
    if not isinstance(first, Record) or not isinstance(after, Thing):
        raise machine.refusal(node, f"`{text_of(node)}` is not understood")
    return Parent(first, after.obj)


def inherited(machine: Any, node: ast.AST, value: Parent, name: str) -> Value:
    """``super().__init__``: the next one in the order of the classes."""
    order = value.record.kind.__mro__
    rest = order[order.index(value.after) + 1 :] if value.after in order else ()
    for base in rest:
        if name in base.__dict__:
            member = base.__dict__[name]
            machine.assume.member(base, name, member)
            if type(member) is FunctionType:
                return Bound(value.record, name, member)
            if name == "__init__" and base.__module__ == "builtins":
                return Bound(value.record, name)
            break
    raise machine.refusal(node, f"reads `{text_of(node)}`, which is not known")


def spoil(machine: Any, value: Value, left: Value, seen: set[int] | None = None) -> None:
    """Unknown code got *value*: everything changeable in it may hold *left* now."""
    seen = set() if seen is None else seen
    for option in options(value):
        if isinstance(option, Record):
            spoil(machine, option.fields, left, seen)
        elif isinstance(option, Fresh) and id(option) not in seen:
            seen.add(id(option))
            spoil(machine, option.elements, left, seen)
            if option.type is not tuple:
                machine.store(option, left)
