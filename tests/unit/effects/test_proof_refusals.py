"""Helpers that must stay in order, each with a reason that names the line."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import random
import threading
import time
from pathlib import Path
from unittest import mock

import httpx
import openai
import pytest

from adaptive_jit.effects import effect_of, reads
from adaptive_jit.effects.register import forget_all
from adaptive_jit.effects.resolve import forget_proofs
from adaptive_jit.records.effects import EffectKind

client = openai.OpenAI(api_key="none", base_url="http://127.0.0.1:9/v1")
web = httpx.Client()
hooked = httpx.Client(event_hooks={"request": [lambda request: None]})
COUNT = 0
CACHE: dict = {}
SEEN: list = []
ACTIONS = {"a": print}
lock = threading.Lock()


class Custom:
    value = 1

    def __init__(self):
        self.items = []

    def __add__(self, other):
        return SEEN.append(other)

    def __eq__(self, other):
        SEEN.append(other)
        return True

    __hash__ = None

    def __bool__(self):
        SEEN.append(self)
        return True

    def __iter__(self):
        SEEN.append(self)
        return iter(())

    def __getitem__(self, key):
        SEEN.append(key)

    def __contains__(self, key):
        SEEN.append(key)
        return True

    def __len__(self):
        SEEN.append(1)
        return 1

    def __str__(self):
        SEEN.append(1)
        return ""

    def __enter__(self):
        SEEN.append(1)
        return self

    def __exit__(self, *exc):
        SEEN.append(1)

    def __call__(self):
        SEEN.append(1)

    def __lt__(self, other):
        SEEN.append(1)
        return True

    @property
    def lazy(self):
        SEEN.append(1)
        return 1

    @functools.cached_property
    def once(self):
        return SEEN.append(1)

    def push(self, value):
        self.items.append(value)

    def rename(self, value):
        self.name = value


class Sneaky:
    def __getattr__(self, name):
        SEEN.append(name)
        return 1


class Descriptor:
    def __get__(self, instance, owner):
        SEEN.append(1)
        return 1


class Described:
    field = Descriptor()


class LoudError(Exception):
    def __init__(self, text):
        SEEN.append(text)


class Meta(type):
    def __instancecheck__(cls, instance):
        SEEN.append(instance)
        return True


class Asking(metaclass=Meta):
    pass


class Loud:
    def __init__(self):
        SEEN.append(self)


custom = Custom()
described = Described()


def unknown_call(x):
    return threading.active_count()


def global_store(x):
    global COUNT
    COUNT = x


def global_container(x):
    CACHE[x] = 1


def global_append(x):
    SEEN.append(x)


def alias_of_global(x):
    known = SEEN
    known.append(x)


def alias_through_a_branch(x):
    mine = []
    target = SEEN if x else mine
    target.append(x)


def augmented_global(x):
    known = SEEN
    known += [x]


def alias_in_a_container(x):
    box = [SEEN]
    box[0].append(x)


def alias_by_a_loop(x):
    out = []
    for _ in range(3):
        if out:
            out[0].append(1)
        out.append(SEEN)


def alias_by_a_closure(x):
    held = []

    def grow():
        return held[0].append(x)

    held.append(SEEN)
    return grow()


def alias_carried_by_a_name(x):
    target = []
    for _ in range(2):
        target.append(x)
        target = SEEN


def alias_carried_round_a_while(x):
    first, second = [], []
    while x:
        first.append(x)
        first, second = second, SEEN


def alias_by_a_choice(x):
    target = [] if x == "y" else CACHE
    target.update({x: 1})


def alias_from_a_call(x):
    return given_back(SEEN).append(x)


def alias_by_a_default(x, target=SEEN):
    target.append(x)


def alias_by_unpacking(x):
    first, (second, *rest) = 1, (SEEN, CACHE)
    second.append(x)
    rest[0][x] = 1


def alias_by_a_dict(x):
    for name, target in {"a": SEEN}.items():
        target.append(x)


def options_made_here(x):
    options = {"timeout": 3}
    if x:
        options["auth"] = custom
    return httpx.get("http://h/", **options).text


def parameter_append(x):
    x.append(1)


def parameter_item(x):
    x["a"] = 1


def parameter_element_changed(x):
    for row in x:
        row["n"] = 1


def parameter_sorted_in_place(x):
    x.sort()
    return x


def parameter_extended(x):
    x += [1]
    return x


def parameter_multiplied(x):
    x[0] *= 2


def attribute_store(x):
    custom.value = x


def deletes_global(x):
    del CACHE[x]


def attribute_deleted(x):
    del custom.items


def operator_of_an_object(x):
    return custom + 1


def comparison_of_an_object(x):
    return custom == 1


def truth_of_an_object(x):
    return 1 if custom else 2


def negation_of_an_object(x):
    return not custom


def iteration_over_an_object(x):
    return [one for one in custom]


def subscript_of_an_object(x):
    return custom[0]


def membership_in_an_object(x):
    return 1 in custom


def text_of_an_object(x):
    return f"{custom}"


def percent_of_an_object(x):
    return "%s" % custom


def str_of_an_object(x):
    return str(custom)


def len_of_an_object(x):
    return len(custom)


def sorted_objects(x):
    return sorted([custom, custom])


def property_of_an_object(x):
    return custom.lazy


def cached_property_not_read_yet(x):
    return custom.once


def attribute_made_up(x):
    return Sneaky().anything


def attribute_by_a_descriptor(x):
    return described.field


def unknown_context(x):
    with custom:
        return 1


def with_a_lock(x):
    with lock:
        return x


def suppresses(x):
    with contextlib.suppress(ValueError):
        return int(x)


def calls_an_instance(x):
    return custom()


def method_that_appends(x):
    return custom.push(x)


def method_that_stores(x):
    return custom.rename(x)


def table_of_functions(x):
    return ACTIONS["a"](x)


def loud_exception(x):
    raise LoudError(x)


def loud_class(x):
    return Loud()


@dataclasses.dataclass
class WithPostInit:
    value: object

    def __post_init__(self):
        SEEN.append(self)


@dataclasses.dataclass(init=False)
class WithOwnInit:
    value: object

    def __init__(self, value):
        SEEN.append(value)


@dataclasses.dataclass
class WithFactory:
    value: object = dataclasses.field(default_factory=lambda: SEEN.append(1))


@dataclasses.dataclass
class WithSetter:
    value: object

    def __setattr__(self, name, value):
        SEEN.append(name)


def record_with_post_init(x):
    return WithPostInit(x)


def record_with_own_init(x):
    return WithOwnInit(x)


def record_with_factory(x):
    return WithFactory()


def record_with_setter(x):
    return WithSetter(x)


def imports(x):
    import math

    return math.sqrt(x)


def makes_a_class(x):
    class Inner:
        pass

    return Inner


def evaluates(x):
    return eval("SEEN.append(1)")


def reads_locals(x):
    return locals()


def executes(x):
    exec("SEEN.append(1)")


def draws(x):
    return random.random()


def reads_the_clock(x):
    return time.time()


def asks(x):
    return input()


def posts(x):
    return httpx.post("http://h/orders", json={"x": x}).json()


def deletes(x):
    return web.delete("http://h/orders").status_code


def hooked_client(x):
    return hooked.get("http://h/").text


def streams(x):
    return client.chat.completions.create(model="m", messages=[], stream=True)


def streams_perhaps(x):
    flag = len(x) > 3
    return client.chat.completions.create(model="m", messages=[], stream=flag)


def unknown_options(x):
    return httpx.get("http://h/", **x).text


def opens_for_writing(x):
    with open(x, "w") as file:
        return file.write("x")


def opens_in_an_unknown_mode(x):
    mode = "".join(sorted(x))
    return open("p", mode).read()


def writes_text(x):
    return Path("p").write_text(x)


def prints(x):
    print(x)
    return x


def sends_an_object(x):
    return httpx.get("http://h/", params=custom).text


def encodes_an_object(x):
    return json.dumps(custom)


def encodes_with_a_callback(x):
    return json.dumps(x, default=SEEN.append)


def only_sleeps(x):
    time.sleep(1)


def sleeps_and_returns_nothing_used(x):
    if x:
        time.sleep(1)
        return None
    return


def paces(x):
    time.sleep(1)
    return httpx.get("http://h/").text


def paces_through_a_function(x):
    only_sleeps(x)
    return httpx.get("http://h/").text


def generates(x):
    yield httpx.get("http://h/").text


def returns_a_generator(x):
    return (httpx.get(url).text for url in x)


def returns_a_map(x):
    return map(httpx.get, x)


async def coroutine(x):
    return x


@functools.lru_cache
def memoised(x):
    return x


def calls_a_memo(x):
    return memoised(x)


def inner_nonlocal(x):
    n = 0

    def count():
        nonlocal n
        n += 1
        return n

    return count()


def decorated_inside(x):
    @functools.lru_cache
    def inner():
        return 1

    return inner()


def late_append(x):
    """An iterator sees what is put into its list after it was made."""
    waiting = []
    calls = (one.append(1) for one in waiting)
    waiting.append(SEEN)
    return list(calls)


def append_within_a_comprehension(x):
    waiting = [[]]
    return [waiting.append(SEEN) or one.append(1) for one in waiting]


def append_within_a_map(x):
    waiting = [[]]
    return list(map(lambda one: (waiting.append(SEEN), one.append(1)), waiting))


def unknown_key_function(x):
    return sorted(x, key=threading.stack_size)


def dynamic_attribute(x):
    return getattr(custom, x)


def codec_of_ones_own(x):
    return "abc".encode(x)


def asks_a_fake_class(x):
    return isinstance(x, Asking)


def mutual(n):
    return n and mutual_other(n - 1)


def mutual_other(n):
    SEEN.append(n)
    return n and mutual(n - 1)


def recursion_that_collects(rows, out):
    if rows:
        out.append(rows[0])
        return recursion_that_collects(rows[1:], out)
    return out


def recursion_that_changes_global(n, out=SEEN):
    if n:
        out.append(n)
        return recursion_that_changes_global(n - 1)
    return out


def deep_change(x):
    def one(rows):
        return two(rows)

    def two(rows):
        rows[0]["a"] = 1
        return rows

    return one(x)


def handler_changes(x):
    try:
        return x["a"]
    except KeyError:
        SEEN.append(x)


def finally_changes(x):
    try:
        return x["a"]
    finally:
        SEEN.append(x)


def else_changes(x):
    for _ in range(2):
        pass
    else:
        SEEN.append(x)


def conditional_change(x):
    return x and SEEN.append(x)


def walrus_in_a_comprehension(x):
    return [(last := one) for one in x]


def class_pattern(x):
    match x:
        case Custom(value=1):
            return 1
    return 2


def value_pattern(x):
    match x:
        case Custom.value:
            return 1
        case Holder.custom:
            return 2
    return 3


class Holder:
    custom = None


Holder.custom = Custom()


def load_with_a_hook(x):
    with open(x) as file:
        return json.load(file, object_hook=SEEN.append)


def load_a_file_of_others(x):
    return json.load(opened)


opened = open(__file__)
opened.close()


def star_import_of_arguments(x):
    return json.loads(*x)


def joins_objects(x):
    return ",".join(custom)


def fills_a_set(x):
    return {custom}


def thread_local(x):
    state = threading.local()
    state.value = x
    return state.value


NEVER_EARLY = [
    (function, args)
    for name, function in list(globals().items())
    if callable(function) and getattr(function, "__module__", "") == __name__
    and hasattr(function, "__code__") and function.__code__.co_argcount
    and not isinstance(function, type)
    for args in [
        {
            "parameter_item": ({},),
            "parameter_element_changed": ([{}],),
            "deep_change": ([{}],),
            "parameter_append": ([],),
            "parameter_sorted_in_place": ([2, 1],),
            "parameter_extended": ([],),
            "parameter_multiplied": ([[1]],),
            "recursion_that_collects": ([1], []),
            "unknown_options": ({"auth": 1},),
            "handler_changes": ({},),
            "finally_changes": ({},),
            "returns_a_generator": (["u"],),
            "returns_a_map": (["u"],),
            "unknown_key_function": ([1],),
            "walrus_in_a_comprehension": ([1],),
        }.get(name, ("x",))
    ]
]  # fmt: skip


@pytest.mark.parametrize(
    ("helper", "args"), NEVER_EARLY, ids=[function.__name__ for function, _ in NEVER_EARLY]
)
def test_an_unsafe_helper_never_starts_early(helper, args):
    """Each does something that is not covered, and the reason says on which line."""
    before = len(SEEN), len(CACHE)
    effect = effect_of(helper, args, {})
    assert not effect.may_start_early, effect
    assert effect.reason
    assert "please report" not in effect.reason
    if effect.kind is EffectKind.UNKNOWN:
        assert "line " in effect.reason, effect.reason
    assert (len(SEEN), len(CACHE)) == before, "user code ran during the proof"


def test_there_are_enough_unsafe_helpers():
    """The collection above finds the functions by itself; it must not lose them."""
    assert len(NEVER_EARLY) >= 90


def test_a_reason_names_the_line_and_the_callee():
    """Reports show it as it is."""
    line = unknown_call.__code__.co_firstlineno + 1
    effect = effect_of(unknown_call, ("x",), {})
    assert effect.reason.startswith(f"line {line}: calls `threading.active_count`")


def test_a_reason_leads_through_the_functions_called():
    """The helper's line, then the line in the function that it calls."""

    def outer(x):
        return unknown_call(x)

    reason = effect_of(outer, ("x",), {}).reason
    assert "calls `unknown_call`: line" in reason
    assert "threading.active_count" in reason


