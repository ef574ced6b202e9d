"""``decorate_package``: a whole package made adaptive, as it is imported."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pickle
import pkgutil
import sys
from pathlib import Path

import pytest

from adaptive_jit import adaptive, explain, stats, unordered
from adaptive_jit.engine import registry, resting
from adaptive_jit.errors import ConfigurationError
from adaptive_jit.records import Phase
from adaptive_jit.testing import decorate_package

LAID_OUT = Path(__file__).parent.parent / "laid_out"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """The packages can be imported, and are imported anew."""
    monkeypatch.syspath_prepend(str(LAID_OUT))
    before = list(sys.meta_path)
    yield
    assert sys.meta_path == before, "a decoration was left behind"
    for name in [n for n in sys.modules if n.partition(".")[0] in ("parcel", "spread")]:
        del sys.modules[name]


def is_adaptive(function) -> bool:
    return registry.controller_of(function) is not None


def test_every_kind_of_function_is_decorated_when_its_module_is_imported():
    """Functions, methods, what wrappers and commands hold; in sub-packages and rings too."""
    with decorate_package("parcel") as decoration:
        parcel = importlib.import_module("parcel")
        core = parcel.core
        shop = core.Shop
        for function in (
            parcel.joined,
            core.pair,
            core.wrapped.__wrapped__,
            inspect.getclosurevars(core.hidden).nonlocals["function"],
            core.kept.__wrapped__,
            core.command.callback,
            shop.method,
            shop.static,
            shop.on_class.__func__,
            shop.__dict__["read"].fget,
            shop.__dict__["read_once"].func,
            shop.Counter.nested,
            parcel.tools.twice,
            parcel.text.lines,
            core.ring_a.there,
            sys.modules["parcel.ring_b"].back,
        ):
            assert is_adaptive(function), function
        assert decoration.decorated == 16
        assert list(decoration.modules) == [
            "parcel.ring_b",
            "parcel.ring_a",
            "parcel.core",
            "parcel.tools.text",
            "parcel.tools",
            "parcel",
        ]


def test_aliases_are_the_same_function():
    """Who imported a name before the module was decorated has the adaptive function too."""
    with decorate_package("parcel"):
        parcel = importlib.import_module("parcel")
        assert parcel.text.alias is parcel.core.pair is parcel.pair is parcel.core.alias
        assert is_adaptive(parcel.text.alias)


def test_what_is_left_alone_is_told_with_the_reason():
    """Generators, coroutines, functions with nothing that could overlap, lambdas."""
    with decorate_package("parcel") as decoration:
        importlib.import_module("parcel")
        left = decoration.left_alone
        assert left["parcel.core.numbered"] == "it is a generator function"
        assert "coroutine" in left["parcel.core.waited"]
        assert "nothing in it could overlap" in left["parcel.core.fetch"]
        assert decoration.reasons()["it is a generator function"] == 1
        assert sum(decoration.reasons().values()) == len(left)
        assert str(decoration).startswith(
            f"parcel: 16 functions decorated in 6 modules, {len(left)} left alone; 0 operations"
        )


def test_no_code_of_the_package_runs_for_it():
    """A proxy, a lazy attribute and a property stay asleep; what is lazy is decorated later."""
    with decorate_package("parcel"):
        parcel = importlib.import_module("parcel")
        assert parcel.core.seen == []
        assert "parcel.late" not in sys.modules
        assert is_adaptive(parcel.late.both)


def test_a_module_that_is_imported_already_is_decorated_at_once():
    """And what it imports later is decorated then."""
    parcel = importlib.import_module("parcel")
    pair = parcel.pair
    own = pair.__code__
    with decorate_package("parcel") as decoration:
        assert parcel.pair is pair
        assert is_adaptive(pair)
        assert pair.__code__ is not own
        assert decoration.decorated == 16
        assert is_adaptive(parcel.late.both)
        assert decoration.decorated == 17


def test_it_is_taken_back():
    """Own code objects are in place, nothing is known of the functions, the hook is gone."""
    parcel = importlib.import_module("parcel")
    codes = {f: f.__code__ for f in (parcel.pair, parcel.joined, parcel.core.Shop.method)}
    decoration = decorate_package("parcel", forced=True)
    assert parcel.pair("a") == ["A", "A?"]
    decoration.undo()
    decoration.undo()
    assert not [f for f in registry._controllers if f.__module__.startswith("parcel")]
    for function, code in codes.items():
        assert function.__code__ is code
        assert registry.find(function) is None
    assert registry.find(parcel.core.fetch) is None
    assert not is_adaptive(parcel.late.both)
    with decorate_package("parcel"):
        assert is_adaptive(parcel.pair)
        assert parcel.pair("a") == ["A", "A?"]


def test_what_was_adaptive_before_stays_so():
    """With its own settings, also when the decoration is taken back."""
    parcel = importlib.import_module("parcel")
    adaptive(window=7)(parcel.pair)
    with decorate_package("parcel", forced=True) as decoration:
        assert decoration.left_alone["parcel.core.pair"] == "it was adaptive before"
    assert registry.controller_of(parcel.pair).arguments == {"window": 7}


def test_settings_are_those_of_the_decorator():
    with decorate_package("parcel", forced=True, window=5):
        parcel = importlib.import_module("parcel")
        controller = registry.controller_of(parcel.pair)
        assert controller.arguments == {"strategy": "parallel", "window": 5}
        parcel.pair("a")
        assert stats(parcel.pair).phase is Phase.FORCED


@pytest.mark.parametrize("name", ["", "a.", ".a", "a-b", "a/b", b"a"])
def test_a_wrong_name_is_refused(name):
    with pytest.raises(ConfigurationError):
        decorate_package(name)


def test_a_wrong_setting_is_refused_before_the_hook_is_in_place():
    with pytest.raises(ConfigurationError):
        decorate_package("parcel", window=0)


def test_what_a_wrapper_tells_of_is_found():
    """`__wrapped__` suffices, where the wrapper does not capture the function itself."""
    parcel = importlib.import_module("parcel")
    parcel.core.outer = lambda name: name
    parcel.core.outer.__wrapped__ = parcel.core.__dict__.pop("pair")
    wrapped = parcel.core.outer.__wrapped__
    for module in (parcel, parcel.core, parcel.text):
        for name in [n for n, value in vars(module).items() if value is wrapped]:
            delattr(module, name)
    with decorate_package("parcel"):
        assert is_adaptive(wrapped)


def test_a_namespace_package_is_decorated_module_by_module():
    with decorate_package("spread") as decoration:
        inner = importlib.import_module("spread.inner")
        assert is_adaptive(inner.both)
        assert list(decoration.modules) == ["spread.inner"]


def test_other_packages_with_the_same_beginning_are_not_touched():
    """`parc` is not `parcel`."""
    with decorate_package("parc") as decoration:
        assert not is_adaptive(importlib.import_module("parcel").pair)
        assert decoration.decorated == 0


def test_a_sub_package_alone_can_be_named():
    with decorate_package("parcel.tools"):
        parcel = importlib.import_module("parcel")
        assert is_adaptive(parcel.tools.twice)
        assert not is_adaptive(parcel.pair)


def test_nobody_finds_the_hook_in_a_module():
    """Its loader is its own: resources, source, specification and reloads are as ever."""
    plain = type(importlib.import_module("parcel.core").__loader__)
    del sys.modules["parcel"], sys.modules["parcel.core"]
    with decorate_package("parcel"):
        core = importlib.import_module("parcel.core")
        assert type(core.__loader__) is plain
        assert core.__spec__.loader is core.__loader__
        assert pkgutil.get_data("parcel", "data.txt") == b"a resource\n"
        found = importlib.util.find_spec("parcel.late")
        assert found.loader.get_source("parcel.late").startswith('"""Imported on demand')
        assert "first = fetch(name)" in inspect.getsource(core.pair)


