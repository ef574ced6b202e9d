"""Operators, truth and text of values: when they run no code but the interpreter's."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from adaptive_jit.effects.attributes import MISSING
from adaptive_jit.effects.catalogue_values import is_leaf
from adaptive_jit.effects.proof_clocks import computed
from adaptive_jit.effects.proof_names import Finder
from adaptive_jit.effects.proof_state import text_of
from adaptive_jit.effects.proof_templates import Unfit, template
from adaptive_jit.effects.proof_values import (
    NEVER,
    SCALARS,
    Bound,
    Caught,
    Choice,
    Closure,
    Computed,
    Const,
    Fresh,
    Never,
    Opaque,
    Origin,
    Plain,
    Record,
    Result,
    Thing,
    Value,
    aliases,
    join,
    plainness,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LONGEST_TEXT = 4096
"""Characters up to which strings are put together during a proof."""

_TRUTH = ("__bool__", "__len__")


class Operators(Finder):
    """What operators do to values."""

    def need_plain(self, node: ast.AST, *values: Value) -> None:
        """Raise `Refused` unless operators on the values are the interpreter's own."""
        for value in values:
            if not plainness(value):
                raise self.refusal(node, f"`{text_of(node)}` works on {self.words(value)}")

    def words(self, value: Value) -> str:
        """What *value* is, for a reason that people read."""
        if isinstance(value, Thing):
            return f"a {type(value.obj).__name__}, whose operators are not known"
        if isinstance(value, Opaque):
            return value.why
        if isinstance(value, Record):
            return f"a `{value.kind.__name__}`"
        if isinstance(value, Result):
            return f"a {value.name.rpartition(':')[2]}, whose operators are not known"
        if isinstance(value, Choice):
            return self.words(next(o for o in value.options if not plainness(o)))
        return "a value of unknown type"

    def operate(self, node: ast.AST, operator: ast.operator, left: Value, right: Value) -> Value:
        """The result of a binary operator."""
        if isinstance(left, Never) or isinstance(right, Never):
            return NEVER
        timed = computed(operator, left, right)
        if timed is not None:
            return timed
        if isinstance(operator, ast.Div):
            path = self._path(left, right)
            if path is not None:
                return path
        if isinstance(operator, ast.Add) and isinstance(left, Fresh) and isinstance(right, Fresh):
            elements = join(left.elements, right.elements)
            known = left.items is not None and right.items is not None
            items = (*(left.items or ()), *(right.items or ())) if known else None
            return self.site(node, left.type, elements, items)
        if isinstance(operator, ast.Mod) and kind_of(left) is str:
            for part in right.items or () if isinstance(right, Fresh) else (right,):
                self.need_text(node, part)
            if isinstance(right, Fresh) and right.items is None:
                self.need_plain(node, right)
            return Plain(str)
        self.need_plain(node, left, right)
        kinds = (kind_of(left), kind_of(right))
        if isinstance(operator, ast.Add) and kinds == (str, str):
            return joined_text(left, right)
        if isinstance(operator, ast.Add) and kinds == (list, list):
            spread = join(self.iterate(node, left), self.iterate(node, right))
            return self.site(node, list, spread)
        return Plain(_arithmetic(operator, *kinds), aliases(left) or aliases(right))

    def _path(self, left: Value, right: Value) -> Value | None:
        """``folder / name``: joining paths touches no file."""
        name = _path_name(left) or _path_name(right)
        if name is None:
            return None
        try:
            first, second = template(left), template(right)
        except Unfit:
            return None
        path = self.result(name, "a path")
        if isinstance(path, Result):
            path.maker = lambda values, number: (
                first.fill(values, number) / second.fill(values, number)
            )
        return path

    def truth(self, node: ast.AST, value: Value) -> bool | None:
        """Whether *value* is true, ``None`` if it is open; asking must run no unknown code."""
        if isinstance(value, Const):
            return bool(value.value)
        if isinstance(value, Choice):
            found = {self.truth(node, option) for option in value.options}
            return found.pop() if len(found) == 1 else None
        if isinstance(value, Fresh):
            return None
        if isinstance(value, (Closure, Bound, Caught)):
            return True
        if isinstance(value, Result) and (
            value.rule.is_true or not _asks_for_truth(value.rule.kind)
        ):
            return True
        kind = type(value.obj) if isinstance(value, Thing) else getattr(value, "kind", None)
        if isinstance(value, (Thing, Record)) and not _asks_for_truth(kind):
            for name in _TRUTH:
                self.assume.member(kind, name, MISSING)  # type: ignore[arg-type]
            return True
        if isinstance(value, (Plain, Never)):
            return None
        raise self.refusal(node, f"the truth of `{text_of(node)}` asks {self.words(value)}")

    def need_text(self, node: ast.AST, value: Value) -> None:
        """Raise `Refused` unless writing *value* as text runs no unknown code."""
        for option in value.options if isinstance(value, Choice) else (value,):
            if plainness(option) or isinstance(option, Caught):
                continue
            if isinstance(option, Thing) and is_leaf(type(option.obj)):
                continue
            if isinstance(option, Result) and option.rule.kind and is_leaf(option.rule.kind):
                continue
            raise self.refusal(node, f"formats `{text_of(node)}`, {self.words(option)}")


def kind_of(value: Value) -> type | None:
    """The exact type of *value* if it is certainly known."""
    if isinstance(value, Const):
        return type(value.value)
    return value.type if isinstance(value, (Plain, Fresh)) else None


def _path_name(value: Value) -> str | None:
    """The type rule of *value* if it is a path."""
    kind = type(value.obj) if isinstance(value, Thing) else None
    if kind is not None and is_leaf(kind) and kind.__module__.startswith("pathlib"):
        return f"pathlib:{kind.__name__}"
    if isinstance(value, Result) and value.name.startswith("pathlib:"):
        return value.name
    return None


def joined_text(*pieces: Value) -> Value:
    """The concatenation of strings, known as far as its pieces are."""
    if all(isinstance(piece, Const) for piece in pieces):
        text = "".join(piece.value for piece in pieces if isinstance(piece, Const))
        return Const(text) if len(text) <= _LONGEST_TEXT else Plain(str)
    origin: list[Origin | str] = []
    for piece in pieces:
        if isinstance(piece, Const):
            origin.append(piece.value)
        elif isinstance(piece, Plain) and piece.origin is not None:
            origin.append(piece.origin)
        else:
            return Plain(str)
    return Plain(str, origin=tuple(origin))


def computed_text(function: Callable[..., str], pieces: Sequence[Value]) -> Value:
    """What a pure *function* makes of strings: ``os.path.join``."""
    origin: list[Origin | str] = []
    for piece in pieces:
        known = piece.value if isinstance(piece, Const) else getattr(piece, "origin", None)
        if known is None:
            return Plain(str)
        origin.append(known)
    return Plain(str, origin=Computed(function, tuple(origin)))


def _arithmetic(operator: ast.operator, left: type | None, right: type | None) -> type | None:
    numbers = (bool, int)
    if left in numbers and right in numbers and not isinstance(operator, (ast.Div, ast.Pow)):
        return int
    if left in (int, float) and right in (int, float) and not isinstance(operator, ast.Pow):
        return float
    if isinstance(operator, (ast.Add, ast.Mult)) and str in (left, right):
        return str
    return None


def _asks_for_truth(kind: type | None) -> bool:
    """Whether ``bool()`` of an instance calls a method of its class."""
    return (
        kind is None
        or kind in SCALARS
        or any(name in base.__dict__ for base in kind.__mro__ for name in _TRUTH)
    )
