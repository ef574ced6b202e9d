"""What declared functions return is read from their source, so that their users are proved."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading

import httpx
import pytest
import requests

from adaptive_jit.effects import effect_of, reads, register, resolve, unordered
from adaptive_jit.records.effects import EffectKind, Source

BASE = "http://service/"
session = requests.Session()
web = httpx.Client()
guard = threading.Lock()
seen = {"n": 0}
name = "text"


@pytest.fixture(autouse=True)
def _forget():
    resolve.forget_proofs()
    yield
    resolve.forget_proofs()
    register.forget_all()


def of_user(function):
    """The effect of a function that subscripts what the declared one returns."""
    declared = unordered(function)

    def short(p):
        return declared(p)["text"]

    return effect_of(short, ("a",), {})


def an_answer(p):
    return session.get(BASE + p, timeout=3).json()


def parsed(p):
    answer = web.post(f"{BASE}ask", json={"prompt": p, "extra": unknown(p)})
    answer.raise_for_status()
    return json.loads(answer.text)


def a_part(p):
    return json.loads(p)["choices"][0]


def literal(p):
    return {"text": 1, "other": ["a", f"{p}!"]}


def under_a_lock(p):
    with guard:
        seen["n"] += 1
    return session.get(BASE + p).json()


def inside_a_lock(p):
    with guard:
        return json.loads(unknown(p))


def failing(p):
    if unknown(p):
        raise ValueError(f"no {p}")
    try:
        return json.loads(unknown(p))
    except ValueError as error:
        unknown(error)
        return {}


def through_another(p):
    found = below(p)
    unknown(p)
    return found


def below(p):
    return json.loads(p)


def either(p):
    return json.loads(p) if p else None


def text_of(p):
    return f"<{p}>"


def formatted(p):
    return "{}".format(unknown(p))  # noqa: UP032


def joined(p):
    return ", ".join(unknown(p))


def unknown(p):
    return p.ask()


KNOWN = [
    an_answer, parsed, a_part, literal, under_a_lock, inside_a_lock, failing, through_another,
    either, text_of, formatted, joined,
]  # fmt: skip


@pytest.mark.parametrize("function", KNOWN, ids=lambda f: f.__name__)
def test_a_user_of_a_known_result_is_proved_with_the_declared_effect(function):
    """Whatever else the declared function does is its own affair."""
    effect = of_user(function)
    assert (effect.kind, effect.source) == (EffectKind.UNORDERED, Source.PROVED), effect.reason


def the_argument(p):
    return p


def holds_the_argument(p):
    return {"text": p}


def from_memory(p):
    return seen


def a_scalar_from_memory(p):
    return name


def one_way(p):
    if p:
        return json.loads(p)
    return unknown(p)


def with_hook(p):
    return json.loads(p, object_hook=unknown)


def filled_by_others(p):
    found = {}
    p.fill(found)
    return found


def filled_through_a_method(p):
    found = {}
    store = found.update
    p.fill(store)
    return found


def filled_through_a_closure(p):
    found = []

    def store(value):
        found.append(value)

    p.fill(store)
    return found


def filled_through_another_container(p):
    inner = {}
    outer = [inner]
    p.fill(outer)
    return inner


def in_a_statement_not_understood(p):
    for p.x in p:
        return p
    return {}


def swallowed(p):
    found = p
    with p.manager():
        found = {}
        unknown(p)
    return found


def generated(p):
    yield {"text": 1}


def one_piece(p):
    return f"{p}"


def bound_by_import(p):
    found = {}
    import json as found

    return found


@dataclasses.dataclass
class Box:
    held: dict


def filled_through_a_record(p):
    found = {}
    box = Box(found)
    p.fill(box)
    return found


def a_client_exchanged(p):
    global web
    web = p.client
    return web.get(p).json()


def a_global_bound(p):
    global name
    name = p
    return name


UNKNOWN = [
    the_argument, holds_the_argument, from_memory, a_scalar_from_memory, one_way, with_hook,
    filled_by_others, filled_through_a_method, filled_through_a_closure,
    filled_through_another_container, in_a_statement_not_understood, swallowed, generated,
    one_piece, bound_by_import, a_global_bound, a_client_exchanged, filled_through_a_record,
]  # fmt: skip


@pytest.mark.parametrize("function", UNKNOWN, ids=lambda f: f.__name__)
def test_a_user_of_an_unknown_result_says_what_to_declare(function):
    """The function around the declared one."""
    effect = of_user(function)
    assert effect.kind is EffectKind.UNKNOWN
    assert "of unknown type: declare `short` itself" in effect.reason


def test_a_changed_client_ends_what_was_known(monkeypatch):
    """A result relies on the client that was found."""
    declared = reads(an_answer)

    def short(p):
        return declared(p)["text"]

    assert effect_of(short, ("a",), {}).kind is EffectKind.READS

    class Other:
        def get(self, *args, **kwargs):
            raise NotImplementedError

    monkeypatch.setitem(globals(), "session", Other())
    assert effect_of(short, ("a",), {}).kind is EffectKind.UNKNOWN


@pytest.mark.parametrize("changed", [below, through_another])
def test_changed_code_ends_what_was_known(changed):
    """A result relies on the code that was read, also of functions called."""
    declared = reads(through_another)

    def short(p):
        return declared(p)["text"]

    before = changed.__code__
    try:
        assert effect_of(short, ("a",), {}).kind is EffectKind.READS
        changed.__code__ = the_argument.__code__
        assert effect_of(short, ("a",), {}).kind is EffectKind.UNKNOWN
    finally:
        changed.__code__ = before


def test_private_counters_do_not_end_what_is_known(monkeypatch):
    """Data that the declared function changes at each call is not relied upon."""
    declared = unordered(under_a_lock)

    def short(p):
        return declared(p)["text"]

    effect_of(short, ("a",), {})
    monkeypatch.setattr(resolve, "prove", lambda *_: pytest.fail("proved again"))
    for _ in range(3):
        seen["n"] += 1
        assert effect_of(short, ("a",), {}).kind is EffectKind.UNORDERED


class Api:
    """A client around a client."""

    def __init__(self, inner):
        self.inner = inner
        self.calls = 0

    def get(self, p):
        self.calls += 1
        return self.inner.get(p).json()


class Service:
    """What uses it."""

    def __init__(self, inner):
        self.api = Api(inner)

    def name(self, p):
        return self.api.get(p)["name"]


def test_results_of_methods_are_known_for_their_receiver():
    """Another receiver may return something else."""
    unordered(Api.get)
    one, other = Service(web), Service(object())
    assert effect_of(one.name, ("a",), {}).kind is EffectKind.UNORDERED
    assert effect_of(other.name, ("a",), {}).kind is EffectKind.UNKNOWN
    resolve.forget_proofs()
    assert effect_of(one.name, ("a",), {}).kind is EffectKind.UNORDERED
    one.api.calls += 1
    assert effect_of(one.name, ("a",), {}).kind is EffectKind.UNORDERED
    one.api.inner = object()
    assert effect_of(one.name, ("a",), {}).kind is EffectKind.UNKNOWN


def test_a_client_with_hooks_returns_anything():
    """A hook may exchange the answer."""
    hooked = httpx.Client(event_hooks={"response": [print]})
    with contextlib.closing(hooked):
        unordered(Api.get)
        assert effect_of(Service(hooked).name, ("a",), {}).kind is EffectKind.UNKNOWN