def test_what_is_loaded_anew_is_decorated_anew():
    with decorate_package("parcel"):
        parcel = importlib.import_module("parcel")
        before = parcel.text.lines
        importlib.reload(parcel.text)
        assert parcel.text.lines is not before
        assert is_adaptive(parcel.text.lines)


def test_a_lazy_loader_is_decorated_when_it_loads():
    """`importlib.util.LazyLoader` executes the module at the first attribute."""
    with decorate_package("spread") as decoration:
        importlib.import_module("spread")
        spec = importlib.util.find_spec("spread.inner")
        loader = spec.loader = importlib.util.LazyLoader(spec.loader)
        module = importlib.util.module_from_spec(spec)
        sys.modules["spread.inner"] = module
        loader.exec_module(module)
        assert decoration.decorated == 0
        assert is_adaptive(module.both)


def test_an_import_that_fails_fails_as_ever(tmp_path, monkeypatch):
    """And the next attempt is decorated."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "spread").mkdir()
    broken = tmp_path / "spread" / "broken.py"
    broken.write_text(
        "def f(a):\n    x = a()\n    y = a()\n    return x, y\n\nraise KeyError('no')\n"
    )
    with decorate_package("spread") as decoration:
        with pytest.raises(KeyError, match="no"):
            importlib.import_module("spread.broken")
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("spread.absent")
        assert decoration.decorated == 0
        broken.write_text("def f(a):\n    x = a()\n    y = a()\n    return x, y\n")
        importlib.invalidate_caches()
        sys.dont_write_bytecode, old = True, sys.dont_write_bytecode
        try:
            assert is_adaptive(importlib.import_module("spread.broken").f)
        finally:
            sys.dont_write_bytecode = old


def test_two_decorations_can_overlap():
    """The one that was there first decorates; the other one leaves that alone, and in place."""
    with decorate_package("parcel") as outer, decorate_package("parcel.tools") as inner:
        parcel = importlib.import_module("parcel")
        assert (outer.decorated, inner.decorated) == (16, 0)
        assert inner.left_alone["parcel.tools.twice"] == "it was adaptive before"
        inner.undo()
        assert is_adaptive(parcel.tools.twice)
        assert parcel.tools.twice("a") == ("A", ("A", ["A", "A?"]))


def test_functions_pickle_by_name_as_ever():
    with decorate_package("parcel", forced=True):
        parcel = importlib.import_module("parcel")
        assert pickle.loads(pickle.dumps(parcel.pair)) is parcel.pair
        shop = pickle.loads(pickle.dumps(parcel.core.Shop().method))
        assert shop("a") == ("A", "A")


def test_early_starts_are_counted_also_after_the_end():
    with decorate_package("parcel", forced=True) as decoration:
        parcel = importlib.import_module("parcel")
        assert parcel.joined("a") == "AA!"
        started = decoration.counts().started
        assert started > 0
    assert decoration.counts().started == started


def in_vain(names):
    first = names.index("a")
    second = names.index("b")
    return first + second


def test_a_forced_function_that_can_start_nothing_rests():
    """After 32 calls in which no thread was given anything its own code is back in place."""
    own = in_vain.__code__
    adaptive(strategy="parallel")(in_vain)
    try:
        assert in_vain.__code__ is not own
        for _ in range(resting.MOST_IN_VAIN + 1):
            assert in_vain(["b", "a"]) == 1
        controller = registry.controller_of(in_vain)
        assert in_vain.__code__ is own
        assert controller.rest.under_way
        assert "rests" in str(explain(in_vain))
        controller.rest._end(controller)
        assert in_vain.__code__ is not own
        for _ in range(resting.SECOND_LOOK):
            in_vain(["a", "b"])
        assert in_vain.__code__ is not own
        in_vain(["a", "b"])
        assert in_vain.__code__ is own
        assert controller.rest.seconds == 4 * resting.FIRST_REST
    finally:
        registry.release(in_vain)


@unordered
def ask(name):
    return name.upper()


def not_in_vain(names):
    return [ask(name) for name in names]


def test_a_forced_function_that_hands_something_over_does_not_rest():
    """However often it is called; one hand-over among 32 calls is enough."""
    adaptive(strategy="parallel")(not_in_vain)
    try:
        for number in range(2 * resting.MOST_IN_VAIN):
            assert not_in_vain("ab" if number % resting.MOST_IN_VAIN == 1 else "") in (
                ["A", "B"],
                [],
            )
        controller = registry.controller_of(not_in_vain)
        controller.rest.seconds = 8.0
        not_in_vain("ab")
        not_in_vain("")
        assert controller.rest.seconds == resting.FIRST_REST
        assert not controller.rest.under_way
        assert not_in_vain.__code__ is controller.code
    finally:
        registry.release(not_in_vain)
