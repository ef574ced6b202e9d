"""Which attributes may be read without running code of the user."""

from __future__ import annotations

import functools
import json
import types

import httpx
import openai
import pytest

from adaptive_jit.effects import attribute_is_transparent

RAN: list = []


class Plain:
    shared = 1

    def __init__(self):
        self.own = 1

    def method(self): ...

    @staticmethod
    def static(): ...

    @classmethod
    def classy(cls): ...

    @property
    def prop(self):
        RAN.append("prop")
        return 1

    @functools.cached_property
    def once(self):
        RAN.append("once")
        return 1


class Slotted:
    __slots__ = ("empty", "own")

    def __init__(self):
        self.own = 1


class Getattr:
    def __init__(self):
        self.own = 1

    def __getattr__(self, name):
        RAN.append(name)
        return 1


class Getattribute:
    def __init__(self):
        object.__setattr__(self, "own", 1)

    def __getattribute__(self, name):
        RAN.append(name)
        return object.__getattribute__(self, name)


class Descriptor:
    def __get__(self, instance, owner):
        RAN.append("descriptor")
        return 1


class WithDescriptor:
    described = Descriptor()


class Meta(type):
    @property
    def prop(cls):
        RAN.append("meta")
        return 1


class OfMeta(metaclass=Meta):
    own = 1


class LoudMeta(type):
    def __getattribute__(cls, name):
        RAN.append(name)
        return 1


class OfLoudMeta(metaclass=LoudMeta):
    own = 1


class Lying:
    @property
    def __dict__(self):
        RAN.append("dict")
        return {"own": 1}


cached = Plain()
assert cached.once == 1


@pytest.mark.parametrize(
    ("owner", "name", "expected"),
    [
        (json, "loads", True),
        (json, "nothing", False),
        ("text", "upper", True),
        ([], "append", True),
        (1, "nothing", False),
        (Plain(), "own", True),
        (Plain(), "shared", True),
        (Plain(), "method", True),
        (Plain(), "static", True),
        (Plain(), "classy", True),
        (Plain(), "prop", False),
        (Plain(), "once", False),
        (cached, "once", True),
        (Plain(), "nothing", False),
        (Slotted(), "own", True),
        (Slotted(), "empty", False),
        (Getattr(), "own", True),
        (Getattr(), "made_up", False),
        (Getattribute(), "own", False),
        (WithDescriptor(), "described", False),
        (WithDescriptor, "described", False),
        (Plain, "shared", True),
        (Plain, "static", True),
        (Plain, "classy", True),
        (Plain, "prop", True),
        (Plain, "nothing", False),
        (OfMeta, "own", True),
        (OfMeta, "prop", False),
        (OfLoudMeta, "own", False),
        (Lying(), "own", False),
        (types.SimpleNamespace(a=1), "a", True),
    ],
)
def test_attributes_are_judged_without_reading_them(owner, name, expected):
    """Nothing of the user's runs, whatever the answer."""
    RAN.clear()
    assert attribute_is_transparent(owner, name) is expected
    assert attribute_is_transparent(owner, name) is expected, "the same from the cache"
    assert RAN == []


def test_known_lazy_attributes_are_transparent():
    """The parts of a client are made when they are first read; the catalogue knows."""
    client = openai.OpenAI(api_key="none", base_url="http://127.0.0.1:9/v1")
    assert "chat" not in vars(client)
    assert attribute_is_transparent(client, "chat")
    assert attribute_is_transparent(client.chat, "completions")
    assert attribute_is_transparent(client.chat.completions, "create")
    assert attribute_is_transparent(httpx.Client(), "get")


def test_a_class_changed_later_is_judged_anew():
    """The cache compares what the class holds now."""

    class Changing:
        value = 1

    changing = Changing()
    RAN.clear()
    assert attribute_is_transparent(changing, "value")
    Changing.value = property(lambda self: RAN.append(1))
    assert not attribute_is_transparent(changing, "value")
    del Changing.value
    changing.value = 2
    assert attribute_is_transparent(changing, "value")
    assert RAN == []
