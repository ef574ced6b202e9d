"""The four declarations: whom they are for, what they refuse."""

from __future__ import annotations

import functools
import gc
import sqlite3
import sys
import types
import warnings

import pytest

from adaptive_jit.effects import effect_of, pure, reads, register, unordered, writes
from adaptive_jit.errors import DeclarationError, DeclarationWarning
from adaptive_jit.records.effects import EffectKind, Source

COUNT = 0
CACHE: dict = {}
SEEN: list = []


@pytest.fixture(autouse=True)
def _forget():
    yield
    register.forget_all()


def secret(query):
    return sys.getrecursionlimit() + query


def kind(callee, *args, **kwargs):
    return effect_of(callee, args, kwargs).kind


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (pure, EffectKind.PURE),
        (reads, EffectKind.READS),
        (unordered, EffectKind.UNORDERED),
        (writes, EffectKind.WRITES),
    ],
)
def test_each_word_declares_its_class(word, expected):
    """As a decorator, it gives back the very function."""

    def f(x):
        return secret(x)

    assert word(f) is f
    effect = effect_of(f, (1,), {})
    assert (effect.kind, effect.source) == (expected, Source.DECLARED)
    assert effect.reason == f"declared {word.__name__}"


def test_undeclared_functions_are_unknown():
    """The twin without a declaration."""
    assert kind(secret, 1) is EffectKind.UNKNOWN


def test_a_resource_can_be_named():
    """As a decorator with an argument, and in a call; `writes` of the same name stops only these."""

    @reads("orders")
    def f(x): ...

    def g(x): ...

    assert writes("orders", g) is g
    assert effect_of(f, (1,), {}).resource == effect_of(g, (1,), {}).resource == "orders"
    assert effect_of(g, (1,), {}).kind is EffectKind.WRITES


def test_empty_parentheses_declare_without_a_resource():
    """`@reads()` is what people type."""

    @reads()
    def f(x): ...

    assert effect_of(f, (1,), {}).resource is None
    assert kind(f, 1) is EffectKind.READS


def test_several_functions_come_back_as_a_tuple():
    """In the order given."""

    def f(): ...

    def g(): ...

    assert reads(f, g) == (f, g)
    assert kind(f) is kind(g) is EffectKind.READS


def test_a_bound_method_is_declared_for_its_receiver_only():
    """The same method of another object stays unknown."""

    class Client:
        def get(self):
            return sys.getrecursionlimit()

    one, two = Client(), Client()
    reads(one.get)
    assert kind(one.get) is EffectKind.READS
    assert kind(two.get) is EffectKind.UNKNOWN


def test_a_function_of_a_class_is_declared_for_all_receivers():
    """Subclasses that do not override it included."""

    class Client:
        def get(self):
            return sys.getrecursionlimit()

    class Sub(Client):
        pass

    class Other(Client):
        def get(self):
            return sys.getrecursionlimit()

    reads(Client.get)
    assert kind(Client().get) is kind(Sub().get) is EffectKind.READS
    assert kind(Other().get) is EffectKind.UNKNOWN


def test_classes_and_instances_can_be_declared():
    """Calling a class makes an instance; calling an instance is something else."""

    class Loader:
        def __call__(self, x):
            return sys.getrecursionlimit()

    loader, other = Loader(), Loader()
    reads(loader)
    unordered(Loader)
    assert kind(loader, 1) is EffectKind.READS
    assert kind(other, 1) is EffectKind.UNKNOWN
    assert kind(Loader) is EffectKind.UNORDERED


def test_builtin_methods_can_be_declared():
    """Bound, for this connection only; found in the class, for all."""
    one, two = sqlite3.connect(":memory:"), sqlite3.connect(":memory:")
    try:
        reads(one.executescript)
        assert kind(one.executescript, "SELECT 1") is EffectKind.READS
        assert kind(two.executescript, "SELECT 1") is EffectKind.WRITES
        reads(sqlite3.Connection.commit)
        assert kind(two.commit) is EffectKind.READS
    finally:
        one.close()
        two.close()


