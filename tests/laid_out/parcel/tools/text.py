"""A module of the sub-package."""

from ..core import alias, fetch


def lines(name):
    first = fetch(name)
    second = alias(name)
    return first, second
