"""A sub-package."""

from ..core import fetch
from .text import lines


def twice(name):
    first = fetch(name)
    second = lines(name)
    return first, second
