"""Imported on demand."""

from .core import fetch


def both(name):
    first = fetch(name)
    second = fetch(name)
    return first, second
