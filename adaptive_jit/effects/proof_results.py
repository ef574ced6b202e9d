"""The type of what a declared function returns, from its own source: `result_of`.

A declaration speaks for all that a function does, so a proof does not have to
follow it; but what is done with its result needs the result's type. The
function is followed by a *lenient* runner: whatever cannot be followed gives
a value of unknown type, makes everything that it could reach unknown, and
the walk goes on. Data found in memory counts as unknown, since it may change
meanwhile; only code and library objects are relied upon.
"""

from __future__ import annotations

import ast
import threading
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, ClassVar

from adaptive_jit.effects.proof_checks import SAME, Assumptions
from adaptive_jit.effects.proof_operators import kind_of
from adaptive_jit.effects.proof_state import STEPS, Frame, Names, Refused, join_names
from adaptive_jit.effects.proof_statements import Runner
from adaptive_jit.effects.proof_values import (
    CONTAINERS,
    NONE,
    SCALARS,
    Bound,
    Choice,
    Closure,
    Const,
    Fresh,
    Opaque,
    Plain,
    Record,
    Stream,
    Thing,
    Value,
    join,
    join_all,
    options,
    plainness,
)
from adaptive_jit.effects.source import NoSource, source_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from adaptive_jit.effects.proof_builtins import Keywords
    from adaptive_jit.effects.proof_known import Judge
    from adaptive_jit.effects.proof_state import Machine

_PASSES = 4
_DEEPEST = 3
"""Declared functions within declared functions whose results are looked for."""

_UNKNOWN = Opaque("a value of unknown type")

_SHAPING = frozenset(
    {"stream", "hooks", "cls", "object_hook", "object_pairs_hook", "parse_float", "parse_int",
     "parse_constant", "auth"}
)  # fmt: skip
"""Arguments that decide what a catalogued call returns."""

_LOCKS = (
    type(threading.Lock()), type(threading.RLock()), threading.Condition, threading.Semaphore,
    threading.BoundedSemaphore,
)  # fmt: skip
"""Managers that never swallow an exception."""

_REQUESTS = ("http", "sdk")
_PARSERS = ("json:loads", "json:load")
_MOST_POSITIONS = 3


class Enough(Exception):
    """The function is too long or too involved to be followed."""


def result_of(proof: Machine, callee: Any, receiver: Value | None, depth: int = 0) -> Value | None:
    """What the declared *callee* returns, with what that relies on; ``None`` if it is not known."""
    owner = callee.__self__ if type(callee) is MethodType else None
    function = callee.__func__ if type(callee) is MethodType else callee
    if type(function) is not FunctionType or depth >= _DEEPEST:
        return None
    runner = Lenient(Assumptions(function, (), {}), depth)
    try:
        returned = _follow(runner, function, None if owner is None else Thing(owner))
    except (Refused, Enough, NoSource, RecursionError):
        return None
    known = _summary(returned)
    if known is not None:
        proof.assume.include(runner.assume)
        proof.assume.function(function)
        if isinstance(receiver, Thing) and receiver.slot is not None:
            proof.assume.strengthen(receiver.slot, SAME)
    return known


def _follow(runner: Lenient, function: FunctionType, receiver: Thing | None) -> Value:
    node = source_of(function).node
    signature = node.args
    wanted = [one.arg for one in (*signature.posonlyargs, *signature.args)]
    given: list[Value] = [_UNKNOWN for _ in wanted]
    if receiver is not None and given:
        given[0] = receiver
    named: Keywords = {one.arg: _UNKNOWN for one in signature.kwonlyargs}
    for _ in range(_PASSES):
        growth = runner.growth
        returned = runner.enter(node, function, given, named)
        if growth == runner.growth:
            return returned
    raise Enough


def _summary(value: Value) -> Value | None:
    """What a caller may know of a returned value: its type, if it is builtin at every depth."""
    found = []
    for option in options(value):
        if not plainness(option) or not isinstance(option, (Const, Plain, Fresh)):
            return None
        found.append(NONE if kind_of(option) is type(None) else Plain(kind_of(option)))
    return join_all(found) if found else None