def test_a_wrapper_does_not_inherit():
    """`functools.wraps` copies names, not promises; nor do partial objects' proofs need one."""

    @reads
    def f(x):
        return sys.getrecursionlimit()

    @functools.wraps(f)
    def wrapper(x):
        sys.setswitchinterval(0.005)
        return f(x)

    assert kind(wrapper, 1) is EffectKind.UNKNOWN


def test_a_partial_takes_the_class_of_its_inner_function():
    """With the arguments merged."""

    @reads
    def f(x, y):
        return sys.getrecursionlimit()

    assert kind(functools.partial(f, 1), 2) is EffectKind.READS
    assert kind(functools.partial(f, iter([])), 2) is EffectKind.UNKNOWN


def test_static_and_class_methods_can_be_declared_in_the_class_body():
    """Above or below the decorators of Python."""

    class Client:
        @reads
        @staticmethod
        def one(x):
            return sys.getrecursionlimit()

        @staticmethod
        @reads
        def two(x):
            return sys.getrecursionlimit()

        @reads
        @classmethod
        def three(cls, x):
            return sys.getrecursionlimit()

    assert kind(Client.one, 1) is kind(Client.two, 1) is kind(Client.three, 1) is EffectKind.READS
    assert kind(Client().three, 1) is EffectKind.READS


def test_names_are_resolved_when_their_module_is_imported(monkeypatch):
    """Nothing is imported for a declaration."""
    name = "a_module_that_comes_later"
    reads(f"{name}:Client.get", f"{name}:search")
    assert name not in sys.modules
    module = types.ModuleType(name)

    class Client:
        def get(self):
            return sys.getrecursionlimit()

    def search():
        return sys.getrecursionlimit()

    module.Client, module.search = Client, search
    assert kind(search) is EffectKind.UNKNOWN
    monkeypatch.setitem(sys.modules, name, module)
    assert kind(Client().get) is kind(search) is EffectKind.READS


def test_names_of_imported_modules_are_resolved_at_once():
    """And a module that is still being imported is asked again."""
    unordered("sys:getrecursionlimit")
    assert kind(sys.getrecursionlimit) is EffectKind.UNORDERED


def test_a_half_imported_module_is_asked_again(monkeypatch):
    """The name may come further down in its body."""
    name = "a_module_half_way"
    module = types.ModuleType(name)
    module.__spec__ = types.SimpleNamespace(_initializing=True)
    monkeypatch.setitem(sys.modules, name, module)
    reads(f"{name}:late")
    module.late = lambda: sys.getrecursionlimit()
    assert kind(module.late) is EffectKind.READS


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("os:lisdir", "module 'os' has no 'lisdir'; did you mean 'os:listdir'?"),
        ("os.path:exist", "module 'os.path' has no 'exist'; did you mean 'os.path:exists'?"),
        (
            "sqlite3:Cursor.fetchal",
            "sqlite3:Cursor has no 'fetchal'; did you mean 'sqlite3:Cursor.fetchall'?",
        ),
        ("collections.abc:Mapping.gett", "did you mean 'collections.abc:Mapping.get'?"),
        ("functools:nothing_like_it", "module 'functools' has no 'nothing_like_it'"),
        ("os:environ.get", "os:environ is neither a module nor a class; declare the object itself"),
        ("json:decodr.JSONDecoder", "did you mean 'json:decoder'?"),
    ],
)
def test_a_name_that_an_imported_module_lacks_is_refused_at_once(target, told):
    """With what, where and the nearest name; nothing stays behind."""
    with pytest.raises(DeclarationError) as caught:
        reads("orders", sys.getrecursionlimit, target)
    assert str(caught.value).startswith(f"reads({target!r}): ")
    assert str(caught.value).endswith(told)
    assert kind(sys.getrecursionlimit) is EffectKind.UNKNOWN
    assert not register._pending


