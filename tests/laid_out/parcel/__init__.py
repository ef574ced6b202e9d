"""A package as people write them: relative imports, a ring, names on demand, wrappers."""

from .core import fetch, pair
from .tools import text

__all__ = ["fetch", "joined", "pair", "text"]


def __getattr__(name):
    """`late` is imported by the first who asks; any other name is an error to be seen."""
    if name == "late":
        from importlib import import_module

        return import_module(".late", __name__)
    raise AttributeError(name)


def joined(name):
    first = fetch(name)
    second = fetch(name + "!")
    return first + second
