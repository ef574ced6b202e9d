"""Tools of the standard library that proved code passes values through.

Iterators (``itertools``) hand on the elements that they are given, and run
the functions that they are given; ``itemgetter`` and ``attrgetter`` stand for
small functions; a ``defaultdict`` is a dict that the proved code makes itself
and whose missing values are known.
"""

# ruff: noqa: ARG001 - the entries of a table share one signature
from __future__ import annotations

import ast
import collections
import functools
import itertools
import operator
from typing import TYPE_CHECKING, Any

from adaptive_jit.effects.proof_records import parent
from adaptive_jit.effects.proof_state import text_of
from adaptive_jit.effects.proof_values import (
    NEVER,
    NONE,
    Const,
    Plain,
    Stream,
    Thing,
    Value,
    join,
    join_all,
    same,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from adaptive_jit.effects.proof_builtins import Builtins
    from adaptive_jit.effects.proof_state import Frame

Keywords = dict[str, Value]

_SCALARS = frozenset({int, float, str, bytes, bool})

_ROUNDS = 6
"""Times that a function is applied to what it has given before, until nothing is new."""


def _chain(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    return Stream(join_all(proof.iterate(node, value) for value in args))


def _chain_all(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    _need(proof, node, len(args) == 1)
    return Stream(proof.iterate(node, proof.iterate(node, args[0])))


def _part(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    """``islice``, ``cycle``: the elements of the first argument, the rest are numbers."""
    _need(proof, node, bool(args) and not kwargs)
    proof.need_plain(node, *args[1:])
    return Stream(proof.iterate(node, args[0]))


def _repeat(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    _need(proof, node, bool(args))
    proof.need_plain(node, *args[1:], *kwargs.values())
    return Stream(args[0])


def _count(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    proof.need_plain(node, *args, *kwargs.values())
    return Stream(Plain())


def _tuples(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    """``product``, ``combinations``: tuples of elements."""
    known = [value for value in args if not isinstance(value, Const)]
    proof.need_plain(node, *(value for value in args if isinstance(value, Const)))
    proof.need_plain(node, *kwargs.values())
    elements = join_all(proof.iterate(node, value) for value in known if not _is_number(value))
    return Stream(proof.site(node, tuple, elements))


def _pairs(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    _need(proof, node, len(args) == 1)
    element = proof.iterate(node, args[0])
    return Stream(proof.site(node, tuple, element, (element, element)))


def _longest(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    fill = kwargs.get("fillvalue", NONE)
    parts = tuple(join(proof.iterate(node, value), fill) for value in args)
    return Stream(proof.site(node, tuple, join_all(parts), parts))


def _tested(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    """``takewhile``, ``dropwhile``, ``filterfalse``: a test and the elements."""
    _need(proof, node, len(args) == 2)
    element = proof.iterate(node, args[1])
    test = (
        element if isinstance(args[0], Const) else proof.apply(frame, node, args[0], [element], {})
    )
    proof.truth(node, test)
    return Stream(element)


def _grouped(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    """``groupby``: pairs of a key and the elements that have it."""
    _need(proof, node, bool(args))
    element = proof.iterate(node, args[0])
    function = args[1] if len(args) > 1 else kwargs.get("key", NONE)
    key = element
    if not isinstance(function, Const):
        key = proof.apply(frame, node, function, [element], {})
    proof.need_plain(node, key)
    group = Stream(element)
    return Stream(proof.site(node, tuple, join(key, group), (key, group)))


def _accumulated(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    _need(proof, node, bool(args))
    function = args[1] if len(args) > 1 else kwargs.get("func", NONE)
    element = proof.iterate(node, args[0])
    first = join(element, kwargs.get("initial", NEVER))
    if isinstance(function, Const):
        proof.need_plain(node, first)
        return Stream(Plain())
    return Stream(_folded(proof, frame, node, function, first, element))


def _reduce(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    _need(proof, node, len(args) >= 2)
    element = proof.iterate(node, args[1])
    first = args[2] if len(args) > 2 else element
    return _folded(proof, frame, node, args[0], first, element)


def _folded(
    proof: Builtins, frame: Frame, node: ast.Call, function: Value, first: Value, element: Value
) -> Value:
    found = first
    for _ in range(_ROUNDS):
        after = join(found, proof.apply(frame, node, function, [found, element], {}))
        if same(after, found):
            return found
        found = after
    raise proof.refusal(node, f"`{text_of(node)}` is too involved to be proved")


def _item_getter(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    parts = [f"_item[{value.value!r}]" for value in args if isinstance(value, Const)]
    return _lambda(proof, frame, node, parts, len(args))


def _attribute_getter(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    texts = [value.value for value in args if isinstance(value, Const)]
    parts = [f"_item.{text}" for text in texts if type(text) is str and text.isidentifier()]
    return _lambda(proof, frame, node, parts, len(args))


def _lambda(proof: Builtins, frame: Frame, node: ast.Call, parts: list[str], wanted: int) -> Value:
    """The function that ``operator`` makes, as source."""
    _need(proof, node, bool(parts) and len(parts) == wanted)
    body = parts[0] if wanted == 1 else f"({', '.join(parts)})"
    return proof.closure(frame, _parsed(f"lambda _item: {body}", node.lineno), frozenset())


@functools.lru_cache(maxsize=500)
def _parsed(text: str, line: int) -> ast.Lambda:
    made: Any = ast.parse(text, mode="eval").body
    ast.increment_lineno(made, line - 1)
    return made  # type: ignore[no-any-return]


def _default_dict(
    proof: Builtins, frame: Frame, node: ast.Call, args: list[Value], kwargs: Keywords
) -> Value:
    """``defaultdict(list)``: reading a key that is missing stores what the factory makes."""
    function = frame.owner().function
    if function is not None and "default_factory" in function.__code__.co_names:
        raise proof.refusal(node, "looks at the factory of a `defaultdict`")
    _need(proof, node, len(args) <= 1 and not kwargs)
    factory = args[0] if args else NONE
    if isinstance(factory, Const):
        missing: Value = NEVER
    elif isinstance(factory, Thing) and type(factory.obj) is type and factory.obj in _SCALARS:
        missing = Plain(factory.obj)
    else:
        missing = proof.apply(frame, node, factory, [], {})
    # Not an exact dict: nothing is promised of what is returned.
    proof.belongings.is_inexact = True
    return proof.site(node, dict, missing)


def _need(proof: Builtins, node: ast.Call, holds: bool) -> None:
    if not holds:
        raise proof.refusal(node, f"`{text_of(node)}` is not understood")


def _is_number(value: Value) -> bool:
    return isinstance(value, Plain) and value.type in (int, bool)


TOOLS: dict[object, Callable[[Any, Any, Any, Any, Any], Value]] = {
    super: parent,
    collections.defaultdict: _default_dict,
    functools.reduce: _reduce,
    itertools.accumulate: _accumulated,
    itertools.chain: _chain,
    itertools.chain.from_iterable: _chain_all,
    itertools.combinations: _tuples,
    itertools.combinations_with_replacement: _tuples,
    itertools.count: _count,
    itertools.cycle: _part,
    itertools.dropwhile: _tested,
    itertools.filterfalse: _tested,
    itertools.groupby: _grouped,
    itertools.islice: _part,
    itertools.pairwise: _pairs,
    itertools.permutations: _tuples,
    itertools.product: _tuples,
    itertools.repeat: _repeat,
    itertools.takewhile: _tested,
    itertools.zip_longest: _longest,
    operator.attrgetter: _attribute_getter,
    operator.itemgetter: _item_getter,
}
"""By the objects themselves; each is given the proof, the scope, the call and its arguments."""