def test_a_name_is_looked_for_again_when_its_module_has_been_imported(monkeypatch):
    """One warning then, at the declaration, and none of another name."""
    name = "a_module_with_a_typo"
    reads(f"{name}:serch", f"{name}:search")
    line = sys._getframe().f_lineno - 1
    module = types.ModuleType(name)
    module.search = lambda: sys.getrecursionlimit()
    monkeypatch.setitem(sys.modules, name, module)
    with pytest.warns(
        DeclarationWarning, match="did you mean 'a_module_with_a_typo:search'"
    ) as got:
        assert kind(module.search) is EffectKind.READS
    assert [(one.filename, one.lineno) for one in got] == [(__file__, line)]
    monkeypatch.setitem(sys.modules, f"{name}_2", module)
    assert kind(module.search) is EffectKind.READS


@pytest.mark.parametrize("value", [1, sys])
def test_a_late_mistake_raises_nothing_where_warnings_are_errors(value, monkeypatch, caplog):
    """A call of the program led there: it is logged then."""
    name = "a_module_with_a_value"
    reads(f"{name}:value" if value == 1 else f"{name}:other")
    module = types.ModuleType(name)
    module.value = value
    monkeypatch.setitem(sys.modules, name, module)
    assert kind(sys.getrecursionlimit) is EffectKind.UNKNOWN
    assert "reads(" in caplog.text
    assert not register._pending


def test_a_name_that_may_still_come_is_waited_for(monkeypatch):
    """Modules and classes that make attributes when asked, and packages with more modules."""

    class Making(type):
        def __getattr__(cls, name):
            raise AssertionError

    class Lazy(types.ModuleType):
        pass

    module = types.ModuleType("a_lazy_module")
    module.__getattr__ = lambda name: pytest.fail("no code of the user runs")
    module.Made = Making("Made", (), {})
    monkeypatch.setitem(sys.modules, "a_lazy_module", module)
    monkeypatch.setitem(sys.modules, "a_lazy_kind", Lazy("a_lazy_kind"))
    holder = types.ModuleType("a_holder")
    holder.Made = module.Made
    monkeypatch.setitem(sys.modules, "a_holder", holder)
    monkeypatch.delitem(sys.modules, "wsgiref.simple_server", raising=False)
    import wsgiref

    monkeypatch.delattr(wsgiref, "simple_server", raising=False)
    targets = [
        "a_lazy_module:later", "a_lazy_kind:later", "a_holder:Made.later",
        "wsgiref:simple_server.make_server",
    ]  # fmt: skip
    reads(*targets)
    assert list(register._pending) == targets


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: reads(1),
        lambda: reads("orders", None),
        lambda: reads(""),
        lambda: reads("orders", "more"),
        lambda: reads("no target:"),
        lambda: pure("orders"),
        lambda: unordered("orders"),
        lambda: pure(property(lambda self: 1)),
        lambda: reads(functools.cached_property(lambda self: 1)),
        lambda: reads(sys),
        lambda: reads("orders")([]),
    ],
)
def test_what_cannot_be_called_is_refused(wrong):
    """At the declaration, naming the object and what to do."""
    with pytest.raises(DeclarationError, match=r"declare|name|resource") as caught:
        wrong()
    assert isinstance(caught.value, TypeError)


def test_nothing_is_declared_if_one_target_is_wrong():
    """All or none."""

    def f():
        return sys.getrecursionlimit()

    with pytest.raises(DeclarationError):
        reads(f, 1)
    assert kind(f) is EffectKind.UNKNOWN


def counts(x):
    global COUNT
    COUNT += 1
    return x


def fills(x):
    CACHE[x] = 1


def appends(x):
    SEEN.append(x)


def makes_counter():
    n = 0

    def count(x):
        nonlocal n
        n += 1
        return n

    return count