class Lenient(Runner):
    """Follows code that may do anything; what it does is not its concern."""

    def __init__(self, assumptions: Assumptions, depth: int) -> None:
        super().__init__(assumptions)
        self.depth = depth
        self._looked_at = 0

    def step(self, node: ast.AST) -> None:  # noqa: ARG002 - no refusal names it
        """Count one node; raises `Enough` when the budget is used up."""
        self._looked_at += 1
        if self._looked_at > STEPS:
            raise Enough

    def lift(self, found: Any, *, from_memory: bool = True) -> Value:
        """Data in memory may be exchanged or changed before the call returns."""
        kind = type(found)
        if kind in SCALARS or kind in CONTAINERS:
            return _UNKNOWN
        return super().lift(found, from_memory=from_memory)

    def evaluate(self, frame: Frame, node: ast.expr) -> Value:
        """The value of *node*, of unknown type where it cannot be followed."""
        try:
            return super().evaluate(frame, node)
        except Refused:
            self._spoil(frame, node)
            return _UNKNOWN

    def block(self, frame: Frame, body: list[ast.stmt]) -> None:
        """Follow statements until one leaves the block; those not understood may do anything."""
        for statement in body:
            if frame.names is None:
                return
            if isinstance(statement, (ast.Global, ast.Nonlocal)):
                raise Enough
            try:
                super().block(frame, [statement])
            except Refused:
                self._give_up(frame, statement)

    def truth(self, node: ast.AST, value: Value) -> bool | None:
        """Whether *value* is true, ``None`` if it is open or runs unknown code."""
        try:
            return super().truth(node, value)
        except Refused:
            return None

    def iterate(self, node: ast.AST, value: Value) -> Value:
        """What a loop over *value* gives."""
        try:
            return super().iterate(node, value)
        except Refused:
            return _UNKNOWN

    def method(
        self,
        frame: Frame,
        node: ast.Call,
        receiver: Value,
        name: str,
        args: list[Value],
        kwargs: Keywords,
    ) -> Value:
        """The result of a method of an exact builtin type; formatting always gives a string."""
        try:
            return super().method(frame, node, receiver, name, args, kwargs)
        except Refused:
            if kind_of(receiver) is str and name in ("format", "join"):
                self._spoil(frame, node)
                return Plain(str)
            raise

    def catalogued(
        self,
        frame: Frame,
        node: ast.Call,
        rule: Any,
        judge: Judge,
        args: list[Value],
        kwargs: Keywords,
        target: Callable[[list[Any]], Any] | None = None,
    ) -> Value:
        """The result of a catalogued call, whatever its effect on these arguments is."""
        try:
            return super().catalogued(frame, node, rule, judge, args, kwargs, target)
        except Refused:
            is_known = rule.lowering in _REQUESTS or rule.name in _PARSERS
            if (
                not is_known
                or len(args) > _MOST_POSITIONS
                or not _SHAPING.isdisjoint(kwargs)
                or not rule.guard.intact()
                or not _is_stock(rule, target)
            ):
                raise
            self._spoil(frame, node)
            return self.result(rule.result, "an answer")

    def result_of(self, callee: Any, receiver: Value | None) -> Value | None:
        """What another declared function returns."""
        return result_of(self, callee, receiver, self.depth + 1)

    # What cannot be followed ------------------------------------------------

    def _give_up(self, frame: Frame, statement: ast.stmt) -> None:
        """Whatever *statement* binds, changes or returns is unknown from here on."""
        self._spoil(frame, statement)
        for node in ast.walk(statement):
            if isinstance(node, ast.Return):
                frame.returned = join(frame.returned, _UNKNOWN)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                frame.bind(node.name, _UNKNOWN)
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    frame.bind(alias.asname or alias.name.partition(".")[0], _UNKNOWN)
            if isinstance(node, ast.ExceptHandler) and node.name:
                frame.bind(node.name, _UNKNOWN)
            if isinstance(node, (ast.Match, ast.Break, ast.Continue)):
                raise Enough

    def _spoil(self, frame: Frame, node: ast.AST) -> None:
        """Unknown code may change all containers that *node* names, and those that these hold."""
        for part in ast.walk(node):
            if not isinstance(part, ast.Name):
                continue
            scope: Frame | None = frame
            while scope is not None:
                found = (scope.names or {}).get(part.id)
                if found is not None:
                    self._reach(found, set())
                scope = scope.outer
            if not isinstance(part.ctx, ast.Load):
                frame.bind(part.id, _UNKNOWN)

    def _reach(self, value: Value, seen: set[int]) -> None:
        if id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, Fresh):
            self._reach(value.elements, seen)
            self.store(value, _UNKNOWN)
        elif isinstance(value, Record):
            self._reach(value.fields, seen)
        elif isinstance(value, Choice):
            self._reach_all(value.options, seen)
        elif isinstance(value, Bound):
            self._reach(value.receiver, seen)
        elif isinstance(value, Stream):
            self._reach(value.elements, seen)
        elif isinstance(value, Closure):
            scope = value.frame
            while scope is not None:
                self._reach_all((scope.names or {}).values(), seen)
                scope = scope.outer

    def _reach_all(self, values: Iterable[Value], seen: set[int]) -> None:
        for value in list(values):
            self._reach(value, seen)

    def construct(
        self, frame: Frame, node: ast.Call, kind: type, args: list[Value], kwargs: Keywords
    ) -> Value:
        """An object; of what it keeps nothing is known any more."""
        self._reach_all([*args, *kwargs.values()], set())
        return super().construct(frame, node, kind, args, kwargs)

    # Statements and expressions with other rules ----------------------------

    def _enter_with(self, frame: Frame, node: ast.With) -> None:
        """A manager may end its body anywhere, and go on behind it."""
        swallows = False
        for item in node.items:
            value = self.evaluate(frame, item.context_expr)
            is_lock = isinstance(value, Thing) and type(value.obj) in _LOCKS
            if not is_lock and not getattr(value, "is_manager", False):
                swallows = True
                self._spoil(frame, item.context_expr)
                value = _UNKNOWN
            if item.optional_vars is not None:
                self.unpack(frame, item.optional_vars, _UNKNOWN if is_lock else value)
        possible: Names = dict(frame.names or {})
        frame.handlers.append(possible)
        self.block(frame, node.body)
        frame.handlers.pop()
        if swallows:
            frame.names = join_names(frame.names, possible)

    def _text(self, frame: Frame, node: ast.JoinedStr) -> Value:
        """Several pieces give an exact string, whatever they are made from."""
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.evaluate(frame, part.value)
        return Plain(str) if len(node.values) > 1 else _UNKNOWN

    _statements: ClassVar[dict[type, Callable[[Any, Frame, Any], None]]] = {
        **Runner._statements,
        ast.With: _enter_with,
    }
    _expressions: ClassVar[dict[type, Callable[[Any, Frame, Any], Value]]] = {
        **Runner._expressions,
        ast.JoinedStr: _text,
    }


def _is_stock(rule: Any, target: Callable[[list[Any]], Any] | None) -> bool:
    """Whether the receiver is the library's own, so that it returns what the catalogue says."""
    if rule.check is None:
        return True
    receiver = getattr(target([]), "__self__", None) if target is not None else None
    return receiver is not None and type(rule.check(receiver)) is not str
