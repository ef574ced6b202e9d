"""Which values are the same for an early result, and on which values operators run builtin code."""

from __future__ import annotations

from typing import Any

import pytest

from adaptive_jit.runtime import exact


class _Equal:
    """Equal to everything, if it is asked."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError("code of the program's was asked")

    def __hash__(self) -> int:
        return 1

    def method(self) -> None:
        """Do nothing."""

    def other(self) -> None:
        """Do nothing, elsewhere."""


class _Text(str):
    __slots__ = ()


def _new(value: Any) -> Any:
    """An equal value that is another object, where there can be one."""
    return eval(repr(value))


SAME = [
    -7,
    10**30,
    0.0,
    -0.0,
    1.5,
    1e300 * 10,
    complex(1.5, 2),
    "text" * 9,
    b"bytes",
    True,
    None,
]


@pytest.mark.parametrize("value", SAME, ids=repr)
def test_equal_scalars_of_one_type_are_the_same(value: Any):
    """Whichever object holds them."""
    other = float("inf") if value == float("inf") else _new(value)
    assert exact.same_value(value, other, deep=False)


def test_what_is_no_number_is_the_same_if_its_bits_are():
    """It is not equal to itself, but a callee cannot tell two of them apart."""
    assert exact.same_value(float("nan"), float("nan"), deep=False)


DIFFERENT = [
    (1, 2),
    (1, True),
    (1, 1.0),
    (0, None),
    (0.0, -0.0),
    (1.0, 1.5),
    (complex(0.0, 0.0), complex(0.0, -0.0)),
    ("a", "b"),
    ("a", b"a"),
    ("a", _Text("a")),
    (_Text("a"), _Text("a")),
    (_Equal(), _Equal()),
]


@pytest.mark.parametrize(("first", "second"), DIFFERENT, ids=repr)
def test_other_types_signs_and_objects_are_not_the_same(first: Any, second: Any):
    """What a callee could tell apart; objects of the program's are not even compared."""
    for deep in (False, True):
        assert not exact.same_value(first, second, deep=deep)
        assert not exact.same_value(second, first, deep=deep)


CONTAINERS = [[1, "a"], (1, [2.5]), {"a": [1], "b": {"c": None}}, [], {}]


@pytest.mark.parametrize("value", CONTAINERS, ids=repr)
def test_containers_are_the_same_by_value_only_if_asked(value: Any):
    """A callee that keeps or changes what it is given could tell two of them apart."""
    assert exact.same_value(value, value, deep=False)
    assert exact.same_value(value, _new(value), deep=True)
    if value != ():
        assert not exact.same_value(value, _new(value), deep=False)


CHANGED = [
    ([1], [2]),
    ([1], [1, 2]),
    ([], [1]),
    ([1], [1.0]),
    ([0.0], [-0.0]),
    ((1,), [1]),
    ({"a": 1}, {"a": 2}),
    ({"a": 1}, {"b": 1}),
    ({"a": 1}, {"a": 1, "b": 2}),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({1: "x"}, {True: "x"}),
    ([{"a": [1]}], [{"a": [2]}]),
    ({1}, {1}),
    (bytearray(b"a"), bytearray(b"a")),
]


@pytest.mark.parametrize(("first", "second"), CHANGED, ids=repr)
def test_containers_differ_by_element_order_and_kind(first: Any, second: Any):
    """At any depth; sets and other kinds are the same only if they are one object."""
    assert not exact.same_value(first, second, deep=True)
    assert not exact.same_value(second, first, deep=True)


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def test_containers_are_compared_down_to_a_depth():
    """Deeper ones, and ones that hold themselves, would take for ever."""
    assert exact.same_value(_nested(9), _nested(9), deep=True)
    assert not exact.same_value(_nested(10), _nested(10), deep=True)
    first: list[Any] = []
    first.append(first)
    second: list[Any] = []
    second.append(second)
    assert not exact.same_value(first, second, deep=True)


def test_a_method_is_the_same_of_one_receiver_only():
    """A receiver that is merely equal may answer otherwise."""
    one, two = _Equal(), _Equal()
    assert exact.same_callee(one.method, one.method)
    assert not exact.same_callee(one.method, two.method)
    assert not exact.same_callee(one.method, one.other)
    assert not exact.same_callee(one.method, _Equal.method)
    assert exact.same_value([one.method], [one.method], deep=True)
    assert not exact.same_value([one.method], [two.method], deep=True)


