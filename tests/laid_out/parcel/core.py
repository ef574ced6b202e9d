"""Functions, methods of all kinds, and what is left alone."""

import functools

from . import ring_a

UNTOUCHED = "a call of __getattr__ or a property would show here"
seen = []


def fetch(name):
    return name.upper()


def pair(name):
    first = fetch(name)
    second = fetch(name + "?")
    return [first, second]


alias = pair


def numbered(count):
    for number in range(count):
        yield fetch(str(number)), fetch(str(-number))


async def waited(name):
    first = fetch(name)
    second = fetch(name)
    return first, second


def traced(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


def untold(function):
    def wrapper(*args):
        return function(*args)

    return wrapper


@traced
def wrapped(name):
    first = fetch(name)
    second = fetch(name)
    return first, second


@untold
def hidden(name):
    first = fetch(name)
    second = fetch(name)
    return first, second


@functools.lru_cache
def kept(name):
    first = fetch(name)
    second = fetch(name)
    return first, second


class Proxy:
    """Tells of each attribute that is asked for."""

    def __getattribute__(self, name):
        seen.append(name)
        raise RuntimeError(name)

    @property
    def __class__(self):
        seen.append("__class__")
        raise RuntimeError("__class__")


proxy = Proxy()


class Command:
    """Holds the function it was made from, as command lines do."""

    def __init__(self, callback):
        self.callback = callback


@Command
def command(name):
    first = fetch(name)
    second = fetch(name)
    return first, second


class Shop:
    def method(self, name):
        first = fetch(name)
        second = fetch(name)
        return first, second

    @staticmethod
    def static(name):
        first = fetch(name)
        second = fetch(name)
        return first, second

    @classmethod
    def on_class(cls, name):
        first = fetch(name)
        second = fetch(name)
        return first, second

    @property
    def read(self):
        first = fetch("a")
        second = fetch("b")
        return first, second

    @functools.cached_property
    def read_once(self):
        first = fetch("a")
        second = fetch("b")
        return first, second

    class Counter:
        def nested(self, name):
            first = fetch(name)
            second = fetch(name)
            return first, second


used_while_importing = ring_a.there("x"), pair("y")