def reader(url):
    return httpx.get(url).text


def test_a_patched_callee_is_judged_anew():
    """`mock.patch` of what a proof resolved ends the proof; undoing it brings it back."""
    assert effect_of(reader, ("http://h/",), {}).kind is EffectKind.READS
    with mock.patch("httpx.get"):
        assert effect_of(reader, ("http://h/",), {}).kind is EffectKind.UNKNOWN
    assert effect_of(reader, ("http://h/",), {}).kind is EffectKind.READS


def test_a_patched_internal_is_judged_anew():
    """The catalogue is asked again at each start, with the library's inner parts."""
    assert effect_of(reader, ("http://h/",), {}).kind is EffectKind.READS
    with mock.patch("httpx.Client.send"):
        effect = effect_of(reader, ("http://h/",), {})
        assert effect.kind is EffectKind.UNKNOWN
        assert "line " in effect.reason
        assert "patched" in effect.reason
    assert effect_of(reader, ("http://h/",), {}).kind is EffectKind.READS


def test_a_mock_is_unknown():
    """Whatever it was made from."""
    assert effect_of(mock.Mock(), (), {}).kind is EffectKind.UNKNOWN
    made = mock.create_autospec(reader)
    assert effect_of(made, ("http://h/",), {}).kind is EffectKind.UNKNOWN