class Stateful:
    def __init__(self):
        self.calls = 0
        self.log = []

    def counts(self, x):
        self.calls += 1
        return x

    def logs(self, x):
        self.log.append(x)


@pytest.mark.parametrize(
    "function",
    [counts, fills, appends, makes_counter(), Stateful.counts, Stateful().counts, Stateful.logs],
)
@pytest.mark.parametrize("word", [pure, reads])
def test_a_contradiction_is_refused_with_a_warning(word, function):
    """It names the line and `unordered`, which vouches for private state."""
    with pytest.warns(DeclarationWarning, match=r"line \d+.*`unordered`"):
        assert word(function) is function
    assert register.find(function) is None


def test_the_warning_points_at_the_declaration():
    """At the user's line, not at ours."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        reads(counts)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("word", [unordered, writes])
def test_private_state_is_no_contradiction_otherwise(word):
    """That is what they are for."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        word(counts)
    assert register.find(counts) is not None


def test_local_state_is_no_contradiction():
    """Containers that the function builds, names that it shadows, comprehensions."""

    def f(x):
        out = []
        out.append(x)
        seen = {one: 1 for one in out}
        seen.update({x: 2})
        return [SEEN for SEEN in out if not SEEN.clear()]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reads(f)
    assert kind(f, []) is EffectKind.READS


def test_declared_callables_may_die():
    """A declaration does not keep a function alive, and its place is not inherited."""

    def declare():
        def f():
            return sys.getrecursionlimit()

        reads(f)
        return id(f)

    declare()
    gc.collect()
    assert not register._declarations


def test_objects_without_weak_references_stay_declared():
    """Held strongly, since their identity would not be theirs any more."""

    class Slotted:
        __slots__ = ()

        def __call__(self):
            return sys.getrecursionlimit()

    slotted = Slotted()
    reads(slotted)
    assert kind(slotted) is EffectKind.READS


def test_declared_functions_that_only_read_their_arguments_say_so():
    """Read from the source, once."""

    @reads
    def formats(messages, sep=", "):
        parts = []
        for message in messages:
            parts.append(f"{message['role']}: {message['content']}")
        return sep.join(parts)

    @reads
    def keeps(messages):
        held = Keeper()
        held.messages = messages
        return 1

    @reads
    def returns(messages):
        last = messages[-1]
        return last

    @reads
    def passes_on(messages):
        return unseen(messages)

    @reads
    def through_a_method(messages):
        return unseen.post(messages)

    @reads
    def changes(messages):
        messages += [1]
        return 1

    @reads
    def changes_an_element(messages):
        for message in messages:
            message["seen"] = 1
        return 1

    def leaves(function):
        return effect_of(function, ([{}],), {}).leaves_arguments

    assert leaves(formats)
    for function in (keeps, returns, passes_on, through_a_method, changes, changes_an_element):
        assert not leaves(function), function.__name__


class Keeper:
    messages = None


def unseen(messages):
    return messages


def test_iterators_and_callbacks_lower_a_declaration():
    """Whatever they do when the callee uses them has not been vouched for."""

    @reads
    def f(x, y=None):
        return sys.getrecursionlimit()

    for value in (
        iter([]),
        (one for one in ()),
        map(len, []),
        lambda: 1,
        kind,
        functools.partial(len),
    ):
        assert kind(f, value) is EffectKind.UNKNOWN
        assert kind(f, 1, y=value) is EffectKind.UNKNOWN
        assert kind(f, [value]) is EffectKind.UNKNOWN
        assert kind(f, {"a": value}) is EffectKind.UNKNOWN
    assert "iterator" in effect_of(f, (iter([]),), {}).reason
    assert "callback" in effect_of(f, (kind,), {}).reason
    for value in ("a", [1, "b"], {"a": [1]}, (1,), int, Keeper(), Keeper):
        assert kind(f, value) is EffectKind.READS
