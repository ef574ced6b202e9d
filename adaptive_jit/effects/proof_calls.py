"""How proved code calls: declared callables, the catalogue, builtins, and its own functions."""

# ruff: noqa: ARG002 - methods that override share one signature
from __future__ import annotations

import ast
import contextlib
import functools
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects import register
from adaptive_jit.effects.attributes import class_member, is_class
from adaptive_jit.effects.catalogue import lookup
from adaptive_jit.effects.proof_classes import unprovable
from adaptive_jit.effects.proof_clocks import TIMED, is_rounding, is_timed
from adaptive_jit.effects.proof_closing import closing
from adaptive_jit.effects.proof_contexts import held, is_reading
from adaptive_jit.effects.proof_known import Known
from adaptive_jit.effects.proof_records import construct, field, inherited
from adaptive_jit.effects.proof_retrying import retried
from adaptive_jit.effects.proof_state import DEPTH, Active, Frame, Names, Refused, text_of
from adaptive_jit.effects.proof_values import (
    CHANGEABLE,
    NEVER,
    NONE,
    Bound,
    Choice,
    Closure,
    Const,
    Fresh,
    Never,
    Parent,
    Record,
    Result,
    Thing,
    Value,
    join,
    join_all,
    same,
)
from adaptive_jit.effects.source import NoSource, original_code, source_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.effects.proof_builtins import Keywords
    from adaptive_jit.records.effects import Effect

_GENERATOR_FLAGS = 0x20 | 0x80 | 0x100 | 0x200
"""``CO_GENERATOR``, ``CO_COROUTINE``, ``CO_ITERABLE_COROUTINE``, ``CO_ASYNC_GENERATOR``."""

_ROUNDS_OF_RECURSION = 6