def test_a_rebound_global_is_judged_anew(monkeypatch):
    """The global that a helper calls through may be another function tomorrow."""

    def outer(url):
        return reader(url)

    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.READS
    monkeypatch.setitem(globals(), "reader", global_append)
    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.UNKNOWN


def test_a_shadowed_builtin_is_judged_anew(monkeypatch):
    """`len` of the module wins over the builtin."""

    def count(x):
        return len(x)

    assert effect_of(count, ("x",), {}).kind is EffectKind.PURE
    monkeypatch.setitem(globals(), "len", global_append)
    assert effect_of(count, ("x",), {}).kind is EffectKind.UNKNOWN


def test_a_changed_cell_is_judged_anew():
    """A captured function that is rebound later."""

    def factory():
        inner = reader

        def outer(url):
            return inner(url)

        def rebind(other):
            nonlocal inner
            inner = other

        return outer, rebind

    outer, rebind = factory()
    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.READS
    rebind(global_append)
    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.UNKNOWN


def test_a_changed_cell_of_a_callee_is_judged_anew():
    """What a function deep inside has captured."""

    def outer(url):
        return inner(url)

    def factory():
        deepest = reader

        def inner(url):
            return deepest(url)

        def rebind(other):
            nonlocal deepest
            deepest = other

        return inner, rebind

    inner, rebind = factory()
    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.READS
    rebind(global_append)
    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.UNKNOWN


