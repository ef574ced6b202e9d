"""What an expression of proved code gives, and whether evaluating it may run unknown code."""

# ruff: noqa: ARG002 - the entries of a table share one signature
from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, ClassVar

from adaptive_jit.effects.proof_classes import is_environment
from adaptive_jit.effects.proof_clocks import TIMED, computed
from adaptive_jit.effects.proof_operators import Operators, joined_text, kind_of
from adaptive_jit.effects.proof_state import Frame, bound_names, text_of
from adaptive_jit.effects.proof_values import (
    NEVER,
    Bound,
    Caught,
    Choice,
    Closure,
    Const,
    Fresh,
    Never,
    Plain,
    Record,
    Result,
    Stream,
    Thing,
    Timed,
    Value,
    aliases,
    is_owned,
    join,
    join_all,
    plainness,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Evaluator(Operators):
    """Expressions; calls are followed by the classes below."""

    def evaluate(self, frame: Frame, node: ast.expr) -> Value:
        """The value of *node*; raises `Refused` if it cannot be proved harmless."""
        self.step(node)
        method = self._expressions.get(type(node))
        if method is None:
            raise self.refusal(node, f"`{text_of(node)}` is not supported in a proof")
        return method(self, frame, node)

    def call(self, frame: Frame, node: ast.Call) -> Value:
        """Follow the call at *node*."""
        raise NotImplementedError

    # Names and displays -----------------------------------------------------

    def _constant(self, frame: Frame, node: ast.Constant) -> Value:
        return Const(node.value)

    def _name(self, frame: Frame, node: ast.Name) -> Value:
        return self.name(frame, node, node.id)

    def _attribute(self, frame: Frame, node: ast.Attribute) -> Value:
        value = self.evaluate(frame, node.value)
        return self.attribute(frame, node, value, self.mangled(frame, node.attr))

    def mangled(self, frame: Frame, name: str) -> str:
        """*name* as the compiler writes it: private names carry their class."""
        if not name.startswith("__") or name.endswith("__") or frame.class_name is None:
            return name
        return f"_{frame.class_name.lstrip('_')}{name}"

    def _sequence(self, frame: Frame, node: ast.List | ast.Tuple | ast.Set) -> Value:
        kind = {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)]
        values: list[Value] = []
        is_exact = kind is not set
        for element in node.elts:
            if isinstance(element, ast.Starred):
                spread = self.evaluate(frame, element.value)
                if isinstance(spread, Fresh) and spread.items is not None:
                    values.extend(spread.items)
                    continue
                is_exact = False
                values.append(self.iterate(element, spread))
            else:
                values.append(self.evaluate(frame, element))
        if kind is set:
            self.need_plain(node, *values)
        return self.site(node, kind, join_all(values), tuple(values) if is_exact else None)

    def _dict(self, frame: Frame, node: ast.Dict) -> Value:
        entries: dict[Any, Value] | None = {}
        values: list[Value] = []
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            value = self.evaluate(frame, value_node)
            if key_node is None:
                spread = value
                if not plainness(spread):
                    raise self.refusal(value_node, "spreads a value of unknown type")
                if isinstance(spread, Fresh) and spread.entries is not None and entries is not None:
                    entries.update(spread.entries)
                else:
                    entries = None
                values.append(self._values_of(value_node, spread))
                continue
            key = self.evaluate(frame, key_node)
            self.need_plain(key_node, key)
            values.append(value)
            if isinstance(key, Const) and entries is not None:
                entries[key.value] = value
            else:
                entries = None
        return self.site(node, dict, join_all(values), None, entries)

    def _values_of(self, node: ast.AST, value: Value) -> Value:
        """The values that a dict made from *value* holds."""
        raise NotImplementedError

    # Operators --------------------------------------------------------------

    def _binary(self, frame: Frame, node: ast.BinOp) -> Value:
        left, right = self.evaluate(frame, node.left), self.evaluate(frame, node.right)
        return self.operate(node, node.op, left, right)

    def _unary(self, frame: Frame, node: ast.UnaryOp) -> Value:
        value = self.evaluate(frame, node.operand)
        if isinstance(node.op, ast.Not):
            known = self.truth(node, value)
            return Plain(bool) if known is None else Const(not known)
        self.need_plain(node, value)
        if isinstance(node.op, ast.USub) and isinstance(value, Const):
            return Const(-value.value) if type(value.value) in (int, float) else Plain()
        return Plain(kind_of(value) if kind_of(value) is not bool else int)

    def _boolean(self, frame: Frame, node: ast.BoolOp) -> Value:
        found: Value = NEVER
        for part in node.values[:-1]:
            value = self.evaluate(frame, part)
            known = self.truth(part, value)
            stops = isinstance(node.op, ast.Or)
            if known is not None and known == stops:
                return join(found, value)
            if known is None:
                found = join(found, value)
        return join(found, self.evaluate(frame, node.values[-1]))

    def _compare(self, frame: Frame, node: ast.Compare) -> Value:
        values = [self.evaluate(frame, part) for part in (node.left, *node.comparators)]
        timed = computed(node.ops[0], *values[:2]) if len(node.ops) == 1 else None
        if timed is not None:
            return timed
        for operator, left, right in zip(node.ops, values, values[1:], strict=False):
            if isinstance(operator, (ast.In, ast.NotIn)) and self._is_environment(right):
                self.need_plain(node, left)
            elif not isinstance(operator, (ast.Is, ast.IsNot)):
                self.need_plain(node, left, right)
        if len(node.ops) == 1:
            known = _decided(node.ops[0], values[0], values[1])
            if known is not None:
                return Const(known)
        return Plain(bool)

    def _conditional(self, frame: Frame, node: ast.IfExp) -> Value:
        known = self.truth(node.test, self.evaluate(frame, node.test))
        if known is not None:
            return self.evaluate(frame, node.body if known else node.orelse)
        return join(self.evaluate(frame, node.body), self.evaluate(frame, node.orelse))

    # Strings and subscripts -------------------------------------------------

    def _joined(self, frame: Frame, node: ast.JoinedStr) -> Value:
        pieces: list[Value] = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                pieces.append(self._formatted(frame, part))
            else:
                pieces.append(self.evaluate(frame, part))
        if any(isinstance(piece, Timed) for piece in pieces):
            return TIMED
        return joined_text(*pieces) if pieces else Const("")

    def _formatted(self, frame: Frame, node: ast.FormattedValue) -> Value:
        value = self.evaluate(frame, node.value)
        spec = self.evaluate(frame, node.format_spec) if node.format_spec else None
        if isinstance(value, Timed) or isinstance(spec, Timed):
            return TIMED
        self.need_text(node.value, value)
        if spec is not None:
            return Plain(str)
        if node.conversion not in (-1, 115):
            return Plain(str)
        if isinstance(value, Const) and kind_of(value) in (str, int, bool, type(None)):
            return Const(str(value.value))
        if isinstance(value, Plain) and value.type in (str, int):
            return value
        return Plain(str)

    def _subscript(self, frame: Frame, node: ast.Subscript) -> Value:
        value = self.evaluate(frame, node.value)
        key = self.evaluate(frame, node.slice)
        return self._element(node, value, key)

    def _element(self, node: ast.Subscript, value: Value, key: Value) -> Value:
        if isinstance(value, Choice):
            return join_all(self._element(node, option, key) for option in value.options)
        if isinstance(value, Never):
            return NEVER
        if isinstance(value, Result) and isinstance(key, Const):
            found = value.rule.element(key.value)
            if found is not None:
                return self.result(found, f"`{text_of(node)}`")
        if isinstance(value, Result) and value.rule.item is not None:
            self.need_plain(node.slice, key)
            is_part = isinstance(node.slice, ast.Slice)
            return value if is_part else self.iterate(node, value)
        if isinstance(value, Fresh):
            self.need_plain(node.slice, key)
            if isinstance(node.slice, ast.Slice):
                return self.site(node, value.type, value.elements)
            return _known_element(value, key)
        if self._is_environment(value):
            self.need_plain(node.slice, key)
            return Plain(str)
        if not isinstance(value, (Plain, Const)):
            raise self.refusal(node, f"`{text_of(node)}` subscripts {self.words(value)}")
        self.need_plain(node.slice, key)
        kind = kind_of(value)
        if kind is str or kind is range:
            return Plain(str if kind is str else None)
        return Plain(None, aliases(value), owned=is_owned(value))

    def _is_environment(self, value: Value) -> bool:
        """Whether *value* is ``os.environ``, which the program may change before the turn comes."""
        found = isinstance(value, Thing) and value.slot is None and is_environment(value.obj)
        self.assume.reads_memory |= found
        return found

    def _slice(self, frame: Frame, node: ast.Slice) -> Value:
        parts = [part for part in (node.lower, node.upper, node.step) if part is not None]
        self.need_plain(node, *(self.evaluate(frame, part) for part in parts))
        return Plain()

    # Comprehensions, lambdas, walrus ----------------------------------------

    def _comprehension(
        self, frame: Frame, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> Value:
        if any(isinstance(part, ast.NamedExpr) for part in ast.walk(node)):
            raise self.refusal(node, "binds a name inside a comprehension")
        self.has_loop = True
        targets = [ast.Assign([part.target], part.iter) for part in node.generators]
        inner = Frame(bound_names(list(targets)), {}, outer=frame)
        for number, generator in enumerate(node.generators):
            if generator.is_async:
                raise self.refusal(node, "an asynchronous comprehension")
            around = frame if number == 0 else inner
            source = self.evaluate(around, generator.iter)
            self.unpack(inner, generator.target, self.iterate(generator.iter, source))
            for test in generator.ifs:
                self.truth(test, self.evaluate(inner, test))
        if isinstance(node, ast.DictComp):
            key, value = self.evaluate(inner, node.key), self.evaluate(inner, node.value)
            self.need_plain(node.key, key)
            return self.site(node, dict, value)
        element = self.evaluate(inner, node.elt)
        if isinstance(node, ast.GeneratorExp):
            return Stream(element)
        if isinstance(node, ast.SetComp):
            self.need_plain(node.elt, element)
        return self.site(node, set if isinstance(node, ast.SetComp) else list, element)

    def unpack(self, frame: Frame, target: ast.expr, value: Value) -> None:
        """Bind the names in *target* to the parts of *value*."""
        if isinstance(target, ast.Name):
            frame.bind(target.id, value)
        elif isinstance(target, ast.Starred):
            self.unpack(frame, target.value, self.site(target, list, value))
        elif isinstance(target, (ast.Tuple, ast.List)):
            self._unpack_all(frame, target, value)
        else:
            self.assign(frame, target, value)

    def _unpack_all(self, frame: Frame, target: ast.Tuple | ast.List, value: Value) -> None:
        parts: tuple[Value, ...] | None = None
        if isinstance(value, Fresh) and value.items is not None:
            parts = value.items
        has_star = any(isinstance(one, ast.Starred) for one in target.elts)
        if parts is None or has_star or len(parts) != len(target.elts):
            parts = (self.iterate(target, value),) * len(target.elts)
        for one, part in zip(target.elts, parts, strict=True):
            self.unpack(frame, one, part)

    def assign(self, frame: Frame, target: ast.expr, value: Value) -> None:
        """Store *value* in an attribute or element."""
        raise NotImplementedError

    def _lambda(self, frame: Frame, node: ast.Lambda) -> Value:
        return self.closure(frame, node, frozenset())

    def closure(
        self, frame: Frame, node: ast.FunctionDef | ast.Lambda, locals_: frozenset[str]
    ) -> Closure:
        """The function that *node* makes, its defaults evaluated now."""
        if any(isinstance(part, (ast.Yield, ast.YieldFrom, ast.Await)) for part in ast.walk(node)):
            raise self.refusal(node, "a generator or coroutine runs later")
        defaults = [self.evaluate(frame, part) for part in node.args.defaults]
        keyword_defaults = {
            one.arg: self.evaluate(frame, part)
            for one, part in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            if part is not None
        }
        return Closure(node, frame, locals_, defaults, keyword_defaults)

    def _walrus(self, frame: Frame, node: ast.NamedExpr) -> Value:
        value = self.evaluate(frame, node.value)
        frame.bind(node.target.id, value)
        return value

    def _call(self, frame: Frame, node: ast.Call) -> Value:
        return self.call(frame, node)

    _expressions: ClassVar[dict[type, Callable[[Any, Frame, Any], Value]]] = {
        ast.Constant: _constant,
        ast.Name: _name,
        ast.Attribute: _attribute,
        ast.List: _sequence,
        ast.Tuple: _sequence,
        ast.Set: _sequence,
        ast.Dict: _dict,
        ast.BinOp: _binary,
        ast.UnaryOp: _unary,
        ast.BoolOp: _boolean,
        ast.Compare: _compare,
        ast.IfExp: _conditional,
        ast.JoinedStr: _joined,
        ast.Subscript: _subscript,
        ast.Slice: _slice,
        ast.ListComp: _comprehension,
        ast.SetComp: _comprehension,
        ast.DictComp: _comprehension,
        ast.GeneratorExp: _comprehension,
        ast.Lambda: _lambda,
        ast.NamedExpr: _walrus,
        ast.Call: _call,
    }


def _decided(operator: ast.cmpop, left: Value, right: Value) -> bool | None:
    """The result of a comparison with constants, ``None`` if it is open."""
    if isinstance(operator, (ast.Is, ast.IsNot)):
        if not (isinstance(right, Const) and right.value is None):
            return None
        is_none = _is_none(left)
        return is_none if is_none is None or isinstance(operator, ast.Is) else not is_none
    if isinstance(left, Const) and isinstance(right, Const):
        if isinstance(operator, ast.Eq):
            return bool(left.value == right.value)
        if isinstance(operator, ast.NotEq):
            return bool(left.value != right.value)
    return None


def _is_none(value: Value) -> bool | None:
    if isinstance(value, Const):
        return value.value is None
    if isinstance(value, Plain):
        return None if value.type in (None, type(None)) else False
    if isinstance(value, (Fresh, Thing, Closure, Bound, Stream, Caught, Record)):
        return False
    return None


def _known_element(value: Fresh, key: Value) -> Value:
    if isinstance(key, Const):
        if value.entries is not None and key.value in value.entries:
            return value.entries[key.value]
        if value.items is not None and type(key.value) is int:
            inside = -len(value.items) <= key.value < len(value.items)
            return value.items[key.value] if inside else NEVER
    return value.elements