class Caller(Known):
    """Calls; statements are followed by the class below."""

    def call(self, frame: Frame, node: ast.Call) -> Value:
        """Follow the call at *node*."""
        function = self.evaluate(frame, node.func)
        args, kwargs = self._arguments(frame, node)
        return self.apply(frame, node, function, args, kwargs)

    def _arguments(self, frame: Frame, node: ast.Call) -> tuple[list[Value], Keywords]:
        args: list[Value] = []
        kwargs: Keywords = {}
        for part in node.args:
            if not isinstance(part, ast.Starred):
                args.append(self.evaluate(frame, part))
                continue
            spread = self.evaluate(frame, part.value)
            if not isinstance(spread, Fresh) or spread.items is None:
                raise self.refusal(part, f"`{text_of(part)}` holds an unknown number of arguments")
            args.extend(spread.items)
        for keyword in node.keywords:
            value = self.evaluate(frame, keyword.value)
            if keyword.arg is not None:
                kwargs[keyword.arg] = value
                continue
            if not isinstance(value, Fresh) or value.entries is None:
                raise self.refusal(node, f"`**{text_of(keyword.value)}` holds unknown arguments")
            kwargs.update(value.entries)
        return args, kwargs

    def apply(
        self, frame: Frame, node: ast.Call, function: Value, args: list[Value], kwargs: Keywords
    ) -> Value:
        """Follow a call of the value *function*."""
        if isinstance(function, Choice):
            result = join_all(
                self.apply(frame, node, option, args, kwargs) for option in function.options
            )
            self.recorded.discard(id(node))
            return result
        if isinstance(function, (Never, Const)):
            return NEVER
        if isinstance(function, Closure):
            return self._closure(function, args, kwargs)
        if isinstance(function, Bound):
            return self._bound(frame, node, function, args, kwargs)
        if isinstance(function, Thing):
            return self._thing(frame, node, function, args, kwargs)
        raise self.refusal(node, f"calls `{text_of(node.func)}`, unknown")

    def _thing(
        self, frame: Frame, node: ast.Call, function: Thing, args: list[Value], kwargs: Keywords
    ) -> Value:
        callee = function.obj
        if any(map(is_timed, (*args, *kwargs.values()))) and type(callee) is not FunctionType:
            if is_rounding(callee, args, kwargs):
                self.recorded.add(id(node))
                return TIMED
            raise self.refusal(node, f"gives `{text_of(node.func)}` what a clock says")
        declared = register.find(callee)
        if declared is not None:
            if function.slot is not None:
                self.assume.strengthen(function.slot, 1)
            return self.declared(frame, node, callee, declared, args, kwargs)
        if type(callee) in (BuiltinFunctionType, type) and function.slot is None:
            found = self.builtin(frame, node, callee, args, kwargs)
            if found is not None:
                return found
        rule = lookup(callee)
        if callee is contextlib.closing and function.slot is None:
            return closing(self, frame, node, args)
        if rule is not None and function.slot is None:
            return self.catalogued(
                frame,
                node,
                rule,
                lambda _values, a, k: rule.effect(callee, a, k),
                args,
                kwargs,
                lambda _values: callee,
            )
        return self._own(frame, node, function, args, kwargs)

    def _own(
        self, frame: Frame, node: ast.Call, function: Thing, args: list[Value], kwargs: Keywords
    ) -> Value:
        """A callable that neither the user nor the catalogue speaks for."""
        callee = function.obj
        kind = type(callee)
        if kind is FunctionType:
            return self.call_function(frame, node, callee, args, kwargs)
        if kind is MethodType:
            receiver = Thing(callee.__self__, function.slot)
            if function.slot is None:
                return self._bound(
                    frame, node, Bound(receiver, callee.__name__, callee.__func__), args, kwargs
                )
        if kind is functools.partial and function.slot is None:
            first = [self.lift(value) for value in callee.args]
            named = {}
            for name, value in callee.keywords.items():
                self.assume.entry(callee.keywords, name, value)
                named[name] = self.lift(value)
            inner = self.lift(callee.func)
            return self.apply(frame, node, inner, [*first, *args], {**named, **kwargs})
        if is_class(callee):
            return self.construct(frame, node, callee, args, kwargs)
        why = unprovable(callee)
        if why is not None:
            raise self.refusal(node, f"calls `{text_of(node.func)}`, {why}")
        method = class_member(kind, "__call__")
        self.assume.member(kind, "__call__", method)
        if type(method) is not FunctionType:
            raise self.refusal(node, f"calls `{text_of(node.func)}`, unknown")
        return self.call_function(frame, node, method, [function, *args], kwargs)

    def construct(
        self, frame: Frame, node: ast.Call, kind: type, args: list[Value], kwargs: Keywords
    ) -> Value:
        """An object of a class that nobody speaks for."""
        return construct(self, frame, node, kind, args, kwargs)

    def of_record(self, frame: Frame, node: ast.AST, value: Record | Parent, name: str) -> Value:
        """An attribute of an object that the proved code has made itself."""
        if isinstance(value, Parent):
            return inherited(self, node, value, name)
        return field(self, frame, node, value, name)

    # Methods ----------------------------------------------------------------

    def _bound(
        self, frame: Frame, node: ast.Call, function: Bound, args: list[Value], kwargs: Keywords
    ) -> Value:
        receiver = function.receiver
        if isinstance(receiver, Thing):
            return self._of_thing_called(frame, node, receiver, function, args, kwargs)
        if isinstance(receiver, Result):
            return self.member(frame, node, function, receiver, args, kwargs)
        if isinstance(receiver, Record):
            if type(function.member) is FunctionType:
                return self.call_function(frame, node, function.member, [receiver, *args], kwargs)
            return NONE
        return self.method(frame, node, receiver, function.name, args, kwargs)

    def _of_thing_called(
        self,
        frame: Frame,
        node: ast.Call,
        receiver: Thing,
        function: Bound,
        args: list[Value],
        kwargs: Keywords,
    ) -> Value:
        member, name, slot = function.member, function.name, receiver.slot
        if is_reading(receiver, name) and not kwargs:
            return held(self, node, receiver, args)
        owner = receiver.obj
        is_python = type(member) is FunctionType
        callee = MethodType(member, owner) if is_python else getattr(owner, name)
        declared = register.find(callee)
        if declared is not None:
            if slot is not None and register.find(member) is None:
                self.assume.strengthen(slot, 1)
            return self.declared(frame, node, callee, declared, args, kwargs, receiver)
        rule = lookup(callee)
        if rule is not None:

            def judge(values: list[Any], a: tuple[Any, ...], k: dict[str, Any]) -> Effect:
                target = callee if slot is None else getattr(values[slot], name)
                return rule.effect(target, a, k)

            return self.catalogued(
                frame, node, rule, judge, args, kwargs,
                lambda values: callee if slot is None else getattr(values[slot], name),
            )  # fmt: skip
        if is_python:
            return self.call_function(frame, node, member, [receiver, *args], kwargs)
        raise self.refusal(node, f"calls `{text_of(node.func)}`, unknown")

    # Functions with source --------------------------------------------------

    def call_function(
        self,
        frame: Frame,
        node: ast.AST,
        function: FunctionType,
        args: list[Value],
        kwargs: Keywords,
    ) -> Value:
        """Follow a call of a Python function, whose reason for a refusal goes with the line."""
        self.assume.function(function)
        name = text_of(node.func if isinstance(node, ast.Call) else node)
        try:
            return self.enter(node, function, args, kwargs)
        except Refused as inner:
            raise self.refusal(node, f"calls `{name}`: {inner}") from None

    def enter(
        self,
        node: ast.AST,
        function: FunctionType,
        args: list[Value],
        kwargs: Keywords,
        *,
        is_root: bool = False,
    ) -> Value:
        """Follow the body of *function*, or of what it tries several times."""
        inner = retried(self, function, is_root=is_root)
        if inner is not None:
            self.has_loop = True
            self.assume.function(inner)
            return self.enter(node, inner, args, kwargs)
        try:
            source, code = source_of(function), original_code(function)
        except NoSource as why:
            raise self.refusal(node, str(why)) from None
        if code.co_flags & _GENERATOR_FLAGS:
            raise self.refusal(source.node, "a generator or coroutine runs later")
        self.assume.keyword_defaults(function)
        defaults = [self._default(value) for value in function.__defaults__ or ()]
        named = function.__kwdefaults__ or {}
        keyword_defaults = {name: self._default(value) for name, value in named.items()}
        names = bind(source.node.args, args, kwargs, defaults, keyword_defaults)
        inside = frozenset((*code.co_varnames, *code.co_cellvars))

        def scope(parameters: Names) -> Frame:
            made = Frame(inside, parameters, function=function, class_name=source.class_name)
            made.is_root = is_root
            return made

        return self._follow(id(function), source.node, names, scope)

    def _default(self, value: Any) -> Value:
        """A default is fixed, but a container among them can be changed from call to call."""
        return self.lift(value, from_memory=type(value) in CHANGEABLE)

    def _closure(self, closure: Closure, args: list[Value], kwargs: Keywords) -> Value:
        definition = closure.node
        names = bind(definition.args, args, kwargs, closure.defaults, closure.keyword_defaults)

        def scope(parameters: Names) -> Frame:
            return Frame(closure.locals | frozenset(parameters), parameters, outer=closure.frame)

        return self._follow((id(definition), id(closure.frame)), definition, names, scope)

    def _follow(
        self,
        key: object,
        definition: ast.FunctionDef | ast.Lambda,
        parameters: Names | None,
        scope: Callable[[Names], Frame],
    ) -> Value:
        """Run a body; a recursive call is taken to do what has been seen so far, to a fixpoint."""
        if parameters is None:
            return NEVER
        running = self.active.get(key)
        if running is not None:
            self.has_loop = True
            return _recur(running, parameters)
        if len(self.active) >= DEPTH:
            raise self.refusal(definition, "calls are nested too deeply to be proved")
        active = self.active[key] = Active(parameters)
        try:
            for _ in range(_ROUNDS_OF_RECURSION):
                active.has_changed = False
                frame = scope(dict(active.parameters))
                self.execute(frame, definition)
                before, active.returned = active.returned, join(active.returned, frame.returned)
                if not active.is_used:
                    return active.returned
                if same(before, active.returned) and not active.has_changed:
                    return active.returned
        finally:
            del self.active[key]
        raise self.refusal(definition, "the recursion is too involved to be proved")

    def execute(self, frame: Frame, definition: ast.FunctionDef | ast.Lambda) -> None:
        """Run the body of a function; what it returns is left in the frame."""
        raise NotImplementedError