def test_changed_defaults_of_a_callee_are_judged_anew():
    """A callback among the defaults, a keyword-only one too."""

    def inner(url, fetch=reader, *, also=reader):
        return fetch(url) + also(url)

    def outer(url):
        return inner(url)

    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.READS
    inner.__kwdefaults__["also"] = global_append
    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.UNKNOWN
    inner.__kwdefaults__["also"] = reader
    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.READS
    inner.__kwdefaults__ = {"also": global_append}
    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.UNKNOWN
    inner.__kwdefaults__ = {"also": reader}
    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.READS
    inner.__defaults__ = (global_append,)
    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.UNKNOWN


def test_a_changed_default_container_makes_no_pure_function():
    """It can be changed from call to call."""

    def lookup(x, table={"a": 1}):  # noqa: B006
        return table.get(x)

    assert effect_of(lookup, ("a",), {}).kind is EffectKind.READS


def test_an_attribute_of_a_global_object_is_judged_anew(monkeypatch):
    """The client that a global service holds is exchanged for one with hooks."""
    import types

    monkeypatch.setitem(globals(), "service", types.SimpleNamespace(client=web))

    def get(url):
        return service.client.get(url).text  # noqa: F821

    assert effect_of(get, ("http://h/",), {}).kind is EffectKind.READS
    globals()["service"].client = hooked
    assert effect_of(get, ("http://h/",), {}).kind is EffectKind.UNKNOWN


