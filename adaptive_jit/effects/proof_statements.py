"""How the statements of proved code change what is known of its names."""

# ruff: noqa: ARG002 - the entries of a table share one signature
from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, ClassVar

from adaptive_jit.effects.attributes import is_class
from adaptive_jit.effects.catalogue import type_rule
from adaptive_jit.effects.proof_classes import is_plain_exception
from adaptive_jit.effects.proof_clocks import is_timed, only_logs
from adaptive_jit.effects.proof_patterns import Patterns
from adaptive_jit.effects.proof_state import (
    Frame,
    Loop,
    Names,
    bound_names,
    join_names,
    same_names,
    text_of,
)
from adaptive_jit.effects.proof_values import (
    CAUGHT,
    NEVER,
    NONE,
    Caught,
    Choice,
    Const,
    Fresh,
    Never,
    Plain,
    Result,
    Stream,
    Thing,
    Value,
    aliases,
    has_stream,
    is_fresh_everywhere,
    is_owned,
    join,
    options,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_COUNTER = "collections:Counter"
_ROUNDS = 8
"""Times that a loop's body is followed before what is known must have settled."""


class Runner(Patterns):
    """Statements."""

    def execute(self, frame: Frame, definition: ast.FunctionDef | ast.Lambda) -> None:
        """Run the body of a function; what it returns is left in the frame."""
        if isinstance(definition, ast.Lambda):
            frame.returned = join(frame.returned, self.evaluate(frame, definition.body))
            return
        self.block(frame, definition.body)
        if frame.names is not None:
            frame.returned = join(frame.returned, NONE)
            frame.leaving.append(frame.names)
        left: Names | None = None
        for names in frame.leaving:
            left = join_names(left, names)
        frame.names = left or {}
        if has_stream(frame.returned):
            raise self.refusal(definition, "returns an iterator, which runs later")

    def block(self, frame: Frame, body: list[ast.stmt]) -> None:
        """Follow statements until one leaves the block."""
        for statement in body:
            if frame.names is None:
                return
            self.step(statement)
            method = self._statements.get(type(statement))
            if method is None:
                what = _WORDS.get(type(statement), type(statement).__name__)
                raise self.refusal(statement, f"{what} is not supported in a proof")
            method(self, frame, statement)

    def _expression(self, frame: Frame, node: ast.Expr) -> None:
        self.evaluate(frame, node.value)

    def _pass(self, frame: Frame, node: ast.Pass) -> None:
        return

    # Stores -----------------------------------------------------------------

    def _assign(self, frame: Frame, node: ast.Assign) -> None:
        value = self.evaluate(frame, node.value)
        for target in node.targets:
            self.unpack(frame, target, value)

    def _annotated(self, frame: Frame, node: ast.AnnAssign) -> None:
        if not isinstance(node.target, ast.Name):
            raise self.refusal(node, f"stores in `{text_of(node.target)}`")
        if node.value is not None:
            self.unpack(frame, node.target, self.evaluate(frame, node.value))

    def _augmented(self, frame: Frame, node: ast.AugAssign) -> None:
        added = self.evaluate(frame, node.value)
        if isinstance(node.target, ast.Name):
            before = self.name(frame, node, node.target.id)
            frame.bind(node.target.id, self._in_place(frame, node, before, added))
        elif isinstance(node.target, ast.Subscript):
            container = self.evaluate(frame, node.target.value)
            key = self.evaluate(frame, node.target.slice)
            before = self._element(
                ast.Subscript(node.target.value, node.target.slice), container, key
            )
            after = self._in_place(frame, node, before, added)
            self._store_element(node, container, key, after)
        else:
            raise self.refusal(node, f"stores in `{text_of(node.target)}`")

    def _in_place(self, frame: Frame, node: ast.AugAssign, before: Value, added: Value) -> Value:
        """``+=`` changes lists, sets and dicts themselves."""
        if isinstance(before, Choice):
            result: Value = NEVER
            for option in before.options:
                result = join(result, self._in_place(frame, node, option, added))
            return result
        if isinstance(before, Fresh) and before.type is not tuple:
            self.need_plain(node, before if before.type is not list else NONE)
            self.store(before, self.iterate(node, added))
            return before
        if isinstance(before, Plain) and before.type in (None, list, dict, set):
            is_number = before.type is None and _is_number(added)
            if is_number and not isinstance(node.op, ast.Mult):
                # A list or set on the left would refuse a number on the right.
                return self.operate(node, node.op, before, added)
            if not is_owned(before) or not is_fresh_everywhere(added):
                raise self.refusal(node, f"may change `{text_of(node.target)}`, not made here")
        return self.operate(node, node.op, before, added)

    def assign(self, frame: Frame, target: ast.expr, value: Value) -> None:
        """Store *value* in an element of a container that is ours; attributes are never stored."""
        if not isinstance(target, ast.Subscript):
            if self.sets_known(frame, target, value):
                return
            raise self.refusal(target, f"stores in `{text_of(target)}`")
        container = self.evaluate(frame, target.value)
        key = self.evaluate(frame, target.slice)
        self._store_element(target, container, key, value)

    def _store_element(self, node: ast.AST, container: Value, key: Value, value: Value) -> None:
        self.need_plain(node, key)
        if isinstance(container, Choice):
            for option in container.options:
                self._store_element(node, option, key, value)
        elif isinstance(container, Fresh):
            self._store_fresh(node, container, key, value)
        elif isinstance(container, Result) and container.name == _COUNTER and not aliases(value):
            self.need_plain(node, value)
        elif is_owned(container):
            if not is_fresh_everywhere(value):
                raise self.refusal(node, "stores a value of others in data of its own")
        else:
            raise self.refusal(node, f"stores in `{text_of(node)}`, not made here")

    def _store_fresh(self, node: ast.AST, container: Fresh, key: Value, value: Value) -> None:
        if container.type is not dict:
            stored = value
            if not isinstance(key, Const) or type(key.value) is not int:
                # A slice takes the elements of what is stored.
                stored = join(value, self.iterate(node, value)) if _is_iterable(value) else value
            self.store(container, stored)
        else:
            self.store(container, value)

    def _delete(self, frame: Frame, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name) and frame.names is not None:
                frame.names.pop(target.id, None)
                continue
            if not isinstance(target, ast.Subscript):
                raise self.refusal(node, f"deletes `{text_of(target)}`")
            container = self.evaluate(frame, target.value)
            self.need_plain(target, self.evaluate(frame, target.slice))
            if not isinstance(container, Fresh):
                raise self.refusal(node, f"deletes `{text_of(target)}`, not made here")
            self.store(container, NEVER)

    # Branches and loops -----------------------------------------------------

    def _if(self, frame: Frame, node: ast.If) -> None:
        test = self.evaluate(frame, node.test)
        if is_timed(test):
            if not only_logs(self, frame, [*node.body, *node.orelse]):
                raise self.refusal(node, "a clock decides what it does")
            return
        known = self.truth(node.test, test)
        if known is not None:
            self.block(frame, node.body if known else node.orelse)
            return
        before = dict(frame.names or {})
        self.block(frame, node.body)
        first, frame.names = frame.names, before
        self.block(frame, node.orelse)
        frame.names = join_names(first, frame.names)

    def _for(self, frame: Frame, node: ast.For) -> None:
        source = self.evaluate(frame, node.iter)

        def begin() -> None:
            self.unpack(frame, node.target, self.iterate(node.iter, source))

        self._loop(frame, node, begin, is_endless=False)

    def _while(self, frame: Frame, node: ast.While) -> None:
        endless = isinstance(node.test, ast.Constant) and bool(node.test.value)

        def begin() -> None:
            self.truth(node.test, self.evaluate(frame, node.test))

        self._loop(frame, node, begin, is_endless=endless)

    def _loop(
        self,
        frame: Frame,
        node: ast.For | ast.While,
        begin: Callable[[], None],
        *,
        is_endless: bool,
    ) -> None:
        """Follow the body until another round teaches nothing new."""
        self.has_loop = True
        entry: Names = dict(frame.names or {})
        for _ in range(_ROUNDS):
            growth = self.growth
            loop = Loop()
            frame.names = dict(entry)
            frame.loops.append(loop)
            begin()
            tested = dict(frame.names)
            self.block(frame, node.body)
            frame.loops.pop()
            widened = dict(entry)
            for names in (frame.names, *loop.continued):
                widened = join_names(widened, names) or {}
            if same_names(widened, entry) and growth == self.growth:
                break
            entry = widened
        else:
            raise self.refusal(node, "the loop is too involved to be proved")
        # A walrus in the test is bound even when the test fails.
        frame.names = None if is_endless else join_names(entry, tested)
        self.block(frame, node.orelse)
        for names in loop.broken:
            frame.names = join_names(frame.names, names)

    def _break(self, frame: Frame, node: ast.Break) -> None:
        frame.loops[-1].broken.append(dict(frame.names or {}))
        frame.names = None

    def _continue(self, frame: Frame, node: ast.Continue) -> None:
        frame.loops[-1].continued.append(dict(frame.names or {}))
        frame.names = None

    # Leaving ----------------------------------------------------------------

    def _return(self, frame: Frame, node: ast.Return) -> None:
        value = NONE if node.value is None else self.evaluate(frame, node.value)
        frame.returned = join(frame.returned, value)
        frame.leaving.append(dict(frame.names or {}))
        frame.names = None

    def _raise(self, frame: Frame, node: ast.Raise) -> None:
        for part in (node.exc, node.cause):
            if part is None:
                continue
            if not all(map(_may_be_raised, options(self.evaluate(frame, part)))):
                raise self.refusal(node, f"raises `{text_of(part)}`, which may run code")
        frame.leaving.append(dict(frame.names or {}))
        frame.names = None

    def _assert(self, frame: Frame, node: ast.Assert) -> None:
        self.truth(node.test, self.evaluate(frame, node.test))
        if node.msg is not None:
            self.evaluate(frame, node.msg)

    def _try(self, frame: Frame, node: ast.Try) -> None:
        before = dict(frame.names or {})
        possible = dict(before)
        frame.handlers.append(possible)
        self.block(frame, node.body)
        self.block(frame, node.orelse)
        frame.handlers.pop()
        after = frame.names
        # Names that the loops and branches of the body left behind may be seen too.
        for handler in node.handlers:
            frame.names = dict(possible)
            self._caught(frame, handler)
            after = join_names(after, frame.names)
        frame.names = after
        self._finally(frame, node, possible)

    def _caught(self, frame: Frame, handler: ast.ExceptHandler) -> None:
        caught = CAUGHT
        if handler.type is not None:
            kinds = self.evaluate(frame, handler.type)
            each = kinds.items if isinstance(kinds, Fresh) else (kinds,)
            for kind in each or ():
                if not isinstance(kind, Thing) or not is_class(kind.obj):
                    raise self.refusal(handler, "catches what is not known to be an exception")
            if isinstance(kinds, Thing):
                caught = Caught(type_rule(kinds.obj))
        if handler.name is not None:
            frame.bind(handler.name, caught)
        self.handling += 1
        self.block(frame, handler.body)
        self.handling -= 1
        if handler.name is not None and frame.names is not None:
            frame.names.pop(handler.name, None)

    def _finally(self, frame: Frame, node: ast.Try, possible: Names) -> None:
        if not node.finalbody:
            return
        after = frame.names
        frame.names = join_names(possible, after)
        self.block(frame, node.finalbody)
        if after is None:
            frame.names = None

    def _with(self, frame: Frame, node: ast.With) -> None:
        for item in node.items:
            value = self.evaluate(frame, item.context_expr)
            if not isinstance(value, Result) or not value.is_manager:
                raise self.refusal(
                    node, f"enters `{text_of(item.context_expr)}`, which is not known"
                )
            if item.optional_vars is not None:
                self.unpack(frame, item.optional_vars, value)
        self.block(frame, node.body)

    def _define(self, frame: Frame, node: ast.FunctionDef) -> None:
        if node.decorator_list:
            raise self.refusal(node, f"decorates `{node.name}`")
        frame.bind(node.name, self.closure(frame, node, bound_names(node.body)))

    _statements: ClassVar[dict[type, Callable[[Any, Frame, Any], None]]] = {
        ast.Expr: _expression,
        ast.Pass: _pass,
        ast.Assign: _assign,
        ast.AnnAssign: _annotated,
        ast.AugAssign: _augmented,
        ast.Delete: _delete,
        ast.If: _if,
        ast.For: _for,
        ast.While: _while,
        ast.Break: _break,
        ast.Continue: _continue,
        ast.Match: Patterns.match,
        ast.Return: _return,
        ast.Raise: _raise,
        ast.Assert: _assert,
        ast.Try: _try,
        ast.With: _with,
        ast.FunctionDef: _define,
    }


def _may_be_raised(value: Value) -> bool:
    """An exception, the class of one that runs no code when it is made, or ``None`` as a cause."""
    if isinstance(value, Thing):
        return is_class(value.obj) and is_plain_exception(value.obj)
    return isinstance(value, (Caught, Never)) or (isinstance(value, Const) and value.value is None)


def _is_iterable(value: Value) -> bool:
    return isinstance(value, (Fresh, Plain, Stream)) and not (
        isinstance(value, Plain) and value.type in (int, float, bool, type(None))
    )


def _is_number(value: Value) -> bool:
    kind = type(value.value) if isinstance(value, Const) else getattr(value, "type", None)
    return kind in (int, float, bool, complex)


_WORDS = {
    ast.Global: "a global name bound here",
    ast.Nonlocal: "an outer name bound here",
    ast.Import: "an import",
    ast.ImportFrom: "an import",
    ast.ClassDef: "a class made here",
    ast.AsyncFunctionDef: "a coroutine",
}