def _recur(active: Active, parameters: Names) -> Value:
    active.is_used = True
    for name, value in parameters.items():
        merged = join(active.parameters.get(name, NEVER), value)
        if not same(merged, active.parameters.get(name, NEVER)):
            active.parameters[name] = merged
            active.has_changed = True
    return active.returned


def bind(
    signature: ast.arguments,
    args: list[Value],
    kwargs: Keywords,
    defaults: list[Value],
    keyword_defaults: Keywords,
) -> Names | None:
    """The parameters of one call by name, ``None`` if Python would refuse the call."""
    positional = [one.arg for one in (*signature.posonlyargs, *signature.args)]
    names: Names = dict(zip(positional, args, strict=False))
    rest = args[len(positional) :]
    if rest and signature.vararg is None:
        return None
    if signature.vararg is not None:
        names[signature.vararg.arg] = Fresh(tuple, join_all(rest), tuple(rest))
    closed = {one.arg for one in signature.posonlyargs}
    open_names = {*positional, *(one.arg for one in signature.kwonlyargs)} - closed
    extra: Keywords = {}
    for name, value in kwargs.items():
        if name in open_names and name not in names:
            names[name] = value
        elif name in open_names or signature.kwarg is None:
            return None
        else:
            extra[name] = value
    if signature.kwarg is not None:
        names[signature.kwarg.arg] = Fresh(dict, join_all(extra.values()), None, dict(extra))
    for name, value in zip(reversed(positional), reversed(defaults), strict=False):
        names.setdefault(name, value)
    for name, value in keyword_defaults.items():
        names.setdefault(name, value)
    wanted = [*positional, *(one.arg for one in signature.kwonlyargs)]
    return names if all(name in names for name in wanted) else None