def test_changed_keywords_of_a_partial_are_judged_anew():
    """Its dictionary is open to everybody."""
    bound = functools.partial(apply_to, function=reader)

    def outer(url):
        return bound(url)

    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.READS
    bound.keywords["function"] = global_append
    assert effect_of(outer, ("http://h/",), {}).kind is EffectKind.UNKNOWN


def given_back(value):
    return value


def apply_to(value, function):
    return function(value)


def test_closures_over_different_functions_are_told_apart():
    """One code object, two captured functions: a proof for one says nothing of the other."""

    def wrap(function):
        def wrapper(url):
            return function(url)

        return wrapper

    assert effect_of(wrap(reader), ("http://h/",), {}).kind is EffectKind.READS
    assert effect_of(wrap(global_append), ("http://h/",), {}).kind is EffectKind.UNKNOWN


def test_exchanged_code_is_judged_anew():
    """The same function object with other code, or with other defaults."""

    def one(x, to=()):
        return x

    def two(x, to=()):
        SEEN.append(x)

    assert effect_of(one, ("x",), {}).kind is EffectKind.PURE
    one.__code__ = two.__code__
    assert effect_of(one, ("x",), {}).kind is EffectKind.UNKNOWN


def test_exchanged_code_of_a_callee_is_judged_anew():
    """Deep inside, too."""

    def inner(x):
        return x

    def outer(x):
        return inner(x)

    def other(x):
        SEEN.append(x)

    assert effect_of(outer, ("x",), {}).kind is EffectKind.PURE
    inner.__code__ = other.__code__
    assert effect_of(outer, ("x",), {}).kind is EffectKind.UNKNOWN


def test_a_method_replaced_in_the_class_is_judged_anew(monkeypatch):
    """Methods are found in the class at each start."""

    class Service:
        def get(self, url):
            return self.inner(url)

        def inner(self, url):
            return httpx.get(url).text

    service = Service()
    assert effect_of(service.get, ("http://h/",), {}).kind is EffectKind.READS
    monkeypatch.setattr(Service, "inner", lambda self, url: SEEN.append(url))
    assert effect_of(service.get, ("http://h/",), {}).kind is EffectKind.UNKNOWN


def test_a_method_shadowed_by_the_instance_is_judged_anew():
    """An instance attribute wins over a method."""

    class Service:
        def get(self, url):
            return self.inner(url)

        def inner(self, url):
            return httpx.get(url).text

    service = Service()
    assert effect_of(service.get, ("http://h/",), {}).kind is EffectKind.READS
    service.inner = global_append
    assert effect_of(service.get, ("http://h/",), {}).kind is EffectKind.UNKNOWN


def test_another_receiver_is_judged_for_itself():
    """A client with hooks in one object, a stock one in the other."""

    class Service:
        def __init__(self, client):
            self.client = client

        def get(self, url):
            return self.client.get(url).text

    assert effect_of(Service(web).get, ("http://h/",), {}).kind is EffectKind.READS
    assert effect_of(Service(hooked).get, ("http://h/",), {}).kind is EffectKind.UNKNOWN
    assert effect_of(Service(web).get, ("http://h/",), {}).kind is EffectKind.READS


def test_another_type_of_argument_is_judged_for_itself():
    """`x + 1` of an int runs no code of the user; of an object it does."""

    def add(x):
        return x + 1

    assert effect_of(add, (1,), {}).kind is EffectKind.PURE
    assert effect_of(add, (custom,), {}).kind is EffectKind.UNKNOWN
    assert effect_of(add, (1,), {}).kind is EffectKind.PURE


def test_a_subclass_of_a_builtin_is_no_builtin():
    """It may override what the proof relies on."""

    class Text(str):  # noqa: SLOT000
        def upper(self):
            SEEN.append(self)

    def shout(x):
        return x.upper()

    assert effect_of(shout, ("x",), {}).kind is EffectKind.PURE
    assert effect_of(shout, (Text("x"),), {}).kind is EffectKind.UNKNOWN


