"""How the effect of a call is found: order of evidence, caches, names."""

from __future__ import annotations

import functools
import gc
import json
import operator
import subprocess
import sys
import types
from unittest import mock

import httpx
import pytest

from adaptive_jit.effects import describe, effect_of, register, resolve, source, unordered
from adaptive_jit.records.effects import EffectKind, Source


@pytest.fixture(autouse=True)
def _forget():
    resolve.forget_proofs()
    yield
    resolve.forget_proofs()
    register.forget_all()


def test_declared_comes_before_catalogue():
    """The user knows better."""
    assert effect_of(httpx.get, ("http://h/",), {}).source is Source.CATALOGUE
    unordered(httpx.get)
    effect = effect_of(httpx.get, ("http://h/",), {})
    assert (effect.kind, effect.source) == (EffectKind.UNORDERED, Source.DECLARED)


def test_catalogued_calls_with_callbacks_are_unknown():
    """`sorted` with a function of the user as key."""
    assert effect_of(sorted, ([1],), {}).kind is EffectKind.PURE
    effect = effect_of(sorted, ([1],), {"key": lambda one: print(one)})
    assert effect.kind is EffectKind.UNKNOWN


def test_memoised_functions_say_why_they_stay_in_order():
    """What they do depends on earlier calls."""

    @functools.lru_cache
    def f(x):
        return x

    effect = effect_of(f, (1,), {})
    assert effect.kind is EffectKind.UNKNOWN
    assert "memoised" in effect.reason


stand_in = mock.Mock()


def _asks_a_mock(key):
    return stand_in(key)


def _asks_a_function(key):
    return unknown_module.lookup(key)


unknown_module = types.SimpleNamespace(lookup=operator.methodcaller("lookup"))


def test_a_mock_is_never_followed_and_only_a_mock_is_called_one():
    """By itself or from a helper: what it answers is decided elsewhere."""
    for callee, arguments in ((stand_in, (1,)), (_asks_a_mock, (1,))):
        effect = effect_of(callee, arguments, {})
        assert effect.kind is EffectKind.UNKNOWN
        assert "mock" in effect.reason
    effect = effect_of(_asks_a_function, (1,), {})
    assert effect.kind is EffectKind.UNKNOWN
    assert "mock" not in effect.reason


def test_classes_that_nobody_knows_are_unknown():
    """Making one may do anything."""

    class Local:
        pass

    assert effect_of(Local, (), {}).kind is EffectKind.UNKNOWN


def test_callable_objects_are_proved_by_their_call_method():
    """The instance is the receiver."""

    class Loader:
        def __init__(self, base):
            self.base = base

        def __call__(self, path):
            return httpx.get(self.base + path).text

    effect = effect_of(Loader("http://h/"), ("p",), {})
    assert (effect.kind, effect.resource) == (EffectKind.READS, "http")


def test_a_second_question_does_not_prove_again(monkeypatch):
    """Proofs are kept."""

    def f(x):
        return x + 1

    first = effect_of(f, (1,), {})
    monkeypatch.setattr(resolve, "prove", None)
    assert effect_of(f, (2,), {}) is first


def test_proving_has_an_end():
    """A function whose surroundings change all the time is left alone after some tries."""
    box = [lambda: 1]

    def make():
        inner = box[0]

        def f(x):
            return inner

        return f

    function = make()
    cell = function.__closure__[0]
    reasons = set()
    for number in range(200):
        cell.cell_contents = (lambda value: lambda: value)(number)
        reasons.add(effect_of(function, (1,), {}).reason)
    assert any("too many" in reason for reason in reasons)
    assert resolve._proofs[id(function)].tries <= 40


def test_a_fault_of_ours_is_contained(monkeypatch):
    """The program would have run without us."""

    def broken(*given):
        raise KeyError("bug")

    monkeypatch.setattr(resolve, "prove", broken)
    effect = effect_of(lambda: 1, (), {})
    assert effect.kind is EffectKind.UNKNOWN
    assert "please report" in effect.reason


def test_functions_may_die():
    """What was proved of them goes with them, and a new one is judged for itself."""

    def make():
        def f(x):
            return x

        effect_of(f, (1,), {})

    make()
    gc.collect()
    assert not resolve._proofs


def test_an_edition_in_place_is_proved_from_the_original():
    """The engine swaps code in place; the user's code counts."""

    def f(x):
        return x + 1

    def edition(x):
        return sys.getrecursionlimit()

    original = f.__code__
    source.use_original_code(lambda function: original if function is f else function.__code__)
    try:
        assert effect_of(f, (1,), {}).kind is EffectKind.PURE
        f.__code__ = edition.__code__
        assert effect_of(f, (1,), {}).kind is EffectKind.PURE
        resolve.forget_proofs()
        assert effect_of(f, (1,), {}).kind is EffectKind.PURE
    finally:
        source.use_original_code(None)


def test_refusals_are_looked_into_again_later(monkeypatch):
    """What blocked a proof may be gone without a trace in what it relied on."""
    table = {"a": object()}
    monkeypatch.setitem(globals(), "TABLE", table)

    def f(x):
        return TABLE[x]  # noqa: F821

    assert effect_of(f, ("a",), {}).kind is EffectKind.UNKNOWN
    table["a"] = 1
    kinds = [effect_of(f, ("a",), {}).kind for _ in range(20)]
    assert kinds[-1] is EffectKind.READS


def test_nothing_heavy_is_imported_with_effects():
    """Proofs, catalogue and source search are loaded when they are needed."""
    code = (
        "import sys; import adaptive_jit.effects; "
        "print([m for m in ('adaptive_jit.effects.proof', 'logging', 'asyncio', 'tomllib', 'numpy', 'sqlite3') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def local_function():
    """Named in the test below."""


class Local:
    def method(self): ...

    def __call__(self): ...


@pytest.mark.parametrize(
    ("callee", "name"),
    [
        (httpx.get, "httpx.get"),
        (httpx.Client().get, "httpx.Client.get"),
        (httpx.Client.get, "httpx.Client.get"),
        (httpx.Client, "httpx.Client"),
        (json.loads, "json.loads"),
        (len, "len"),
        ("x".join, "str.join"),
        (str, "str"),
        (local_function, f"{__name__}.local_function"),
        (Local().method, f"{__name__}.Local.method"),
        (Local(), f"an instance of {__name__}.Local"),
        (functools.partial(len), "functools.partial of len"),
    ],
)
def test_callables_are_named_as_people_write_them(callee, name):
    """A package's own export rather than the private module behind it."""
    assert describe(callee) == name