def test_a_method_of_an_equal_text_is_the_same_but_not_of_an_equal_list():
    """Texts cannot be told apart; a list is changed by its methods."""
    text, other = "ab" * 9, _new("ab" * 9)
    assert exact.same_callee(text.upper, other.upper)
    assert not exact.same_callee(text.upper, other.lower)
    assert not exact.same_callee(text.upper, "ba".upper)
    assert not exact.same_callee("1".join, b"1".join)
    items, others = [1], [1]
    assert exact.same_callee(items.append, items.append)
    assert not exact.same_callee(items.append, others.append)


def test_functions_are_the_same_only_if_they_are_one():
    """Two closures of one code may answer differently."""

    def made() -> Any:
        return lambda: None

    one = made()
    assert exact.same_callee(one, one)
    assert not exact.same_callee(one, made())
    assert not exact.same_callee(one, len)


def _same(first: Any, second: Any, *, deep: bool = False) -> bool:
    (args, kwargs), (others, named) = first, second
    return exact.same_arguments(args, others, kwargs, named, deep=deep)


def test_arguments_are_the_same_by_place_and_by_name():
    """Number, order, names and values."""
    assert _same(((1, "a"), {"b": 2}), ((1, "a"), {"b": 2}))
    assert _same(((), {"a": 1, "b": 2}), ((), {"b": 2, "a": 1}))
    for other in (
        ((1,), {"b": 2}),
        (("a", 1), {"b": 2}),
        ((1, "a"), {}),
        ((1, "a"), {"c": 2}),
        ((1, "a"), {"b": 3}),
        ((1, "b"), {"b": 2}),
        ((1, "a", 3), {"b": 2}),
        ((1, "a"), {"b": 2, "c": 3}),
    ):
        assert not _same(((1, "a"), {"b": 2}), other)


def test_arguments_are_compared_by_value_only_if_the_callee_leaves_them_alone():
    """By place and by name alike."""
    assert _same((([1],), {"a": [2]}), (([1],), {"a": [2]}), deep=True)
    assert not _same((([1],), {}), (([1],), {}))
    assert not _same(((), {"a": [2]}), ((), {"a": [2]}))
    assert not _same(((), {"a": [2]}), ((), {"a": [3]}), deep=True)


def test_values_nest_only_as_deep_as_patterns_look():
    """What lies deeper than a pattern looks may be anything."""
    assert exact.matches([1, {"a": 2}], 2)
    assert exact.matches([1, _Equal()], 1)
    assert not exact.matches([1, _Equal()], 2)
    assert exact.matches({"a": _Equal()}, 1)
    assert not exact.matches({"a": _Equal()}, 2)
    assert not exact.matches(_Equal(), 1)
    assert not exact.matches(_Text("a"), 1)
    assert exact.matches([0] * 2_000, 2)
    assert not exact.matches([0] * 2_001, 2)


def test_membership_asks_no_element_of_the_program_s():
    """A list compares with each element; a dict by hash first."""
    assert exact.tells_membership([1, "a"])
    assert not exact.tells_membership([1, _Equal()])
    assert not exact.tells_membership((_Equal(),))
    assert exact.tells_membership({"a": _Equal()})
    assert not exact.tells_membership(_Equal())


def test_the_consumers_of_a_generator_are_known():
    """Builtins that walk it while they are called; a method of a text only if it joins."""
    for function in (sum, sorted, list, any, ",".join, b"".join):
        assert exact.is_consumer(function)
    for function in (len, ",".split, iter, map, zip, _Equal().method, [].extend, [[]]):
        assert not exact.is_consumer(function)


class _Above:
    value = 1

    def method(self) -> str:
        return "above"

    @staticmethod
    def static() -> str:
        return "above"


class _Below(_Above):
    def method(self) -> str:
        return "below"


def test_a_parent_s_method_is_found_behind_the_class_that_asks():
    """As ``super`` finds it, and only if it is a plain function."""
    receiver = _Below()
    assert exact.parent_function(_Below, receiver, "method") is vars(_Above)["method"]
    assert exact.parent_function(_Above, receiver, "method") is None
    assert exact.parent_function(_Below, receiver, "static") is None
    assert exact.parent_function(_Below, receiver, "value") is None
    assert exact.has_parent(super(_Below, receiver), "method")
    assert not exact.has_parent(super(_Above, receiver), "method")


def test_names_are_those_of_builtins_unless_the_module_has_its_own(monkeypatch: Any):
    """Or someone has replaced the builtin itself."""
    assert exact.are_builtin(("len", "sum"), {"other": 1})
    assert not exact.are_builtin(("len", "sum"), {"sum": sum})
    monkeypatch.setattr("builtins.sum", lambda _: 0)
    assert not exact.are_builtin(("len", "sum"), {})
    assert exact.are_builtin(("len",), {})