def test_what_is_inside_an_argument_counts():
    """A list of strings, then a list that holds an object of the user."""

    def joined(x):
        return [f"{one}" for one in x]

    assert effect_of(joined, (["a"],), {}).kind is EffectKind.READS
    assert effect_of(joined, ([custom],), {}).kind is EffectKind.UNKNOWN


def test_what_is_inside_a_global_counts(monkeypatch):
    """A table of numbers into which somebody puts an object."""
    table = {"a": 1}
    monkeypatch.setitem(globals(), "TABLE", table)

    def total(x):
        return sum(TABLE.values())  # noqa: F821

    assert effect_of(total, ("x",), {}).kind is EffectKind.READS
    table["b"] = custom
    assert effect_of(total, ("x",), {}).kind is EffectKind.UNKNOWN


def test_a_post_to_an_unknown_place_is_a_write():
    """The address of each call is looked at, not that of the first."""

    def post(url):
        return httpx.post(url, json={}).json()

    chat, orders = "http://h/v1/chat/completions", "http://h/orders"
    assert effect_of(post, (chat,), {}).kind is EffectKind.UNORDERED
    assert effect_of(post, (orders,), {}).kind is EffectKind.WRITES
    assert effect_of(post, (chat,), {}).kind is EffectKind.UNORDERED


def test_a_flag_of_the_caller_is_looked_at():
    """`stream=True` draws from a stream."""

    def ask(question, stream=False):
        return client.chat.completions.create(model="m", messages=[], stream=stream)

    assert effect_of(ask, ("q",), {}).kind is EffectKind.UNORDERED
    assert effect_of(ask, ("q",), {"stream": True}).kind is EffectKind.UNKNOWN


def test_a_new_declaration_is_seen_by_proofs():
    """A refused helper is judged anew as soon as what it calls has been declared."""

    def search(x):
        return threading.active_count() + x

    def outer(x):
        return search(x)

    assert effect_of(outer, (1,), {}).kind is EffectKind.UNKNOWN
    reads(search)
    assert effect_of(outer, (1,), {}).kind is EffectKind.READS
    forget_all()


def test_declared_functions_get_no_iterators_from_proved_code():
    """Whatever the declared function draws from it is not covered by the declaration."""

    @reads
    def search(x):
        return threading.active_count()

    def outer(x):
        return search(one for one in x)

    assert effect_of(outer, ([1],), {}).kind is EffectKind.UNKNOWN
    forget_all()


def test_generator_arguments_are_not_iterated():
    """An iterator argument is hidden state."""

    def total(x):
        return sum(x)

    assert effect_of(total, ([1],), {}).kind is EffectKind.READS
    assert effect_of(total, (iter([1]),), {}).kind is EffectKind.UNKNOWN


def test_an_edited_file_is_left_alone(tmp_path):
    """The source on disk is not the function's own any more."""
    import linecache
    import sys
    import types

    path = tmp_path / "edited.py"
    path.write_text("def f(x):\n    return x + 1\n")
    module = types.ModuleType("edited")
    exec(compile(path.read_text(), str(path), "exec"), module.__dict__)
    path.write_text("def f(x):\n    return x + 2 * x\n")
    linecache.checkcache(str(path))
    effect = effect_of(module.f, (1,), {})
    assert effect.kind is EffectKind.UNKNOWN
    assert "source" in effect.reason
    assert "edited" not in sys.modules


def test_without_source_there_is_no_proof():
    """Functions made by `exec` of text."""
    names: dict = {}
    exec("def f(x):\n    return x\n", names)
    assert effect_of(names["f"], (1,), {}).kind is EffectKind.UNKNOWN


def test_proofs_can_be_switched_off():
    """Setting ``effects="declared"``: the catalogue still counts."""
    assert effect_of(reader, ("http://h/",), {}, "declared").kind is EffectKind.UNKNOWN
    assert effect_of(httpx.get, ("http://h/",), {}, "declared").kind is EffectKind.READS


def test_a_lazy_attribute_that_has_been_read_is_proved_later():
    """Refused while reading it would run the property, proved once the value is there."""

    class Service:
        @functools.cached_property
        def base(self):
            SEEN.append(1)
            return "http://h/"

        def get(self):
            return httpx.get(self.base).text

    service = Service()
    assert effect_of(service.get, (), {}).kind is EffectKind.UNKNOWN
    assert service.base
    assert effect_of(service.get, (), {}).kind is EffectKind.READS


@pytest.fixture(autouse=True)
def _forget():
    forget_proofs()
    yield
    forget_proofs()
